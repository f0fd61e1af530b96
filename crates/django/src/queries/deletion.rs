//! Deleting instances with everything that depends on them.
use super::queryset::PyQuerySet;
use rustpython_vm::{Py, PyResult, VirtualMachine};

pub fn delete_queryset(
    vm: &VirtualMachine,
    _doomed: &Py<PyQuerySet>,
    _origin: &Py<PyQuerySet>,
    _using: &str,
) -> PyResult {
    Err(vm.new_not_implemented_error("delete()"))
}
