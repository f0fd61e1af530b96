//! A statement on its way to the database: through execute wrappers, and into the log.
use super::{DatabaseWrapper, QUERIES_LIMIT};
use crate::db::cursor::CursorWrapper;
use crate::db::log::{self, QueryRecord};
use crate::db::{clock, sqlite3};
use crate::{convert, error};
use orm_sql::connection::{Connection, Outcome};
use orm_sqlite::{Params, SqliteConnection, SqliteCursor};
use orm_state::{ErrorKind, Value};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTupleRef};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyPayload, PyResult, VirtualMachine};

impl DatabaseWrapper {
    /// Runs one statement to its end, through execute wrappers and into the log.
    pub fn execute(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        sql: &str,
        params: &[Value],
    ) -> PyResult<Outcome> {
        if zelf.execute_wrappers.borrow().__len__() > 0 {
            let cursor = CursorWrapper::new(zelf.to_owned()).into_ref(&vm.ctx);
            let args = py_params(vm, params)?;
            CursorWrapper::run_wrapped(&cursor, vm, sql, args.into(), false)?;
            return cursor.drain(vm);
        }
        zelf.run(vm, sql, Some(params), |c| {
            c.run(sql, Params::Positional(params))
        })
    }
    /// Runs one statement once per parameter list.
    pub fn execute_many(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        sql: &str,
        params: &[Vec<Value>],
    ) -> PyResult<i64> {
        let start = clock::now();
        zelf.validate_no_broken_transaction(vm)?;
        let result = zelf.sqlite(vm)?.execute_many(sql, params);
        let rows = result.as_ref().map_or(-1, |o| o.rowcount);
        let message = result.as_ref().err().map(|e| e.message().to_string());
        zelf.record(vm, sql, None, start, rows, message, Some(params.len()));
        match result {
            Ok(o) => Ok(o.rowcount),
            Err(e) => Err(zelf.failed(vm, e)),
        }
    }
    /// Starts a query whose rows are fetched one after the other.
    pub fn open_cursor(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        sql: &str,
        params: &[Value],
    ) -> PyResult<SqliteCursor> {
        Self::run_raw(zelf, vm, sql, Params::Positional(params))
    }
    /// Runs a statement of the user's, through execute wrappers and into the log.
    pub fn run_raw(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        sql: &str,
        params: Params,
    ) -> PyResult<SqliteCursor> {
        if zelf.execute_wrappers.borrow().__len__() == 0 {
            return zelf.run_cursor(vm, sql, params);
        }
        let args: PyObjectRef = match params {
            Params::None => vm.ctx.none(),
            Params::Positional(p) => py_params(vm, p)?.into(),
            Params::Named(p) => {
                let args = vm.ctx.new_dict();
                for (name, value) in p {
                    args.set_item(name.as_str(), convert::to_py(vm, value)?, vm)?;
                }
                args.into()
            }
        };
        let cursor = CursorWrapper::new(zelf.to_owned()).into_ref(&vm.ctx);
        CursorWrapper::run_wrapped(&cursor, vm, sql, args, false)?;
        match cursor.take_running() {
            Some(running) => Ok(running),
            // A wrapper that did not run it: there are no rows.
            None => zelf
                .sqlite(vm)?
                .open_cursor("SELECT 1 WHERE 0", Params::None)
                .map_err(|e| sqlite3::wrapped(vm, e)),
        }
    }
    pub(in crate::db) fn run_cursor(
        &self,
        vm: &VirtualMachine,
        sql: &str,
        params: Params,
    ) -> PyResult<SqliteCursor> {
        let start = clock::now();
        let logged: Option<Vec<Value>> = match params {
            Params::None => None,
            Params::Positional(p) => Some(p.to_vec()),
            Params::Named(p) => Some(p.iter().map(|(_, v)| v.clone()).collect()),
        };
        self.allowed(vm, sql, logged.as_deref(), start)?;
        let result = self.sqlite(vm)?.open_cursor(sql, params);
        let rows = result.as_ref().map_or(-1, |c| c.rowcount);
        let message = result.as_ref().err().map(|e| e.message().to_string());
        if !matches!(params, Params::Named(_)) {
            self.showable(vm, sql, logged.as_deref(), message.as_deref())?;
        }
        match params {
            Params::Named(named) => {
                let (sql, params) = positional(sql, named);
                self.record(vm, &sql, Some(&params), start, rows, message, None);
            }
            _ => self.record(vm, sql, logged.as_deref(), start, rows, message, None),
        }
        result.map_err(|e| self.failed(vm, e))
    }
    fn run(
        &self,
        vm: &VirtualMachine,
        sql: &str,
        params: Option<&[Value]>,
        f: impl FnOnce(&SqliteConnection) -> orm_state::Result<Outcome>,
    ) -> PyResult<Outcome> {
        let start = clock::now();
        self.allowed(vm, sql, params, start)?;
        let connection = self.sqlite(vm)?;
        let result = f(&connection);
        let rows = match &result {
            Ok(o) if o.columns.is_empty() => o.rowcount,
            Ok(o) => o.rows.len() as i64,
            Err(_) => -1,
        };
        let message = result.as_ref().err().map(|e| e.message().to_string());
        self.showable(vm, sql, params, message.as_deref())?;
        self.record(vm, sql, params, start, rows, message, None);
        result.map_err(|e| self.failed(vm, e))
    }
    /// A statement that a broken transaction refuses stands in the log all the same.
    fn allowed(
        &self,
        vm: &VirtualMachine,
        sql: &str,
        params: Option<&[Value]>,
        start: f64,
    ) -> PyResult<()> {
        let refused = self.validate_no_broken_transaction(vm);
        if let Err(e) = &refused
            && self.needs_rollback.get()
            && error::is_a(vm, e, "TransactionManagementError")
        {
            let message = e.as_object().str(vm)?.to_string_lossy().into_owned();
            self.record(vm, sql, params, start, -1, Some(message), None);
        }
        refused
    }
    fn failed(&self, vm: &VirtualMachine, e: orm_state::Error) -> PyBaseExceptionRef {
        if !matches!(e.kind(), ErrorKind::DataError | ErrorKind::IntegrityError) {
            self.errors_occurred.set(true);
        }
        sqlite3::wrapped(vm, e)
    }
    #[allow(clippy::too_many_arguments)]
    fn record(
        &self,
        vm: &VirtualMachine,
        sql: &str,
        params: Option<&[Value]>,
        start: f64,
        rows: i64,
        error: Option<String>,
        times: Option<usize>,
    ) {
        let record = QueryRecord {
            using: self.alias.clone(),
            sql: sql.into(),
            params: params.map(Into::into),
            times,
            duration: clock::now() - start,
            rows,
            error,
            stack: log::stack(vm),
            plan: log::take_plan(),
        };
        self.log(vm, record);
    }
    /// Keeps what ran, for cards and, when asked for, for `connection.queries`.
    pub(in crate::db) fn log(&self, vm: &VirtualMachine, record: QueryRecord) {
        if let Some(waiting) = self.waiting.borrow_mut().as_mut() {
            waiting.push(record);
            return;
        }
        if self.queries_logged(vm) {
            let mut queries = self.queries.borrow_mut();
            if queries.len() >= QUERIES_LIMIT {
                queries.remove(0);
            }
            queries.push(record.clone());
            drop(queries);
            log::tell_logger(self, vm, &record);
        }
        log::push(record);
    }
    /// A transaction statement, logged as Django logs it.
    pub(in crate::db) fn transaction_statement(
        &self,
        vm: &VirtualMachine,
        sql: &'static str,
    ) -> PyResult<()> {
        let start = clock::now();
        let Some(connection) = self.sqlite.borrow().clone() else {
            return Ok(());
        };
        let result = match sql {
            "COMMIT" => connection.commit(),
            _ => connection.rollback(),
        };
        let message = result.as_ref().err().map(|e| e.message().to_string());
        self.record(vm, sql, None, start, -1, message, None);
        result.map_err(|e| self.failed(vm, e))
    }
    /// A statement of ours without parameters (`BEGIN`, `SAVEPOINT …`).
    pub(in crate::db) fn plain(zelf: &Py<Self>, vm: &VirtualMachine, sql: &str) -> PyResult<()> {
        if zelf.execute_wrappers.borrow().__len__() > 0 {
            let cursor = CursorWrapper::new(zelf.to_owned()).into_ref(&vm.ctx);
            return CursorWrapper::run_wrapped(&cursor, vm, sql, vm.ctx.none(), false).map(|_| ());
        }
        zelf.run(vm, sql, None, |c| c.run(sql, Params::None))
            .map(|_| ())
    }
    /// The text of a statement with its parameters in place.
    pub fn interpolated(&self, vm: &VirtualMachine, record: &QueryRecord) -> PyResult<String> {
        let text = match &record.params {
            Some(p) => self
                .sqlite(vm)?
                .interpolate(&record.sql, p)
                .unwrap_or_else(|_| record.sql.to_string()),
            None => record.sql.to_string(),
        };
        Ok(match record.times {
            Some(n) => format!("{n} times: {text}"),
            None => text,
        })
    }
}

fn py_params(vm: &VirtualMachine, params: &[Value]) -> PyResult<PyTupleRef> {
    let items = params
        .iter()
        .map(|p| convert::to_py(vm, p))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_tuple(items))
}

/// `%(name)s` as `%s`, with the parameters in the order of their places: for the log.
fn positional(sql: &str, named: &[(String, Value)]) -> (String, Vec<Value>) {
    let (mut text, mut params) = (String::with_capacity(sql.len()), vec![]);
    let mut rest = sql;
    while let Some(at) = rest.find("%(") {
        let (before, place) = rest.split_at(at);
        text.push_str(before);
        let known = place.find(")s").and_then(|end| {
            let name = &place[2..end];
            let (_, value) = named.iter().find(|(n, _)| n == name)?;
            Some((value, end + 2))
        });
        match known {
            Some((value, end)) => {
                text.push_str("%s");
                params.push(value.clone());
                rest = &place[end..];
            }
            None => {
                text.push_str("%(");
                rest = &place[2..];
            }
        }
    }
    text.push_str(rest);
    (text, params)
}
