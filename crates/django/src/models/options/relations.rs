//! `_meta._relation_tree`: fields of any model that lead to this one.
//!
//! Worked out for all models at once, and kept in each `_meta` until the registry changes.
use super::PyOptions;
use crate::models::fields::field_object;
use crate::{apps, models, py};
use orm_state::ModelRef;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub const NAME: &str = "_relation_tree";

/// The fields, in the order of the models that declare them.
pub fn tree(vm: &Vm, options: &Py<PyOptions>) -> PyResult {
    let held = options.as_object().dict();
    if let Some(held) = &held
        && let Some(known) = held.get_item_opt(NAME, vm)?
    {
        return Ok(known);
    }
    let Some(registry) = options.model.apps() else {
        return Ok(vm.ctx.empty_tuple.clone().into());
    };
    for model in registry.models() {
        let fields = relations_to(vm, &model)?;
        let meta = py::attr(vm, &models::class_of_model(vm, &model)?, "_meta")?;
        if let Some(dict) = meta.dict() {
            dict.set_item(NAME, fields, vm)?;
        }
    }
    Ok(match held {
        Some(dict) => dict.get_item_opt(NAME, vm)?,
        None => None,
    }
    .unwrap_or_else(|| vm.ctx.empty_tuple.clone().into()))
}

fn relations_to(vm: &Vm, model: &ModelRef) -> PyResult {
    let Some(registry) = model.apps() else {
        return Ok(vm.ctx.new_list(vec![]).into());
    };
    let mut fields: Vec<PyObjectRef> = vec![];
    for rel in registry.reverse_relations(model) {
        if let Ok(field) = rel.field() {
            fields.push(field_object(vm, &field)?);
        }
    }
    Ok(vm.ctx.new_list(fields).into())
}

/// The registry has changed.
pub fn forget(vm: &Vm, registry: &Rc<orm_state::Apps>) -> PyResult<()> {
    for model in registry.models() {
        let meta = py::attr(vm, &models::class_of_model(vm, &model)?, "_meta")?;
        if let Some(dict) = meta.dict()
            && dict.contains_key(NAME, vm)
        {
            dict.del_item(NAME, vm)?;
        }
    }
    Ok(())
}

/// Whether reverse relations can be looked up yet.
pub fn ready(vm: &Vm, model: &ModelRef) -> PyResult<bool> {
    let face = apps::face_of(vm, model)?;
    py::attr(vm, &face, "models_ready")?.is_true(vm)
}
