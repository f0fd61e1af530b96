//! `django.db.transaction`.
use super::atomic::{AtomicBlock, decorate};
use super::registry::{self, DEFAULT_DB_ALIAS};
use super::wrapper::DatabaseWrapper;
use crate::error::OrRaise;
use crate::modules;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};

const MODULE: &str = "django.db.transaction";

/// Fills the module.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let add = |name: &'static str, f: fn(FuncArgs, &VirtualMachine) -> PyResult| {
        modules::export(vm, MODULE, name, vm.new_function(name, f))
    };
    add("atomic", atomic)?;
    add("get_connection", |mut args, vm| {
        Ok(connection(&mut args, vm)?.into())
    })?;
    add("get_autocommit", |mut args, vm| {
        let db = connection(&mut args, vm)?;
        db.sqlite(vm)?;
        Ok(vm.ctx.new_bool(db.autocommit.get()).into())
    })?;
    add("set_autocommit", |mut args, vm| {
        let on = required(&mut args, "autocommit", vm)?.is_true(vm)?;
        let db = connection(&mut args, vm)?;
        DatabaseWrapper::set_autocommit(&db, vm, on, false)?;
        Ok(vm.ctx.none())
    })?;
    add("commit", |mut args, vm| {
        let db = connection(&mut args, vm)?;
        DatabaseWrapper::commit(&db, vm)?;
        Ok(vm.ctx.none())
    })?;
    add("rollback", |mut args, vm| {
        let db = connection(&mut args, vm)?;
        DatabaseWrapper::rollback(&db, vm)?;
        Ok(vm.ctx.none())
    })?;
    add("savepoint", |mut args, vm| {
        orm_state::settings::warn(
            "RemovedInDjango2028Warning",
            "savepoint() is deprecated. Use savepoint_create() instead.",
        )
        .or_raise(vm)?;
        savepoint_create(&mut args, vm)
    })?;
    add("savepoint_create", |mut args, vm| {
        savepoint_create(&mut args, vm)
    })?;
    add("savepoint_rollback", |mut args, vm| {
        let sid = required(&mut args, "sid", vm)?.str(vm)?;
        let db = connection(&mut args, vm)?;
        DatabaseWrapper::savepoint_rollback(&db, vm, &sid.to_string_lossy())?;
        Ok(vm.ctx.none())
    })?;
    add("savepoint_commit", |mut args, vm| {
        let sid = required(&mut args, "sid", vm)?.str(vm)?;
        let db = connection(&mut args, vm)?;
        DatabaseWrapper::savepoint_commit(&db, vm, &sid.to_string_lossy())?;
        Ok(vm.ctx.none())
    })?;
    add("clean_savepoints", |mut args, vm| {
        connection(&mut args, vm)?.savepoint_state.set(0);
        Ok(vm.ctx.none())
    })?;
    add("get_rollback", |mut args, vm| {
        vm.call_method(connection(&mut args, vm)?.as_object(), "get_rollback", ())
    })?;
    add("set_rollback", |mut args, vm| {
        let on = required(&mut args, "rollback", vm)?;
        vm.call_method(
            connection(&mut args, vm)?.as_object(),
            "set_rollback",
            (on,),
        )
    })?;
    add("on_commit", |mut args, vm| {
        let func = required(&mut args, "func", vm)?;
        let robust = args.take_keyword("robust");
        let db = connection(&mut args, vm)?;
        let robust = match robust.or_else(|| args.take_positional()) {
            Some(r) => r.is_true(vm)?,
            None => false,
        };
        DatabaseWrapper::on_commit(&db, vm, func, robust)?;
        Ok(vm.ctx.none())
    })?;
    add("mark_for_rollback_on_error", |mut args, vm| {
        Ok(MarkOnError {
            database: connection(&mut args, vm)?,
        }
        .into_pyobject(vm))
    })?;
    add("non_atomic_requests", |mut args, vm| {
        Ok(vm.unwrap_or_none(args.take_positional()))
    })?;
    use rustpython_vm::class::PyClassImpl;
    modules::export(vm, MODULE, "Atomic", AtomicBlock::make_static_type())
}

fn savepoint_create(args: &mut FuncArgs, vm: &VirtualMachine) -> PyResult {
    let db = connection(args, vm)?;
    let sid = DatabaseWrapper::savepoint(&db, vm)?;
    Ok(sid.map_or_else(|| vm.ctx.none(), |s| vm.ctx.new_str(s).into()))
}

fn connection(args: &mut FuncArgs, vm: &VirtualMachine) -> PyResult<PyRef<DatabaseWrapper>> {
    let using = args.take_positional_keyword("using");
    registry::using(vm, using)
}

fn required(args: &mut FuncArgs, name: &str, vm: &VirtualMachine) -> PyResult {
    args.take_positional_keyword(name)
        .ok_or_else(|| vm.new_type_error(format!("missing a required argument: '{name}'")))
}

/// `atomic`, `atomic()`, `atomic(using="other", savepoint=False, durable=True)`
fn atomic(mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let using = args.take_positional_keyword("using");
    let flag = |value: Option<PyObjectRef>, default: bool| match value {
        Some(v) => v.is_true(vm),
        None => Ok(default),
    };
    let savepoint = flag(args.take_positional_keyword("savepoint"), true)?;
    let durable = flag(args.take_positional_keyword("durable"), false)?;
    match using {
        Some(f) if f.is_callable() => {
            let using = vm.ctx.new_str(DEFAULT_DB_ALIAS).into();
            let block = AtomicBlock::new(using, savepoint, durable).into_ref(&vm.ctx);
            decorate(vm, block, f)
        }
        using => {
            let using = vm.unwrap_or_none(using);
            Ok(AtomicBlock::new(using, savepoint, durable).into_pyobject(vm))
        }
    }
}

/// `with mark_for_rollback_on_error(using):`
#[pyclass(module = "contextlib", name = "_GeneratorContextManager")]
#[derive(PyPayload)]
pub struct MarkOnError {
    database: PyRef<DatabaseWrapper>,
}

impl std::fmt::Debug for MarkOnError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MarkOnError")
    }
}

#[pyclass]
impl MarkOnError {
    #[pymethod]
    fn __enter__(_zelf: &Py<MarkOnError>) {}
    #[pymethod]
    fn __exit__(zelf: &Py<MarkOnError>, args: FuncArgs, vm: &VirtualMachine) {
        if let Some(e) = args.args.get(1)
            && e.fast_isinstance(vm.ctx.exceptions.exception_type)
            && zelf.database.in_atomic_block.get()
        {
            zelf.database.needs_rollback.set(true);
            zelf.database
                .rollback_exc
                .replace(e.clone().downcast().ok());
        }
    }
}
