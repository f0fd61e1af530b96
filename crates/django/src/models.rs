//! `django.db.models`: fields, `Model`, its metaclass, `_meta`, relations.
pub mod base;
pub mod constraints;
pub mod enums;
pub mod fields;
pub mod meta;
pub mod options;
pub mod ordered;
pub mod related;
pub mod state;

use crate::convert::PyObj;
use orm_state::{Model, ModelRef};
use rustpython_vm::builtins::PyType;
use rustpython_vm::{AsObject, Py, PyObject, PyResult, VirtualMachine};
use std::rc::Rc;

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    fields::install(vm)?;
    state::install(vm)?;
    options::install(vm)?;
    constraints::install(vm)?;
    meta::install(vm)?;
    base::install(vm)?;
    ordered::install(vm)?;
    related::install(vm)?;
    enums::install(vm)?;
    fields::files::install(vm)
}

/// Forgets the classes of an interpreter that ends.
pub fn reset() {
    base::reset();
    fields::classes::reset();
}

/// The Python class of a model.
pub fn class_of_model(vm: &VirtualMachine, model: &ModelRef) -> PyResult {
    match model.face.get::<PyObj>() {
        Some(face) => Ok(face.0.clone()),
        None => Err(vm.new_lookup_error(format!(
            "The model {} has no class any more.",
            model.label()
        ))),
    }
}

/// Takes everything out of the class of a model whose project is gone: fields, managers and
/// options hold each other where the interpreter's collector does not see it.
pub fn empty(vm: &VirtualMachine, class: &PyObject) -> PyResult<()> {
    let Some(class) = class.downcast_ref::<PyType>() else {
        return Ok(());
    };
    for name in class.attributes().interned_names(&vm.ctx) {
        if !name.as_str().starts_with("__") {
            class.as_object().del_attr(name, vm)?;
        }
    }
    Ok(())
}

/// The model of a Python class; nothing for other objects.
pub fn model_of_class(vm: &VirtualMachine, obj: &PyObject) -> Option<ModelRef> {
    let class = obj.downcast_ref::<PyType>()?;
    model_of_type(vm, class)
}

fn model_of_type(vm: &VirtualMachine, class: &Py<PyType>) -> Option<ModelRef> {
    let meta = class.get_attr(vm.ctx.intern_str("_meta"))?;
    options::model_of_options(&meta)
}

/// The model an instance belongs to; nothing for other objects.
pub fn model_of_instance(obj: &PyObject) -> Option<Rc<Model>> {
    let class = obj.class();
    if !class.fast_issubclass(&base::model_class()?) {
        return None;
    }
    rustpython_vm::vm::thread::try_with_current_vm(|vm| model_of_type(vm, class)).flatten()
}

/// Is it a model class that has a `_meta`?
pub fn is_model_class(vm: &VirtualMachine, obj: &PyObject) -> bool {
    model_of_class(vm, obj).is_some()
}
