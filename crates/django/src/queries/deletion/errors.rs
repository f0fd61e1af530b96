//! `ProtectedError` and `RestrictedError` with the objects that are in the way.
use crate::error;
use rustpython_vm::builtins::{PyBaseExceptionRef, PySet};
use rustpython_vm::{AsObject, PyObjectRef, PyPayload, VirtualMachine};

/// The exception called `name`, its objects as `attribute`.
pub fn blocked(
    vm: &VirtualMachine,
    name: &str,
    attribute: &'static str,
    message: String,
    objects: Vec<PyObjectRef>,
) -> PyBaseExceptionRef {
    let set = PySet::default();
    for o in objects {
        if let Err(e) = set.add(o, vm) {
            return e;
        }
    }
    let set: PyObjectRef = set.into_ref(&vm.ctx).into();
    let class = error::class(vm, name);
    let made = vm.new_exception(class, vec![vm.ctx.new_str(message).into(), set.clone()]);
    match made.as_object().set_attr(attribute, set, vm) {
        Ok(()) => made,
        Err(e) => e,
    }
}
