//! Expressions as Python classes.
use crate::modules;
use rustpython_vm::{PyResult, VirtualMachine};

/// `F(name)`
pub fn f_object(vm: &VirtualMachine, name: &str) -> PyResult {
    modules::find(vm, "django.db.models", "F")?.call((vm.ctx.new_str(name),), vm)
}
