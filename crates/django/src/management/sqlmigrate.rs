//! `manage.py sqlmigrate`.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use super::{apps, command_error};
use crate::migrations::Project;
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "sqlmigrate",
    positional: &[
        Positional::required("app_label"),
        Positional::required("migration_name"),
    ],
    own: &[
        Opt::value(&["--database"], "database"),
        Opt::flag(&["--backwards"], "backwards"),
    ],
    handle,
};

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    let [app, name] = args.positional.as_slice() else {
        return Err(command_error(
            vm,
            "sqlmigrate takes an app label and a migration name.",
        ));
    };
    let project = Project::load(vm, args.database())?;
    apps::require(vm, std::slice::from_ref(app))?;
    if !project.loader.app(app).is_some_and(|a| a.migrated) {
        return Err(command_error(
            vm,
            format!("App '{app}' does not have migrations"),
        ));
    }
    let key = apps::migration(vm, &project.loader, app, name, " Is it in INSTALLED_APPS?")?;
    let lines = project.sqlmigrate(vm, &key, args.flag("backwards"))?;
    if lines.is_empty() {
        if args.verbosity() >= 1 {
            out.err(vm, "No operations found.")?;
        }
        return Ok(());
    }
    let atomic = project.graph.nodes.get(&key).is_none_or(|m| m.atomic);
    let body = lines.join("\n");
    if atomic {
        out.line(vm, &format!("BEGIN;\n{body}\nCOMMIT;"))
    } else {
        out.line(vm, &body)
    }
}
