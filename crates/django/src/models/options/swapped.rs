//! `_meta.swapped`: the model that the setting puts in a swappable model's place.
//!
//! The setting may change while a test overrides it, so it is asked again whenever one changes.
use crate::{apps, py};
use orm_state::ModelRef;
use rustpython_vm::{PyResult, VirtualMachine};

/// Asks the setting of one model.
pub fn refresh(vm: &VirtualMachine, model: &ModelRef) -> PyResult<()> {
    let Some(setting) = model.options.borrow().swappable.clone() else {
        return Ok(());
    };
    let settings = crate::conf::settings(vm)?;
    let named = py::attr_opt(vm, &settings, &setting)?.filter(|v| !vm.is_none(v));
    let swapped = match named {
        Some(value) => {
            let value = py::to_string(vm, &value)?;
            let itself = value.eq_ignore_ascii_case(&model.label());
            (!itself && !value.is_empty()).then_some(value)
        }
        None => None,
    };
    *model.swapped.borrow_mut() = swapped;
    Ok(())
}

/// Asks again for every model that this setting can swap.
pub fn setting_changed(vm: &VirtualMachine, name: &str) -> PyResult<()> {
    for registry in apps::registries() {
        for model in registry.models() {
            let concerned = model.options.borrow().swappable.as_deref() == Some(name);
            if concerned {
                refresh(vm, &model)?;
                registry.expire();
            }
        }
    }
    Ok(())
}
