//! What querysets know besides their query: the database, routing hints, related objects.
use crate::convert::PyObj;
use crate::db;
use orm_state::{Model, ModelRef};
use rustpython_vm::builtins::{PyDictRef, PyType, PyTypeRef};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;
use std::rc::Rc;

thread_local! {
    static MODEL_OF_CLASS: Cell<Option<fn(&PyObject) -> Option<Rc<Model>>>> = const { Cell::new(None) };
}

/// How the model behind a model class is found.
pub fn set_model_of_class(f: fn(&PyObject) -> Option<Rc<Model>>) {
    MODEL_OF_CLASS.set(Some(f));
}

/// The model of a model class.
pub fn model_of_class(vm: &VirtualMachine, class: &PyObject) -> PyResult<ModelRef> {
    MODEL_OF_CLASS
        .get()
        .and_then(|f| f(class))
        .ok_or_else(|| match class.repr(vm) {
            Ok(r) => vm.new_type_error(format!("{} is not a model", r.to_string_lossy())),
            Err(e) => e,
        })
}

/// The Python class of a model.
pub fn class_of_model(vm: &VirtualMachine, model: &ModelRef) -> PyResult<PyTypeRef> {
    model
        .face
        .get::<PyObj>()
        .and_then(|f| f.0.clone().downcast::<PyType>().ok())
        .ok_or_else(|| vm.new_runtime_error(format!("{} has no class", model.label())))
}

/// The database for a model: asked of the routers.
pub fn route(
    vm: &VirtualMachine,
    write: bool,
    class: PyObjectRef,
    hints: Option<PyDictRef>,
) -> PyResult<Rc<str>> {
    if db::router::is_empty() && hints.is_none() {
        return Ok(db::registry::DEFAULT_DB_ALIAS.into());
    }
    Ok(db::router::db_for(vm, write, class, hints)?.as_str().into())
}

/// `isinstance(obj, a model class)`: an instance with `_meta`.
pub fn is_instance(vm: &VirtualMachine, obj: &PyObject) -> bool {
    model_of_class(vm, obj.class().as_object()).is_ok()
}
