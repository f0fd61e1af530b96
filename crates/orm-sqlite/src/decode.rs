//! A column's value, read as `sqlite3` does with `detect_types` set and Django's converters.
use orm_state::dateparse::{parse_date, parse_datetime, parse_time};
use orm_state::{Error, ErrorKind, Result, Value};
use rusqlite::ffi;
use std::ffi::CStr;

/// What a column's declared type asks of its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Converter {
    None,
    Bool,
    Date,
    Time,
    DateTime,
}

impl Converter {
    /// By a declared type: its first word, in any case.
    pub fn of(declared: &str) -> Converter {
        let word = declared.split([' ', '(']).next().unwrap_or_default();
        match word.to_ascii_lowercase().as_str() {
            "bool" => Converter::Bool,
            "date" => Converter::Date,
            "time" => Converter::Time,
            "datetime" | "timestamp" => Converter::DateTime,
            _ => Converter::None,
        }
    }
}

/// One result column.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub converter: Converter,
}

/// The columns of a prepared statement. `name [type]` names its converter itself.
pub fn columns(stmt: *mut ffi::sqlite3_stmt) -> Vec<Column> {
    // SAFETY: `stmt` is live; names and types are copied before the next call.
    unsafe {
        (0..ffi::sqlite3_column_count(stmt))
            .map(|i| {
                let text = |p: *const std::ffi::c_char| {
                    (!p.is_null()).then(|| CStr::from_ptr(p).to_string_lossy().into_owned())
                };
                let name = text(ffi::sqlite3_column_name(stmt, i)).unwrap_or_default();
                let mut converter = Converter::None;
                let mut shown = name.as_str();
                if let Some((head, tail)) = name.split_once('[') {
                    shown = head.strip_suffix(' ').unwrap_or(head);
                    if let Some((declared, _)) = tail.split_once(']') {
                        converter = Converter::of(declared);
                    }
                }
                if converter == Converter::None
                    && let Some(declared) = text(ffi::sqlite3_column_decltype(stmt, i))
                {
                    converter = Converter::of(&declared);
                }
                Column {
                    name: shown.to_string(),
                    converter,
                }
            })
            .collect()
    }
}

/// The current row's value in column `i`.
pub fn value(stmt: *mut ffi::sqlite3_stmt, i: i32, column: &Column) -> Result<Value> {
    // SAFETY: `stmt` has just been stepped to a row; text and blobs are copied at once.
    let plain = unsafe {
        match ffi::sqlite3_column_type(stmt, i) {
            ffi::SQLITE_NULL => return Ok(Value::Null),
            ffi::SQLITE_INTEGER => {
                let n = ffi::sqlite3_column_int64(stmt, i);
                if column.converter == Converter::None {
                    return Ok(Value::Int(n));
                }
                if column.converter == Converter::Bool {
                    return Ok(Value::Bool(n == 1));
                }
                Value::Int(n)
            }
            ffi::SQLITE_FLOAT => Value::Float(ffi::sqlite3_column_double(stmt, i)),
            ffi::SQLITE_TEXT => {
                let p = ffi::sqlite3_column_text(stmt, i);
                let n = ffi::sqlite3_column_bytes(stmt, i);
                match std::str::from_utf8(bytes(p, n)) {
                    Ok(s) => return converted(s, column.converter),
                    Err(_) => {
                        return Err(Error::new(
                            ErrorKind::OperationalError,
                            format!(
                                "Could not decode to UTF-8 column '{}' with text '{}'",
                                column.name,
                                String::from_utf8_lossy(bytes(p, n))
                            ),
                        ));
                    }
                }
            }
            _ => {
                let p = ffi::sqlite3_column_blob(stmt, i);
                let n = ffi::sqlite3_column_bytes(stmt, i);
                Value::Bytes(bytes(p.cast(), n).into())
            }
        }
    };
    match (&plain, column.converter) {
        (_, Converter::None) => Ok(plain),
        (Value::Bytes(b), c) => match std::str::from_utf8(b) {
            Ok(s) => converted(s, c),
            Err(e) => Err(Error::value_error(e.to_string())),
        },
        (other, c) => converted(&other.to_str(), c),
    }
}

unsafe fn bytes<'a>(p: *const u8, n: i32) -> &'a [u8] {
    if p.is_null() || n <= 0 {
        return &[];
    }
    // SAFETY: SQLite gave `n` bytes at `p`, valid until the next step.
    unsafe { std::slice::from_raw_parts(p, n as usize) }
}

fn converted(text: &str, converter: Converter) -> Result<Value> {
    let bad = |m: &'static str| Error::value_error(m);
    Ok(match converter {
        Converter::None => Value::Str(text.into()),
        Converter::Bool => Value::Bool(text == "1"),
        Converter::Date => parse_date(text).map_err(bad)?.into(),
        Converter::Time => parse_time(text).map_err(bad)?.into(),
        Converter::DateTime => parse_datetime(text).map_err(bad)?.into(),
    })
}
