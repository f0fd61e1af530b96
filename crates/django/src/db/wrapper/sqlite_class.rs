//! `django.db.backends.sqlite3.base.DatabaseWrapper`: what SQLite adds to every backend's wrapper.
use super::DatabaseWrapper;
use crate::class::{Class, class as make};
use crate::db::{features, introspection, ops};
use crate::{error, modules, py};
use orm_sqlite::SqliteConnection;
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::class::{PyClassImpl, StaticType};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODULE: &str = "django.db.backends.sqlite3.base";

/// The class of SQLite's connections.
pub fn class(vm: &Vm) -> PyResult<PyTypeRef> {
    let module = modules::module(vm, MODULE)?;
    if let Some(known) = module.dict().get_item_opt("DatabaseWrapper", vm)? {
        return known
            .downcast()
            .map_err(|_| vm.new_type_error("DatabaseWrapper is no class"));
    }
    let base = DatabaseWrapper::make_static_type();
    crate::class::fill_class(vm, &base, base_methods)?;
    let made = make(
        vm,
        MODULE,
        "DatabaseWrapper",
        std::slice::from_ref(&base),
        sqlite,
    )?;
    modules::export(
        vm,
        "django.db.backends.base.base",
        "BaseDatabaseWrapper",
        base,
    )?;
    modules::export(vm, MODULE, "DatabaseWrapper", made.clone())?;
    Ok(made)
}

/// What every backend has to say for itself.
fn base_methods(c: &mut Class) {
    let unknown = py::str(c.vm, "unknown");
    c.attr("vendor", unknown.clone());
    c.attr("display_name", unknown);
    let limit: PyObjectRef = c.vm.ctx.new_int(super::QUERIES_LIMIT).into();
    c.attr("queries_limit", limit);
    c.method(
        "get_database_version",
        |_: PyObjectRef, vm: &Vm| -> PyResult<()> {
            Err(vm.new_not_implemented_error(
                "subclasses of BaseDatabaseWrapper may require a get_database_version() method.",
            ))
        },
    );
    c.method("check_database_version_supported", check_version);
    c.method(
        "init_connection_state",
        |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let done = py::attr(vm, &o, "_database_version_checked")?;
            let alias = py::attr(vm, &o, "alias")?;
            if !vm._contains(&done, &alias)? {
                py::call(vm, &o, "check_database_version_supported", vec![])?;
                py::call(vm, &done, "add", vec![alias])?;
            }
            Ok(())
        },
    );
    let checked = c.vm.new_pyobj(rustpython_vm::builtins::PySet::default());
    c.attr("_database_version_checked", checked);
}

/// `NotSupportedError` for a database that is too old.
fn check_version(o: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let least = py::attr(
        vm,
        &py::attr(vm, &o, "features")?,
        "minimum_database_version",
    )?;
    if vm.is_none(&least) {
        return Ok(());
    }
    let found = py::call(vm, &o, "get_database_version", vec![])?;
    let old = found.rich_compare_bool(&least, rustpython_vm::types::PyComparisonOp::Lt, vm)?;
    if !old {
        return Ok(());
    }
    let dotted = |version: &PyObjectRef| -> PyResult<String> {
        let parts = py::list(vm, version)?;
        let parts = parts.iter().map(|p| py::to_string(vm, p));
        Ok(parts.collect::<PyResult<Vec<_>>>()?.join("."))
    };
    let name = py::to_string(vm, &py::attr(vm, &o, "display_name")?)?;
    let text = format!(
        "{name} {} or later is required (found {}).",
        dotted(&least)?,
        dotted(&found)?
    );
    Err(error::raise(vm, "NotSupportedError", text))
}

fn sqlite(c: &mut Class) {
    let text = |t: &str| py::str(c.vm, t);
    let (vendor, display_name) = (text("sqlite"), text("SQLite"));
    c.attr("vendor", vendor);
    c.attr("display_name", display_name);
    if let Ok(features) = features::class(c.vm) {
        c.attr("features_class", features);
    }
    c.attr(
        "ops_class",
        ops::DatabaseOperations::static_type().to_owned(),
    );
    let introspection = introspection::DatabaseIntrospection::static_type().to_owned();
    c.attr("introspection_class", introspection);
    c.method("get_database_version", |_: PyObjectRef, vm: &Vm| {
        vm.new_tuple(SqliteConnection::version())
    });
    for (name, module, class) in HELPERS {
        let helper = Helper { module, class };
        let property = vm_property(c.vm, helper);
        match property {
            Ok(property) => c.attr(name, property),
            Err(e) => c.fail(e),
        }
    }
    if let Ok(driver) = modules::module(c.vm, "sqlite3") {
        c.attr("Database", driver);
    }
}

/// Classes that are written in Python, and imported when they are asked for.
const HELPERS: [(&str, &str, &str); 3] = [
    (
        "client_class",
        "django.db.backends.sqlite3.client",
        "DatabaseClient",
    ),
    (
        "creation_class",
        "django.db.backends.sqlite3.creation",
        "DatabaseCreation",
    ),
    (
        "validation_class",
        "django.db.backends.base.validation",
        "BaseDatabaseValidation",
    ),
];

#[derive(Clone, Copy)]
struct Helper {
    module: &'static str,
    class: &'static str,
}

/// `classproperty` that imports.
fn vm_property(vm: &Vm, helper: Helper) -> PyResult {
    let read = vm.new_function("helper", move |_: PyObjectRef, vm: &Vm| -> PyResult {
        vm.import(&vm.ctx.new_str(helper.module), 0)?;
        modules::find(vm, helper.module, helper.class)
    });
    let kind = modules::find(vm, "django.utils._functional", "classproperty")?;
    kind.as_object().call((read,), vm)
}

/// `connection.creation` and its kin: made once a connection, of the class that it names.
pub(super) fn part(o: &PyObjectRef, kept: &'static str, class: &'static str, vm: &Vm) -> PyResult {
    let dict = o
        .dict()
        .ok_or_else(|| vm.new_type_error("a connection without a __dict__"))?;
    if let Some(found) = dict.get_item_opt(kept, vm)? {
        return Ok(found);
    }
    let made = py::attr(vm, o, class)?.call((o.clone(),), vm)?;
    dict.set_item(kept, made.clone(), vm)?;
    Ok(made)
}
