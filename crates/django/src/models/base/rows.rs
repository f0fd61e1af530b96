//! `QuerySet._update` and `QuerySet._insert`: how `save()` reaches the tables.
use crate::class::fill_class;
use crate::convert::{to_py, to_value};
use crate::error::OrRaise;
use crate::models::fields::field_of;
use crate::queries::queryset::PyQuerySet;
use crate::queries::queryset::{run_returning, run_update};
use crate::queries::{execute, rows};
use crate::{modules, py};
use orm_sql::compiler::{Insert, Update, compile_insert};
use orm_sql::connection::Row;
use orm_sql::expression::Expression;
use orm_sql::expressions::Col;
use orm_state::{Field, FieldKind};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// Adds the two methods to `QuerySet`.
pub fn install(vm: &Vm) -> PyResult<()> {
    let class = modules::find(vm, "django.db.models.query", "QuerySet")?
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))?;
    fill_class(vm, &class, |c| {
        c.method("_update", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            update(vm, &o, args)
        });
        c.method("_insert", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            insert(vm, &o, args)
        });
    })
}

fn this<'a>(o: &'a PyObject, vm: &Vm) -> PyResult<&'a Py<PyQuerySet>> {
    o.downcast_ref::<PyQuerySet>()
        .ok_or_else(|| vm.new_type_error("not a QuerySet"))
}

/// `_update([(field, None, value), …], returning_fields=None)`: the number of rows, or what each
/// row has in those fields now.
fn update(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult {
    let rows = this(o, vm)?;
    let values = args
        .take_positional_keyword("values")
        .ok_or_else(|| vm.new_type_error("_update() missing 1 required argument: 'values'"))?;
    let returning = args
        .take_positional_keyword("returning_fields")
        .filter(|f| !vm.is_none(f));
    rows.for_write.set(true);
    let using = rows.db(vm)?;
    let mut given = vec![];
    for triple in py::list(vm, &values)? {
        let [field, _, value] = &py::list(vm, &triple)?[..] else {
            return Err(vm.new_value_error("_update() takes (field, model, value) triples"));
        };
        if let Some(f) = field_of(field) {
            given.push((f.name().to_string(), to_value(vm, value)?));
        }
    }
    let mut query = rows.query.borrow().chain();
    query.clear_ordering(true, true);
    // They would only be selected by the subqueries of the update.
    query.annotations = Rc::default();
    query.annotation_select_mask = None;
    let mut update = Update::new(query, given).or_raise(vm)?;
    let Some(returning) = returning else {
        let rows = run_update(vm, update, &using)?;
        return Ok(vm.ctx.new_int(rows).into());
    };
    let fields: Vec<Rc<Field>> = py::list(vm, &returning)?
        .iter()
        .filter_map(|f| field_of(f))
        .collect();
    update.returning = fields.clone();
    let model = update.query.model().or_raise(vm)?.clone();
    let found = run_returning(vm, update, &using)?;
    returned(vm, &model.db_table(), &fields, found)
}

/// Rows that the database gave back, as tuples of Python's values.
fn returned(vm: &Vm, table: &str, fields: &[Rc<Field>], rows: Vec<Row>) -> PyResult {
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let mut values = Vec::with_capacity(fields.len());
        for (field, value) in fields.iter().zip(row) {
            let col = Col::new(table.into(), field.clone(), None);
            let value = rows::convert(&col.into_expr(), value).or_raise(vm)?;
            values.push(to_py(vm, &value)?);
        }
        found.push(vm.ctx.new_tuple(values).into());
    }
    Ok(vm.ctx.new_list(found).into())
}

/// `_insert(objs, fields, returning_fields=None, raw=False, using=None)`: rows of the values the
/// database gave.
fn insert(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult {
    let rows_set = this(o, vm)?;
    let objects = match args.take_positional_keyword("objs") {
        Some(v) => py::list(vm, &v)?,
        None => vec![],
    };
    let mut fields_named = |name: &str| -> PyResult<Vec<Rc<Field>>> {
        match args
            .take_positional_keyword(name)
            .filter(|v| !vm.is_none(v))
        {
            Some(v) => Ok(py::list(vm, &v)?
                .iter()
                .filter_map(|f| field_of(f))
                .collect()),
            None => Ok(vec![]),
        }
    };
    let fields = fields_named("fields")?;
    let returning = fields_named("returning_fields")?;
    let raw = match args.take_positional_keyword("raw") {
        Some(v) => v.is_true(vm)?,
        None => false,
    };
    let using: Rc<str> = match args
        .take_positional_keyword("using")
        .filter(|v| !vm.is_none(v))
    {
        Some(v) => py::to_string(vm, &v)?.into(),
        None => rows_set.db(vm)?,
    };
    rows_set.for_write.set(true);
    let model = rows_set.query.borrow().model().or_raise(vm)?.clone();
    let mut values = Vec::with_capacity(objects.len());
    for object in &objects {
        let row = fields
            .iter()
            .map(|f| stored(vm, f, object, raw))
            .collect::<PyResult<Vec<_>>>()?;
        values.push(row);
    }
    let statement = Insert {
        model: model.clone(),
        fields,
        rows: values,
        on_conflict: None,
        update_fields: vec![],
        unique_fields: vec![],
        returning: returning.clone(),
    };
    let sql = compile_insert(&statement, execute::dialect(), using.clone()).or_raise(vm)?;
    let out = execute::statement(vm, &using, &sql)?;
    returned(vm, &model.db_table(), &returning, out.rows)
}

/// What is stored of a field: asked of Python only where that can differ from the attribute.
fn stored(vm: &Vm, field: &Rc<Field>, object: &PyObject, raw: bool) -> PyResult<orm_state::Value> {
    let plain = {
        let options = field.options.borrow();
        !(options.auto_now || options.auto_now_add)
            && !matches!(field.kind, FieldKind::File | FieldKind::Image)
            && !field.overrides().pre_save
    };
    let value = if raw || plain {
        py::attr(vm, object, &field.attname())?
    } else {
        let f = crate::models::fields::field_object(vm, field)?;
        py::call(
            vm,
            &f,
            "pre_save",
            vec![object.to_owned(), py::bool(vm, true)],
        )?
    };
    to_value(vm, &value)
}
