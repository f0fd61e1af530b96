//! `prefetch_related`: related objects of many instances in one query each.
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

pub fn prefetch_related_objects(
    vm: &VirtualMachine,
    _instances: Vec<PyObjectRef>,
    _lookups: Vec<PyObjectRef>,
) -> PyResult<()> {
    Err(vm.new_not_implemented_error("prefetch_related()"))
}
