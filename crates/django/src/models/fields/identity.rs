//! What makes a field this field: comparison, order, hash, text, copies, pickles.
use super::object::copy_field;
use super::properties::{inner, this};
use crate::class::{Class, function};
use crate::{modules, py};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const FIELDS: &str = "django.db.models.fields";

/// The functions that pickles name.
pub fn install(vm: &Vm) -> PyResult<()> {
    let load = function(
        vm,
        "_load_field",
        |app: String, model: String, field: String, vm: &Vm| {
            let apps = modules::find(vm, "django.apps", "apps")?;
            let args = vec![py::str(vm, app), py::str(vm, model)];
            let model = py::call(vm, &apps, "get_model", args)?;
            let meta = py::attr(vm, &model, "_meta")?;
            py::call(vm, &meta, "get_field", vec![py::str(vm, field)])
        },
    );
    modules::export(vm, FIELDS, "_load_field", load)?;
    let make = function(vm, "_make_field", make_field);
    modules::export(vm, FIELDS, "_make_field", make)
}

pub fn fill(c: &mut Class) {
    c.method("__eq__", |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
        let (Some(a), Some(b)) = (super::field_of(&o), super::field_of(&other)) else {
            return vm.ctx.not_implemented();
        };
        let same = a.creation_counter.get() == b.creation_counter.get()
            && match (a.model(), b.model()) {
                (Some(x), Some(y)) => std::rc::Rc::ptr_eq(&x, &y),
                (None, None) => true,
                _ => false,
            };
        py::bool(vm, same)
    });
    c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
        // The model plays no part: a field may be hashed before it joins one.
        Ok(inner(&o, vm)?.creation_counter.get())
    });
    c.method("__lt__", |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
        let (Some(a), Some(b)) = (super::field_of(&o), super::field_of(&other)) else {
            return vm.ctx.not_implemented();
        };
        let (x, y) = (a.creation_counter.get(), b.creation_counter.get());
        let less = match (a.model(), b.model()) {
            _ if x != y => x < y,
            (Some(a), Some(b)) => {
                (a.app_label().to_string(), a.model_name().to_string())
                    < (b.app_label().to_string(), b.model_name().to_string())
            }
            (a, b) => a.is_none() && b.is_some(),
        };
        py::bool(vm, less)
    });
    c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        let class = o.class().to_owned();
        let module = class.as_object().get_attr("__module__", vm)?;
        let qualname = class.as_object().get_attr("__qualname__", vm)?;
        let path = format!(
            "{}.{}",
            py::to_string(vm, &module)?,
            py::to_string(vm, &qualname)?
        );
        Ok(match super::field_of(&o).map(|f| f.name()) {
            Some(name) if !name.is_empty() => format!("<{path}: {name}>"),
            _ => format!("<{path}>"),
        })
    });
    c.method("__str__", |o: PyObjectRef, vm: &Vm| -> PyResult {
        if let Some(f) = super::field_of(&o)
            && let Some(model) = f.model()
        {
            return Ok(py::str(vm, format!("{}.{}", model.label(), f.name())));
        }
        py::call(vm, &o, "__repr__", vec![])
    });
    c.method("__copy__", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let copy: PyObjectRef = copy_field(vm, this(&o, vm)?)?.into();
        // A shallow copy shares its relation; here it takes over what that holds.
        if inner(&o, vm)?.remote.is_some() {
            let old = py::attr(vm, &o, "remote_field")?.dict();
            let new = py::attr(vm, &copy, "remote_field")?.dict();
            if let (Some(old), Some(new)) = (old, new) {
                for (name, value) in old {
                    new.set_item(&*name, value, vm)?;
                }
            }
        }
        Ok(copy)
    });
    c.method(
        "__deepcopy__",
        |o: PyObjectRef, _memo: PyObjectRef, vm: &Vm| -> PyResult {
            Ok(copy_field(vm, this(&o, vm)?)?.into())
        },
    );
    c.method("__reduce__", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let f = inner(&o, vm)?;
        if let Some(model) = f.model() {
            let load = modules::find(vm, FIELDS, "_load_field")?;
            let args = vec![
                py::str(vm, &**model.app_label()),
                py::str(vm, &**model.object_name()),
                py::str(vm, &*f.name()),
            ];
            return Ok(vm
                .ctx
                .new_tuple(vec![load, vm.ctx.new_tuple(args).into()])
                .into());
        }
        unbound_state(&o, vm)
    });
}

/// What a field without a model is pickled as: how to make it again, and its place.
fn unbound_state(o: &PyObject, vm: &Vm) -> PyResult {
    let parts = py::list(vm, &py::call(vm, o, "deconstruct", vec![])?)?;
    let [name, _path, args, kwargs] = parts.as_slice() else {
        return Err(vm.new_value_error("deconstruct() must return four values"));
    };
    let counter = vm.ctx.new_int(inner(o, vm)?.creation_counter.get()).into();
    let class = o.class().to_owned().into();
    let args = vec![class, name.clone(), args.clone(), kwargs.clone(), counter];
    let make = modules::find(vm, FIELDS, "_make_field")?;
    let out = vec![make, vm.ctx.new_tuple(args).into()];
    Ok(vm.ctx.new_tuple(out).into())
}

/// Makes a field that was pickled.
fn make_field(
    class: PyObjectRef,
    name: PyObjectRef,
    args: PyObjectRef,
    kwargs: PyObjectRef,
    counter: PyObjectRef,
    vm: &Vm,
) -> PyResult {
    let mut given = crate::models::ordered::keywords(vm, kwargs)?;
    given.args = py::list(vm, &args)?;
    let made = class.call(given, vm)?;
    py::set_attr(vm, &made, "creation_counter", counter)?;
    if !vm.is_none(&name) {
        py::set_attr(vm, &made, "name", name)?;
    }
    Ok(made)
}
