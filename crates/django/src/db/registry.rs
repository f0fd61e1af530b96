//! The databases of a project: `connections`.
use super::wrapper::DatabaseWrapper;
use crate::error;
use indexmap::IndexMap;
use rustpython_vm::builtins::{PyDict, PyDictRef, PyStr};
use rustpython_vm::{PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::cell::RefCell;

thread_local! {
    static DATABASES: RefCell<IndexMap<String, PyRef<DatabaseWrapper>>> = RefCell::default();
}

pub const DEFAULT_DB_ALIAS: &str = "default";

/// What every database's settings hold unless given.
pub(super) fn defaults(vm: &VirtualMachine, settings: &PyDictRef) -> PyResult<()> {
    let ctx = &vm.ctx;
    let plain: [(&str, PyObjectRef); 12] = [
        ("ENGINE", ctx.new_str("django.db.backends.sqlite3").into()),
        ("NAME", ctx.new_str(":memory:").into()),
        ("ATOMIC_REQUESTS", ctx.new_bool(false).into()),
        ("AUTOCOMMIT", ctx.new_bool(true).into()),
        ("CONN_MAX_AGE", ctx.new_int(0).into()),
        ("CONN_HEALTH_CHECKS", ctx.new_bool(false).into()),
        ("OPTIONS", ctx.new_dict().into()),
        ("TIME_ZONE", ctx.none()),
        ("USER", ctx.new_str("").into()),
        ("PASSWORD", ctx.new_str("").into()),
        ("HOST", ctx.new_str("").into()),
        ("PORT", ctx.new_str("").into()),
    ];
    for (key, value) in plain {
        if !settings.contains_key(key, vm) {
            settings.set_item(key, value, vm)?;
        }
    }
    let test = match settings.get_item_opt("TEST", vm)? {
        Some(t) => t,
        None => {
            let t: PyObjectRef = ctx.new_dict().into();
            settings.set_item("TEST", t.clone(), vm)?;
            t
        }
    };
    if let Some(test) = test.downcast_ref::<PyDict>() {
        let more: [(&str, PyObjectRef); 5] = [
            ("CHARSET", ctx.none()),
            ("COLLATION", ctx.none()),
            ("MIGRATE", ctx.new_bool(true).into()),
            ("MIRROR", ctx.none()),
            ("NAME", ctx.none()),
        ];
        for (key, value) in more {
            if !test.contains_key(key, vm) {
                test.set_item(key, value, vm)?;
            }
        }
    }
    Ok(())
}

/// Replaces all databases by those of a `DATABASES` setting.
pub fn configure(vm: &VirtualMachine, databases: &PyDictRef) -> PyResult<()> {
    let mut made = IndexMap::new();
    for (alias, settings) in databases.items_vec() {
        let alias = alias.str(vm)?.to_string_lossy().into_owned();
        let settings = match settings.downcast_ref::<PyDict>() {
            Some(d) => vm.new_pyobj(d.copy()).downcast::<PyDict>(),
            None => Err(settings),
        };
        let Ok(settings) = settings else {
            return Err(error::raise(
                vm,
                "ImproperlyConfigured",
                format!("DATABASES['{alias}'] must be a dictionary."),
            ));
        };
        defaults(vm, &settings)?;
        made.insert(alias.clone(), DatabaseWrapper::new(vm, &alias, settings)?);
    }
    if !made.contains_key(DEFAULT_DB_ALIAS) {
        let settings = vm.ctx.new_dict();
        defaults(vm, &settings)?;
        let database = DatabaseWrapper::new(vm, DEFAULT_DB_ALIAS, settings)?;
        made.shift_insert(0, DEFAULT_DB_ALIAS.into(), database);
    }
    DATABASES.set(made);
    Ok(())
}

/// Forgets all databases.
pub fn clear() {
    for database in DATABASES.take().into_values() {
        database.let_go();
    }
}

/// `connections[alias]`
pub fn database(vm: &VirtualMachine, alias: &str) -> PyResult<PyRef<DatabaseWrapper>> {
    if DATABASES.with_borrow(IndexMap::is_empty) {
        configure(vm, &vm.ctx.new_dict())?;
    }
    DATABASES
        .with_borrow(|d| d.get(alias).cloned())
        .ok_or_else(|| {
            error::raise(
                vm,
                "ConnectionDoesNotExist",
                format!("The connection '{alias}' doesn't exist."),
            )
        })
}

/// The connection of an alias, if there is one.
pub fn registered(alias: &str) -> Option<PyRef<DatabaseWrapper>> {
    DATABASES.with_borrow(|d| d.get(alias).cloned())
}

/// A connection given by Python code: the thing itself, or `django.db.connection`.
pub fn wrapper_of(
    vm: &VirtualMachine,
    connection: PyObjectRef,
) -> PyResult<PyRef<DatabaseWrapper>> {
    match connection.downcast::<DatabaseWrapper>() {
        Ok(database) => Ok(database),
        Err(other) if other.downcastable::<super::modules::ConnectionProxy>() => {
            database(vm, DEFAULT_DB_ALIAS)
        }
        Err(_) => Err(vm.new_type_error("a connection is expected")),
    }
}

/// By a Python argument: an alias, or `None` for the default one.
pub fn using(vm: &VirtualMachine, alias: Option<PyObjectRef>) -> PyResult<PyRef<DatabaseWrapper>> {
    match alias.as_ref().and_then(|a| a.downcast_ref::<PyStr>()) {
        Some(name) => database(vm, &name.to_string_lossy()),
        None => database(vm, DEFAULT_DB_ALIAS),
    }
}

/// The aliases, in the order of the setting.
pub fn aliases() -> Vec<String> {
    DATABASES.with_borrow(|d| {
        if d.is_empty() {
            vec![DEFAULT_DB_ALIAS.into()]
        } else {
            d.keys().cloned().collect()
        }
    })
}

/// Puts another wrapper in an alias's place (`connections["default"] = …`).
pub fn replace(alias: &str, database: PyRef<DatabaseWrapper>) {
    DATABASES.with_borrow_mut(|d| d.insert(alias.into(), database));
}

pub fn remove(alias: &str) {
    DATABASES.with_borrow_mut(|d| d.shift_remove(alias));
}
