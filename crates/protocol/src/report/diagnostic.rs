//! What is wrong, at its place.

use serde::{Deserialize, Serialize};

use super::PhaseName;

/// How bad it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The stage failed.
    #[default]
    Error,
    /// A warning (a system check, a deprecation).
    Warning,
    /// A remark.
    Info,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The stage that found it.
    pub phase: Option<PhaseName>,
    /// The file; empty if it is at no place of the project.
    pub file: String,
    /// Line, from 1; 0 if unknown.
    pub line: u32,
    /// Column, from 0.
    pub column: u32,
    /// Last line; 0 if unknown.
    pub end_line: u32,
    /// Column after the last character; 0 if unknown.
    pub end_column: u32,
    /// The exception's class or the check's id: `FieldError`, `fields.E300`.
    pub kind: String,
    /// The message.
    pub message: String,
    /// How to mend it, if that is known.
    pub hint: String,
    /// The whole traceback as Python prints it; empty for a check.
    pub traceback: String,
}

/// An exception as a card shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Exception {
    /// The class: `FieldError`.
    pub kind: String,
    /// Its full name: `django.core.exceptions.FieldError`.
    pub qualified: String,
    /// `str(exception)`.
    pub message: String,
    /// The whole traceback as Python prints it.
    pub traceback: String,
    /// The traceback's frames in the project's own files, outermost first.
    pub frames: Vec<Frame>,
}

/// A place on the way to an exception.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// The function, `<module>` outside of any.
    pub function: String,
}
