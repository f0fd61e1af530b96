//! Why a link could not be opened.

use std::fmt;

/// Why a link could not be made or opened. Its text is for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkError {
    /// It is not a link of ours.
    Foreign,
    /// It is of a version this ormscope does not know.
    Version(u32),
    /// Its end is missing.
    Truncated,
    /// It was changed on its way.
    Damaged,
    /// It is, or would unpack to, more than is allowed.
    TooLarge,
    /// It is whole, but does not hold a project.
    Content(String),
}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => {
                f.write_str("This is not an ormscope link: it does not begin with #v1/.")
            }
            Self::Version(version) => write!(
                f,
                "This link is of version {version}; this ormscope reads version 1. A newer ormscope may open it."
            ),
            Self::Truncated => f.write_str(
                "This link has lost its end: it was probably cut off when it was copied.",
            ),
            Self::Damaged => {
                f.write_str("This link was changed on its way: its checksum does not match.")
            }
            Self::TooLarge => {
                f.write_str("This project is too large for a link: at most 4 MB of text.")
            }
            Self::Content(problem) => write!(f, "This link does not hold a project: {problem}."),
        }
    }
}

impl std::error::Error for LinkError {}
