//! `pre_migrate` and `post_migrate`.
use crate::{modules, py};
use python::files;
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
    let registry = modules::find(vm, "django.apps", "apps")?;
    for config in py::list(vm, &py::call(vm, &registry, "get_app_configs", vec![])?)? {
        let module = py::attr(vm, &config, "module")?;
        if vm.is_none(&module) {
            continue;
        }
        let name = py::to_string(vm, &py::attr(vm, &config, "name")?)?;
        if has_management(vm, &name, &module)? {
            vm.import(&vm.ctx.new_str(format!("{name}.management")), 0)?;
        }
    }
    Ok(())
}

/// Has an app such a module?
fn has_management(vm: &Vm, name: &str, module: &PyObjectRef) -> PyResult<bool> {
    const NAME: &str = "management";
    if name.starts_with("django.") {
        // Of Django's own apps there are no files.
        const LOADING: &str = "django.utils.module_loading";
        vm.import(LOADING, 0)?;
        let has = modules::find(vm, LOADING, "module_has_submodule")?;
        return has.call((module.clone(), NAME), vm)?.is_true(vm);
    }
    let all = vm.sys_module.get_attr("modules", vm)?;
    if all.get_item(&format!("{name}.{NAME}"), vm).is_ok() {
        return Ok(true);
    }
    let Some(folders) = py::attr_opt(vm, module, "__path__")? else {
        return Ok(false);
    };
    for folder in py::list(vm, &folders)? {
        let folder = py::to_string(vm, &folder)?;
        let folder = folder.trim_end_matches('/');
        let inside = if folder.is_empty() {
            NAME.to_string()
        } else {
            format!("{folder}/{NAME}")
        };
        if files::stat(&inside).is_some() || files::stat(&format!("{inside}.py")).is_some() {
            return Ok(true);
        }
    }
    Ok(false)
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
