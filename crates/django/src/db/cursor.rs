//! `connection.cursor()`.
use super::log::{self, QueryRecord};
use super::wrapper::DatabaseWrapper;
use super::{clock, sqlite3};
use crate::convert;
use orm_sql::connection::{Outcome, RowCursor};
use orm_sqlite::{Params, SqliteCursor};
use orm_state::Value;
use rustpython_vm::builtins::{PyDict, PyListRef, PyStrRef};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::types::{IterNext, SelfIter};
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};
use std::cell::{Cell, RefCell};

#[pyclass(module = "django.db.backends.utils", name = "CursorWrapper")]
#[derive(PyPayload)]
pub struct CursorWrapper {
    db: PyRef<DatabaseWrapper>,
    running: RefCell<Option<SqliteCursor>>,
    closed: Cell<bool>,
    arraysize: Cell<usize>,
    rowcount: Cell<i64>,
    lastrowid: Cell<Option<i64>>,
}

impl std::fmt::Debug for CursorWrapper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorWrapper")
    }
}

/// Owned parameters, as Python gave them.
enum Given {
    None,
    Positional(Vec<Value>),
    Named(Vec<(String, Value)>),
}

impl Given {
    fn new(vm: &VirtualMachine, params: &PyObjectRef) -> PyResult<Given> {
        if vm.is_none(params) {
            return Ok(Given::None);
        }
        if let Some(dict) = params.downcast_ref::<PyDict>() {
            let mut named = vec![];
            for (k, v) in dict.items_vec() {
                let name = k.str(vm)?.to_string_lossy().into_owned();
                named.push((name, convert::to_value(vm, &v)?));
            }
            return Ok(Given::Named(named));
        }
        let items: Vec<PyObjectRef> = params.clone().try_into_value(vm)?;
        let values = items
            .iter()
            .map(|i| convert::to_value(vm, i))
            .collect::<PyResult<_>>()?;
        Ok(Given::Positional(values))
    }
    fn params(&self) -> Params<'_> {
        match self {
            Given::None => Params::None,
            Given::Positional(p) => Params::Positional(p),
            Given::Named(p) => Params::Named(p),
        }
    }
}

impl CursorWrapper {
    pub fn new(db: PyRef<DatabaseWrapper>) -> CursorWrapper {
        CursorWrapper {
            db,
            running: RefCell::default(),
            closed: Cell::new(false),
            arraysize: Cell::new(1),
            rowcount: Cell::new(-1),
            lastrowid: Cell::new(None),
        }
    }
    fn check_open(&self, vm: &VirtualMachine) -> PyResult<()> {
        if self.closed.get() {
            let e = orm_state::Error::new(
                orm_state::ErrorKind::ProgrammingError,
                "Cannot operate on a closed cursor.",
            );
            return Err(sqlite3::wrapped(vm, e));
        }
        Ok(())
    }
    /// The statement that runs, to read its rows without this cursor.
    pub fn take_running(&self) -> Option<SqliteCursor> {
        self.running.take()
    }
    /// Runs a statement through the connection's execute wrappers.
    pub fn run_wrapped(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        sql: &str,
        params: PyObjectRef,
        many: bool,
    ) -> PyResult {
        let wrappers = zelf.db.execute_wrappers.borrow().borrow_vec().to_vec();
        if wrappers.is_empty() {
            return Self::run(zelf, vm, sql, params, many);
        }
        let context = vm.ctx.new_dict();
        context.set_item("connection", zelf.db.clone().into(), vm)?;
        context.set_item("cursor", zelf.to_owned().into(), vm)?;
        let cursor = zelf.to_owned();
        let mut executor: PyObjectRef = vm
            .new_function(
                "_execute",
                move |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
                    let mut args = args;
                    let sql = args.take_positional_keyword("sql");
                    let params = args.take_positional_keyword("params");
                    let many = args.take_positional_keyword("many");
                    let sql = vm.unwrap_or_none(sql).str(vm)?;
                    let many = vm.unwrap_or_none(many).is_true(vm)?;
                    let params = vm.unwrap_or_none(params);
                    Self::run(&cursor, vm, &sql.to_string_lossy(), params, many)
                },
            )
            .into();
        let partial = vm.import("functools", 0)?.get_attr("partial", vm)?;
        for wrapper in wrappers.into_iter().rev() {
            executor = partial.call((wrapper, executor), vm)?;
        }
        // As in Django, a statement is logged once its wrappers have returned.
        let waiting = zelf.db.waiting.replace(Some(vec![]));
        let result = executor.call((vm.ctx.new_str(sql), params, many, context), vm);
        for record in zelf.db.waiting.replace(waiting).unwrap_or_default() {
            zelf.db.log(vm, record);
        }
        result
    }
    fn run(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        sql: &str,
        params: PyObjectRef,
        many: bool,
    ) -> PyResult {
        zelf.check_open(vm)?;
        zelf.running.take();
        if many {
            return Self::run_many(zelf, vm, sql, params);
        }
        let given = Given::new(vm, &params)?;
        let cursor = zelf.db.run_cursor(vm, sql, given.params())?;
        zelf.rowcount.set(cursor.rowcount);
        zelf.lastrowid.set(Some(cursor.last_insert_id));
        *zelf.running.borrow_mut() = Some(cursor);
        Ok(zelf.to_owned().into())
    }
    fn run_many(zelf: &Py<Self>, vm: &VirtualMachine, sql: &str, params: PyObjectRef) -> PyResult {
        let lists: Vec<PyObjectRef> = params.try_into_value(vm)?;
        let given = lists
            .iter()
            .map(|p| Given::new(vm, p))
            .collect::<PyResult<Vec<_>>>()?;
        zelf.db.validate_no_broken_transaction(vm)?;
        let connection = zelf.db.sqlite(vm)?;
        let start = clock::now();
        let (mut total, mut failed) = (0, None);
        for params in &given {
            match connection.run(sql, params.params()) {
                Ok(out) => total += out.rowcount.max(0),
                Err(e) => {
                    failed = Some(e);
                    break;
                }
            }
        }
        zelf.rowcount.set(total);
        zelf.db.log(
            vm,
            QueryRecord {
                using: zelf.db.alias.clone(),
                sql: sql.into(),
                params: None,
                times: Some(given.len()),
                duration: clock::now() - start,
                rows: total,
                error: failed.as_ref().map(|e| e.message().to_string()),
                stack: log::stack(vm),
                plan: None,
            },
        );
        match failed {
            Some(e) => Err(sqlite3::wrapped(vm, e)),
            None => Ok(zelf.to_owned().into()),
        }
    }
    /// All rows left, for code that started the statement through Python.
    pub fn drain(&self, vm: &VirtualMachine) -> PyResult<Outcome> {
        let Some(mut cursor) = self.running.take() else {
            return Ok(Outcome::default());
        };
        let rows = cursor
            .fetch(usize::MAX)
            .map_err(|e| sqlite3::wrapped(vm, e))?;
        Ok(Outcome {
            columns: cursor.columns().to_vec(),
            rows,
            rowcount: cursor.rowcount,
            last_insert_id: Some(cursor.last_insert_id),
        })
    }
    fn next_row(&self, vm: &VirtualMachine) -> PyResult<Option<PyObjectRef>> {
        self.check_open(vm)?;
        let row = match &mut *self.running.borrow_mut() {
            None => None,
            Some(cursor) => {
                let row = cursor.next_row().map_err(|e| sqlite3::wrapped(vm, e))?;
                self.rowcount.set(cursor.rowcount);
                row
            }
        };
        let Some(row) = row else { return Ok(None) };
        let items = row
            .iter()
            .map(|v| convert::to_py(vm, v))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(Some(vm.ctx.new_tuple(items).into()))
    }
    fn rows(&self, vm: &VirtualMachine, limit: usize) -> PyResult<PyListRef> {
        let mut rows = vec![];
        while rows.len() < limit {
            match self.next_row(vm)? {
                Some(row) => rows.push(row),
                None => break,
            }
        }
        Ok(vm.ctx.new_list(rows))
    }
}

#[pyclass(with(IterNext), flags(BASETYPE, HAS_DICT))]
impl CursorWrapper {
    #[pygetset]
    fn db(zelf: &Py<CursorWrapper>) -> PyRef<DatabaseWrapper> {
        zelf.db.clone()
    }
    #[pygetset]
    fn connection(zelf: &Py<CursorWrapper>) -> PyRef<DatabaseWrapper> {
        zelf.db.clone()
    }
    #[pygetset]
    fn cursor(zelf: PyRef<CursorWrapper>) -> PyObjectRef {
        zelf.into()
    }
    #[pygetset]
    fn rowcount(zelf: &Py<CursorWrapper>) -> i64 {
        zelf.rowcount.get()
    }
    #[pygetset]
    fn lastrowid(zelf: &Py<CursorWrapper>) -> Option<i64> {
        zelf.lastrowid.get()
    }
    #[pygetset]
    fn arraysize(zelf: &Py<CursorWrapper>) -> usize {
        zelf.arraysize.get()
    }
    #[pygetset(setter)]
    fn set_arraysize(zelf: &Py<CursorWrapper>, n: usize) {
        zelf.arraysize.set(n);
    }
    #[pygetset]
    fn description(zelf: &Py<CursorWrapper>, vm: &VirtualMachine) -> PyObjectRef {
        match &*zelf.running.borrow() {
            Some(c) if !c.columns().is_empty() => {
                let columns = c
                    .columns()
                    .iter()
                    .map(|name| {
                        let mut parts = vec![vm.ctx.new_str(name.as_str()).into()];
                        parts.resize(7, vm.ctx.none());
                        vm.ctx.new_tuple(parts).into()
                    })
                    .collect();
                vm.ctx.new_tuple(columns).into()
            }
            _ => vm.ctx.none(),
        }
    }
    #[pymethod]
    fn execute(
        zelf: &Py<CursorWrapper>,
        sql: PyObjectRef,
        params: OptionalArg<PyObjectRef>,
        vm: &VirtualMachine,
    ) -> PyResult {
        let sql = sql.str(vm)?;
        let params = params.unwrap_or_none(vm);
        CursorWrapper::run_wrapped(zelf, vm, &sql.to_string_lossy(), params, false)
    }
    #[pymethod]
    fn executemany(
        zelf: &Py<CursorWrapper>,
        sql: PyStrRef,
        param_list: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult {
        CursorWrapper::run_wrapped(zelf, vm, &sql.to_string_lossy(), param_list, true)
    }
    #[pymethod]
    fn executescript(zelf: &Py<CursorWrapper>, sql: PyStrRef, vm: &VirtualMachine) -> PyResult {
        use orm_sql::connection::Connection;
        zelf.db
            .sqlite(vm)?
            .execute_script(&sql.to_string_lossy())
            .map_err(|e| sqlite3::wrapped(vm, e))?;
        Ok(zelf.to_owned().into())
    }
    #[pymethod]
    fn fetchone(zelf: &Py<CursorWrapper>, vm: &VirtualMachine) -> PyResult {
        Ok(vm.unwrap_or_none(zelf.next_row(vm)?))
    }
    #[pymethod]
    fn fetchmany(
        zelf: &Py<CursorWrapper>,
        size: OptionalArg<usize>,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        zelf.rows(vm, size.unwrap_or(zelf.arraysize.get()))
    }
    #[pymethod]
    fn fetchall(zelf: &Py<CursorWrapper>, vm: &VirtualMachine) -> PyResult<PyListRef> {
        zelf.rows(vm, usize::MAX)
    }
    #[pymethod]
    fn close(zelf: &Py<CursorWrapper>) {
        zelf.running.take();
        zelf.closed.set(true);
    }
    #[pymethod]
    fn callproc(
        _zelf: &Py<CursorWrapper>,
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let _name = args.take_positional_keyword("procname");
        let _params = args.take_positional_keyword("params");
        let named = args.take_positional_keyword("kparams");
        if named.is_some_and(|named| !vm.is_none(&named)) {
            return Err(crate::error::raise(
                vm,
                "NotSupportedError",
                "Keyword parameters for callproc are not supported on this database backend.",
            ));
        }
        Err(vm.new_attribute_error("'SQLiteCursorWrapper' object has no attribute 'callproc'"))
    }
    #[pymethod]
    fn __enter__(zelf: PyRef<CursorWrapper>) -> PyRef<CursorWrapper> {
        zelf
    }
    #[pymethod]
    fn __exit__(zelf: &Py<CursorWrapper>, _args: FuncArgs) {
        CursorWrapper::close(zelf);
    }
}

impl SelfIter for CursorWrapper {}
impl IterNext for CursorWrapper {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        Ok(match zelf.next_row(vm)? {
            Some(row) => PyIterReturn::Return(row),
            None => PyIterReturn::StopIteration(None),
        })
    }
}
