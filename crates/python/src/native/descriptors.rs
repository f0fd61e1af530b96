//! File descriptors: what `os.open` gives and `os.read`, `os.write`, `os.lseek` take.
//!
//! The host knows whole files only, so an open one lives here: its bytes, and where in them the
//! next read or write happens. What was written goes back to the host at once.
use crate::files;
use crate::host::{self, FileError, Kind};
use std::cell::RefCell;
use std::collections::BTreeMap;

pub const WRITE_ONLY: i32 = 1;
pub const READ_WRITE: i32 = 2;
pub const CREATE: i32 = 0o100;
pub const EXCLUSIVE: i32 = 0o200;
pub const TRUNCATE: i32 = 0o1000;
pub const APPEND: i32 = 0o2000;

/// The first number that is not one of the three standard streams.
const FIRST: i32 = 3;

/// An open file.
#[derive(Clone, Debug)]
pub struct Open {
    pub path: String,
    pub bytes: Vec<u8>,
    pub position: usize,
    flags: i32,
}

thread_local! {
    static TABLE: RefCell<BTreeMap<i32, Open>> = const { RefCell::new(BTreeMap::new()) };
}

fn error(errno: i32, message: &str) -> FileError {
    FileError {
        errno,
        message: message.into(),
    }
}

fn bad_descriptor() -> FileError {
    error(9, "Bad file descriptor")
}

fn save(path: &str, bytes: &[u8]) -> Result<(), FileError> {
    host::ask(|h| h.save(path, bytes)).unwrap_or_else(|| Err(FileError::read_only()))
}

/// Opens a path and returns its number.
pub fn open(path: &str, flags: i32) -> Result<i32, FileError> {
    let writes = flags & (WRITE_ONLY | READ_WRITE) != 0;
    let bytes = match files::stat(path) {
        Some(_) if flags & CREATE != 0 && flags & EXCLUSIVE != 0 => {
            return Err(error(17, "File exists"));
        }
        Some(Kind::Folder) if writes => return Err(error(21, "Is a directory")),
        Some(Kind::Folder) => Vec::new(),
        Some(Kind::File { .. }) if flags & TRUNCATE != 0 && writes => {
            save(path, &[])?;
            Vec::new()
        }
        Some(Kind::File { .. }) => files::read(path)?,
        None if flags & CREATE != 0 => {
            save(path, &[])?;
            Vec::new()
        }
        None => return Err(FileError::not_found()),
    };
    TABLE.with_borrow_mut(|table| {
        let free = (FIRST..i32::MAX).find(|n| !table.contains_key(n));
        let number = free.ok_or_else(|| error(24, "Too many open files"))?;
        let open = Open {
            path: path.to_owned(),
            bytes,
            position: 0,
            flags,
        };
        table.insert(number, open);
        Ok(number)
    })
}

/// The file behind a number, as it is now.
pub fn get(number: i32) -> Result<Open, FileError> {
    TABLE.with_borrow(|table| table.get(&number).cloned().ok_or_else(bad_descriptor))
}

/// Forgets a number. The standard streams stay.
pub fn close(number: i32) -> Result<(), FileError> {
    let known = TABLE.with_borrow_mut(|table| table.remove(&number).is_some());
    if known || (0..FIRST).contains(&number) {
        Ok(())
    } else {
        Err(bad_descriptor())
    }
}

/// Up to `count` bytes from the current position.
pub fn read(number: i32, count: usize) -> Result<Vec<u8>, FileError> {
    with(number, |open| {
        if open.flags & WRITE_ONLY != 0 {
            return Err(bad_descriptor());
        }
        let start = open.position.min(open.bytes.len());
        let end = start.saturating_add(count).min(open.bytes.len());
        open.position = end;
        Ok(open.bytes[start..end].to_vec())
    })
}

/// Writes at the current position and says how many bytes that were.
pub fn write(number: i32, data: &[u8]) -> Result<usize, FileError> {
    with(number, |open| {
        if open.flags & (WRITE_ONLY | READ_WRITE) == 0 {
            return Err(bad_descriptor());
        }
        if open.flags & APPEND != 0 {
            open.position = open.bytes.len();
        }
        let end = open.position.saturating_add(data.len());
        if end > open.bytes.len() {
            open.bytes.resize(end, 0);
        }
        open.bytes[open.position..end].copy_from_slice(data);
        open.position = end;
        save(&open.path, &open.bytes)?;
        Ok(data.len())
    })
}

/// Moves the position: from the start (0), from where it is (1) or from the end (2).
pub fn seek(number: i32, offset: i64, from: i32) -> Result<u64, FileError> {
    with(number, |open| {
        let base = match from {
            0 => 0,
            1 => open.position,
            2 => open.bytes.len(),
            _ => return Err(error(22, "Invalid argument")),
        };
        let target = i64::try_from(base).unwrap_or(i64::MAX).checked_add(offset);
        let position = target.and_then(|t| usize::try_from(t).ok());
        open.position = position.ok_or_else(|| error(22, "Invalid argument"))?;
        Ok(open.position as u64)
    })
}

/// Cuts a file off, or fills it up with zeros.
pub fn truncate(number: i32, length: usize) -> Result<(), FileError> {
    with(number, |open| {
        open.bytes.resize(length, 0);
        save(&open.path, &open.bytes)
    })
}

fn with<T>(
    number: i32,
    work: impl FnOnce(&mut Open) -> Result<T, FileError>,
) -> Result<T, FileError> {
    TABLE.with_borrow_mut(|table| work(table.get_mut(&number).ok_or_else(bad_descriptor)?))
}
