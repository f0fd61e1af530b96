//! `pre_migrate` and `post_migrate`.
use crate::{modules, py};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const SQL: &str = "django.core.management.sql";

/// What receivers are told.
pub struct News<'a> {
    pub verbosity: u8,
    pub interactive: bool,
    pub using: &'a str,
    pub stdout: PyObjectRef,
    pub apps: PyObjectRef,
    pub plan: PyObjectRef,
}

/// Imports the `management` modules of the apps, where receivers are connected.
pub fn import_receivers(vm: &Vm) -> PyResult<()> {
    vm.import("django.utils.module_loading", 0)?;
    let has = modules::find(vm, "django.utils.module_loading", "module_has_submodule")?;
    let registry = modules::find(vm, "django.apps", "apps")?;
    for config in py::list(vm, &py::call(vm, &registry, "get_app_configs", vec![])?)? {
        let module = py::attr(vm, &config, "module")?;
        if vm.is_none(&module) {
            continue;
        }
        if has.call((module, "management"), vm)?.is_true(vm)? {
            let name = py::to_string(vm, &py::attr(vm, &config, "name")?)?;
            vm.import(&vm.ctx.new_str(format!("{name}.management")), 0)?;
        }
    }
    Ok(())
}

/// Does anybody listen? The models of a state need not be made where nobody does.
pub fn heard(vm: &Vm, name: &str) -> PyResult<bool> {
    let signal = modules::find(vm, "django.db.models.signals", name)?;
    match py::attr_opt(vm, &signal, "receivers")? {
        Some(receivers) => receivers.is_true(vm),
        None => Ok(true),
    }
}

/// Sends a signal for every app.
pub fn send(vm: &Vm, name: &str, news: News<'_>) -> PyResult<()> {
    vm.import(SQL, 0)?;
    let emit = modules::find(vm, SQL, &format!("emit_{name}_signal"))?;
    let args = vec![
        vm.ctx.new_int(i64::from(news.verbosity)).into(),
        py::bool(vm, news.interactive),
        py::str(vm, news.using),
    ];
    let kwargs = [
        ("stdout", news.stdout),
        ("apps", news.apps),
        ("plan", news.plan),
    ];
    emit.call(py::with_kwargs(args, &kwargs), vm).map(drop)
}
