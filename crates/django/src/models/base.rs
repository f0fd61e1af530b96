//! `Model`: instances of models.
pub mod construct;
pub mod delete;
pub mod identity;
pub mod making;
pub mod navigate;
pub mod refresh;
pub mod rows;
pub mod save;
pub mod unique_checks;
pub mod validate;

use crate::class::fill_class;
use crate::{apps, modules};
use orm_state::ModelRef;
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;

thread_local! {
    static MODEL: RefCell<Option<PyTypeRef>> = const { RefCell::new(None) };
}

/// The class `Model`.
pub fn model_class() -> Option<PyTypeRef> {
    MODEL.with_borrow(Clone::clone)
}

/// Forgets the class of an interpreter that ends.
pub fn reset() {
    MODEL.take();
    construct::reset();
}

/// The registry of a model, for Python.
pub fn apps_of(vm: &VirtualMachine, model: &ModelRef) -> PyResult {
    apps::face_of(vm, model)
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let metaclass: PyObjectRef = super::meta::metaclass(vm).into();
    let body = vm.ctx.new_dict();
    body.set_item(
        "__module__",
        vm.ctx.new_str("django.db.models.base").into(),
        vm,
    )?;
    body.set_item("__qualname__", vm.ctx.new_str("Model").into(), vm)?;
    let object: PyObjectRef = vm.ctx.types.object_type.to_owned().into();
    let made = metaclass.call(
        (
            vm.ctx.new_str("Model"),
            vm.ctx.new_tuple(vec![object]),
            body,
        ),
        vm,
    )?;
    let class: PyTypeRef = made
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("Model is not a class"))?;
    MODEL.set(Some(class.clone()));
    fill_class(vm, &class, |c| {
        construct::fill(c);
        making::fill(c);
        identity::fill(c);
        save::fill(c);
        delete::fill(c);
        refresh::fill(c);
        validate::fill(c);
        unique_checks::fill(c);
        navigate::fill(c);
        crate::checks::model::fill(c);
    })?;
    modules::export_all(
        vm,
        &["django.db.models", "django.db.models.base"],
        "Model",
        class,
    )?;
    identity::install(vm)?;
    crate::convert::set_model_of(super::model_of_instance);
    crate::queries::hints::set_model_of_class(|class| {
        rustpython_vm::vm::thread::try_with_current_vm(|vm| super::model_of_class(vm, class))
            .flatten()
    });
    Ok(())
}
