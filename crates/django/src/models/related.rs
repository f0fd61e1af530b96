//! Relations: their arguments, their reverse sides as Python objects, what they put on both models.
pub mod arguments;
pub mod forward;
pub mod generic;
pub mod handlers;
pub mod lazy;
pub mod objects;
pub mod paths;
mod prefetch;
pub mod resolve;
pub mod reverse;
pub mod through;

pub use arguments::{check_arguments, deconstruct, parts_from_rel, rel_from_arguments};
pub use objects::{PyRel, rel_object};
pub use resolve::{after_contribute, before_contribute, contribute_to_related_class};

use crate::core::validation_error;
use crate::error::OrRaise;
use crate::models::fields::{field_of, messages};
use crate::models::{class_of_model, fields};
use crate::py;
use orm_state::RelTarget;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    handlers::install(vm)?;
    objects::install(vm)?;
    paths::install(vm)?;
    forward::install(vm)?;
    reverse::install(vm)?;
    lazy::install(vm)?;
    generic::install(vm)?;
    resolve::install(vm)
}

/// `field.related_model`: a class, or the name while it is not resolved.
pub fn related_model(o: &PyObject, vm: &VirtualMachine) -> PyResult {
    let Some(field) = field_of(o) else {
        return Ok(vm.ctx.none());
    };
    match &field.remote {
        None => Ok(vm.ctx.none()),
        Some(rel) => target_object(vm, &rel.target()),
    }
}

/// A relation's target for Python.
pub fn target_object(vm: &VirtualMachine, target: &RelTarget) -> PyResult {
    match target {
        RelTarget::Name(n) => Ok(py::str(vm, n)),
        RelTarget::Model(m) => match m.upgrade() {
            Some(m) => class_of_model(vm, &m),
            None => Ok(vm.ctx.none()),
        },
    }
}

/// `ForeignKey.validate`: the row pointed to must exist, within `limit_choices_to`.
pub fn validate(
    o: &PyObject,
    v: PyObjectRef,
    instance: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let field = fields::properties::inner(o, vm)?;
    let Some(rel) = field.remote.clone() else {
        return Ok(());
    };
    if rel.parent_link.get() {
        return Ok(());
    }
    let raise = |code: &'static str, params: Option<PyObjectRef>| -> PyResult<()> {
        let message = messages::all(o, vm)?.get_item(code, vm)?;
        Err(validation_error::raise(vm, message, Some(code), params))
    };
    fields::methods::validate_choices(o, &field, &v, vm)?;
    if vm.is_none(&v) {
        return if field.null.get() {
            Ok(())
        } else {
            raise("null", None)
        };
    }
    if !field.blank.get() && py::as_string(&v).is_some_and(|s| s.is_empty()) {
        return raise("blank", None);
    }
    let Some(target) = rel.model() else {
        return Ok(());
    };
    let class = class_of_model(vm, &target)?;
    let using = crate::models::state::db_for_read(vm, &class, &instance)?;
    let manager = py::attr(vm, &class, "_base_manager")?;
    let manager = py::call(vm, &manager, "using", vec![using])?;
    let to = rel.target_field().or_raise(vm)?;
    let mut rows = py::call_kw(vm, &manager, "filter", vec![], &[(&*to.name(), v.clone())])?;
    let limit = py::attr(vm, o, "get_limit_choices_to")?.call((), vm)?;
    if limit.clone().is_true(vm)? {
        rows = py::call(vm, &rows, "complex_filter", vec![limit])?;
    }
    if py::call(vm, &rows, "exists", vec![])?.is_true(vm)? {
        return Ok(());
    }
    let params = vm.ctx.new_dict();
    params.set_item("model", py::str(vm, target.verbose_name()), vm)?;
    params.set_item("pk", v.clone(), vm)?;
    params.set_item("field", py::str(vm, &*to.name()), vm)?;
    params.set_item("value", v, vm)?;
    raise("invalid", Some(params.into()))
}
