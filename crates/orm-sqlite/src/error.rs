//! SQLite's result codes as the exceptions of Python's `sqlite3` module.
use orm_state::{Error, ErrorKind};
use rusqlite::ffi;
use std::ffi::CStr;

/// The error that `db` reports for `code`.
pub fn from_db(db: *mut ffi::sqlite3, code: i32) -> Error {
    // SAFETY: SQLite owns the message, valid until the next call on this connection; copied here.
    let message = unsafe { CStr::from_ptr(ffi::sqlite3_errmsg(db)) }
        .to_string_lossy()
        .into_owned();
    Error::new(kind(code), message)
}

/// Source: the table of result codes in SQLite's documentation and the exceptions that Python's
/// `sqlite3` documents for them.
pub fn kind(code: i32) -> ErrorKind {
    match code & 0xff {
        ffi::SQLITE_INTERNAL | ffi::SQLITE_NOTFOUND => ErrorKind::InternalError,
        ffi::SQLITE_ERROR
        | ffi::SQLITE_PERM
        | ffi::SQLITE_ABORT
        | ffi::SQLITE_BUSY
        | ffi::SQLITE_LOCKED
        | ffi::SQLITE_NOMEM
        | ffi::SQLITE_READONLY
        | ffi::SQLITE_INTERRUPT
        | ffi::SQLITE_IOERR
        | ffi::SQLITE_FULL
        | ffi::SQLITE_CANTOPEN
        | ffi::SQLITE_PROTOCOL
        | ffi::SQLITE_EMPTY
        | ffi::SQLITE_SCHEMA => ErrorKind::OperationalError,
        ffi::SQLITE_TOOBIG => ErrorKind::DataError,
        ffi::SQLITE_CONSTRAINT | ffi::SQLITE_MISMATCH => ErrorKind::IntegrityError,
        ffi::SQLITE_MISUSE | ffi::SQLITE_RANGE => ErrorKind::InterfaceError,
        _ => ErrorKind::DatabaseError,
    }
}

/// An error of `rusqlite`'s own functions (opening, registering, serialising).
pub fn from_rusqlite(e: rusqlite::Error) -> Error {
    match &e {
        rusqlite::Error::SqliteFailure(code, message) => Error::new(
            kind(code.extended_code),
            message.clone().unwrap_or_else(|| code.to_string()),
        ),
        _ => Error::new(ErrorKind::DatabaseError, e.to_string()),
    }
}
