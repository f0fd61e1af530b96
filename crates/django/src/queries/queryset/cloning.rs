//! `with queryset._avoid_cloning():` methods change the queryset itself instead of a copy.
use crate::class::class;
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(
        vm,
        "django.db.models.query",
        "PreventQuerySetCloning",
        &[],
        |c| {
            c.method(
                "__init__",
                |this: PyObjectRef, queryset: PyObjectRef, vm: &Vm| {
                    py::set_attr(vm, &this, "queryset", queryset)
                },
            );
            c.method("__enter__", |this: PyObjectRef, vm: &Vm| -> PyResult {
                let queryset = py::attr(vm, &this, "queryset")?;
                py::call(vm, &queryset, "_disable_cloning", vec![])
            });
            c.method(
                "__exit__",
                |this: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult<()> {
                    let queryset = py::attr(vm, &this, "queryset")?;
                    py::call(vm, &queryset, "_enable_cloning", vec![]).map(drop)
                },
            );
        },
    )?;
    modules::export(vm, "django.db.models.query", "PreventQuerySetCloning", made)
}
