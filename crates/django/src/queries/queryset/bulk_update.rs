//! `bulk_update()`
use super::PyQuerySet;
use super::bulk::key_is_set;
use super::update::{run_update, together};
use crate::convert::to_value;
use crate::error::OrRaise;
use orm_sql::compiler::Update;
use orm_sql::expression::{ExprObject, value_expr};
use orm_sql::expressions::{Case, Val, When};
use orm_sql::q::{Q, QChild};
use orm_state::{AnyField, Field, Value};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

impl PyQuerySet {
    pub fn update_many(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> PyResult {
        let objs = args.take_positional_keyword("objs");
        let names = args.take_positional_keyword("fields");
        let batch_size = args
            .take_positional_keyword("batch_size")
            .filter(|b| !vm.is_none(b));
        let batch_size = match batch_size {
            Some(n) => match n.try_into_value::<i64>(vm)? {
                n if n <= 0 => {
                    return Err(vm.new_value_error("Batch size must be a positive integer."));
                }
                n => Some(n as usize),
            },
            None => None,
        };
        let list = |o: Option<PyObjectRef>| -> PyResult<Vec<PyObjectRef>> {
            match o {
                Some(o) => o.try_into_value(vm),
                None => Ok(vec![]),
            }
        };
        let names = list(names)?;
        if names.is_empty() {
            return Err(vm.new_value_error("Field names must be given to bulk_update()."));
        }
        let objs = list(objs)?;
        for obj in &objs {
            if !key_is_set(vm, obj)? {
                return Err(
                    vm.new_value_error("All bulk_update() objects must have a primary key set.")
                );
            }
        }
        let model = zelf.model(vm)?;
        let mut fields: Vec<Rc<Field>> = vec![];
        for n in &names {
            let name = n.str(vm)?;
            match model.get_field(&name.to_string_lossy()).or_raise(vm)? {
                AnyField::Field(f) if f.concrete() => fields.push(f),
                _ => {
                    return Err(
                        vm.new_value_error("bulk_update() can only be used with concrete fields.")
                    );
                }
            }
        }
        let keys = model.pk_fields().or_raise(vm)?;
        let is_key = |f: &Rc<Field>| f.primary_key.get() || keys.iter().any(|key| key.same(f));
        if fields.iter().any(is_key) {
            return Err(vm.new_value_error("bulk_update() cannot be used with primary key fields."));
        }
        if objs.is_empty() {
            return Ok(vm.ctx.new_int(0).into());
        }
        for obj in &objs {
            if let Some(f) = vm.get_attribute_opt(obj, "_prepare_related_fields_for_save")? {
                let mut call = FuncArgs::default();
                call.kwargs.insert(
                    "operation_name".into(),
                    vm.ctx.new_str("bulk_update").into(),
                );
                let named = fields
                    .iter()
                    .map(|f| crate::models::fields::field_object(vm, f))
                    .collect::<PyResult<Vec<_>>>()?;
                call.kwargs
                    .insert("fields".into(), vm.ctx.new_list(named).into());
                f.call(call, vm)?;
            }
        }
        zelf.for_write.set(true);
        let using = zelf.db(vm)?;
        let limit = crate::db::database(vm, &using)?
            .sqlite(vm)?
            .variable_limit() as usize;
        let most = (limit / (fields.len() + 2)).max(1);
        let size = batch_size.map_or(most, |b| b.min(most));
        let total = together(vm, &using, || {
            let mut total = 0;
            for batch in objs.chunks(size) {
                total += one_batch(zelf, vm, batch, &fields, &using)?;
            }
            Ok(total)
        })?;
        Ok(vm.ctx.new_int(total).into())
    }
}

fn one_batch(
    zelf: &Py<PyQuerySet>,
    vm: &VirtualMachine,
    batch: &[PyObjectRef],
    fields: &[Rc<Field>],
    using: &Rc<str>,
) -> PyResult<i64> {
    let mut keys = vec![];
    for obj in batch {
        let key = obj.get_attr("pk", vm)?;
        keys.push(to_value(vm, &key)?);
    }
    let mut values = vec![];
    for field in fields {
        let mut whens = vec![];
        for (obj, key) in batch.iter().zip(&keys) {
            let attr = obj.get_attr(vm.ctx.intern_str(&*field.attname()), vm)?;
            let value = to_value(vm, &attr)?;
            let then = match value_expr(&value) {
                Some(e) => e,
                None => Val::typed(value, Some(field.clone())),
            };
            let q = Q {
                children: vec![QChild::Lookup("pk".into(), key.clone())],
                ..Q::default()
            };
            whens.push(When::q(q, then).or_raise(vm)?);
        }
        let case = Case::new(whens, None, Some(field.clone())).or_raise(vm)?;
        values.push((field.name().to_string(), ExprObject::value(case)));
    }
    let mut query = zelf.query.borrow().chain();
    query
        .add_filter("pk__in", Value::List(keys.into()))
        .or_raise(vm)?;
    let mut update = Update::new(query, values).or_raise(vm)?;
    update.query.clear_select_clause();
    run_update(vm, update, using)
}
