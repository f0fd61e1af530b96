//! Tables: by the project's migrations, or straight from its models.
use crate::scratch::{attr, attr_opt, items, module};
use protocol::Project;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// Does what `migrate --run-syncdb` does, for every database that allows it.
pub fn migrate(vm: &VirtualMachine, project: &Project) -> PyResult<()> {
    if attr_opt(vm, &module(vm, "django.core.management")?, "call_command").is_none() {
        return create_tables(vm);
    }
    for alias in django::db::registry::aliases() {
        command(vm, "migrate", &[], &alias, true)?;
        for (app, name) in &project.migrate_to {
            command(vm, "migrate", &[app, name], &alias, false)?;
        }
    }
    Ok(())
}

fn command(
    vm: &VirtualMachine,
    name: &str,
    arguments: &[&str],
    alias: &str,
    syncdb: bool,
) -> PyResult<()> {
    let management = module(vm, "django.core.management")?;
    let call = attr(vm, &management, "call_command")?;
    let mut args = FuncArgs::default();
    args.args.push(vm.ctx.new_str(name).into());
    for argument in arguments {
        args.args.push(vm.ctx.new_str(*argument).into());
    }
    let mut set = |name: &str, value: PyObjectRef| args.kwargs.insert(name.into(), value);
    set("verbosity", vm.ctx.new_int(0).into());
    set("interactive", vm.ctx.new_bool(false).into());
    set("database", vm.ctx.new_str(alias).into());
    if syncdb {
        set("run_syncdb", vm.ctx.new_bool(true).into());
    }
    call.call(args, vm).map(drop)
}

/// Creates the tables of all models.
pub fn create_tables(vm: &VirtualMachine) -> PyResult<()> {
    let apps = attr(vm, &module(vm, "django.apps")?, "apps")?;
    let mut args = FuncArgs::default();
    args.kwargs
        .insert("include_auto_created".into(), vm.ctx.new_bool(false).into());
    let models = attr(vm, &apps, "get_models")?.call(args, vm)?;
    let models = items(vm, &models)?;
    for alias in django::db::registry::aliases() {
        let connection: PyObjectRef = django::db::database(vm, &alias)?.into();
        let editor = vm.call_method(&connection, "schema_editor", ())?;
        let entered = vm.call_method(&editor, "__enter__", ())?;
        for model in &models {
            let meta = attr(vm, model, "_meta")?;
            let skipped = ["proxy", "abstract", "swapped"]
                .iter()
                .any(|n| attr_opt(vm, &meta, n).is_some_and(|v| v.is_true(vm).unwrap_or(false)));
            let managed = attr(vm, &meta, "managed")?.is_true(vm)?;
            if managed && !skipped {
                vm.call_method(&entered, "create_model", (model.clone(),))?;
            }
        }
        let none = vm.ctx.none();
        vm.call_method(&editor, "__exit__", (none.clone(), none.clone(), none))?;
    }
    Ok(())
}
