//! Tables: by the project's migrations, or straight from its models.
use crate::scratch::{attr, module};
use django::migrations::Loader;
use protocol::Project;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// Does what `migrate --run-syncdb` does, for every database, as far as the project says.
pub fn migrate(vm: &VirtualMachine, project: &Project) -> PyResult<()> {
    for alias in django::db::registry::aliases() {
        if project.migrate_to.is_empty() {
            command(vm, &[], &alias, true)?;
        } else {
            migrate_to(vm, project, &alias)?;
        }
    }
    Ok(())
}

/// App by app: what comes after the place where an app is held may not even be possible.
fn migrate_to(vm: &VirtualMachine, project: &Project, alias: &str) -> PyResult<()> {
    let apps = Loader::load(vm)?.apps;
    for app in apps.iter().filter(|a| !a.migrated) {
        command(vm, &[&app.label], alias, true)?;
    }
    let held = |label: &str| project.migrate_to.get(label);
    for app in apps.iter().filter(|a| a.migrated) {
        if held(&app.label).is_none() {
            command(vm, &[&app.label], alias, false)?;
        }
    }
    for app in apps.iter().filter(|a| a.migrated) {
        if let Some(name) = held(&app.label) {
            command(vm, &[&app.label, name], alias, false)?;
        }
    }
    Ok(())
}

fn command(vm: &VirtualMachine, arguments: &[&str], alias: &str, syncdb: bool) -> PyResult<()> {
    let management = module(vm, "django.core.management")?;
    let call = attr(vm, &management, "call_command")?;
    let mut args = FuncArgs::default();
    args.args.push(vm.ctx.new_str("migrate").into());
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
