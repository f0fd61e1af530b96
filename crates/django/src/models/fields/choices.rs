//! `choices`: normalised to pairs, groups kept, flattened where needed.
use crate::py;
use rustpython_vm::builtins::{PyDict, PyList, PyTuple};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// What `Field.choices` shows: a list of `(value, label)`; groups are `(name, [pairs])`.
/// Enumerations give their members, callables are called, mappings give their items.
pub fn normalize(vm: &VirtualMachine, given: &PyObject) -> PyResult {
    if let Some(class) = py::as_class(given) {
        if let Some(choices) = py::attr_opt(vm, class.as_object(), "choices")? {
            return normalize(vm, &choices);
        }
    } else if py::callable(given) {
        let made = given.call((), vm)?;
        return normalize(vm, &made);
    }
    let pairs = match pairs_of(vm, given)? {
        Some(p) => p,
        // Left as it is: the checks will speak about it.
        None => return Ok(given.to_owned()),
    };
    let mut out = vec![];
    for (value, label) in pairs {
        let label = if is_group(&label) {
            normalize(vm, &label)?
        } else {
            label
        };
        out.push(vm.ctx.new_tuple(vec![value, label]).into());
    }
    Ok(vm.ctx.new_list(out).into())
}

/// Are the choices what a function returns? An enumeration is none.
pub fn is_function(given: &PyObject) -> bool {
    py::as_class(given).is_none() && py::callable(given)
}

fn is_group(label: &PyObject) -> bool {
    label.downcast_ref::<PyList>().is_some()
        || label.downcast_ref::<PyTuple>().is_some()
        || label.downcast_ref::<PyDict>().is_some()
}

type Pairs = Vec<(PyObjectRef, PyObjectRef)>;

fn pairs_of(vm: &VirtualMachine, given: &PyObject) -> PyResult<Option<Pairs>> {
    if py::as_string(given).is_some() {
        return Ok(None);
    }
    let items = if let Some(items) = py::attr_opt(vm, given, "items")? {
        let items = items.call((), vm)?;
        py::list(vm, &items)?
    } else {
        match py::list(vm, given) {
            Ok(items) => items,
            Err(e) if e.fast_isinstance(vm.ctx.exceptions.type_error) => return Ok(None),
            Err(e) => return Err(e),
        }
    };
    let mut out = vec![];
    for item in items {
        if py::as_string(&item).is_some() {
            return Ok(None);
        }
        let Ok(pair) = py::list(vm, &item) else {
            return Ok(None);
        };
        let [value, label] = pair.as_slice() else {
            return Ok(None);
        };
        out.push((value.clone(), label.clone()));
    }
    Ok(Some(out))
}

/// Every `(value, label)`, groups opened.
pub fn flatten(vm: &VirtualMachine, choices: &PyObject) -> PyResult<Pairs> {
    let mut out = vec![];
    for (value, label) in pairs_of(vm, choices)?.unwrap_or_default() {
        if is_group(&label) {
            out.extend(pairs_of(vm, &label)?.unwrap_or_default());
        } else {
            out.push((value, label));
        }
    }
    Ok(out)
}
