//! `manage.py sqlmigrate`.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use super::{apps, command_error};
use crate::{modules, py};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

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
    let connection = super::migrate::connection(vm, args.database())?;
    let as_written = [("replace_migrations", py::bool(vm, false))];
    let loader = modules::find(vm, "django.db.migrations.loader", "MigrationLoader")?
        .call(py::with_kwargs(vec![connection.clone()], &as_written), vm)?;
    apps::require(vm, std::slice::from_ref(app))?;
    if !apps::is_migrated(vm, &loader, app)? {
        return Err(command_error(
            vm,
            format!("App '{app}' does not have migrations"),
        ));
    }
    let migration = apps::by_prefix(vm, &loader, app, name, " Is it in INSTALLED_APPS?")?;
    let step = vec![migration.clone(), py::bool(vm, args.flag("backwards"))];
    let plan = vm.ctx.new_list(vec![vm.ctx.new_tuple(step).into()]).into();
    let lines = py::call(vm, &loader, "collect_sql", vec![plan])?;
    let lines = py::list(vm, &lines)?
        .iter()
        .map(|l| py::to_string(vm, l))
        .collect::<PyResult<Vec<_>>>()?;
    if lines.is_empty() {
        if args.verbosity() >= 1 {
            out.err(vm, "No operations found.")?;
        }
        return Ok(());
    }
    let features = py::attr(vm, &connection, "features")?;
    let on = |o: &PyObject, name: &str| py::attr(vm, o, name)?.is_true(vm);
    let body = lines.join("\n");
    if !on(&migration, "atomic")? || !on(&features, "can_rollback_ddl")? {
        return out.line(vm, &body);
    }
    let ops = py::attr(vm, &connection, "ops")?;
    let around = |name: &str| py::to_string(vm, &py::call(vm, &ops, name, vec![])?);
    let (begin, end) = (
        around("start_transaction_sql")?,
        around("end_transaction_sql")?,
    );
    out.line(vm, &format!("{begin}\n{body}\n{end}"))
}
