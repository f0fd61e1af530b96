//! What a database puts into a row by itself, and how it comes back to the instance.
use crate::models::fields::field_object;
use crate::py;
use orm_state::{Field, FieldKind, ModelRef};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// Fields whose values the database makes and gives back.
pub fn is_returning(vm: &Vm, f: &Rc<Field>) -> PyResult<bool> {
    if f.class.hooks.is_some() {
        // A user's class may say so itself.
        return py::is_true(vm, &py::attr(vm, &field_object(vm, f)?, "db_returning")?);
    }
    Ok(f.kind.is_auto()
        || f.options.borrow().db_default.is_some()
        || f.kind == FieldKind::Generated)
}

/// `_meta.db_returning_fields`
pub fn returning_fields(vm: &Vm, m: &ModelRef) -> PyResult<Vec<Rc<Field>>> {
    let mut found = vec![];
    for f in m.concrete_model().local_concrete_fields() {
        if is_returning(vm, &f)? {
            found.push(f);
        }
    }
    Ok(found)
}

/// Does an attribute hold an expression, for the database to work out?
pub fn is_expression(vm: &Vm, value: &PyObject) -> PyResult<bool> {
    Ok(crate::convert::to_value(vm, value)?
        .as_object()
        .is_some_and(|o| orm_sql::expression::expr_of(&**o).is_some()))
}

/// Takes over what the database gave back.
pub(super) fn take_returned(
    vm: &Vm,
    o: &PyObject,
    row: &PyObject,
    fields: &[Rc<Field>],
) -> PyResult<()> {
    for (value, field) in py::list(vm, row)?.into_iter().zip(fields) {
        py::set_attr(vm, o, &field.attname(), value)?;
    }
    Ok(())
}

/// What an update gives back: the expressions it wrote, and what is generated from written fields.
pub(super) fn updated_fields(
    vm: &Vm,
    m: &ModelRef,
    written: &[Rc<Field>],
    values: &[PyObjectRef],
) -> PyResult<Vec<Rc<Field>>> {
    let mut found = vec![];
    for f in m.local_concrete_fields() {
        let referenced = f.kind == FieldKind::Generated
            && crate::models::fields::properties::referenced_fields(&f)
                .iter()
                .any(|r| written.iter().any(|w| w.same(r)));
        if referenced {
            found.push(f);
        }
    }
    for (field, value) in written.iter().zip(values) {
        if is_expression(vm, value)? {
            found.push(field.clone());
        }
    }
    Ok(found)
}
