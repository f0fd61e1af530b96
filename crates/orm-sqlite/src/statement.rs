//! Prepared statements, kept for the next run of the same SQL.
use crate::decode::{self, Column};
use crate::{bind, error};
use orm_sql::connection::Row;
use orm_state::{Error, ErrorKind, Result, Value};
use rusqlite::ffi;
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::rc::Rc;

/// How many idle statements are kept.
const CAPACITY: usize = 128;

/// A prepared statement. Its owner finalises it before the connection closes.
pub struct Statement {
    db: *mut ffi::sqlite3,
    raw: *mut ffi::sqlite3_stmt,
    columns: Option<Rc<[Column]>>,
    /// INSERT, UPDATE, DELETE or REPLACE: the statements whose `rowcount` is known.
    pub is_dml: bool,
    reprepared: i32,
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: `raw` came from `sqlite3_prepare_v2` and is finalised once.
        unsafe { ffi::sqlite3_finalize(self.raw) };
    }
}

impl Statement {
    pub fn prepare(db: *mut ffi::sqlite3, sql: &str) -> Result<Statement> {
        let text = CString::new(sql).map_err(|_| {
            Error::new(
                ErrorKind::ProgrammingError,
                "the query contains a null character",
            )
        })?;
        let mut raw = std::ptr::null_mut();
        let mut tail = std::ptr::null();
        // SAFETY: `db` is open, `text` outlives the call, `tail` points into `text`.
        let rest = unsafe {
            let code = ffi::sqlite3_prepare_v2(db, text.as_ptr(), -1, &mut raw, &mut tail);
            if code != ffi::SQLITE_OK {
                return Err(error::from_db(db, code));
            }
            CStr::from_ptr(tail).to_string_lossy().into_owned()
        };
        let statement = Statement {
            db,
            raw,
            columns: None,
            is_dml: is_dml(sql),
            reprepared: 0,
        };
        if !skip_blank(&rest).is_empty() {
            return Err(Error::new(
                ErrorKind::ProgrammingError,
                "You can only execute one statement at a time.",
            ));
        }
        Ok(statement)
    }
    pub fn bind_positional(&self, params: &[Value]) -> Result<()> {
        // SAFETY: `raw` is live.
        let wanted = unsafe { ffi::sqlite3_bind_parameter_count(self.raw) };
        if wanted as usize != params.len() {
            return Err(Error::new(
                ErrorKind::ProgrammingError,
                format!(
                    "Incorrect number of bindings supplied. The current statement uses {wanted}, and there are {} supplied.",
                    params.len()
                ),
            ));
        }
        let mut label = String::new();
        for (i, value) in params.iter().enumerate() {
            if matches!(
                value,
                Value::Time(_)
                    | Value::Duration(_)
                    | Value::Uuid(_)
                    | Value::List(_)
                    | Value::Tuple(_)
                    | Value::Set(_)
                    | Value::Dict(_)
                    | Value::Object(_)
            ) {
                label = (i + 1).to_string();
            }
            self.check_bind(bind::bind(self.raw, i as i32 + 1, &label, value)?)?;
        }
        Ok(())
    }
    pub fn bind_named(&self, params: &[(String, Value)]) -> Result<()> {
        // SAFETY: `raw` is live; names are read before the next call.
        let count = unsafe { ffi::sqlite3_bind_parameter_count(self.raw) };
        for i in 1..=count {
            let name = unsafe { ffi::sqlite3_bind_parameter_name(self.raw, i) };
            if name.is_null() {
                return Err(Error::new(
                    ErrorKind::ProgrammingError,
                    format!(
                        "Binding {i} has no name, but you supplied a dictionary (which has only names)."
                    ),
                ));
            }
            let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
            let key = name.get(1..).unwrap_or_default();
            let Some((_, value)) = params.iter().find(|(k, _)| k == key) else {
                return Err(Error::new(
                    ErrorKind::ProgrammingError,
                    format!("You did not supply a value for binding parameter :{key}."),
                ));
            };
            self.check_bind(bind::bind(self.raw, i, &format!("':{key}'"), value)?)?;
        }
        Ok(())
    }
    fn check_bind(&self, code: i32) -> Result<()> {
        match code {
            ffi::SQLITE_OK => Ok(()),
            code => Err(error::from_db(self.db, code)),
        }
    }
    /// The next row; `None` when the statement is done.
    pub fn step(&mut self) -> Result<Option<Row>> {
        if self.raw.is_null() {
            return Ok(None);
        }
        // SAFETY: `raw` is live.
        match unsafe { ffi::sqlite3_step(self.raw) } {
            ffi::SQLITE_ROW => {
                let columns = self.columns();
                let mut row = Vec::with_capacity(columns.len());
                for (i, column) in columns.iter().enumerate() {
                    row.push(decode::value(self.raw, i as i32, column)?);
                }
                Ok(Some(row))
            }
            ffi::SQLITE_DONE => Ok(None),
            code => Err(error::from_db(self.db, code)),
        }
    }
    /// Its result columns, read again when the schema changed under it.
    pub fn columns(&mut self) -> Rc<[Column]> {
        if self.raw.is_null() {
            return Rc::from([]);
        }
        // SAFETY: `raw` is live.
        let reprepared =
            unsafe { ffi::sqlite3_stmt_status(self.raw, ffi::SQLITE_STMTSTATUS_REPREPARE, 0) };
        match &self.columns {
            Some(c) if reprepared == self.reprepared => c.clone(),
            _ => {
                self.reprepared = reprepared;
                let c: Rc<[Column]> = decode::columns(self.raw).into();
                self.columns = Some(c.clone());
                c
            }
        }
    }
    pub fn reset(&self) {
        if self.raw.is_null() {
            return;
        }
        // SAFETY: `raw` is live; resetting reports the last step's error again, already handled.
        unsafe {
            ffi::sqlite3_reset(self.raw);
            ffi::sqlite3_clear_bindings(self.raw);
        }
    }
}

/// Idle statements by the SQL they were asked for.
#[derive(Default)]
pub struct Cache(HashMap<Rc<str>, Statement>);

impl Cache {
    pub fn take(&mut self, sql: &str) -> Option<(Rc<str>, Statement)> {
        self.0.remove_entry(sql)
    }
    pub fn put(&mut self, sql: Rc<str>, statement: Statement) {
        statement.reset();
        if self.0.len() >= CAPACITY {
            self.0.clear();
        }
        self.0.insert(sql, statement);
    }
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// What is left after white space and comments.
fn skip_blank(mut sql: &str) -> &str {
    loop {
        sql = sql.trim_start_matches([' ', '\t', '\r', '\n', '\x0c', ';']);
        sql = if let Some(rest) = sql.strip_prefix("--") {
            rest.split_once('\n').map_or("", |(_, r)| r)
        } else if let Some(rest) = sql.strip_prefix("/*") {
            rest.split_once("*/").map_or("", |(_, r)| r)
        } else {
            return sql;
        };
    }
}

fn is_dml(sql: &str) -> bool {
    let sql = skip_blank(sql).as_bytes();
    ["insert", "update", "delete", "replace"]
        .iter()
        .any(|w| sql.len() >= w.len() && sql[..w.len()].eq_ignore_ascii_case(w.as_bytes()))
}
