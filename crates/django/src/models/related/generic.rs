//! `GenericForeignKey` and `GenericRelation`: what the classes of `django.contrib.contenttypes.fields`
//! build on.
use crate::class::{Class, Getter, fill_class};
use crate::models::fields;
use crate::models::fields::args::Args;
use crate::models::fields::properties::inner;
use crate::py;
use orm_state::{FieldOptions, Rel};
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let key = fields::classes::builtin(vm, "GenericForeignKey")?;
    fill_class(vm, &key, |c| names(c, "ct_field", "fk_field"))?;
    let relation = fields::classes::builtin(vm, "GenericRelation")?;
    fill_class(vm, &relation, |c| {
        names(c, "content_type_field_name", "object_id_field_name");
    })
}

/// The two fields that make a generic key, under the names a class has for them.
fn names(c: &mut Class, content_type: &'static str, object_id: &'static str) {
    let content_type_name: Getter = |o, vm| {
        let field = inner(&o, vm)?;
        let name = field.options.borrow().ct_field.clone();
        Ok(py::opt_str(vm, name.as_deref()))
    };
    let object_id_name: Getter = |o, vm| {
        let field = inner(&o, vm)?;
        let name = field.options.borrow().fk_field.clone();
        Ok(py::opt_str(vm, name.as_deref()))
    };
    c.getter(content_type, content_type_name);
    c.getter(object_id, object_id_name);
    c.getter("for_concrete_model", |o, vm| {
        let concrete = inner(&o, vm)?.options.borrow().for_concrete_model;
        Ok(py::bool(vm, concrete))
    });
}

/// The arguments of a `GenericForeignKey`.
pub fn key_arguments(vm: &Vm, args: &mut Args, options: &mut FieldOptions) -> PyResult<()> {
    let ct_field = args.take_string(vm, "ct_field")?;
    options.ct_field = Some(ct_field.unwrap_or_else(|| "content_type".into()));
    let fk_field = args.take_string(vm, "fk_field")?;
    options.fk_field = Some(fk_field.unwrap_or_else(|| "object_id".into()));
    options.for_concrete_model = args.take_bool(vm, "for_concrete_model", true)?;
    options.editable = false;
    Ok(())
}

/// A relation that a child inherits from its parent's table is not seen from the other side: the
/// parent's is.
pub fn hide_inherited(rel: &Rel) {
    *rel.related_name.borrow_mut() = Some("+".into());
    *rel.related_query_name.borrow_mut() = None;
}
