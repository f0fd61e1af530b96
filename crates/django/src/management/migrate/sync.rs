//! Tables for apps that have no migrations (`--run-syncdb`).
use super::Job;
use crate::management::output::Output;
use crate::{modules, py};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Is it one of the apps that come with the engine? These have no migration files: their tables are
/// made like those of unmigrated apps.
pub fn is_own(vm: &Vm, label: &str) -> bool {
    let found = modules::find(vm, "django.apps", "apps")
        .and_then(|a| py::call(vm, &a, "get_app_config", vec![py::str(vm, label)]))
        .and_then(|c| py::attr(vm, &c, "name"))
        .and_then(|n| py::to_string(vm, &n));
    found.is_ok_and(|n| n.starts_with("django."))
}

/// Makes what is missing. A Python command does so by its `sync_apps()`.
pub(super) fn sync(vm: &Vm, job: &Job<'_>, syncing: bool) -> PyResult<()> {
    let loud = syncing && job.loud();
    if loud {
        job.out
            .heading(vm, "Synchronizing apps without migrations:")?;
    }
    let labels: Vec<String> = match job.app() {
        Some(app) if syncing => vec![app.to_string()],
        None if syncing => job.unmigrated.clone(),
        _ => {
            let own = job.unmigrated.iter().filter(|l| is_own(vm, l));
            own.cloned().collect()
        }
    };
    if labels.is_empty() {
        return Ok(());
    }
    if let Some(command) = job.args.command.as_ref().filter(|_| syncing) {
        let labels = labels.iter().map(|l| py::str(vm, l)).collect();
        let labels = vm.ctx.new_list(labels);
        let labels = match job.app() {
            Some(_) => labels.into(),
            None => vm.ctx.types.set_type.as_object().call((labels,), vm)?,
        };
        let args = vec![job.connection.clone(), labels];
        return py::call(vm, command, "sync_apps", args).map(drop);
    }
    let verbosity = if loud { job.args.verbosity() } else { 0 };
    make_tables(vm, &job.connection, &labels, verbosity, job.out)
}

/// Makes the tables of some apps that are not there.
pub fn make_tables(
    vm: &Vm,
    connection: &PyObjectRef,
    labels: &[String],
    verbosity: u8,
    out: &Output,
) -> PyResult<()> {
    let loud = verbosity >= 1;
    let models = missing(vm, connection, labels)?;
    if loud {
        out.line(vm, "  Creating tables...")?;
    }
    if models.is_empty() && !loud {
        return Ok(());
    }
    let editor = py::call(vm, connection, "schema_editor", vec![])?;
    let entered = py::call(vm, &editor, "__enter__", vec![])?;
    let create = || -> PyResult<()> {
        for (app, model) in models {
            let meta = py::attr(vm, &model, "_meta")?;
            let here = vec![connection.clone()];
            if !py::call(vm, &meta, "can_migrate", here)?.is_true(vm)? {
                continue;
            }
            let text = |name: &str| py::to_string(vm, &py::attr(vm, &meta, name)?);
            if verbosity >= 3 {
                out.line(
                    vm,
                    &format!("    Processing {app}.{} model", text("object_name")?),
                )?;
            }
            if loud {
                out.line(vm, &format!("    Creating table {}", text("db_table")?))?;
            }
            py::call(vm, &entered, "create_model", vec![model])?;
        }
        match loud {
            true => out.line(vm, "    Running deferred SQL..."),
            false => Ok(()),
        }
    };
    let done = create();
    crate::migrations::project::leave(vm, &editor, &done)?;
    done
}

/// Models whose tables are not there, with their apps.
fn missing(
    vm: &Vm,
    connection: &PyObjectRef,
    labels: &[String],
) -> PyResult<Vec<(String, PyObjectRef)>> {
    let introspection = py::attr(vm, connection, "introspection")?;
    let cursor = py::call(vm, connection, "cursor", vec![])?;
    let names = py::call(vm, &introspection, "table_names", vec![cursor])?;
    let present = py::list(vm, &names)?
        .iter()
        .map(|n| py::to_string(vm, n))
        .collect::<PyResult<Vec<_>>>()?;
    let ops = py::attr(vm, connection, "ops")?;
    let longest = py::call(vm, &ops, "max_name_length", vec![])?;
    let truncate = || -> PyResult {
        vm.import("django.db.backends.utils", 0)?;
        modules::find(vm, "django.db.backends.utils", "truncate_name")
    };
    // A name that may be as long as it likes is in the database as it is.
    let truncate = match vm.is_none(&longest) {
        true => None,
        false => Some(truncate()?),
    };
    let installed = |meta: &PyObjectRef| -> PyResult<bool> {
        let mut table = py::attr(vm, meta, "db_table")?;
        if let Some(truncate) = &truncate {
            table = truncate.call((table, longest.clone()), vm)?;
        }
        let table = py::call(vm, &introspection, "identifier_converter", vec![table])?;
        let table = py::to_string(vm, &table)?;
        Ok(present.contains(&table))
    };
    let registry = modules::find(vm, "django.apps", "apps")?;
    let router = modules::find(vm, "django.db", "router")?;
    let alias = py::attr(vm, connection, "alias")?;
    let mut out = vec![];
    for config in py::list(vm, &py::call(vm, &registry, "get_app_configs", vec![])?)? {
        let label = py::to_string(vm, &py::attr(vm, &config, "label")?)?;
        let module = py::attr(vm, &config, "models_module")?;
        if vm.is_none(&module) || !labels.contains(&label) {
            continue;
        }
        let how = [("include_auto_created", py::bool(vm, false))];
        let args = vec![config, alias.clone()];
        let models = py::call_kw(vm, &router, "get_migratable_models", args, &how)?;
        for model in py::list(vm, &models)? {
            if !installed(&py::attr(vm, &model, "_meta")?)? {
                out.push((label.clone(), model));
            }
        }
    }
    Ok(out)
}
