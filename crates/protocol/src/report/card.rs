//! A result card: one top-level statement of the live script.

use serde::{Deserialize, Serialize};

use super::{QueryRecord, Value};

/// A range of a file, from its first character up to, not including, its end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceRange {
    /// Path of the file.
    pub file: String,
    /// First line, from 1.
    pub line: u32,
    /// First column, from 0, in characters.
    pub column: u32,
    /// Last line.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

/// What one top-level statement did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Card {
    /// Where the statement is.
    pub at: SourceRange,
    /// Its text.
    pub source: String,
    /// The name it was assigned to, if it is a simple assignment.
    pub target: Option<String>,
    /// What it came to.
    pub value: Value,
    /// The SQL it caused, in order. For a queryset that was not evaluated:
    /// the one statement it would cause, marked `not_run`.
    pub queries: Vec<QueryRecord>,
    /// Milliseconds, database included.
    pub millis: f64,
}
