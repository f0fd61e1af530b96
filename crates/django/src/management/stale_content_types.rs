//! `manage.py remove_stale_contenttypes`: deletes content types whose models are gone.
use super::args::Args;
use super::command::{Command, Opt};
use super::command_error;
use super::output::Output;
use crate::{modules, py};
use rustpython_vm::builtins::PyDict;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODELS: &str = "django.contrib.contenttypes.models";

pub const COMMAND: Command = Command {
    name: "remove_stale_contenttypes",
    positional: &[],
    own: &[
        Opt::no(&["--noinput", "--no-input"], "interactive"),
        Opt::value(&["--database"], "database"),
        Opt::flag(&["--include-stale-apps"], "include_stale_apps"),
    ],
    handle,
};

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    let apps = modules::find(vm, "django.apps", "apps")?;
    let installed = vec![py::str(vm, "django.contrib.contenttypes")];
    if !py::is_true(vm, &py::call(vm, &apps, "is_installed", installed)?)? {
        let name = COMMAND.name;
        return Err(command_error(vm, format!("Unknown command: '{name}'")));
    }
    vm.import(&vm.ctx.new_str(MODELS), 0)?;
    let class = modules::find(vm, MODELS, "ContentType")?;
    let router = modules::find(vm, "django.db", "router")?;
    let db = py::str(vm, args.database());
    let asked = vec![db.clone(), class.clone()];
    if !py::is_true(vm, &py::call(vm, &router, "allow_migrate_model", asked)?)? {
        return Ok(());
    }
    let manager = py::attr(vm, &class, "objects")?;
    py::call(vm, &manager, "clear_cache", vec![])?;
    let rows = py::call(vm, &manager, "using", vec![db])?;
    let order = vec![py::str(vm, "app_label"), py::str(vm, "model")];
    let rows = py::call(vm, &rows, "order_by", order)?;
    let configs = py::attr(vm, &apps, "app_configs")?;
    // An app at a time, in the order of their labels.
    let mut stale: Vec<(String, Vec<PyObjectRef>)> = vec![];
    for ct in py::list(vm, &rows)? {
        let label = py::attr(vm, &ct, "app_label")?;
        let there = py::call(vm, &configs, "__contains__", vec![label.clone()])?;
        if !args.flag("include_stale_apps") && !py::is_true(vm, &there)? {
            continue;
        }
        if !py::is_none(vm, &py::call(vm, &ct, "model_class", vec![])?) {
            continue;
        }
        let label = py::to_string(vm, &label)?;
        match stale.last_mut() {
            Some((last, group)) if *last == label => group.push(ct),
            _ => stale.push((label, vec![ct])),
        }
    }
    let using = py::call(vm, &router, "db_for_write", vec![class])?;
    for (_, group) in stale {
        delete(vm, args, out, &group, &using)?;
    }
    Ok(())
}

/// Deletes the stale content types of an app, once that is agreed to.
fn delete(
    vm: &Vm,
    args: &Args,
    out: &Output,
    stale: &[PyObjectRef],
    using: &PyObject,
) -> PyResult<()> {
    let loud = args.verbosity() >= 2;
    if !args.flag("interactive") && !agreed(vm, out, stale, using)? {
        return match loud {
            true => out.line(vm, "Stale content types remain."),
            false => Ok(()),
        };
    }
    for ct in stale {
        if loud {
            let (app, model) = names(vm, ct)?;
            out.line(
                vm,
                &format!("Deleting stale content type '{app} | {model}'"),
            )?;
        }
        py::call(vm, ct, "delete", vec![])?;
    }
    Ok(())
}

fn names(vm: &Vm, ct: &PyObject) -> PyResult<(String, String)> {
    let name = |part: &str| py::to_string(vm, &py::attr(vm, ct, part)?);
    Ok((name("app_label")?, name("model")?))
}

/// Shows what would go, and asks.
fn agreed(vm: &Vm, out: &Output, stale: &[PyObjectRef], using: &PyObject) -> PyResult<bool> {
    let mut shown = vec![];
    for ct in stale {
        let (app, model) = names(vm, ct)?;
        shown.push(format!("    - Content type for {app}.{model}"));
        dependents(vm, ct, using, &mut shown)?;
    }
    out.line(
        vm,
        &format!(
            "Some content types in your database are stale and can be deleted.\n\
             Any objects that depend on these content types will also be deleted.\n\
             The content types and dependent objects that would be deleted are:\n\n\
             {}\n\n\
             This list doesn't include any cascade deletions to data outside of Django\n\
             models (uncommon).\n\n\
             Are you sure you want to delete these content types?\n\
             If you're unsure, answer 'no'.",
            shown.join("\n")
        ),
    )?;
    let question = py::str(vm, "Type 'yes' to continue, or 'no' to cancel: ");
    let answer = py::attr(vm, vm.builtins.as_object(), "input")?.call((question,), vm)?;
    Ok(py::as_string(&answer).as_deref() == Some("yes"))
}

/// How many rows of each other model would be deleted with a content type.
fn dependents(
    vm: &Vm,
    ct: &PyObjectRef,
    using: &PyObject,
    shown: &mut Vec<String>,
) -> PyResult<()> {
    let collector = modules::find(vm, "django.db.models.deletion", "Collector")?;
    let how = [
        ("using", using.to_owned()),
        ("origin", ct.clone()),
        ("force_collection", py::bool(vm, true)),
    ];
    let collector = collector.call(py::with_kwargs(vec![], &how), vm)?;
    let only = vm.ctx.new_list(vec![ct.clone()]).into();
    py::call(vm, &collector, "collect", vec![only])?;
    let data = py::attr(vm, &collector, "data")?;
    for (class, objects) in data.downcast_ref::<PyDict>().into_iter().flatten() {
        let objects = py::list(vm, &objects)?;
        if let [one] = objects.as_slice()
            && py::eq(vm, one, ct)?
        {
            continue;
        }
        let label = py::attr(vm, &py::attr(vm, &class, "_meta")?, "label")?;
        let label = py::to_string(vm, &label)?;
        shown.push(format!("    - {} {label} object(s)", objects.len()));
    }
    Ok(())
}
