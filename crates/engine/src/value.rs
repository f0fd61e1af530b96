//! Python values as cards show them.
mod columns;

use crate::scratch::{attr, attr_opt, attr_text, items, text};
use django::queries::queryset::{PyQuerySet, Shape};
use orm_state::Value as OrmValue;
use protocol::report::{
    Cell, Exception, Field, Frame, InstanceValue, Named, Rows, RowsColumn, Scalar, Value,
};
use python::Failure;
use rustpython_vm::builtins::{
    PyBytes, PyDict, PyDictRef, PyFloat, PyInt, PyList, PySet, PyStr, PyTuple,
};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

/// More characters of a `repr` are not carried.
const LONGEST: usize = 4000;
/// More items of a list or dict are not carried.
const MOST_ITEMS: usize = 200;
/// Lists inside lists inside lists end somewhere.
const DEEPEST: usize = 4;

/// What a statement came to. Never raises: what cannot be shown says why.
pub fn value(vm: &VirtualMachine, object: &PyObjectRef, rows: usize) -> Value {
    shown(vm, object, rows, 0)
}

fn shown(vm: &VirtualMachine, object: &PyObjectRef, rows: usize, depth: usize) -> Value {
    let tried = match () {
        () if vm.is_none(object) => Ok(Value::None),
        () if object.downcast_ref::<PyQuerySet>().is_some() => queryset(vm, object, rows),
        () if is_instance(vm, object) => instance(vm, object).map(Value::Instance),
        () if depth < DEEPEST && is_list(object) => list(vm, object, rows, depth),
        () => match object.downcast_ref::<PyDict>() {
            Some(dict) if depth < DEEPEST => Ok(dictionary(vm, object, dict, rows, depth)),
            _ => Ok(plain(vm, object)),
        },
    };
    tried.unwrap_or_else(|error| Value::Exception(exception(python::failure::describe(vm, &error))))
}

fn is_list(object: &PyObjectRef) -> bool {
    object.downcast_ref::<PyList>().is_some()
        || object.downcast_ref::<PyTuple>().is_some()
        || object.downcast_ref::<PySet>().is_some()
}

/// Whether it is an instance of a model.
pub fn is_instance(vm: &VirtualMachine, object: &PyObjectRef) -> bool {
    object
        .downcast_ref::<rustpython_vm::builtins::PyType>()
        .is_none()
        && attr_opt(vm, &object.class().to_owned().into(), "_meta").is_some()
        && attr_opt(vm, object, "_state").is_some()
}

/// An exception for a card.
pub fn exception(failure: Failure) -> Exception {
    Exception {
        kind: failure.kind,
        qualified: failure.qualified,
        message: failure.message,
        traceback: failure.traceback,
        frames: failure
            .frames
            .into_iter()
            .map(|f| Frame {
                file: f.file,
                line: f.line,
                function: f.function,
            })
            .collect(),
    }
}

fn plain(vm: &VirtualMachine, object: &PyObjectRef) -> Value {
    // A plan, an SQL text: what has lines is shown in lines.
    if let Some(s) = object.downcast_ref::<PyStr>() {
        let s = s.to_string_lossy();
        if s.contains('\n') {
            return Value::Text(cut(&s, LONGEST * 8));
        }
    }
    Value::Scalar(Scalar {
        type_name: type_name(vm, object),
        repr: cut(&repr(vm, object), LONGEST),
    })
}

fn repr(vm: &VirtualMachine, object: &PyObjectRef) -> String {
    match object.repr(vm) {
        Ok(r) => r.to_string_lossy().into_owned(),
        Err(e) => format!("<repr raised {}>", e.class().name()),
    }
}

fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// `int`, `Decimal`, `datetime.date`.
fn type_name(vm: &VirtualMachine, object: &PyObjectRef) -> String {
    let class: PyObjectRef = object.class().to_owned().into();
    let name = attr_text(vm, &class, "__qualname__");
    match attr_text(vm, &class, "__module__").as_str() {
        "datetime" => format!("datetime.{name}"),
        _ => name,
    }
}

fn queryset(vm: &VirtualMachine, object: &PyObjectRef, rows: usize) -> PyResult<Value> {
    let Some(qs) = object.downcast_ref::<PyQuerySet>() else {
        return Ok(Value::Nothing);
    };
    let fetched = PyQuerySet::fetch_all(qs, vm)?;
    let all: Vec<PyObjectRef> = fetched.borrow_vec().to_vec();
    let mut table = Rows {
        model: Some(model_of(vm, object)),
        type_name: type_name(vm, object),
        total: all.len() as u64,
        ..Rows::default()
    };
    let some = all.get(..all.len().min(rows)).unwrap_or_default();
    match qs.shape.get() {
        Shape::Models => instances(vm, object, some, &mut table)?,
        Shape::Dicts => dicts(vm, some, &mut table)?,
        Shape::Tuples | Shape::Named | Shape::Flat => {
            let names = names(vm, qs, object)?;
            tuples(vm, some, names, &mut table)?;
        }
    }
    columns::describe(vm, object, &mut table.columns);
    Ok(Value::Table(table))
}

/// A queryset that was not evaluated.
pub fn pending(vm: &VirtualMachine, object: &PyObjectRef) -> Value {
    Value::Queryset {
        model: model_of(vm, object),
    }
}

fn model_of(vm: &VirtualMachine, queryset: &PyObjectRef) -> String {
    attr_opt(vm, queryset, "model")
        .and_then(|m| attr_opt(vm, &m, "_meta"))
        .map(|meta| attr_text(vm, &meta, "label"))
        .unwrap_or_default()
}

fn annotations(qs: &Py<PyQuerySet>) -> Vec<String> {
    let query = qs.query.borrow();
    query
        .annotation_select()
        .map(|(name, _)| name.to_string())
        .collect()
}

fn concrete_fields(vm: &VirtualMachine, owner: &PyObjectRef) -> PyResult<Vec<PyObjectRef>> {
    let meta = attr(vm, owner, "_meta")?;
    items(vm, &attr(vm, &meta, "concrete_fields")?)
}

fn column(vm: &VirtualMachine, field: &PyObjectRef) -> RowsColumn {
    let flag = |name| attr_opt(vm, field, name).is_some_and(|v| v.is_true(vm).unwrap_or(false));
    RowsColumn {
        name: attr_text(vm, field, "attname"),
        type_name: field.class().name().to_string(),
        nullable: flag("null"),
        primary_key: flag("primary_key"),
        annotation: false,
    }
}

fn extra(name: String) -> RowsColumn {
    RowsColumn {
        name,
        annotation: true,
        ..RowsColumn::default()
    }
}

fn instances(
    vm: &VirtualMachine,
    queryset: &PyObjectRef,
    some: &[PyObjectRef],
    table: &mut Rows,
) -> PyResult<()> {
    let model = attr(vm, queryset, "model")?;
    table.columns = concrete_fields(vm, &model)?
        .iter()
        .map(|f| column(vm, f))
        .collect();
    if let Some(qs) = queryset.downcast_ref::<PyQuerySet>() {
        table.columns.extend(annotations(qs).into_iter().map(extra));
    }
    fill(vm, some, table);
    Ok(())
}

/// Reads each instance's own attributes: what is not there was deferred.
fn fill(vm: &VirtualMachine, some: &[PyObjectRef], table: &mut Rows) {
    for object in some {
        let dict = object.dict();
        let row = table
            .columns
            .iter()
            .map(|c| held(vm, dict.as_ref(), &c.name))
            .collect();
        table.rows.push(row);
    }
}

fn held(vm: &VirtualMachine, dict: Option<&PyDictRef>, name: &str) -> Cell {
    match dict.and_then(|d| d.get_item_opt(name, vm).ok().flatten()) {
        Some(value) => cell(vm, &value),
        None => Cell::Deferred,
    }
}

fn dicts(vm: &VirtualMachine, some: &[PyObjectRef], table: &mut Rows) -> PyResult<()> {
    if let Some(first) = some.first().and_then(|f| f.downcast_ref::<PyDict>()) {
        table.columns = first
            .items_vec()
            .into_iter()
            .map(|(key, _)| RowsColumn {
                name: text(vm, &key),
                ..RowsColumn::default()
            })
            .collect();
    }
    for row in some {
        let dict: PyDictRef = row.clone().try_into_value(vm)?;
        let cells = table
            .columns
            .iter()
            .map(|c| held(vm, Some(&dict), &c.name))
            .collect();
        table.rows.push(cells);
    }
    Ok(())
}

fn names(vm: &VirtualMachine, qs: &Py<PyQuerySet>, object: &PyObjectRef) -> PyResult<Vec<String>> {
    if let Some(fields) = &*qs.fields.borrow()
        && !fields.is_empty()
    {
        return Ok(fields.iter().map(|f| f.to_string()).collect());
    }
    let model = attr(vm, object, "model")?;
    let mut names: Vec<String> = concrete_fields(vm, &model)?
        .iter()
        .map(|f| attr_text(vm, f, "attname"))
        .collect();
    names.extend(annotations(qs));
    Ok(names)
}

fn tuples(
    vm: &VirtualMachine,
    some: &[PyObjectRef],
    names: Vec<String>,
    table: &mut Rows,
) -> PyResult<()> {
    for row in some {
        let cells = match row.downcast_ref::<PyTuple>() {
            Some(tuple) => tuple.as_slice().iter().map(|v| cell(vm, v)).collect(),
            None => vec![cell(vm, row)],
        };
        table.rows.push(cells);
    }
    let width = table.rows.first().map_or(names.len(), Vec::len);
    table.columns = (0..width)
        .map(|i| RowsColumn {
            name: names.get(i).cloned().unwrap_or_else(|| i.to_string()),
            ..RowsColumn::default()
        })
        .collect();
    Ok(())
}

fn instance(vm: &VirtualMachine, object: &PyObjectRef) -> PyResult<InstanceValue> {
    let meta = attr(vm, object, "_meta")?;
    let dict = object.dict();
    let fields = concrete_fields(vm, object)?
        .iter()
        .map(|field| {
            let name = attr_text(vm, field, "attname");
            Field {
                field_type: field.class().name().to_string(),
                value: held(vm, dict.as_ref(), &name),
                name,
            }
        })
        .collect();
    Ok(InstanceValue {
        model: attr_text(vm, &meta, "label"),
        repr: cut(&repr(vm, object), LONGEST),
        fields,
    })
}

fn list(vm: &VirtualMachine, object: &PyObjectRef, rows: usize, depth: usize) -> PyResult<Value> {
    let all = items(vm, object)?;
    if let Some(table) = table_of(vm, object, &all, rows)? {
        return Ok(Value::Table(table));
    }
    let some = all.get(..all.len().min(MOST_ITEMS)).unwrap_or_default();
    Ok(Value::List {
        type_name: type_name(vm, object),
        items: some.iter().map(|i| shown(vm, i, rows, depth + 1)).collect(),
        total: all.len() as u64,
    })
}

/// A list of instances of one model, or of dicts with the same keys, reads best as a table.
fn table_of(
    vm: &VirtualMachine,
    object: &PyObjectRef,
    all: &[PyObjectRef],
    rows: usize,
) -> PyResult<Option<Rows>> {
    let Some(first) = all.first() else {
        return Ok(None);
    };
    let some = all.get(..all.len().min(rows)).unwrap_or_default();
    let mut table = Rows {
        type_name: type_name(vm, object),
        total: all.len() as u64,
        ..Rows::default()
    };
    if is_instance(vm, first) && all.iter().all(|o| o.class().is(first.class())) {
        let meta = attr(vm, first, "_meta")?;
        table.model = Some(attr_text(vm, &meta, "label"));
        table.columns = concrete_fields(vm, first)?
            .iter()
            .map(|f| column(vm, f))
            .collect();
        fill(vm, some, &mut table);
        return Ok(Some(table));
    }
    let keys = |o: &PyObjectRef| {
        let dict = o.downcast_ref::<PyDict>()?;
        let keys: Vec<String> = dict.items_vec().iter().map(|(k, _)| text(vm, k)).collect();
        Some(keys)
    };
    match keys(first) {
        Some(wanted)
            if !wanted.is_empty() && all.iter().all(|o| keys(o) == Some(wanted.clone())) =>
        {
            dicts(vm, some, &mut table)?;
            Ok(Some(table))
        }
        _ => Ok(None),
    }
}

fn dictionary(
    vm: &VirtualMachine,
    object: &PyObjectRef,
    dict: &Py<PyDict>,
    rows: usize,
    depth: usize,
) -> Value {
    let all = dict.items_vec();
    Value::Dict {
        type_name: type_name(vm, object),
        total: all.len() as u64,
        items: all
            .into_iter()
            .take(MOST_ITEMS)
            .map(|(key, value)| Named {
                name: cut(&repr(vm, &key), LONGEST),
                value: shown(vm, &value, rows, depth + 1),
            })
            .collect(),
    }
}

/// A Python value in a table.
pub fn cell(vm: &VirtualMachine, object: &PyObjectRef) -> Cell {
    if vm.is_none(object) {
        return Cell::Null;
    }
    if object.class().is(vm.ctx.types.bool_type) {
        return Cell::Bool(object.clone().is_true(vm).unwrap_or(false));
    }
    if let Some(int) = object.downcast_ref::<PyInt>()
        && object.class().is(vm.ctx.types.int_type)
        && let Ok(n) = int.try_to_primitive::<i64>(vm)
    {
        return Cell::Int(n);
    }
    if object.downcast_ref::<PyFloat>().is_some() {
        return Cell::Float(repr(vm, object));
    }
    if object.class().is(vm.ctx.types.str_type) {
        return Cell::Text(text(vm, object));
    }
    if let Some(bytes) = object.downcast_ref::<PyBytes>() {
        return bytes_cell(bytes.as_bytes());
    }
    if object.downcast_ref::<PyDict>().is_some() || is_list(object) {
        return Cell::Json(cut(&repr(vm, object), LONGEST));
    }
    if is_instance(vm, object) {
        let label = attr_opt(vm, object, "_meta").map(|m| attr_text(vm, &m, "label"));
        return Cell::Instance(label.unwrap_or_default(), cut(&text(vm, object), LONGEST));
    }
    Cell::Other(type_name(vm, object), cut(&text(vm, object), LONGEST))
}

fn bytes_cell(bytes: &[u8]) -> Cell {
    let some = bytes.iter().take(64).map(|b| format!("{b:02x}")).collect();
    Cell::Bytes(bytes.len() as u64, some)
}

/// A value of the database, or a parameter.
pub fn cell_of(value: &OrmValue) -> Cell {
    match value {
        OrmValue::Null => Cell::Null,
        OrmValue::Bool(b) => Cell::Bool(*b),
        OrmValue::Int(n) => Cell::Int(*n),
        OrmValue::Float(_) => Cell::Float(value.repr()),
        OrmValue::Str(s) => Cell::Text(s.to_string()),
        OrmValue::Bytes(b) => bytes_cell(b),
        OrmValue::List(_) | OrmValue::Tuple(_) | OrmValue::Dict(_) => Cell::Json(value.repr()),
        other => Cell::Other(other.type_name(), other.to_str()),
    }
}
