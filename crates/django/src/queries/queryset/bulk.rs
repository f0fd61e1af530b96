//! `bulk_create()`
use super::PyQuerySet;
use super::update::together;
use crate::convert::{PyObj, to_py, to_value};
use crate::error::OrRaise;
use crate::models::{class_of_model, ordered};
use crate::py;
use crate::queries::{execute, rows};
use orm_sql::compiler::{Insert, compile_insert};
use orm_sql::dialect::OnConflict;
use orm_sql::expression::{Expression, value_expr};
use orm_sql::expressions::{Col, DatabaseDefault};
use orm_state::{AnyField, Field, FieldKind, ModelRef, Value};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

struct Conflict {
    on_conflict: Option<OnConflict>,
    update_fields: Vec<Rc<Field>>,
    unique_fields: Vec<Rc<Field>>,
}

impl PyQuerySet {
    pub fn create_many(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> PyResult {
        let objs = args.take_positional_keyword("objs").ok_or_else(|| {
            vm.new_type_error("bulk_create() missing 1 required positional argument: 'objs'")
        })?;
        let mut given = |name| {
            args.take_positional_keyword(name)
                .filter(|o: &PyObjectRef| !vm.is_none(o))
        };
        let batch_size = given("batch_size");
        let ignore = given("ignore_conflicts");
        let update = given("update_conflicts");
        let update_fields = given("update_fields");
        let unique_fields = given("unique_fields");
        let truth = |o: Option<PyObjectRef>| match o {
            Some(o) => o.is_true(vm),
            None => Ok(false),
        };
        let batch_size = match batch_size {
            Some(n) => match n.try_into_value::<i64>(vm)? {
                n if n <= 0 => {
                    return Err(vm.new_value_error("Batch size must be a positive integer."));
                }
                n => Some(n as usize),
            },
            None => None,
        };
        let model = zelf.model(vm)?;
        let concrete = model.concrete_model();
        if model
            .parent_list()
            .iter()
            .any(|p| !Rc::ptr_eq(&p.concrete_model(), &concrete))
        {
            return Err(vm.new_value_error("Can't bulk create a multi-table inherited model"));
        }
        let list: Vec<PyObjectRef> = objs.clone().try_into_value(vm)?;
        if list.is_empty() {
            return Ok(objs);
        }
        let conflict = conflict_options(
            vm,
            &model,
            truth(ignore)?,
            truth(update)?,
            update_fields,
            unique_fields,
        )?;
        zelf.for_write.set(true);
        let using = zelf.db(vm)?;
        if model.options.borrow().order_with_respect_to.is_some() {
            let class = class_of_model(vm, &model)?;
            ordered::set_orders(vm, &list, &class, &py::str(vm, &*using))?;
        }
        let (mut with_key, mut without_key) = (vec![], vec![]);
        for obj in &list {
            prepare_related(vm, obj)?;
            if key_is_set(vm, obj)? {
                with_key.push(obj.clone());
            } else {
                with_default_key(vm, &model, obj)?;
                if key_is_set(vm, obj)? {
                    with_key.push(obj.clone());
                } else {
                    without_key.push(obj.clone());
                }
            }
        }
        let fields: Vec<Rc<Field>> = model
            .concrete_fields()
            .iter()
            .filter(|f| f.kind != FieldKind::Generated)
            .cloned()
            .collect();
        let both = !with_key.is_empty() && !without_key.is_empty();
        let work = || {
            if !with_key.is_empty() {
                insert_batches(
                    vm, &model, &with_key, &fields, batch_size, &conflict, &using,
                )?;
            }
            if !without_key.is_empty() {
                let fields: Vec<Rc<Field>> = fields
                    .iter()
                    .filter(|f| !f.kind.is_auto())
                    .cloned()
                    .collect();
                insert_batches(
                    vm,
                    &model,
                    &without_key,
                    &fields,
                    batch_size,
                    &conflict,
                    &using,
                )?;
            }
            Ok(())
        };
        if both {
            together(vm, &using, work)?;
        } else {
            work()?;
        }
        Ok(vm.ctx.new_list(list).into())
    }
}

fn conflict_options(
    vm: &VirtualMachine,
    model: &ModelRef,
    ignore: bool,
    update: bool,
    update_fields: Option<PyObjectRef>,
    unique_fields: Option<PyObjectRef>,
) -> PyResult<Conflict> {
    // Only the unique fields may say "pk".
    let find = |names: Option<PyObjectRef>, key: bool| -> PyResult<Vec<Option<Rc<Field>>>> {
        let Some(names) = names else {
            return Ok(vec![]);
        };
        let names: Vec<PyObjectRef> = names.try_into_value(vm)?;
        names
            .iter()
            .map(|n| {
                let name = n.str(vm)?;
                let name = name.to_string_lossy();
                if key && name == "pk" {
                    return Ok(Some(model.pk_field().or_raise(vm)?));
                }
                Ok(match model.get_field(&name).or_raise(vm)? {
                    AnyField::Field(f) => Some(f),
                    AnyField::Rel(_) => None,
                })
            })
            .collect()
    };
    let unique = find(unique_fields, true)?;
    let updated = find(update_fields, false)?;
    let error = |m: &str| Err(vm.new_value_error(m.to_owned()));
    if ignore && update {
        return error("ignore_conflicts and update_conflicts are mutually exclusive.");
    }
    if update {
        if updated.is_empty() {
            return error(
                "Fields that will be updated when a row insertion fails on conflicts must be provided.",
            );
        }
        if unique.is_empty() {
            return error("Unique fields that can trigger the upsert must be provided.");
        }
        let concrete = |f: &Option<Rc<Field>>| f.as_ref().is_some_and(|f| f.concrete());
        if !updated.iter().all(concrete) {
            return error("bulk_create() can only be used with concrete fields in update_fields.");
        }
        let keys = model.pk_fields().or_raise(vm)?;
        let is_key = |f: &Rc<Field>| keys.iter().any(|key| key.same(f));
        if updated.iter().flatten().any(is_key) {
            return error("bulk_create() cannot be used with primary keys in update_fields.");
        }
        if !unique.iter().all(concrete) {
            return error("bulk_create() can only be used with concrete fields in unique_fields.");
        }
    }
    Ok(Conflict {
        on_conflict: match (ignore, update) {
            (true, _) => Some(OnConflict::Ignore),
            (_, true) => Some(OnConflict::Update),
            _ => None,
        },
        update_fields: updated.into_iter().flatten().collect(),
        unique_fields: unique.into_iter().flatten().collect(),
    })
}

fn prepare_related(vm: &VirtualMachine, obj: &PyObjectRef) -> PyResult<()> {
    let mut args = FuncArgs::default();
    args.kwargs.insert(
        "operation_name".into(),
        vm.ctx.new_str("bulk_create").into(),
    );
    let prepare = obj.get_attr("_prepare_related_fields_for_save", vm)?;
    prepare.call(args, vm)?;
    Ok(())
}

/// Has the instance a key, not one the database will give?
pub fn key_is_set(vm: &VirtualMachine, obj: &PyObjectRef) -> PyResult<bool> {
    let key = obj.get_attr("pk", vm)?;
    let value = to_value(vm, &key)?;
    if value_expr(&value).is_some_and(|e| e.as_any().is::<DatabaseDefault>()) {
        return Ok(false);
    }
    Ok(match value {
        Value::Null => false,
        Value::Tuple(items) => items.iter().all(|v| !v.is_null()),
        _ => true,
    })
}

fn with_default_key(vm: &VirtualMachine, model: &ModelRef, obj: &PyObjectRef) -> PyResult<()> {
    let pk = model.pk_field().or_raise(vm)?;
    let Some(face) = pk.face.get::<PyObj>() else {
        return Ok(());
    };
    let Some(f) = vm.get_attribute_opt(&face.0, "get_pk_value_on_save")? else {
        return Ok(());
    };
    let value = f.call((obj.clone(),), vm)?;
    if !vm.is_none(&value) {
        obj.set_attr("pk", value, vm)?;
    }
    Ok(())
}

/// The value to store: what `pre_save` gives.
fn stored_value(vm: &VirtualMachine, field: &Rc<Field>, obj: &PyObjectRef) -> PyResult<Value> {
    let automatic = {
        let o = field.options.borrow();
        o.auto_now || o.auto_now_add
    };
    let value = match field.face.get::<PyObj>() {
        Some(face)
            if automatic
                || field.overrides().pre_save
                || field.kind == FieldKind::File
                || field.kind == FieldKind::Image =>
        {
            vm.call_method(&face.0, "pre_save", (obj.clone(), true))?
        }
        _ => obj.get_attr(vm.ctx.intern_str(&*field.attname()), vm)?,
    };
    to_value(vm, &value)
}

#[allow(clippy::too_many_arguments)]
fn insert_batches(
    vm: &VirtualMachine,
    model: &ModelRef,
    objs: &[PyObjectRef],
    fields: &[Rc<Field>],
    batch_size: Option<usize>,
    conflict: &Conflict,
    using: &Rc<str>,
) -> PyResult<()> {
    let limit = crate::db::database(vm, using)?.sqlite(vm)?.variable_limit() as usize;
    let most = (limit / fields.len().max(1)).max(1);
    let size = batch_size.map_or(most, |b| b.min(most));
    let returning: Vec<Rc<Field>> = match conflict.on_conflict {
        Some(OnConflict::Ignore) => vec![],
        _ => crate::models::base::save::returning_fields(vm, model)?,
    };
    let work = || {
        for batch in objs.chunks(size) {
            let mut values = Vec::with_capacity(batch.len());
            for obj in batch {
                let row = fields
                    .iter()
                    .map(|f| stored_value(vm, f, obj))
                    .collect::<PyResult<Vec<_>>>()?;
                values.push(row);
            }
            let insert = Insert {
                model: model.clone(),
                fields: fields.to_vec(),
                rows: values,
                on_conflict: conflict.on_conflict,
                update_fields: conflict.update_fields.clone(),
                unique_fields: conflict.unique_fields.clone(),
                returning: returning.clone(),
            };
            let sql = compile_insert(&insert, execute::dialect(), using.clone()).or_raise(vm)?;
            let out = execute::statement(vm, using, &sql)?;
            for (obj, row) in batch.iter().zip(out.rows) {
                for (field, value) in returning.iter().zip(row) {
                    let col = Col::new(model.db_table().as_str().into(), field.clone(), None);
                    let value = rows::convert(&col.into_expr(), value).or_raise(vm)?;
                    obj.set_attr(vm.ctx.intern_str(&*field.attname()), to_py(vm, &value)?, vm)?;
                }
            }
            for obj in batch {
                let state = obj.get_attr("_state", vm)?;
                state.set_attr("adding", vm.ctx.new_bool(false), vm)?;
                state.set_attr("db", vm.ctx.new_str(&**using), vm)?;
            }
        }
        Ok(())
    };
    if objs.len() > size {
        together(vm, using, work)
    } else {
        work()
    }
}
