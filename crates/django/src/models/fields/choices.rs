//! `choices`: normalised to pairs, groups kept, flattened where needed.
use super::properties::this;
use crate::convert::to_value;
use crate::{modules, py};
use orm_state::Value;
use rustpython_vm::builtins::{PyDict, PyList, PyTuple};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// What `Field.choices` shows: a list of `(value, label)`; groups are `(name, [pairs])`.
/// Enumerations give their members, mappings their items; functions are asked each time anew.
pub fn normalize(vm: &VirtualMachine, given: &PyObject) -> PyResult {
    if is_function(given) {
        let text = "django.utils.choices";
        vm.import(text, 0)?;
        let class = modules::find(vm, text, "CallableChoiceIterator")?;
        return class.call((given.to_owned(),), vm);
    }
    normal_pairs(vm, given)
}

fn normal_pairs(vm: &VirtualMachine, given: &PyObject) -> PyResult {
    if let Some(class) = py::as_class(given) {
        if let Some(choices) = py::attr_opt(vm, class.as_object(), "choices")? {
            return normal_pairs(vm, &choices);
        }
    } else if py::callable(given) {
        let made = given.call((), vm)?;
        return normal_pairs(vm, &made);
    }
    let pairs = match pairs_of(vm, given)? {
        Some(p) => p,
        // Left as it is: the checks will speak about it.
        None => return Ok(given.to_owned()),
    };
    let mut out = vec![];
    for (value, label) in pairs {
        let label = if is_group(&label) {
            normal_pairs(vm, &label)?
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

/// `get_choices(include_blank=True, blank_choice=…)`
pub fn get_choices(o: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let Some(choices) = this(o, vm)?.part("choices") else {
        return related_choices(o, args, vm);
    };
    let blank = blank_choice(args, vm)?.0;
    let mut has_blank = false;
    for (value, _) in flatten(vm, &choices)? {
        has_blank |= match to_value(vm, &value)? {
            Value::Null => true,
            Value::Str(text) => text.is_empty(),
            _ => false,
        };
    }
    let mut out = if has_blank { vec![] } else { blank };
    out.extend(py::list(vm, &choices)?);
    Ok(vm.ctx.new_list(out).into())
}

/// The choice of nothing, if it is wanted, and the other arguments.
fn blank_choice(mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<(Vec<PyObjectRef>, FuncArgs)> {
    let wanted = match args.take_positional_keyword("include_blank") {
        Some(v) => v.is_true(vm)?,
        None => true,
    };
    let given = args
        .take_positional_keyword("blank_choice")
        .filter(|v| !vm.is_none(v));
    let blank = match given {
        _ if !wanted => vec![],
        Some(v) => py::list(vm, &v)?,
        None => {
            let text = "django.db.models.utils";
            vm.import(text, 0)?;
            let label = modules::find(vm, text, "get_blank_choice_label")?.call((), vm)?;
            vec![vm.ctx.new_tuple(vec![py::str(vm, ""), label]).into()]
        }
    };
    Ok((blank, args))
}

/// The rows at the other end of a relation, as pairs of key and text.
///
/// A foreign key lists what it may point to; a relation seen from its other end lists the rows
/// that may point here, limited and ordered as asked.
pub fn related_choices(o: &PyObject, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let (mut out, mut args) = blank_choice(args, vm)?;
    let remote = py::attr(vm, o, "remote_field")?;
    let is_field = this(o, vm).is_ok();
    let class = if is_field {
        py::attr(vm, &remote, "model")?
    } else {
        py::attr(vm, o, "related_model")?
    };
    let mut limit = args
        .take_positional_keyword("limit_choices_to")
        .unwrap_or_else(|| vm.ctx.none());
    if !py::is_true(vm, &limit)? {
        limit = if is_field {
            py::call(vm, o, "get_limit_choices_to", vec![])?
        } else {
            py::attr(vm, o, "limit_choices_to")?
        };
    }
    let key = match py::attr_opt(vm, &remote, "get_related_field")? {
        Some(related) if is_field => {
            py::to_string(vm, &py::attr(vm, &related.call((), vm)?, "attname")?)?
        }
        _ => "pk".to_owned(),
    };
    let manager = py::attr(vm, &class, "_default_manager")?;
    let mut rows = py::call(vm, &manager, "complex_filter", vec![limit])?;
    if let Some(ordering) = args.take_positional_keyword("ordering") {
        let ordering = py::list(vm, &ordering)?;
        if !ordering.is_empty() {
            rows = py::call(vm, &rows, "order_by", ordering)?;
        }
    }
    for row in py::list(vm, &rows)? {
        let value = py::attr(vm, &row, &key)?;
        let label = py::str(vm, py::to_string(vm, &row)?);
        out.push(vm.ctx.new_tuple(vec![value, label]).into());
    }
    Ok(vm.ctx.new_list(out).into())
}
