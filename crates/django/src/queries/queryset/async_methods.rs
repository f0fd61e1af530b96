//! Async methods do what their synchronous twins do, when awaited.
use super::PyQuerySet;
use crate::queries::awaitable::Awaitable;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, VirtualMachine};

impl PyQuerySet {
    pub fn later(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        name: &'static str,
        args: FuncArgs,
    ) -> PyObjectRef {
        Awaitable::call(vm, zelf.to_owned().into(), name, args)
    }
}
