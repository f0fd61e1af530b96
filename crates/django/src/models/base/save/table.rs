//! The row of one table: updated if it is there, else inserted; parents' rows first.
use super::super::identity::model;
use super::How;
use super::returning::*;
use crate::error::OrRaise;
use crate::models::fields::field_object;
use crate::models::{class_of_model, ordered, state};
use crate::{error, py};
use orm_state::{Field, FieldKind, ModelRef};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub(super) fn forced(vm: &Vm, how: &How, m: &ModelRef) -> PyResult<bool> {
    if how.insert_classes.is_empty() {
        return Ok(how.force_insert);
    }
    let class = class_of_model(vm, m)?;
    for c in &how.insert_classes {
        if class.is_subclass(c, vm)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Parents' rows first; their keys are taken over.
pub(super) fn save_parents(
    vm: &Vm,
    o: &PyObject,
    m: &ModelRef,
    using: &PyObject,
    how: &How,
    done: &mut Vec<(*const orm_state::Model, bool)>,
) -> PyResult<bool> {
    let mut inserted = false;
    for (parent, link) in m.parents() {
        let Some(link) = link else {
            continue;
        };
        // A key known through the link is the parent's, and the reverse.
        if let Some(pk) = parent.pk() {
            let parent_pk = py::attr(vm, o, &pk.attname())?;
            let link_value = py::attr(vm, o, &link.attname())?;
            if vm.is_none(&parent_pk) && !vm.is_none(&link_value) {
                py::set_attr(vm, o, &pk.attname(), link_value)?;
            }
        }
        let key = Rc::as_ptr(&parent);
        let updated = match done.iter().find(|(p, _)| *p == key) {
            // A diamond's common ancestor is saved once.
            Some((_, updated)) => *updated,
            None => {
                let parent_inserted = save_parents(vm, o, &parent, using, how, done)?;
                let insert = parent_inserted || forced_parent(vm, how, &parent)?;
                let updated = save_table(vm, o, &parent, using, how, insert)?;
                done.push((key, updated));
                updated
            }
        };
        inserted |= !updated;
        if let Some(pk) = parent.pk() {
            let value = py::attr(vm, o, &pk.attname())?;
            py::set_attr(vm, o, &link.attname(), value)?;
        }
        // The link may have cached another parent.
        let cache = state::fields_cache(vm, o)?;
        if cache.get_item_opt(&*link.name(), vm)?.is_some() {
            cache.del_item(&*link.name(), vm)?;
        }
    }
    Ok(inserted)
}

/// `force_insert=True` forces only the instance's own table.
pub(super) fn forced_parent(vm: &Vm, how: &How, m: &ModelRef) -> PyResult<bool> {
    if how.insert_classes.is_empty() {
        return Ok(false);
    }
    forced(vm, how, m)
}

/// One table's row: true if it was updated, false if inserted.
pub(super) fn save_table(
    vm: &Vm,
    o: &PyObject,
    m: &ModelRef,
    using: &PyObject,
    how: &How,
    mut force_insert: bool,
) -> PyResult<bool> {
    let class = class_of_model(vm, m)?;
    let generated = |f: &Rc<Field>| f.kind == FieldKind::Generated;
    let pk_fields = m.pk_fields().or_raise(vm)?;
    let is_pk = |f: &Rc<Field>| pk_fields.iter().any(|p| p.same(f)) || f.primary_key.get();
    let mut non_pks: Vec<Rc<Field>> = m
        .local_concrete_fields()
        .into_iter()
        .filter(|f| !is_pk(f) && !generated(f))
        .collect();
    if let Some(names) = &how.update_fields {
        non_pks.retain(|f| {
            names
                .iter()
                .any(|n| **n == *f.name() || **n == *f.attname())
        });
    }
    let pk = m.pk_field().or_raise(vm)?;
    let mut pk_value = pk_of(vm, o, m)?;
    let left_to_database = crate::models::base::identity::is_database_default(vm, &pk_value)?;
    if !left_to_database && !pk_set(vm, o, m)? {
        let object = field_object(vm, &pk)?;
        let value = py::call(vm, &object, "get_pk_value_on_save", vec![o.to_owned()])?;
        if !vm.is_none(&value) {
            py::set_attr(vm, o, &pk.attname(), value.clone())?;
        }
        pk_value = value;
    }
    let pk_is_set = if pk.kind == FieldKind::CompositePrimaryKey {
        pk_set(vm, o, m)?
    } else {
        !vm.is_none(&pk_value) && !left_to_database
    };
    if !pk_is_set && (how.force_update || how.update_fields.is_some()) {
        return Err(vm.new_value_error("Cannot force an update in save() with no primary key."));
    }
    let mut updated = false;
    let state = state::state_of(vm, o)?;
    // A fresh object whose key has a default is new.
    if !how.raw
        && !force_insert
        && !how.force_update
        && state.adding.get()
        && pk_fields.iter().all(|f| has_any_default(f))
        && how.update_fields.is_none()
    {
        force_insert = true;
    }
    if pk_is_set && !force_insert {
        let mut written = vec![];
        let manager = py::attr(vm, &class, "_base_manager")?;
        let rows = py::call(vm, &manager, "using", vec![using.to_owned()])?;
        let mut values = vec![];
        for f in &non_pks {
            let object = field_object(vm, f)?;
            let value = if how.raw {
                py::attr(vm, o, &f.attname())?
            } else {
                py::call(
                    vm,
                    &object,
                    "pre_save",
                    vec![o.to_owned(), py::bool(vm, false)],
                )?
            };
            written.push(value.clone());
            values.push(vm.ctx.new_tuple(vec![object, vm.ctx.none(), value]).into());
        }
        let returning = updated_fields(vm, m, &non_pks, &written)?;
        updated = do_update(vm, o, &rows, pk_value.clone(), values, how, &returning)?;
        if how.force_update && !updated {
            return Err(not_updated(
                vm,
                &class,
                "Forced update did not affect any rows.",
            ));
        }
        if how.update_fields.is_some() && !updated {
            return Err(not_updated(
                vm,
                &class,
                "Save with update_fields did not affect any rows.",
            ));
        }
    }
    if updated {
        return Ok(true);
    }
    if m.options.borrow().order_with_respect_to.is_some() {
        ordered::set_next_order(vm, o, &class, using)?;
    }
    insert(vm, o, m, &class, using, how, &pk, pk_is_set)?;
    Ok(false)
}

pub(super) fn has_any_default(pk: &Field) -> bool {
    let db_default = pk.options.borrow().db_default.is_some();
    pk.has_default() || db_default
}

pub(super) fn not_updated(
    vm: &Vm,
    class: &PyObject,
    message: &str,
) -> rustpython_vm::builtins::PyBaseExceptionRef {
    match py::attr(vm, class, "NotUpdated") {
        Ok(c) => match c.downcast::<rustpython_vm::builtins::PyType>() {
            Ok(c) => error::new(vm, c, vec![py::str(vm, message)]),
            Err(_) => error::raise(vm, "DatabaseError", message),
        },
        Err(e) => e,
    }
}

pub(super) fn pk_of(vm: &Vm, o: &PyObject, m: &ModelRef) -> PyResult {
    let pk = m.pk_field().or_raise(vm)?;
    py::attr(vm, o, &pk.attname())
}

pub(super) fn pk_set(vm: &Vm, o: &PyObject, m: &ModelRef) -> PyResult<bool> {
    crate::models::base::identity::is_set(vm, o, &m.pk_fields().or_raise(vm)?)
}

#[allow(clippy::too_many_arguments)]
pub(super) fn do_update(
    vm: &Vm,
    o: &PyObject,
    rows: &PyObject,
    pk: PyObjectRef,
    values: Vec<PyObjectRef>,
    how: &How,
    returning: &[Rc<Field>],
) -> PyResult<bool> {
    let filtered = py::call_kw(vm, rows, "filter", vec![], &[("pk", pk)])?;
    if values.is_empty() {
        // Nothing to write: the row counts as updated where it exists.
        if how.update_fields.is_some() {
            return Ok(true);
        }
        return py::call(vm, &filtered, "exists", vec![])?.is_true(vm);
    }
    let values: PyObjectRef = vm.ctx.new_list(values).into();
    let fields = returning
        .iter()
        .map(|f| field_object(vm, f))
        .collect::<PyResult<Vec<_>>>()?;
    let fields: PyObjectRef = vm.ctx.new_list(fields).into();
    let run = |rows: &PyObject| -> PyResult<bool> {
        let found = py::call(vm, rows, "_update", vec![values.clone(), fields.clone()])?;
        if !py::is_true(vm, &found)? {
            return Ok(false);
        }
        if let (false, Ok(rows)) = (returning.is_empty(), py::list(vm, &found))
            && let Some(first) = rows.first()
        {
            take_returned(vm, o, first, returning)?;
        }
        Ok(true)
    };
    let forced = how.force_update || how.update_fields.is_some();
    let select_first = model(vm, o)?.options.borrow().select_on_save;
    if select_first && !forced {
        let exists = py::call(vm, &filtered, "exists", vec![])?.is_true(vm)?;
        if !exists {
            return Ok(false);
        }
        return Ok(run(&filtered)? || py::call(vm, &filtered, "exists", vec![])?.is_true(vm)?);
    }
    run(&filtered)
}

#[allow(clippy::too_many_arguments)]
pub(super) fn insert(
    vm: &Vm,
    o: &PyObject,
    m: &ModelRef,
    class: &PyObject,
    using: &PyObject,
    how: &How,
    pk: &Rc<Field>,
    pk_is_set: bool,
) -> PyResult<()> {
    let mut fields = vec![];
    let mut returning = returning_fields(vm, m)?;
    for f in m.local_concrete_fields() {
        if f.kind == FieldKind::Generated || (f.kind.is_auto() && f.same(pk) && !pk_is_set) {
            continue;
        }
        let value = py::attr(vm, o, &f.attname())?;
        if is_expression(vm, &value)? && !returning.iter().any(|r| r.same(&f)) {
            returning.push(f.clone());
        }
        fields.push(field_object(vm, &f)?);
    }
    let returning_objects: Vec<PyObjectRef> = returning
        .iter()
        .map(|f| field_object(vm, f))
        .collect::<PyResult<_>>()?;
    let manager = py::attr(vm, class, "_base_manager")?;
    let objects = vm.ctx.new_list(vec![o.to_owned()]).into();
    let rows = py::call(vm, &manager, "using", vec![using.to_owned()])?;
    let results = py::call_kw(
        vm,
        &rows,
        "_insert",
        vec![objects],
        &[
            ("fields", vm.ctx.new_list(fields).into()),
            (
                "returning_fields",
                vm.ctx.new_list(returning_objects).into(),
            ),
            ("using", using.to_owned()),
            ("raw", py::bool(vm, how.raw)),
        ],
    )?;
    if vm.is_none(&results) {
        return Ok(());
    }
    match py::list(vm, &results)?.first() {
        Some(first) => take_returned(vm, o, first, &returning),
        None => Ok(()),
    }
}
