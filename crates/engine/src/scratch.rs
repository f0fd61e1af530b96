//! Small shorthands for talking to Python objects.
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// `object.name`
pub fn attr(vm: &VirtualMachine, object: &PyObjectRef, name: &str) -> PyResult {
    object.get_attr(vm.ctx.intern_str(name), vm)
}

/// `object.name`, if it is there and reading it does not raise.
pub fn attr_opt(vm: &VirtualMachine, object: &PyObjectRef, name: &str) -> Option<PyObjectRef> {
    attr(vm, object, name).ok()
}

/// `str(object)`; empty if that raises.
pub fn text(vm: &VirtualMachine, object: &PyObjectRef) -> String {
    object
        .str(vm)
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// `str(object.name)`
pub fn attr_text(vm: &VirtualMachine, object: &PyObjectRef, name: &str) -> String {
    attr_opt(vm, object, name)
        .map(|v| text(vm, &v))
        .unwrap_or_default()
}

/// The items of any iterable.
pub fn items(vm: &VirtualMachine, object: &PyObjectRef) -> PyResult<Vec<PyObjectRef>> {
    object.get_iter(vm)?.iter::<PyObjectRef>(vm)?.collect()
}

/// A module, imported.
pub fn module(vm: &VirtualMachine, name: &str) -> PyResult {
    let interned = vm.ctx.new_str(name);
    vm.import(&interned, 0)?;
    let all = vm.sys_module.get_attr("modules", vm)?;
    all.get_item(&*interned, vm)
}
