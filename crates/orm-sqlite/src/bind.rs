//! Binding a value to a statement's parameter.
use orm_state::temporal::iso_date;
use orm_state::value::decimal_str;
use orm_state::{Error, ErrorKind, Result, Value};
use rusqlite::ffi;

/// Binds `value` at the one-based `index`; `label` names the parameter in messages.
pub fn bind(stmt: *mut ffi::sqlite3_stmt, index: i32, label: &str, value: &Value) -> Result<i32> {
    // SAFETY: `stmt` is a live statement of its owner; text and blobs are copied by SQLite.
    unsafe {
        Ok(match value {
            Value::Null => ffi::sqlite3_bind_null(stmt, index),
            Value::Bool(b) => ffi::sqlite3_bind_int64(stmt, index, i64::from(*b)),
            Value::Int(i) => ffi::sqlite3_bind_int64(stmt, index, *i),
            Value::Float(f) => ffi::sqlite3_bind_double(stmt, index, *f),
            Value::Str(s) => text(stmt, index, s),
            Value::Bytes(b) => ffi::sqlite3_bind_blob64(
                stmt,
                index,
                if b.is_empty() {
                    c"".as_ptr().cast()
                } else {
                    b.as_ptr().cast()
                },
                b.len() as u64,
                ffi::SQLITE_TRANSIENT(),
            ),
            Value::Decimal(d) => text(stmt, index, &decimal_str(d)),
            Value::Date(d) => text(stmt, index, &iso_date(*d)),
            Value::DateTime(d) => text(stmt, index, &d.isoformat(' ')),
            Value::BigInt(_) => return Err(too_large()),
            // Fields make numbers and texts of them; the driver knows no more.
            Value::Time(_)
            | Value::Duration(_)
            | Value::Uuid(_)
            | Value::List(_)
            | Value::Tuple(_)
            | Value::Set(_)
            | Value::Dict(_)
            | Value::Object(_) => {
                return Err(Error::new(
                    ErrorKind::ProgrammingError,
                    format!(
                        "Error binding parameter {label}: type '{}' is not supported",
                        value.full_type_name()
                    ),
                ));
            }
        })
    }
}

fn too_large() -> Error {
    Error::new(
        ErrorKind::OverflowError,
        "Python int too large to convert to SQLite INTEGER",
    )
}

unsafe fn text(stmt: *mut ffi::sqlite3_stmt, index: i32, s: &str) -> i32 {
    let ptr = if s.is_empty() {
        c"".as_ptr()
    } else {
        s.as_ptr().cast()
    };
    // SAFETY: as for `bind`; the pointer is valid for `s.len()` bytes.
    unsafe {
        ffi::sqlite3_bind_text64(
            stmt,
            index,
            ptr,
            s.len() as u64,
            ffi::SQLITE_TRANSIENT(),
            ffi::SQLITE_UTF8 as u8,
        )
    }
}
