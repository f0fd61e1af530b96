//! `django.db` and the modules below it that are not models.
use super::cursor::CursorWrapper;
use super::handler::ConnectionHandler;
use super::introspection::DatabaseIntrospection;
use super::ops::DatabaseOperations;
use super::registry::{self, DEFAULT_DB_ALIAS};
use super::router::{self, ConnectionRouter};
use super::wrapper::{ChecksDisabled, ExecuteWrapper, Handle, QueriesLog};
use super::{atomic, features, sqlite3, transaction};
use crate::modules;
use rustpython_vm::builtins::PyStr;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::types::{Comparable, GetAttr, PyComparisonOp, SetAttr};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};

/// Fills the modules.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    make_types();
    let default: PyObjectRef = vm.ctx.new_str(DEFAULT_DB_ALIAS).into();
    let connections: PyObjectRef = ConnectionHandler::main().into_pyobject(vm);
    let connection: PyObjectRef = ConnectionProxy.into_pyobject(vm);
    modules::export(vm, "django.db", "connections", connections)?;
    modules::export(vm, "django.db", "connection", connection)?;
    modules::export(vm, "django.db", "router", router::object(vm))?;
    let version = vm.ctx.new_str("_django_version");
    modules::export(vm, "django.db", "DJANGO_VERSION_PICKLE_KEY", version)?;
    let reset = vm.new_function(
        "reset_queries",
        |_: FuncArgs, vm: &VirtualMachine| -> PyResult<()> {
            for alias in registry::aliases() {
                registry::database(vm, &alias)?.forget_queries();
            }
            Ok(())
        },
    );
    modules::export(vm, "django.db", "reset_queries", reset)?;
    let close = vm.new_function("close_old_connections", |_: FuncArgs| {});
    modules::export(vm, "django.db", "close_old_connections", close)?;
    modules::export_all(
        vm,
        &["django.db", "django.db.utils"],
        "DEFAULT_DB_ALIAS",
        default,
    )?;
    modules::export_all(
        vm,
        &["django.db.utils", "django.db"],
        "ConnectionHandler",
        ConnectionHandler::make_static_type(),
    )?;
    modules::export(
        vm,
        "django.db.utils",
        "ConnectionRouter",
        ConnectionRouter::make_static_type(),
    )?;
    modules::export(
        vm,
        "django.db.backends.sqlite3.operations",
        "DatabaseOperations",
        operations_class(vm)?,
    )?;
    modules::export(
        vm,
        "django.db.backends._utils",
        "CursorWrapper",
        CursorWrapper::make_static_type(),
    )?;
    let load = vm.new_function("load_backend", load_backend);
    modules::export(vm, "django.db.utils", "load_backend", load)?;
    for (name, _) in sqlite3::CLASSES_IN_ORDER {
        modules::export(vm, "sqlite3", name, sqlite3::class(vm, name))?;
    }
    for (number, name) in LIMITS.iter().enumerate() {
        modules::export(vm, "sqlite3", name, vm.ctx.new_int(number))?;
    }
    let signal = modules::find(vm, "django.dispatch", "Signal")?.call((), vm)?;
    modules::export(
        vm,
        "django.db.backends._signals",
        "connection_created",
        signal,
    )?;
    features::class(vm)?;
    super::ops_sql::install(vm)?;
    modules::export(
        vm,
        "django.db.models.fields",
        "router",
        modules::find(vm, "django.db", "router")?,
    )?;
    transaction::install(vm)
}

/// `sqlite3.SQLITE_LIMIT_…`, by number.
const LIMITS: [&str; 12] = [
    "SQLITE_LIMIT_LENGTH",
    "SQLITE_LIMIT_SQL_LENGTH",
    "SQLITE_LIMIT_COLUMN",
    "SQLITE_LIMIT_EXPR_DEPTH",
    "SQLITE_LIMIT_COMPOUND_SELECT",
    "SQLITE_LIMIT_VDBE_OP",
    "SQLITE_LIMIT_FUNCTION_ARG",
    "SQLITE_LIMIT_ATTACHED",
    "SQLITE_LIMIT_LIKE_PATTERN_LENGTH",
    "SQLITE_LIMIT_VARIABLE_NUMBER",
    "SQLITE_LIMIT_TRIGGER_DEPTH",
    "SQLITE_LIMIT_WORKER_THREADS",
];

/// `load_backend("django.db.backends.sqlite3")`: the module that holds its `DatabaseWrapper`.
pub(super) fn load_backend(name: String, vm: &VirtualMachine) -> PyResult {
    const BUILT_IN: [&str; 4] = ["mysql", "oracle", "postgresql", "sqlite3"];
    let importlib = vm.import("importlib", 0)?;
    let module = vm.ctx.new_str(format!("{name}.base"));
    let cause = match vm.call_method(&importlib, "import_module", (module,)) {
        Ok(module) => return Ok(module),
        Err(e) if e.fast_isinstance(vm.ctx.exceptions.import_error) => e,
        Err(e) => return Err(e),
    };
    let known = BUILT_IN.map(|b| format!("'{b}'")).join(", ");
    let built_in = BUILT_IN
        .iter()
        .any(|b| name == format!("django.db.backends.{b}"));
    if built_in {
        return Err(cause);
    }
    let error = crate::error::raise(
        vm,
        "ImproperlyConfigured",
        format!(
            "'{name}' isn't an available database backend or couldn't be imported. Check the \
             above exception. To use one of the built-in backends, use 'django.db.backends.XXX', \
             where XXX is one of:\n    {known}"
        ),
    );
    crate::error::set_cause(vm, &error, Some(cause));
    Err(error)
}

fn make_types() {
    let _ = [
        QueriesLog::make_static_type(),
        Handle::make_static_type(),
        ExecuteWrapper::make_static_type(),
        ChecksDisabled::make_static_type(),
        CursorWrapper::make_static_type(),
        DatabaseOperations::make_static_type(),
        DatabaseIntrospection::make_static_type(),
        ConnectionRouter::make_static_type(),
        ConnectionHandler::make_static_type(),
        ConnectionProxy::make_static_type(),
        atomic::AtomicBlock::make_static_type(),
        atomic::Decorated::make_static_type(),
        transaction::MarkOnError::make_static_type(),
    ];
}

/// `connection`: whatever `connections["default"]` is now.
#[pyclass(module = "django.utils.connection", name = "ConnectionProxy")]
#[derive(Debug, PyPayload)]
pub struct ConnectionProxy;

#[pyclass(with(GetAttr, SetAttr, Comparable))]
impl ConnectionProxy {}

impl GetAttr for ConnectionProxy {
    fn getattro(zelf: &Py<Self>, name: &Py<PyStr>, vm: &VirtualMachine) -> PyResult {
        if name.to_str() == Some("__class__") {
            return zelf.as_object().generic_getattr(name, vm);
        }
        registry::database(vm, DEFAULT_DB_ALIAS)?
            .as_object()
            .get_attr(name, vm)
    }
}

impl SetAttr for ConnectionProxy {
    fn setattro(
        _zelf: &Py<Self>,
        name: &Py<PyStr>,
        value: PySetterValue,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let db = registry::database(vm, DEFAULT_DB_ALIAS)?;
        match value {
            PySetterValue::Assign(v) => db.as_object().set_attr(name, v, vm),
            PySetterValue::Delete => db.as_object().del_attr(name, vm),
        }
    }
}

impl Comparable for ConnectionProxy {
    fn cmp(
        _zelf: &Py<Self>,
        other: &PyObject,
        op: PyComparisonOp,
        vm: &VirtualMachine,
    ) -> PyResult<rustpython_vm::function::PyComparisonValue> {
        use rustpython_vm::function::PyComparisonValue;
        let db = registry::database(vm, DEFAULT_DB_ALIAS)?;
        let same = other.is(&db) || other.downcast_ref::<ConnectionProxy>().is_some();
        Ok(match op {
            PyComparisonOp::Eq => PyComparisonValue::Implemented(same),
            PyComparisonOp::Ne => PyComparisonValue::Implemented(!same),
            _ => PyComparisonValue::NotImplemented,
        })
    }
}

/// `DatabaseOperations`, open to users' changes as Django's is.
fn operations_class(vm: &VirtualMachine) -> PyResult<rustpython_vm::builtins::PyTypeRef> {
    let class = DatabaseOperations::make_static_type();
    crate::class::fill_class(vm, &class, |_| {})?;
    Ok(class)
}
