//! `django.utils.functional.cached_property` and `classproperty`.
use crate::class::class;
use crate::models::fields::descriptors::{held, holder};
use crate::{modules, py};
use rustpython_vm::function::OptionalArg;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
/// What Python's `django.utils.functional` adds to stands in `lib/`.
const MODULE: &str = "django.utils._functional";

pub fn install(vm: &Vm) -> PyResult<()> {
    let cached = class(vm, MODULE, "cached_property", &[holder(vm)], |c| {
        c.getter("func", |o, vm| held(vm, &o));
        c.method(
            "__set_name__",
            |o: PyObjectRef, _owner: PyObjectRef, name: PyObjectRef, vm: &Vm| {
                py::set_attr(vm, &o, "name", name)
            },
        );
        c.method(
            "__get__",
            |o: PyObjectRef, instance: PyObjectRef, _: OptionalArg, vm: &Vm| -> PyResult {
                if vm.is_none(&instance) {
                    return Ok(o);
                }
                let value = held(vm, &o)?.call((instance.clone(),), vm)?;
                if let (Some(dict), Some(name)) = (instance.dict(), py::attr_opt(vm, &o, "name")?) {
                    dict.set_item(&*name, value.clone(), vm)?;
                }
                Ok(value)
            },
        );
    })?;
    modules::export(vm, MODULE, "cached_property", cached)?;
    let of_class = class(vm, MODULE, "classproperty", &[holder(vm)], |c| {
        c.method(
            "__get__",
            |o: PyObjectRef, _: PyObjectRef, owner: OptionalArg, vm: &Vm| -> PyResult {
                let owner = vm.unwrap_or_none(owner.into_option());
                held(vm, &o)?.call((owner,), vm)
            },
        );
    })?;
    modules::export(vm, MODULE, "classproperty", of_class)
}
