//! What a signal asks of its receivers, and what it says when one fails.
use crate::{modules, py};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// A bound method counts as its function on its object.
pub fn receiver_id(vm: &Vm, receiver: &PyObject) -> PyResult<(usize, usize)> {
    // A bound method is its function on its object, not the object made by looking it up.
    if let (Some(s), Some(f)) = (
        py::attr_opt(vm, receiver, "__self__")?,
        py::attr_opt(vm, receiver, "__func__")?,
    ) {
        return Ok((s.get_id(), f.get_id()));
    }
    Ok((receiver.get_id(), 0))
}

pub fn debugging(vm: &Vm) -> PyResult<bool> {
    match modules::find(vm, "django.conf", "settings") {
        Ok(settings) => match py::attr_opt(vm, &settings, "DEBUG") {
            Ok(Some(debug)) => py::is_true(vm, &debug),
            // Without settings nobody debugs.
            _ => Ok(false),
        },
        Err(_) => Ok(false),
    }
}

/// A receiver must take whatever the signal sends.
pub fn check_keywords(vm: &Vm, receiver: &PyObject) -> PyResult<()> {
    let inspect = vm.import("inspect", 0)?;
    let Ok(signature) = py::call(vm, &inspect, "signature", vec![receiver.to_owned()]) else {
        return Ok(());
    };
    let wanted = py::attr(vm, &py::attr(vm, &inspect, "Parameter")?, "VAR_KEYWORD")?;
    let parameters = py::call(
        vm,
        &py::attr(vm, &signature, "parameters")?,
        "values",
        vec![],
    )?;
    for parameter in py::list(vm, &parameters)? {
        if py::eq(vm, &py::attr(vm, &parameter, "kind")?, &wanted)? {
            return Ok(());
        }
    }
    Err(vm.new_value_error("Signal receivers must accept keyword arguments (**kwargs)."))
}

/// `send_robust()` goes on, but says what went wrong.
pub fn log_failure(vm: &Vm, receiver: &PyObject, error: &PyObjectRef) -> PyResult<()> {
    let logging = vm.import("logging", 0)?;
    let logger = py::call(
        vm,
        &logging,
        "getLogger",
        vec![py::str(vm, "django.dispatch")],
    )?;
    let name = match py::attr_opt(vm, receiver, "__qualname__")? {
        Some(name) => name,
        None => py::attr(vm, receiver.class(), "__qualname__")?,
    };
    let text = py::str(vm, "Error calling %s in Signal.send_robust() (%s)");
    let args = vec![text, name, error.clone()];
    py::call_kw(vm, &logger, "error", args, &[("exc_info", error.clone())]).map(drop)
}

/// `_make_id(target)`: what a receiver or a sender is known by.
pub fn make_id(target: PyObjectRef, vm: &Vm) -> PyResult {
    Ok(match receiver_id(vm, &target)? {
        (id, 0) => vm.ctx.new_int(id).into(),
        (of, function) => {
            let parts = [of, function].map(|id| vm.ctx.new_int(id).into());
            vm.ctx.new_tuple(parts.to_vec()).into()
        }
    })
}
