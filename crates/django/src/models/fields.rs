//! Fields: their classes, options, conversions, and what they put on a model.
pub mod args;
pub mod choices;
pub mod classes;
mod columns;
pub mod construct;
pub mod contribute;
pub mod convert;
pub mod db_types;
pub mod deconstruct;
pub mod descriptors;
pub mod extras;
mod facts;
pub mod files;
pub mod hooks;
mod identity;
pub mod json;
pub mod messages;
pub mod methods;
pub mod object;
pub mod properties;
pub mod removed;

pub use object::{PyField, any_field_object, field_object, field_of};

use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// `NOT_PROVIDED`: a class of that name, as in Django.
pub fn not_provided(vm: &VirtualMachine) -> PyResult {
    crate::modules::find(vm, "django.db.models.fields", "NOT_PROVIDED")
}

pub fn is_not_provided(vm: &VirtualMachine, obj: &PyObject) -> bool {
    not_provided(vm).is_ok_and(|n: PyObjectRef| n.is(obj))
}

/// Makes the field classes and everything beside them.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let not_provided =
        crate::class::class(vm, "django.db.models.fields", "NOT_PROVIDED", &[], |_| {})?;
    crate::modules::export_all(
        vm,
        &["django.db.models.fields", "django.db.models"],
        "NOT_PROVIDED",
        not_provided,
    )?;
    classes::install(vm)?;
    descriptors::install(vm)?;
    let field = classes::builtin(vm, "Field")?;
    crate::class::fill_class(vm, &field, |c| {
        properties::fill(c);
        methods::fill(c);
        db_types::fill(c);
        columns::fill(c);
        convert::fill(c);
        contribute::fill(c);
        deconstruct::fill(c);
    })?;
    removed::install(vm)?;
    columns::install(vm)?;
    json::install();
    methods::install(vm)
}
