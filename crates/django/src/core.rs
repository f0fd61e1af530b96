//! `django.core`: exceptions with more than a message, validators.
pub mod validation_error;
pub mod validators;

use rustpython_vm::{PyResult, VirtualMachine};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    validation_error::install(vm)?;
    validators::install(vm)
}
