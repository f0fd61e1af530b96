//! Historical models: Python classes made of a state, for `RunPython`.
use super::bridge;
use crate::convert::to_py;
use crate::modules;
use crate::py;
use orm_migrations::operation::Together;
use orm_migrations::{Base, ModelState, ProjectState};
use orm_state::{Error, ErrorKind, Value};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// An `Apps` of its own with a class for each model of a state.
pub fn render(vm: &Vm, state: &ProjectState) -> PyResult {
    super::state_apps::new(vm, state)
}

/// Makes classes of models, bases before what inherits from them.
pub fn render_multiple(vm: &Vm, apps: &PyObjectRef, models: Vec<Rc<ModelState>>) -> PyResult<()> {
    let mut waiting = models;
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut left = vec![];
        for model in waiting {
            match bases(vm, &model, apps)? {
                Some(bases) => {
                    class(vm, apps, &model, bases)?;
                }
                None => left.push(model),
            }
        }
        if left.len() == before {
            let names: Vec<String> = left
                .iter()
                .map(|m| format!("<ModelState: '{}.{}'>", m.app_label, m.name))
                .collect();
            let error = Error::new(
                ErrorKind::InvalidBasesError,
                format!(
                    "Cannot resolve bases for [{}]\nThis can happen if you are inheriting models from an app with \
                     migrations (e.g. contrib.auth)\n in an app with no migrations; see \
                     https://docs.djangoproject.com/en/6.1/topics/migrations/#dependencies for more",
                    names.join(", ")
                ),
            );
            return Err(crate::error::to_py(vm, error));
        }
        waiting = left;
    }
    Ok(())
}

/// One model's class (`ModelState.render`).
pub fn render_model(vm: &Vm, model: &ModelState, apps: &PyObjectRef) -> PyResult {
    match bases(vm, model, apps)? {
        Some(bases) => class(vm, apps, model, bases),
        None => {
            let all = model
                .bases
                .iter()
                .map(|b| super::to_python::base(vm, b))
                .collect::<PyResult<Vec<_>>>()?;
            let all: PyObjectRef = vm.ctx.new_tuple(all).into();
            Err(crate::error::raise(
                vm,
                "InvalidBasesError",
                format!(
                    "Cannot resolve one or more bases from {}",
                    py::repr(vm, &all)?
                ),
            ))
        }
    }
}

/// The base classes, once all of them are made.
fn bases(vm: &Vm, model: &ModelState, apps: &PyObjectRef) -> PyResult<Option<Vec<PyObjectRef>>> {
    let mut out = vec![];
    for base in &model.bases {
        match base {
            Base::Model(label) => match py::call(vm, apps, "get_model", vec![py::str(vm, label)]) {
                Ok(class) => out.push(class),
                Err(e) if e.fast_isinstance(vm.ctx.exceptions.lookup_error) => return Ok(None),
                Err(e) => return Err(e),
            },
            Base::Class(v) => {
                let class = super::to_python::value(vm, v)?;
                // What is generic in the models is plain in their history.
                if !is_plain_generic(vm, &class)? {
                    out.push(class);
                }
            }
        }
    }
    if out.is_empty() {
        out.push(modules::find(vm, "django.db.models", "Model")?);
    }
    Ok(Some(out))
}

/// `typing.Generic`, where somebody has imported it.
fn is_plain_generic(vm: &Vm, class: &PyObjectRef) -> PyResult<bool> {
    let modules = vm.sys_module.get_attr("modules", vm)?;
    let Ok(typing) = modules.get_item("typing", vm) else {
        return Ok(false);
    };
    Ok(typing.get_attr("Generic", vm)?.is(class))
}

fn class(vm: &Vm, apps: &PyObjectRef, model: &ModelState, bases: Vec<PyObjectRef>) -> PyResult {
    let meta = vm.ctx.new_dict();
    for (name, value) in &model.options {
        let unset = name == "db_table" && matches!(value, Value::Null);
        // What models of today cannot say is no part of the class.
        if unset || name == Together::Index.option_name() {
            continue;
        }
        meta.set_item(name.as_str(), super::to_python::value(vm, value)?, vm)?;
    }
    let indexes = model
        .indexes
        .iter()
        .map(|i| super::to_python::index(vm, i))
        .collect::<PyResult<Vec<_>>>()?;
    meta.set_item("indexes", vm.ctx.new_list(indexes).into(), vm)?;
    let constraints = model
        .constraints
        .iter()
        .map(|c| super::to_python::constraint(vm, c))
        .collect::<PyResult<Vec<_>>>()?;
    meta.set_item("constraints", vm.ctx.new_list(constraints).into(), vm)?;
    meta.set_item("app_label", py::str(vm, &model.app_label), vm)?;
    meta.set_item("apps", apps.clone(), vm)?;
    let type_type: PyObjectRef = vm.ctx.types.type_type.to_owned().into();
    let meta = type_type.call((vm.ctx.new_str("Meta"), vm.ctx.new_tuple(vec![]), meta), vm)?;
    let body = vm.ctx.new_dict();
    body.set_item("__module__", py::str(vm, "__fake__"), vm)?;
    body.set_item("__qualname__", py::str(vm, &model.name), vm)?;
    body.set_item("Meta", meta, vm)?;
    for (i, (name, field)) in model.fields.iter().enumerate() {
        let copy = bridge::fresh_field(vm, field)?;
        if let Some(f) = bridge::field_of(&copy) {
            f.creation_counter.set(i as i64);
        }
        body.set_item(name.as_str(), copy, vm)?;
    }
    let copy = vm.import("copy", 0)?.get_attr("copy", vm)?;
    for (name, manager) in &model.managers {
        let manager = to_py(vm, &Value::Object(manager.clone()))?;
        body.set_item(name.as_str(), copy.call((manager,), vm)?, vm)?;
    }
    let metaclass = modules::find(vm, "django.db.models.base", "ModelBase")?;
    metaclass.call(
        (
            vm.ctx.new_str(model.name.as_str()),
            vm.ctx.new_tuple(bases),
            body,
        ),
        vm,
    )
}
