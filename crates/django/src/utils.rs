//! `django.utils`: the parts that models and queries import.
mod dateparse;
mod functional;
pub mod timezone;
pub mod translation;

use rustpython_vm::{PyResult, VirtualMachine};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    dateparse::install(vm)?;
    timezone::install(vm)?;
    translation::install(vm)?;
    functional::install(vm)
}
