//! `django.conf.settings`: what a project is configured with.
//!
//! ```text
//! settings.USE_TZ = False     →  __setattr__  →  orm_state::settings, the local clock
//! ```
//!
//! An object whose own attributes are the settings. Setting one that the ORM's core reads passes it
//! on, so that there is one truth.
use crate::class::class;
use crate::modules;
use orm_state::settings as core;
use rustpython_vm::builtins::{PyDictRef, PyStrRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

mod defaults;

/// Makes `django.conf`.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = class(vm, "django.conf", "Settings", &[], |c| {
        c.method("__setattr__", set_attribute);
        c.method("__delattr__", delete_attribute);
        c.method("__repr__", |_: PyObjectRef| "<LazySettings>".to_owned());
        c.method("is_overridden", is_overridden);
        c.method("configure", configure);
        c.getter("configured", |_, vm| Ok(vm.ctx.new_bool(true).into()));
    })?;
    let settings = class.as_object().call((), vm)?;
    crate::library::promise(
        vm,
        "django.conf",
        "django.conf._reference",
        &["SettingsReference"],
    )?;
    modules::export(vm, "django.conf", "settings", settings.clone())?;
    modules::export(vm, "django.conf", "LazySettings", class.clone())?;
    modules::export(vm, "django.conf", "Settings", class)?;
    reset(vm)
}

/// The settings object.
pub fn settings(vm: &VirtualMachine) -> PyResult {
    modules::find(vm, "django.conf", "settings")
}

/// A setting.
pub fn get(vm: &VirtualMachine, name: &str) -> PyResult {
    settings(vm)?.get_attr(&*vm.ctx.new_str(name), vm)
}

/// What `startproject` writes, and Django's own defaults for the rest.
pub fn reset(vm: &VirtualMachine) -> PyResult<()> {
    let settings = settings(vm)?;
    if let Some(dict) = settings.dict() {
        dict.clear();
    }
    for (name, value) in defaults::all(vm)? {
        set(&settings, name, value, vm)?;
    }
    Ok(())
}

/// Sets a setting, wherever it has to arrive.
pub fn set(
    settings: &PyObjectRef,
    name: &str,
    value: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    if let Some(dict) = settings.dict() {
        dict.set_item(name, value.clone(), vm)?;
    }
    apply(name, Some(value), vm)
}

fn set_attribute(
    settings: PyObjectRef,
    name: PyStrRef,
    value: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    set(&settings, &name.to_string_lossy(), value, vm)
}

fn configure(settings: PyObjectRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
    for (name, value) in args.kwargs {
        set(&settings, &name.to_string_lossy(), value, vm)?;
    }
    Ok(())
}

fn delete_attribute(settings: PyObjectRef, name: PyStrRef, vm: &VirtualMachine) -> PyResult<()> {
    let held = match settings.dict() {
        Some(dict) if dict.contains_key(&*name, vm) => dict,
        _ => {
            let text = format!(
                "'Settings' object has no attribute '{}'",
                name.to_string_lossy()
            );
            return Err(vm.new_attribute_error(text));
        }
    };
    held.del_item(&*name, vm)?;
    apply(&name.to_string_lossy(), None, vm)
}

fn is_overridden(settings: PyObjectRef, name: PyStrRef, vm: &VirtualMachine) -> bool {
    settings
        .dict()
        .is_some_and(|d: PyDictRef| d.contains_key(&*name, vm))
}

/// Passes a changed setting on.
fn apply(name: &str, value: Option<PyObjectRef>, vm: &VirtualMachine) -> PyResult<()> {
    let mut held = core::settings();
    match (name, value) {
        ("USE_TZ", Some(v)) => held.use_tz = v.try_to_bool(vm)?,
        ("TIME_ZONE", Some(v)) if !vm.is_none(&v) => {
            let zone = v.str(vm)?.to_string_lossy().into_owned();
            python::native::clock::set_zone(&zone);
            held.time_zone = zone.as_str().into();
        }
        ("DATABASE_ROUTERS", Some(v)) => {
            let routers = v
                .get_iter(vm)?
                .iter::<PyObjectRef>(vm)?
                .collect::<PyResult<Vec<_>>>()?;
            return crate::db::router::configure(vm, routers);
        }
        _ => return Ok(()),
    }
    core::set_settings(held);
    Ok(())
}
