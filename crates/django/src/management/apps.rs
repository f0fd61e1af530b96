//! App labels given to commands.
use super::output::Output;
use super::{command_error, exit};
use crate::error::OrRaise;
use crate::migrations::Loader;
use crate::migrations::live;
use crate::py;
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Django's message for a label that no app has.
fn missing(vm: &Vm, label: &str) -> PyResult<Option<String>> {
    let known = live::apps(vm)?.app_labels();
    if known.iter().any(|l| l == label) {
        return Ok(None);
    }
    let configs = crate::modules::find(vm, "django.apps", "apps")?;
    match vm.call_method(&configs, "get_app_config", (vm.ctx.new_str(label),)) {
        Ok(_) => Ok(None),
        Err(e) => Ok(Some(e.as_object().str(vm)?.to_string_lossy().into_owned())),
    }
}

/// Prints what is wrong with labels and leaves with status 2.
pub fn check(vm: &Vm, labels: &[String], out: &Output) -> PyResult<()> {
    let mut bad = false;
    for label in labels {
        if let Some(message) = missing(vm, label)? {
            out.err(vm, &message)?;
            bad = true;
        }
    }
    if bad { Err(exit(vm, 2)) } else { Ok(()) }
}

/// A `CommandError` for a label that no app has.
pub fn require(vm: &Vm, labels: &[String]) -> PyResult<()> {
    for label in labels {
        if let Some(message) = missing(vm, label)? {
            return Err(command_error(vm, message));
        }
    }
    Ok(())
}

/// The one migration of an app whose name starts so.
pub fn migration(
    vm: &Vm,
    loader: &Loader,
    app: &str,
    prefix: &str,
    hint: &str,
) -> PyResult<orm_migrations::graph::Key> {
    match loader.by_prefix(app, prefix).as_slice() {
        [one] => Ok(one.key()),
        [] => Err(command_error(
            vm,
            format!("Cannot find a migration matching '{prefix}' from app '{app}'.{hint}"),
        )),
        _ => Err(command_error(
            vm,
            format!(
                "More than one migration matches '{prefix}' in app '{app}'. Please be more specific."
            ),
        )),
    }
}

/// Does an app have migrations, as a Python loader sees it?
pub fn is_migrated(vm: &Vm, loader: &PyObject, app: &str) -> PyResult<bool> {
    let known = py::attr(vm, loader, "migrated_apps")?;
    vm._contains(&known, &py::str(vm, app))
}

/// The one migration of an app whose name starts so, from a Python loader.
pub fn by_prefix(vm: &Vm, loader: &PyObject, app: &str, prefix: &str, hint: &str) -> PyResult {
    let words = vec![py::str(vm, app), py::str(vm, prefix)];
    let e = match py::call(vm, loader, "get_migration_by_prefix", words) {
        Ok(found) => return Ok(found),
        Err(e) => e,
    };
    if crate::error::is_a(vm, &e, "AmbiguityError") {
        return Err(command_error(
            vm,
            format!(
                "More than one migration matches '{prefix}' in app '{app}'. Please be more specific."
            ),
        ));
    }
    if e.fast_isinstance(vm.ctx.exceptions.key_error) {
        return Err(command_error(
            vm,
            format!("Cannot find a migration matching '{prefix}' from app '{app}'.{hint}"),
        ));
    }
    Err(e)
}

/// Refuses conflicting migrations.
pub fn refuse_conflicts(
    vm: &Vm,
    conflicts: &indexmap::IndexMap<String, Vec<String>>,
) -> PyResult<()> {
    if conflicts.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = conflicts
        .iter()
        .map(|(app, names)| format!("{} in {app}", names.join(", ")))
        .collect();
    Err(command_error(
        vm,
        format!(
            "Conflicting migrations detected; multiple leaf nodes in the migration graph: ({}).\nTo fix them run \
             'python manage.py makemigrations --merge'",
            names.join("; ")
        ),
    ))
}

/// Refuses a database whose history contradicts the files.
pub fn consistent(vm: &Vm, project: &crate::migrations::Project) -> PyResult<()> {
    project.check_consistent_history().or_raise(vm)
}
