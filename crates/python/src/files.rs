//! Files as Python sees them: the host's, and the time zone database's.
use crate::host::{self, FileError, Kind};
use crate::native::zones;

/// What a path is, if it exists.
pub fn stat(path: &str) -> Option<Kind> {
    match zones::stat(path) {
        Some(kind) => kind,
        None => host::ask(|h| h.stat(path)).flatten(),
    }
}

/// A file's bytes.
pub fn read(path: &str) -> Result<Vec<u8>, FileError> {
    match zones::read(path) {
        Some(bytes) => bytes,
        None => host::ask(|h| h.read(path)).unwrap_or_else(|| Err(FileError::not_found())),
    }
}

/// The names in a folder.
pub fn list(path: &str) -> Result<Vec<String>, FileError> {
    match zones::list(path) {
        Some(names) => Ok(names),
        None => host::ask(|h| h.list(path)).unwrap_or_else(|| Err(FileError::not_found())),
    }
}
