//! The databases of a test case: which ones, their atomic blocks, emptying them.
use super::call::{attr, call, call_with, items, set, string, truth};
use crate::db::registry;
use crate::{db, modules};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// The aliases that a case declares, in the order of the setting.
pub fn names(vm: &Vm, case: &PyObjectRef) -> PyResult<Vec<String>> {
    let declared = attr(vm, case, "databases")?;
    let all = registry::aliases();
    if declared.fast_isinstance(vm.ctx.types.str_type) {
        return Ok(all);
    }
    let declared = items(vm, &declared)?
        .iter()
        .map(|d| string(vm, d))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(all.into_iter().filter(|a| declared.contains(a)).collect())
}

/// `connections[alias]`
pub fn connection(vm: &Vm, alias: &str) -> PyResult {
    modules::find(vm, "django.db", "connections")?.get_item(alias, vm)
}

/// An open atomic block on every database of the case.
pub fn enter_atomics(vm: &Vm, case: &PyObjectRef) -> PyResult<PyDictRef> {
    let held = vm.ctx.new_dict();
    let atomic = modules::find(vm, "django.db.transaction", "atomic")?;
    for alias in names(vm, case)? {
        let using = vm.ctx.new_str(alias.as_str()).into();
        let block = call_with(vm, &atomic, vec![], &[("using", using)])?;
        set(vm, &block, "_from_testcase", vm.ctx.new_bool(true))?;
        call(vm, &block, "__enter__", vec![])?;
        held.set_item(alias.as_str(), block, vm)?;
    }
    Ok(held)
}

/// Rolls those blocks back.
pub fn rollback_atomics(vm: &Vm, case: &PyObjectRef, held: &PyObjectRef) -> PyResult<()> {
    let set_rollback = modules::find(vm, "django.db.transaction", "set_rollback")?;
    for alias in names(vm, case)?.into_iter().rev() {
        let using: PyObjectRef = vm.ctx.new_str(alias.as_str()).into();
        let yes = vm.ctx.new_bool(true).into();
        call_with(vm, &set_rollback, vec![yes], &[("using", using)])?;
        let none = || vm.ctx.none();
        let block = held.get_item(alias.as_str(), vm)?;
        call(vm, &block, "__exit__", vec![none(), none(), none()])?;
    }
    Ok(())
}

/// What a test leaves in deferred constraints fails the test.
pub fn check_constraints(vm: &Vm, case: &PyObjectRef) -> PyResult<()> {
    for alias in names(vm, case)?.into_iter().rev() {
        let connection = connection(vm, &alias)?;
        let features = attr(vm, &connection, "features")?;
        if truth(vm, &features, "can_defer_constraint_checks")?
            && !truth(vm, &connection, "needs_rollback")?
        {
            call(vm, &connection, "check_constraints", vec![])?;
        }
    }
    Ok(())
}

/// Empties every table, as `flush` does.
pub fn flush(vm: &Vm, alias: &str, reset_sequences: bool) -> PyResult<()> {
    let database = db::database(vm, alias)?;
    let sqlite = database.sqlite(vm)?;
    let failed = |e| db::sqlite3::wrapped(vm, e);
    let tables = sqlite.tables().map_err(failed)?;
    let run = |sql: &str| {
        sqlite
            .run(sql, orm_sqlite::Params::None)
            .map(drop)
            .map_err(failed)
    };
    run("PRAGMA foreign_keys = OFF")?;
    for table in &tables {
        if !table.is_view && table.name != "django_migrations" {
            run(&format!("DELETE FROM {}", db::ops::quote_name(&table.name)))?;
        }
    }
    if reset_sequences && sqlite.has_table("sqlite_sequence").map_err(failed)? {
        run("UPDATE \"sqlite_sequence\" SET \"seq\" = 0")?;
    }
    run("PRAGMA foreign_keys = ON")
}
