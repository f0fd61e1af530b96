//! Statements that Django cannot write down in its log: there, it fails at that.
//!
//! ```text
//! connection.cursor().execute("SELECT 1", [1, 2])   (logged)
//!   →  TypeError: not all arguments converted during string formatting
//! ```
use super::DatabaseWrapper;
use crate::db::sqlite3;
use orm_state::Value;
use rustpython_vm::{PyResult, VirtualMachine};
use std::cmp::Ordering;

impl DatabaseWrapper {
    /// While statements are logged, one that cannot be written down fails, and is not logged.
    pub(super) fn showable(
        &self,
        vm: &VirtualMachine,
        sql: &str,
        params: Option<&[Value]>,
        error: Option<&str>,
    ) -> PyResult<()> {
        if !self.queries_logged(vm) {
            return Ok(());
        }
        match unshown(sql, params, error) {
            None => Ok(()),
            Some(failure) => {
                self.errors_occurred.set(true);
                Err(match failure {
                    Unshown::Driver(message) => {
                        let message = vm.ctx.new_str(message).into();
                        vm.new_exception(sqlite3::class(vm, "ProgrammingError"), vec![message])
                    }
                    Unshown::TooLarge(message) => vm.new_overflow_error(message),
                    Unshown::Format(message) => vm.new_type_error(message),
                })
            }
        }
    }
}

/// How Django fails at writing its log of a statement.
enum Unshown {
    /// What cannot be bound cannot be quoted: the driver's own exception.
    Driver(String),
    /// Nor can a number that is too large.
    TooLarge(String),
    /// What has not as many places as parameters cannot be formatted.
    Format(&'static str),
}

/// Whether Django fails at showing the statement, whatever became of it.
fn unshown(sql: &str, params: Option<&[Value]>, error: Option<&str>) -> Option<Unshown> {
    let given = params.map_or(0, <[Value]>::len);
    if given == 0 {
        return None;
    }
    if let Some(error) = error {
        if error.starts_with("Error binding parameter ") {
            return Some(Unshown::Driver(error.to_owned()));
        }
        if error.starts_with("Python int too large ") {
            return Some(Unshown::TooLarge(error.to_owned()));
        }
    }
    let mut places = 0;
    let mut bytes = sql.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' && bytes.next() == Some(b's') {
            places += 1;
        }
    }
    match given.cmp(&places) {
        Ordering::Equal => None,
        Ordering::Greater => Some(Unshown::Format(
            "not all arguments converted during string formatting",
        )),
        Ordering::Less => Some(Unshown::Format("not enough arguments for format string")),
    }
}
