//! `DatabaseWrapper`: one database, its transaction state and its log.
mod contexts;
mod executing;
mod handle;
mod opening;
mod shown;
mod sqlite_class;

pub use contexts::{ChecksDisabled, ExecuteWrapper, QueriesLog};
pub use handle::Handle;
pub use sqlite_class::class;

use super::atomic::AtomicBlock;
use super::cursor::CursorWrapper;
use super::log::QueryRecord;
use crate::convert;
use crate::error;
use orm_sql::connection::Connection;
use orm_sqlite::SqliteConnection;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDictRef, PyListRef, PyTypeRef};
use rustpython_vm::function::{FuncArgs, OptionalArg, PySetterValue};
use rustpython_vm::types::{Constructor, Initializer, Representable};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// `connection.queries` keeps the last ones.
const QUERIES_LIMIT: usize = 9000;
/// Lookups that have an operator.
const LOOKUPS: &[&str] = &[
    "exact",
    "iexact",
    "contains",
    "icontains",
    "regex",
    "iregex",
    "gt",
    "gte",
    "lt",
    "lte",
    "startswith",
    "endswith",
    "istartswith",
    "iendswith",
];

/// A callback waiting for the commit, with the savepoints it was registered under.
#[derive(Clone)]
pub struct CommitHook {
    pub sids: Vec<String>,
    pub func: PyObjectRef,
    pub robust: bool,
}

/// What every backend's wrapper is; [`sqlite_class`] makes SQLite's out of it.
#[pyclass(module = "django.db.backends.base.base", name = "BaseDatabaseWrapper")]
#[derive(PyPayload)]
pub struct DatabaseWrapper {
    pub alias: Rc<str>,
    settings_dict: RefCell<PyDictRef>,
    sqlite: RefCell<Option<SqliteConnection>>,
    /// `connection.connection`, as long as the database stays open.
    handle: RefCell<Option<PyObjectRef>>,
    pub force_debug_cursor: Cell<bool>,
    /// Positions in the log where this connection's `queries` start.
    pub queries_start: Cell<usize>,
    queries: RefCell<Vec<QueryRecord>>,
    pub autocommit: Cell<bool>,
    pub in_atomic_block: Cell<bool>,
    pub savepoint_state: Cell<u64>,
    /// Names of the savepoints that are open, `None` for a block without one.
    pub savepoint_ids: PyListRef,
    pub atomic_blocks: RefCell<Vec<PyRef<AtomicBlock>>>,
    pub commit_on_exit: Cell<bool>,
    pub needs_rollback: Cell<bool>,
    pub rollback_exc: RefCell<Option<PyBaseExceptionRef>>,
    pub closed_in_transaction: Cell<bool>,
    pub errors_occurred: Cell<bool>,
    pub run_on_commit: RefCell<Vec<CommitHook>>,
    pub run_commit_hooks_on_set_autocommit_on: Cell<bool>,
    pub execute_wrappers: RefCell<PyListRef>,
    /// A test case may have to do without this database: the exception and its message.
    pub forbidden: RefCell<Option<(PyTypeRef, String)>>,
    /// What ran inside execute wrappers that have not returned yet.
    pub(super) waiting: RefCell<Option<Vec<QueryRecord>>>,
}

impl std::fmt::Debug for DatabaseWrapper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<DatabaseWrapper alias={:?}>", self.alias)
    }
}

impl DatabaseWrapper {
    /// SQLite's wrapper for a database.
    pub fn new(
        vm: &VirtualMachine,
        alias: &str,
        settings_dict: PyDictRef,
    ) -> PyResult<PyRef<Self>> {
        let class = sqlite_class::class(vm)?;
        Self::made(vm, alias, settings_dict).into_ref_with_type(vm, class)
    }
    fn made(vm: &VirtualMachine, alias: &str, settings_dict: PyDictRef) -> Self {
        DatabaseWrapper {
            alias: alias.into(),
            settings_dict: RefCell::new(settings_dict),
            sqlite: RefCell::default(),
            handle: RefCell::default(),
            force_debug_cursor: Cell::new(false),
            queries_start: Cell::new(0),
            queries: RefCell::default(),
            autocommit: Cell::new(false),
            in_atomic_block: Cell::new(false),
            savepoint_state: Cell::new(0),
            savepoint_ids: vm.ctx.new_list(vec![]),
            atomic_blocks: RefCell::default(),
            commit_on_exit: Cell::new(true),
            needs_rollback: Cell::new(false),
            rollback_exc: RefCell::default(),
            closed_in_transaction: Cell::new(false),
            errors_occurred: Cell::new(false),
            run_on_commit: RefCell::default(),
            run_commit_hooks_on_set_autocommit_on: Cell::new(false),
            execute_wrappers: RefCell::new(vm.ctx.new_list(vec![])),
            forbidden: RefCell::default(),
            waiting: RefCell::default(),
        }
    }
    /// The settings of this database.
    pub fn settings(&self) -> PyDictRef {
        self.settings_dict.borrow().clone()
    }
    fn setting(&self, vm: &VirtualMachine, key: &str) -> PyResult<PyObjectRef> {
        Ok(self
            .settings()
            .get_item_opt(key, vm)?
            .unwrap_or_else(|| vm.ctx.none()))
    }
    fn is_in_memory(&self, vm: &VirtualMachine) -> PyResult<bool> {
        let name = self.setting(vm, "NAME")?.str(vm)?;
        let name = name.to_string_lossy();
        Ok(name == ":memory:" || name.contains("mode=memory"))
    }
    /// The open database; opens it if need be.
    pub fn sqlite(&self, vm: &VirtualMachine) -> PyResult<SqliteConnection> {
        if let Some(c) = &*self.sqlite.borrow() {
            return Ok(c.clone());
        }
        if self.in_atomic_block.get() && self.closed_in_transaction.get() {
            return Err(error::raise(
                vm,
                "ProgrammingError",
                "Cannot open a new connection in an atomic block.",
            ));
        }
        self.open(vm)
    }
    /// Uses an open database (a snapshot restored by the engine).
    pub fn set_sqlite(&self, connection: SqliteConnection) {
        *self.sqlite.borrow_mut() = Some(connection);
        self.autocommit.set(true);
    }
    pub fn is_open(&self) -> bool {
        self.sqlite.borrow().is_some()
    }
    pub fn drop_sqlite(&self) {
        self.handle.take();
        self.sqlite.take();
    }
    pub fn queries_logged(&self, vm: &VirtualMachine) -> bool {
        self.force_debug_cursor.get() || debug_setting(vm)
    }
    pub fn validate_no_broken_transaction(&self, vm: &VirtualMachine) -> PyResult<()> {
        self.check_allowed(vm, "queries")?;
        if !self.needs_rollback.get() {
            return crate::apps::warn_of_early_query(vm);
        }
        let e = error::raise(
            vm,
            "TransactionManagementError",
            "An error occurred in the current transaction. You can't execute queries until the end of the 'atomic' block.",
        );
        error::set_cause(vm, &e, self.rollback_exc.borrow().clone());
        Err(e)
    }
    /// `operation` (queries, connections) stands for `{operation}` in the message.
    fn check_allowed(&self, vm: &VirtualMachine, operation: &str) -> PyResult<()> {
        match &*self.forbidden.borrow() {
            None => Ok(()),
            Some((class, message)) => {
                let message = message.replace("{operation}", operation);
                let message = vm.ctx.new_str(message).into();
                Err(error::new(vm, class.clone(), vec![message]))
            }
        }
    }
}

impl DatabaseWrapper {
    /// Gives the database back at once: something may hold the wrapper for longer, and what
    /// the wrapper holds may hold it in turn.
    pub fn let_go(&self) {
        self.sqlite.take();
        self.handle.take();
        self.rollback_exc.take();
        self.atomic_blocks.take();
        self.run_on_commit.take();
        self.queries.take();
        self.waiting.take();
    }
    /// Empties `connection.queries`.
    pub fn forget_queries(&self) {
        self.queries.borrow_mut().clear();
    }
}

/// What is worked out may be forgotten, but not set.
fn only_deleted(value: &PySetterValue, vm: &VirtualMachine) -> PyResult<()> {
    match value {
        PySetterValue::Delete => Ok(()),
        PySetterValue::Assign(_) => {
            Err(vm.new_attribute_error("a connection's time zone comes from its settings"))
        }
    }
}

/// `settings.DEBUG`
fn debug_setting(vm: &VirtualMachine) -> bool {
    let name = vm.ctx.intern_str("django.conf");
    let Ok(modules) = vm.sys_module.get_attr("modules", vm) else {
        return true;
    };
    let Ok(module) = modules.get_item(name, vm) else {
        return true;
    };
    module
        .get_attr("settings", vm)
        .and_then(|s| s.get_attr("DEBUG", vm))
        .and_then(|d| d.is_true(vm))
        .unwrap_or(true)
}

impl Representable for DatabaseWrapper {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!(
            "<{} vendor={} alias='{}'>",
            zelf.class().name(),
            crate::py::repr(vm, &crate::py::attr(vm, zelf, "vendor")?)?,
            zelf.alias
        ))
    }
}

impl Constructor for DatabaseWrapper {
    type Args = FuncArgs;
    /// `DatabaseWrapper(settings_dict, alias="default")`
    fn slot_new(class: PyTypeRef, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let settings = match args.take_positional_keyword("settings_dict") {
            Some(settings) => settings.try_into_value(vm)?,
            None => vm.ctx.new_dict(),
        };
        let alias = match args.take_positional_keyword("alias") {
            Some(alias) => crate::py::to_string(vm, &alias)?,
            None => super::registry::DEFAULT_DB_ALIAS.into(),
        };
        let made = DatabaseWrapper::made(vm, &alias, settings);
        Ok(made.into_ref_with_type(vm, class)?.into())
    }
    fn py_new(
        _: &Py<rustpython_vm::builtins::PyType>,
        _: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<Self> {
        Err(vm.new_type_error("slot_new() makes connections"))
    }
}

impl Initializer for DatabaseWrapper {
    type Args = FuncArgs;
    fn init(_: &Py<Self>, _: FuncArgs, _: &VirtualMachine) -> PyResult<()> {
        Ok(())
    }
}

#[pyclass(
    with(Representable, Constructor, Initializer),
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF)
)]
impl DatabaseWrapper {
    #[pygetset]
    fn alias(zelf: &Py<DatabaseWrapper>) -> String {
        zelf.alias.to_string()
    }
    #[pygetset]
    fn settings_dict(zelf: &Py<DatabaseWrapper>) -> PyDictRef {
        zelf.settings()
    }
    #[pygetset(setter)]
    fn set_settings_dict(zelf: &Py<DatabaseWrapper>, settings: PyDictRef) {
        *zelf.settings_dict.borrow_mut() = settings;
    }
    #[pygetset]
    fn connection(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyObjectRef {
        DatabaseWrapper::driver(zelf, vm)
    }
    #[pygetset(setter)]
    fn set_connection(
        zelf: &Py<DatabaseWrapper>,
        connection: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        if !vm.is_none(&connection) {
            return Err(vm.new_not_implemented_error("another driver's connection"));
        }
        zelf.drop_sqlite();
        Ok(())
    }
    #[pygetset]
    fn features(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        sqlite_class::part(&zelf.into(), "_features", "features_class", vm)
    }
    #[pygetset]
    fn validation(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        sqlite_class::part(&zelf.into(), "_validation", "validation_class", vm)
    }
    #[pygetset]
    fn creation(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        sqlite_class::part(&zelf.into(), "_creation", "creation_class", vm)
    }
    #[pygetset]
    fn client(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        sqlite_class::part(&zelf.into(), "_client", "client_class", vm)
    }
    /// The operators of lookups, with `%s` for the right side.
    #[pygetset]
    fn operators(_zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        let dialect = crate::queries::execute::dialect();
        let found = vm.ctx.new_dict();
        for name in LOOKUPS {
            if let Some(sql) = dialect.operator(name) {
                found.set_item(*name, vm.ctx.new_str(sql).into(), vm)?;
            }
        }
        Ok(found.into())
    }
    #[pygetset]
    fn ops(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        sqlite_class::part(&zelf.into(), "_ops", "ops_class", vm)
    }
    #[pygetset]
    fn introspection(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        sqlite_class::part(&zelf.into(), "_introspection", "introspection_class", vm)
    }
    #[pygetset]
    fn force_debug_cursor(zelf: &Py<DatabaseWrapper>) -> bool {
        zelf.force_debug_cursor.get()
    }
    #[pygetset(setter)]
    fn set_force_debug_cursor(zelf: &Py<DatabaseWrapper>, value: bool) {
        zelf.force_debug_cursor.set(value);
    }
    #[pygetset(name = "queries_logged")]
    fn py_queries_logged(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> bool {
        zelf.queries_logged(vm)
    }
    #[pygetset(name = "queries")]
    fn py_queries(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<PyListRef> {
        DatabaseWrapper::listed_queries(zelf, vm)
    }
    fn listed_queries(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<PyListRef> {
        let records = zelf.queries.borrow().clone();
        let mut items = Vec::with_capacity(records.len());
        for record in &records {
            let dict = vm.ctx.new_dict();
            let sql = zelf.interpolated(vm, record)?;
            dict.set_item("sql", vm.ctx.new_str(sql).into(), vm)?;
            let time = format!("{:.3}", record.duration);
            dict.set_item("time", vm.ctx.new_str(time).into(), vm)?;
            items.push(dict.into());
        }
        Ok(vm.ctx.new_list(items))
    }
    #[pygetset]
    fn queries_log(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyObjectRef {
        QueriesLog { database: zelf }.into_pyobject(vm)
    }
    #[pygetset]
    fn autocommit(zelf: &Py<DatabaseWrapper>) -> bool {
        zelf.autocommit.get()
    }
    #[pygetset]
    fn in_atomic_block(zelf: &Py<DatabaseWrapper>) -> bool {
        zelf.in_atomic_block.get()
    }
    #[pygetset(setter)]
    fn set_in_atomic_block(zelf: &Py<DatabaseWrapper>, value: bool) {
        zelf.in_atomic_block.set(value);
    }
    #[pygetset]
    fn needs_rollback(zelf: &Py<DatabaseWrapper>) -> bool {
        zelf.needs_rollback.get()
    }
    #[pygetset(setter)]
    fn set_needs_rollback(zelf: &Py<DatabaseWrapper>, value: bool) {
        zelf.needs_rollback.set(value);
    }
    #[pygetset]
    fn closed_in_transaction(zelf: &Py<DatabaseWrapper>) -> bool {
        zelf.closed_in_transaction.get()
    }
    #[pygetset]
    fn errors_occurred(zelf: &Py<DatabaseWrapper>) -> bool {
        zelf.errors_occurred.get()
    }
    #[pygetset]
    fn commit_on_exit(zelf: &Py<DatabaseWrapper>) -> bool {
        zelf.commit_on_exit.get()
    }
    #[pygetset]
    fn savepoint_ids(zelf: &Py<DatabaseWrapper>) -> PyListRef {
        zelf.savepoint_ids.clone()
    }
    #[pygetset]
    fn atomic_blocks(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyListRef {
        let blocks = zelf.atomic_blocks.borrow();
        vm.ctx
            .new_list(blocks.iter().map(|b| b.clone().into()).collect())
    }
    #[pygetset]
    fn run_on_commit(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyListRef {
        let hooks = zelf.run_on_commit.borrow();
        let items = hooks
            .iter()
            .map(|h| {
                let sids: Vec<PyObjectRef> = h
                    .sids
                    .iter()
                    .map(|s| vm.ctx.new_str(s.as_str()).into())
                    .collect();
                let parts = vec![
                    vm.ctx.new_list(sids).into(),
                    h.func.clone(),
                    vm.ctx.new_bool(h.robust).into(),
                ];
                vm.ctx.new_tuple(parts).into()
            })
            .collect();
        vm.ctx.new_list(items)
    }
    #[pygetset(setter)]
    fn set_run_on_commit(zelf: &Py<DatabaseWrapper>, _value: PyObjectRef) {
        zelf.run_on_commit.borrow_mut().clear();
    }
    #[pygetset]
    fn execute_wrappers(zelf: &Py<DatabaseWrapper>) -> PyListRef {
        zelf.execute_wrappers.borrow().clone()
    }
    #[pygetset]
    fn timezone_name(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        if !crate::conf::get(vm, "USE_TZ")?.is_true(vm)? {
            return crate::conf::get(vm, "TIME_ZONE");
        }
        let name = zelf.setting(vm, "TIME_ZONE")?;
        Ok(if vm.is_none(&name) {
            vm.ctx.new_str("UTC").into()
        } else {
            name
        })
    }
    /// Worked out anew each time, so there is nothing to forget.
    #[pygetset(setter)]
    fn set_timezone_name(
        _zelf: &Py<DatabaseWrapper>,
        value: PySetterValue,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        only_deleted(&value, vm)
    }
    #[pygetset]
    fn timezone(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        if !crate::conf::get(vm, "USE_TZ")?.is_true(vm)? {
            return Ok(vm.ctx.none());
        }
        let name = zelf.setting(vm, "TIME_ZONE")?;
        if vm.is_none(&name) {
            return Ok(convert::classes(vm)?.utc.clone());
        }
        vm.import("zoneinfo", 0)?
            .get_attr("ZoneInfo", vm)?
            .call((name,), vm)
    }
    #[pygetset(setter)]
    fn set_timezone(
        _zelf: &Py<DatabaseWrapper>,
        value: PySetterValue,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        only_deleted(&value, vm)
    }
    #[pymethod]
    fn cursor(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        zelf.check_allowed(vm, "queries")?;
        zelf.sqlite(vm)?;
        Ok(CursorWrapper::new(zelf).into_pyobject(vm))
    }
    #[pymethod]
    fn chunked_cursor(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        DatabaseWrapper::cursor(zelf, vm)
    }
    #[pymethod]
    fn temporary_connection(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        zelf.check_allowed(vm, "connections")?;
        DatabaseWrapper::cursor(zelf, vm)
    }
    #[pymethod]
    fn ensure_connection(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
        zelf.sqlite(vm).map(|_| ())
    }
    #[pymethod]
    fn connect(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
        zelf.check_allowed(vm, "connections")?;
        zelf.open(vm).map(|_| ())
    }
    #[pymethod]
    fn is_usable(_zelf: &Py<DatabaseWrapper>) -> bool {
        true
    }
    #[pymethod]
    fn close_if_unusable_or_obsolete(_zelf: &Py<DatabaseWrapper>) {}
    #[pymethod]
    fn is_in_memory_db(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<bool> {
        zelf.is_in_memory(vm)
    }
    #[pymethod]
    fn close(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.is_in_memory(vm)? {
            return Ok(());
        }
        zelf.run_on_commit.borrow_mut().clear();
        if zelf.closed_in_transaction.get() || !zelf.is_open() {
            return Ok(());
        }
        zelf.drop_sqlite();
        if zelf.in_atomic_block.get() {
            zelf.closed_in_transaction.set(true);
            zelf.needs_rollback.set(true);
        }
        Ok(())
    }
    #[pymethod]
    fn serialize_db(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        let bytes = zelf
            .sqlite(vm)?
            .serialize()
            .map_err(|e| error::to_py(vm, e))?;
        Ok(vm.ctx.new_bytes(bytes).into())
    }
    #[pymethod]
    fn get_autocommit(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<bool> {
        zelf.sqlite(vm)?;
        Ok(zelf.autocommit.get())
    }
    #[pymethod(name = "set_autocommit")]
    fn py_set_autocommit(
        zelf: &Py<DatabaseWrapper>,
        autocommit: bool,
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let force = args.take_positional_keyword("force_begin_transaction_with_broken_autocommit");
        let force = match force {
            Some(force) => force.is_true(vm)?,
            None => false,
        };
        DatabaseWrapper::set_autocommit(zelf, vm, autocommit, force)
    }
    #[pymethod(name = "commit")]
    fn py_commit(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
        DatabaseWrapper::commit(zelf, vm)
    }
    #[pymethod(name = "rollback")]
    fn py_rollback(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
        DatabaseWrapper::rollback(zelf, vm)
    }
    #[pymethod(name = "savepoint")]
    fn py_savepoint(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult {
        Ok(match DatabaseWrapper::savepoint(zelf, vm)? {
            Some(sid) => vm.ctx.new_str(sid).into(),
            None => vm.ctx.none(),
        })
    }
    #[pymethod(name = "savepoint_rollback")]
    fn py_savepoint_rollback(
        zelf: &Py<DatabaseWrapper>,
        sid: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        DatabaseWrapper::savepoint_rollback(zelf, vm, &sid.str(vm)?.to_string_lossy())
    }
    #[pymethod(name = "savepoint_commit")]
    fn py_savepoint_commit(
        zelf: &Py<DatabaseWrapper>,
        sid: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        DatabaseWrapper::savepoint_commit(zelf, vm, &sid.str(vm)?.to_string_lossy())
    }
    #[pymethod]
    fn clean_savepoints(zelf: &Py<DatabaseWrapper>) {
        zelf.savepoint_state.set(0);
    }
    #[pymethod(name = "get_rollback")]
    fn py_get_rollback(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<bool> {
        DatabaseWrapper::require_atomic(zelf, vm)?;
        Ok(zelf.needs_rollback.get())
    }
    #[pymethod(name = "set_rollback")]
    fn py_set_rollback(
        zelf: &Py<DatabaseWrapper>,
        rollback: bool,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        DatabaseWrapper::require_atomic(zelf, vm)?;
        zelf.needs_rollback.set(rollback);
        Ok(())
    }
    fn require_atomic(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.in_atomic_block.get() {
            return Ok(());
        }
        Err(error::raise(
            vm,
            "TransactionManagementError",
            "The rollback flag doesn't work outside of an 'atomic' block.",
        ))
    }
    #[pymethod(name = "validate_no_atomic_block")]
    fn py_validate_no_atomic_block(
        zelf: &Py<DatabaseWrapper>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        zelf.validate_no_atomic_block(vm)
    }
    #[pymethod(name = "validate_no_broken_transaction")]
    fn py_validate_no_broken_transaction(
        zelf: &Py<DatabaseWrapper>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        zelf.validate_no_broken_transaction(vm)
    }
    #[pymethod(name = "on_commit")]
    fn py_on_commit(
        zelf: &Py<DatabaseWrapper>,
        func: PyObjectRef,
        robust: OptionalArg<bool>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        DatabaseWrapper::on_commit(zelf, vm, func, robust.unwrap_or(false))
    }
    #[pymethod(name = "run_and_clear_commit_hooks")]
    fn py_run_and_clear_commit_hooks(
        zelf: &Py<DatabaseWrapper>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        DatabaseWrapper::run_and_clear_commit_hooks(zelf, vm)
    }
    #[pymethod]
    fn execute_wrapper(
        zelf: PyRef<DatabaseWrapper>,
        wrapper: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        ExecuteWrapper {
            database: zelf,
            wrapper,
        }
        .into_pyobject(vm)
    }
    #[pymethod]
    fn disable_constraint_checking(
        zelf: &Py<DatabaseWrapper>,
        vm: &VirtualMachine,
    ) -> PyResult<bool> {
        DatabaseWrapper::plain(zelf, vm, "PRAGMA foreign_keys = OFF")?;
        let out = DatabaseWrapper::execute(zelf, vm, "PRAGMA foreign_keys", &[])?;
        Ok(out.rows.first().and_then(|r| r[0].as_int()) == Some(0))
    }
    #[pymethod]
    fn enable_constraint_checking(zelf: &Py<DatabaseWrapper>, vm: &VirtualMachine) -> PyResult<()> {
        DatabaseWrapper::plain(zelf, vm, "PRAGMA foreign_keys = ON")
    }
    #[pymethod]
    fn constraint_checks_disabled(
        zelf: PyRef<DatabaseWrapper>,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        ChecksDisabled {
            database: zelf,
            disabled: Cell::new(false),
        }
        .into_pyobject(vm)
    }
    #[pymethod]
    fn check_constraints(
        zelf: &Py<DatabaseWrapper>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let tables = args
            .args
            .first()
            .cloned()
            .or_else(|| args.get_optional_kwarg("table_names"));
        let tables: Option<Vec<String>> = match tables {
            Some(t) if !vm.is_none(&t) => {
                let names: Vec<PyObjectRef> = t.try_to_value(vm)?;
                let names = names
                    .iter()
                    .map(|n| Ok(n.str(vm)?.to_string_lossy().into_owned()))
                    .collect::<PyResult<Vec<_>>>()?;
                Some(names)
            }
            _ => None,
        };
        zelf.sqlite(vm)?
            .check_constraints(tables.as_deref())
            .map_err(|e| error::to_py(vm, e))
    }
    #[pymethod]
    fn schema_editor(
        zelf: PyRef<DatabaseWrapper>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult {
        let module = vm.import("django.db.backends.sqlite3.schema", 0);
        let found = module.and_then(|_| {
            vm.sys_module
                .get_attr("modules", vm)?
                .get_item("django.db.backends.sqlite3.schema", vm)?
                .get_attr("DatabaseSchemaEditor", vm)
        });
        match found {
            Ok(class) => {
                let mut with_self = args;
                with_self.prepend_arg(zelf.into());
                class.call(with_self, vm)
            }
            Err(_) => Err(vm.new_not_implemented_error("connection.schema_editor()")),
        }
    }
    #[pymethod]
    fn copy(
        zelf: &Py<DatabaseWrapper>,
        alias: OptionalArg<String>,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<DatabaseWrapper>> {
        let alias = alias.unwrap_or_else(|| zelf.alias.to_string());
        let copied = vm.import("copy", 0)?.get_attr("deepcopy", vm)?;
        let settings = copied.call((zelf.settings(),), vm)?.try_into_value(vm)?;
        DatabaseWrapper::made(vm, &alias, settings).into_ref_with_type(vm, zelf.class().to_owned())
    }
    /// `copy.copy(connection)`: beside this one, on the same open database.
    #[pymethod]
    fn __copy__(
        zelf: &Py<DatabaseWrapper>,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<DatabaseWrapper>> {
        let made = DatabaseWrapper::made(vm, &zelf.alias, zelf.settings())
            .into_ref_with_type(vm, zelf.class().to_owned())?;
        let open = zelf.sqlite.borrow().clone();
        *made.sqlite.borrow_mut() = open;
        made.autocommit.set(zelf.autocommit.get());
        Ok(made)
    }
    #[pymethod]
    fn _close(zelf: &Py<DatabaseWrapper>) {
        zelf.drop_sqlite();
    }
    #[pymethod]
    fn prepare_database(_zelf: &Py<DatabaseWrapper>) {}
    #[pymethod]
    fn inc_thread_sharing(_zelf: &Py<DatabaseWrapper>) {}
    #[pymethod]
    fn dec_thread_sharing(_zelf: &Py<DatabaseWrapper>) {}
    #[pymethod]
    fn validate_thread_sharing(_zelf: &Py<DatabaseWrapper>) {}
}
