//! Apps without migrations: their models are part of every state.
use super::live;
use orm_migrations::ProjectState;
use rustpython_vm::{PyResult, VirtualMachine};

/// Adds the models of the state's `real_apps`.
pub fn add(vm: &VirtualMachine, state: &mut ProjectState) -> PyResult<()> {
    if state.real_apps.is_empty() {
        return Ok(());
    }
    let real = live::state(vm, Some(&state.real_apps))?;
    for (key, model) in real.models {
        state.models.entry(key).or_insert(model);
    }
    Ok(())
}
