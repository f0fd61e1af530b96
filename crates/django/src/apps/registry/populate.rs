//! `apps.populate()`: configurations, then their models, then `ready()`; and other apps for a while.
use super::PyApps;
use crate::apps::config::{self, improper};
use crate::py;
use rustpython_vm::builtins::{PyDictRef, PyListRef};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// How far a registry has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub apps: bool,
    pub models: bool,
    pub all: bool,
    /// `populate()` is at work.
    pub loading: bool,
}

impl Progress {
    pub const DONE: Progress = Progress {
        apps: true,
        models: true,
        all: true,
        loading: false,
    };
    const BEGUN: Progress = Progress {
        apps: false,
        models: false,
        all: false,
        loading: true,
    };
}

/// Adds configurations for apps named by strings or given as `AppConfig`s.
pub fn populate(zelf: &Py<PyApps>, installed: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let step = |change: fn(&mut Progress)| {
        let mut now = zelf.progress.get();
        change(&mut now);
        zelf.progress.set(now);
    };
    if zelf.populated.get() && zelf.progress.get().all {
        return Ok(());
    }
    if zelf.progress.get().loading {
        return Err(vm.new_runtime_error("populate() isn't reentrant"));
    }
    zelf.progress.set(Progress::BEGUN);
    zelf.populated.set(true);
    let configs = zelf.configs();
    let mut names: Vec<String> = vec![];
    for entry in py::list(vm, &installed)? {
        let config = config::create(vm, entry)?;
        let label = py::attr(vm, &config, "label")?;
        if configs.get_item_opt(&*label, vm)?.is_some() {
            return Err(improper(
                vm,
                format!(
                    "Application labels aren't unique, duplicates: {}",
                    py::to_string(vm, &label)?
                ),
            ));
        }
        py::set_attr(vm, &config, "apps", PyObjectRef::from(zelf.to_owned()))?;
        zelf.apps.add_app(&py::to_string(vm, &label)?);
        names.push(py::to_string(vm, &py::attr(vm, &config, "name")?)?);
        configs.set_item(&*label, config, vm)?;
    }
    let mut twice: Vec<&str> = vec![];
    for (at, name) in names.iter().enumerate() {
        if names[..at].contains(name) && !twice.contains(&name.as_str()) {
            twice.push(name);
        }
    }
    if !twice.is_empty() {
        return Err(improper(
            vm,
            format!(
                "Application names aren't unique, duplicates: {}",
                twice.join(", ")
            ),
        ));
    }
    step(|p| p.apps = true);
    for (_, config) in &configs {
        py::call(vm, &config, "import_models", vec![])?;
    }
    zelf.expire_caches();
    step(|p| p.models = true);
    for (_, config) in &configs {
        py::call(vm, &config, "ready", vec![])?;
    }
    step(|p| {
        p.all = true;
        p.loading = false;
    });
    Ok(())
}

/// `override_settings(INSTALLED_APPS=…)`: other configurations for a while.
pub fn set_installed_apps(zelf: &Py<PyApps>, installed: PyObjectRef, vm: &Vm) -> PyResult<()> {
    if !zelf.progress.get().all {
        return Err(crate::error::raise(
            vm,
            "AppRegistryNotReady",
            "App registry isn't ready yet.",
        ));
    }
    put_aside(zelf, vm.ctx.new_dict(), vm)?;
    zelf.progress.set(Progress {
        loading: false,
        ..Progress::BEGUN
    });
    zelf.expire_caches();
    populate(zelf, installed, vm)
}

/// Only some of the apps for a while.
pub fn set_available_apps(zelf: &Py<PyApps>, available: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let names: Vec<String> = py::list(vm, &available)?
        .iter()
        .map(|n| py::to_string(vm, n))
        .collect::<PyResult<_>>()?;
    let kept = vm.ctx.new_dict();
    let mut found: Vec<String> = vec![];
    for (label, config) in &zelf.configs() {
        let name = py::to_string(vm, &py::attr(vm, &config, "name")?)?;
        if names.contains(&name) {
            kept.set_item(&*label, config, vm)?;
            found.push(name);
        }
    }
    let extra: Vec<&str> = names
        .iter()
        .filter(|n| !found.contains(n))
        .map(String::as_str)
        .collect();
    if !extra.is_empty() {
        return Err(vm.new_value_error(format!(
            "Available apps isn't a subset of installed apps, extra apps: {}",
            extra.join(", ")
        )));
    }
    put_aside(zelf, kept, vm)?;
    zelf.expire_caches();
    Ok(())
}

/// Back to the configurations of before.
pub fn restore(zelf: &Py<PyApps>, vm: &Vm) -> PyResult<()> {
    let stored = zelf.stored(vm);
    if stored.borrow_vec().is_empty() {
        return Ok(());
    }
    let old = py::call(vm, stored.as_object(), "pop", vec![])?;
    if let Ok(old) = old.downcast() {
        *zelf.configs.borrow_mut() = old;
    }
    zelf.progress.set(Progress::DONE);
    zelf.expire_caches();
    Ok(())
}

fn put_aside(zelf: &Py<PyApps>, now: PyDictRef, vm: &Vm) -> PyResult<()> {
    let stored: PyListRef = zelf.stored(vm);
    let old = zelf.configs.replace(now);
    py::call(vm, stored.as_object(), "append", vec![old.into()]).map(drop)
}
