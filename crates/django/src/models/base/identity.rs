//! What an instance is: its key, equality, text, pickles, loaded fields.
use crate::class::{Class, class, function};
use crate::error::OrRaise;
use crate::models::fields::properties::inner;
use crate::models::{model_of_class, model_of_instance};
use crate::{modules, py};
use orm_state::{Field, FieldKind, ModelRef};
use rustpython_vm::builtins::PyDict;
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn model(vm: &Vm, o: &PyObject) -> PyResult<ModelRef> {
    model_of_instance(o).ok_or_else(|| vm.new_type_error("not a model instance"))
}

pub fn fill(c: &mut Class) {
    c.property("pk", get_pk, |o, v, vm| match v {
        PySetterValue::Assign(v) => set_pk(vm, &o, v),
        PySetterValue::Delete => Err(vm.new_attribute_error("can't delete pk")),
    });
    c.method("_get_pk_val", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        get_pk(o, vm)
    });
    c.method("_is_pk_set", |o: PyObjectRef, _: FuncArgs, vm: &Vm| {
        is_pk_set(vm, &o)
    });
    c.method("__eq__", |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
        eq(vm, &o, &other)
    });
    c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
        if !is_pk_set(vm, &o)? {
            return Err(
                vm.new_type_error("Model instances without primary key value are unhashable")
            );
        }
        get_pk(o, vm)?.hash(vm)
    });
    c.method("__str__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        let pk = py::repr(vm, &get_pk(o.clone(), vm)?)?;
        let pk = match py::as_string(&get_pk(o.clone(), vm)?) {
            Some(text) => text,
            None => pk,
        };
        Ok(format!("{} object ({pk})", o.class().name()))
    });
    c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        Ok(format!(
            "<{}: {}>",
            o.class().name(),
            py::to_string(vm, &o)?
        ))
    });
    c.method(
        "get_deferred_fields",
        |o: PyObjectRef, vm: &Vm| -> PyResult {
            let names = deferred_names(vm, &o)?
                .into_iter()
                .map(|n| py::str(vm, &*n))
                .collect();
            let list = vm.ctx.new_list(names);
            vm.ctx.types.set_type.as_object().call((list,), vm)
        },
    );
    c.method(
        "serializable_value",
        |o: PyObjectRef, name: String, vm: &Vm| -> PyResult {
            match model(vm, &o)?.get_field(&name) {
                Ok(orm_state::AnyField::Field(f)) => py::attr(vm, &o, &f.attname()),
                _ => py::attr(vm, &o, &name),
            }
        },
    );
    c.method(
        "prepare_database_save",
        |o: PyObjectRef, field: PyObjectRef, vm: &Vm| -> PyResult {
            if !is_pk_set(vm, &o)? {
                return Err(vm.new_value_error(format!(
                    "Unsaved model instance {} cannot be used in an ORM query.",
                    py::repr(vm, &o)?
                )));
            }
            let field = inner(&field, vm)?;
            let target = match &field.remote {
                Some(rel) => rel.target_field().or_raise(vm)?,
                None => return get_pk(o, vm),
            };
            py::attr(vm, &o, &target.attname())
        },
    );
    c.method(
        "_get_FIELD_display",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyResult {
            let Some(field) = args.kwargs.get("field").or(args.args.first()).cloned() else {
                return Err(vm.new_type_error("_get_FIELD_display() needs a field"));
            };
            let attname = inner(&field, vm)?.attname();
            let value = py::attr(vm, &o, &attname)?;
            let pairs = py::attr(vm, &field, "flatchoices")?;
            for pair in py::list(vm, &pairs)? {
                if let [v, label] = py::list(vm, &pair)?.as_slice()
                    && py::eq(vm, v, &value)?
                {
                    return shown(vm, label);
                }
            }
            shown(vm, &value)
        },
    );
    pickling(c);
}

fn pickling(c: &mut Class) {
    c.method("__reduce__", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let state = py::call(vm, &o, "__getstate__", vec![])?;
        if let Ok(state) = state.clone().downcast::<rustpython_vm::builtins::PyDict>() {
            state.set_item("_django_version", py::str(vm, "6.1.3"), vm)?;
        }
        let m = model(vm, &o)?;
        let key = vm.ctx.new_tuple(vec![
            py::str(vm, &**m.app_label()),
            py::str(vm, &**m.object_name()),
        ]);
        let unpickle = modules::find(vm, "django.db.models.base", "model_unpickle")?;
        let args = vm.ctx.new_tuple(vec![key.into()]);
        Ok(vm.ctx.new_tuple(vec![unpickle, args.into(), state]).into())
    });
    c.method("__getstate__", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let Some(dict) = o.dict() else {
            return Ok(vm.ctx.new_dict().into());
        };
        let out = vm.ctx.new_dict();
        for (k, v) in &dict {
            out.set_item(&*k, v, vm)?;
        }
        if let Some(state) = dict.get_item_opt("_state", vm)? {
            let copy = vm.import("copy", 0)?.get_attr("copy", vm)?;
            out.set_item("_state", copy.call((state,), vm)?, vm)?;
        }
        Ok(out.into())
    });
    c.method(
        "__setstate__",
        |o: PyObjectRef, state: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let state = state
                .downcast::<rustpython_vm::builtins::PyDict>()
                .map_err(|_| vm.new_type_error("a model's state is a dict"))?;
            let Some(dict) = o.dict() else {
                return Ok(());
            };
            check_version(vm, "model instance", &state)?;
            for (k, v) in &state {
                dict.set_item(&*k, v, vm)?;
            }
            Ok(())
        },
    );
}

/// Warns where a pickled state is of another version, or says none.
pub fn check_version(vm: &Vm, what: &str, state: &Py<PyDict>) -> PyResult<()> {
    let version = state.get_item_opt("_django_version", vm)?;
    let message = match version.as_ref().and_then(py::as_string) {
        None => format!("Pickled {what}'s Django version is not specified."),
        Some(v) if v != "6.1.3" => {
            format!("Pickled {what}'s Django version {v} does not match the current version 6.1.3.")
        }
        Some(_) => return Ok(()),
    };
    orm_state::settings::warn("RuntimeWarning", &message).or_raise(vm)
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let unpickle = function(
        vm,
        "model_unpickle",
        |id: PyObjectRef, vm: &Vm| -> PyResult {
            let class = match py::list(vm, &id) {
                Ok(parts) if parts.len() == 2 => {
                    let apps = modules::find(vm, "django.apps", "apps")?;
                    py::call(vm, &apps, "get_model", parts)?
                }
                _ => id,
            };
            py::call(vm, &class, "__new__", vec![class.clone()])
        },
    );
    modules::export(vm, "django.db.models.base", "model_unpickle", unpickle)?;
    let deferred = class(vm, "django.db.models.base", "Deferred", &[], |c| {
        c.method("__repr__", |_: PyObjectRef| "<Deferred field>");
        c.method("__str__", |_: PyObjectRef| "<Deferred field>");
    })?;
    let mark = deferred.as_object().call((), vm)?;
    modules::export(vm, "django.db.models.base", "Deferred", deferred)?;
    modules::export_all(
        vm,
        &["django.db.models", "django.db.models.base"],
        "DEFERRED",
        mark,
    )
}

/// The attributes whose values are not loaded.
pub fn deferred_names(vm: &Vm, o: &PyObject) -> PyResult<Vec<Rc<str>>> {
    let Some(dict) = o.dict() else {
        return Ok(vec![]);
    };
    let mut out = vec![];
    for f in model(vm, o)?.concrete_fields().iter() {
        if f.kind != FieldKind::CompositePrimaryKey
            && dict.get_item_opt(&*f.attname(), vm)?.is_none()
        {
            out.push(f.attname());
        }
    }
    Ok(out)
}

/// `instance.pk`
pub fn get_pk(o: PyObjectRef, vm: &Vm) -> PyResult {
    match model(vm, &o)?.pk() {
        Some(pk) => py::attr(vm, &o, &pk.attname()),
        None => Err(vm.new_attribute_error("pk")),
    }
}

/// Setting a key sets the parents' keys as well.
pub fn set_pk(vm: &Vm, o: &PyObject, value: PyObjectRef) -> PyResult<()> {
    let m = model(vm, o)?;
    for (_, link) in all_links(&m) {
        if let Some(link) = link
            && Some(&*link.name()) != m.pk().as_ref().map(|p| p.name()).as_deref()
            && let Ok(target) = link.target_field()
        {
            py::set_attr(vm, o, &target.attname(), value.clone())?;
        }
    }
    match m.pk() {
        Some(pk) => py::set_attr(vm, o, &pk.attname(), value),
        None => Ok(()),
    }
}

fn all_links(m: &ModelRef) -> Vec<(ModelRef, Option<Rc<orm_state::Field>>)> {
    let mut out = m.parents();
    for (p, _) in m.parents() {
        out.extend(all_links(&p));
    }
    out
}

/// A composite key is set once all its parts are.
pub fn is_pk_set(vm: &Vm, o: &PyObject) -> PyResult<bool> {
    is_set(vm, o, &model(vm, o)?.pk_fields().or_raise(vm)?)
}

/// Have all these fields a value, and none that the database is to give?
pub fn is_set(vm: &Vm, o: &PyObject, fields: &[Rc<Field>]) -> PyResult<bool> {
    for f in fields {
        let value = py::attr(vm, o, &f.attname())?;
        if vm.is_none(&value) || is_database_default(vm, &value)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Is it a `DatabaseDefault`?
pub fn is_database_default(vm: &Vm, value: &PyObject) -> PyResult<bool> {
    let value = crate::convert::to_value(vm, value)?;
    Ok(orm_sql::expression::value_expr(&value)
        .is_some_and(|e| e.as_any().is::<orm_sql::expressions::DatabaseDefault>()))
}

fn eq(vm: &Vm, o: &PyObject, other: &PyObject) -> PyResult {
    let Some(theirs) = model_of_instance(other) else {
        return Ok(vm.ctx.not_implemented());
    };
    let ours = model(vm, o)?;
    if !ours.same_concrete(&theirs) {
        return Ok(py::bool(vm, false));
    }
    if !is_pk_set(vm, o)? {
        return Ok(py::bool(vm, o.is(other)));
    }
    let (a, b) = (get_pk(o.to_owned(), vm)?, get_pk(other.to_owned(), vm)?);
    Ok(py::bool(vm, py::eq(vm, &a, &b)?))
}

/// The model of a class given as an object.
pub fn class_model(vm: &Vm, class: &PyObject) -> PyResult<ModelRef> {
    model_of_class(vm, class).ok_or_else(|| vm.new_type_error("not a model"))
}

/// A label as it is shown: text, but numbers and moments stay what they are.
fn shown(vm: &Vm, label: &PyObject) -> PyResult {
    use orm_state::Value::{Date, DateTime, Decimal, Float, Int, Null, Time};
    let kept = matches!(
        crate::convert::to_value(vm, label)?,
        Null | Int(_) | Float(_) | Decimal(_) | DateTime(_) | Date(_) | Time(_)
    );
    if kept {
        return Ok(label.to_owned());
    }
    Ok(py::str(vm, py::to_string(vm, label)?))
}
