//! `OutputWrapper`: a stream that ends lines and may style them.
use crate::class::class;
use crate::{modules, py};
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODULE: &str = "django.core.management.base";

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, MODULE, "OutputWrapper", &[], |c| {
        c.method(
            "__init__",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                let Some(out) = args.take_positional_keyword("out") else {
                    return Err(vm.new_type_error("OutputWrapper needs a stream"));
                };
                let ending = args.take_positional_keyword("ending");
                py::set_attr(vm, &o, "_out", out)?;
                py::set_attr(vm, &o, "_style_func", vm.ctx.none())?;
                py::set_attr(
                    vm,
                    &o,
                    "ending",
                    ending.unwrap_or_else(|| py::str(vm, "\n")),
                )
            },
        );
        c.property(
            "style_func",
            |o, vm| py::attr(vm, &o, "_style_func"),
            |o, value, vm| {
                // Only a terminal shows styles.
                let terminal = py::call(vm, &o, "isatty", vec![])?.is_true(vm)?;
                let value = match value {
                    PySetterValue::Assign(v) if terminal => v,
                    _ => vm.ctx.none(),
                };
                py::set_attr(vm, &o, "_style_func", value)
            },
        );
        c.method(
            "__getattr__",
            |o: PyObjectRef, name: String, vm: &Vm| -> PyResult {
                if name == "_out" {
                    return Err(vm.new_attribute_error(name));
                }
                py::attr(vm, &py::attr(vm, &o, "_out")?, &name)
            },
        );
        c.method("flush", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let out = py::attr(vm, &o, "_out")?;
            match py::attr_opt(vm, &out, "flush")? {
                Some(flush) => flush.call((), vm).map(drop),
                None => Ok(()),
            }
        });
        c.method("isatty", |o: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let out = py::attr(vm, &o, "_out")?;
            match py::attr_opt(vm, &out, "isatty")? {
                Some(isatty) => isatty.call((), vm)?.is_true(vm),
                None => Ok(false),
            }
        });
        c.method("write", write);
    })?;
    modules::export(vm, MODULE, "OutputWrapper", made)
}

fn write(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let mut take = |name: &str| {
        args.take_positional_keyword(name)
            .filter(|v| !vm.is_none(v))
    };
    let mut text = match take("msg") {
        Some(m) => py::to_string(vm, &m)?,
        None => String::new(),
    };
    let style = match take("style_func") {
        Some(s) => s,
        None => py::attr(vm, &o, "style_func")?,
    };
    let ending = match take("ending") {
        Some(e) => e,
        None => py::attr(vm, &o, "ending")?,
    };
    let ending = py::to_string(vm, &ending)?;
    if !ending.is_empty() && !text.ends_with(&ending) {
        text.push_str(&ending);
    }
    if !vm.is_none(&style) {
        text = py::to_string(vm, &style.call((vm.ctx.new_str(text),), vm)?)?;
    }
    let out = py::attr(vm, &o, "_out")?;
    py::call(vm, &out, "write", vec![py::str(vm, text)]).map(drop)
}
