//! A field as a column in an expression: `get_col()`, `cached_col`, and what a class of fields
//! learns when it is made.
use super::properties::{inner, this};
use crate::class::{Class, fill_class};
use crate::error::OrRaise;
use crate::expressions::classes::wrap;
use crate::{modules, py};
use orm_sql::Expr;
use orm_sql::expressions::Col;
use orm_sql::expressions::col::value_field;
use orm_state::{Field, FieldKind};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::OptionalArg;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method(
        "get_col",
        |o: PyObjectRef, alias: PyObjectRef, output: OptionalArg, vm: &Vm| {
            let output = output.into_option().filter(|f| !vm.is_none(f));
            get_col(&o, &alias, output, vm)
        },
    );
    c.getter("cached_col", |o, vm| cached_col(&o, vm));
    c.method(
        "db_type_parameters",
        |o: PyObjectRef, connection: PyObjectRef, vm: &Vm| db_type_parameters(&o, connection, vm),
    );
    c.classmethod("__init_subclass__", |cls: PyTypeRef, vm: &Vm| {
        placeholder_of_old(cls, vm)
    });
}

/// What only some classes have.
pub fn install(vm: &Vm) -> PyResult<()> {
    let composite = super::classes::builtin(vm, "CompositePrimaryKey")?;
    fill_class(vm, &composite, |c| {
        c.getter("fields", |o, vm| {
            Ok(vm.ctx.new_tuple(key_parts(&o, vm)?).into())
        });
        c.method("__iter__", |o: PyObjectRef, vm: &Vm| -> PyResult {
            Ok(vm
                .ctx
                .new_tuple(key_parts(&o, vm)?)
                .as_object()
                .get_iter(vm)?
                .into())
        });
    })?;
    let key = super::classes::builtin(vm, "ForeignKey")?;
    fill_class(vm, &key, |c| {
        c.classmethod("__class_getitem__", |cls: PyTypeRef, _item: PyObjectRef| {
            cls
        });
    })
}

/// The fields of a composite key.
fn key_parts(o: &PyObject, vm: &Vm) -> PyResult<Vec<PyObjectRef>> {
    let parts = match inner(o, vm)?.model() {
        Some(model) => model.pk_fields().or_raise(vm)?,
        None => vec![],
    };
    parts
        .iter()
        .map(|field| super::field_object(vm, field))
        .collect()
}

/// `get_placeholder()` alone is how it was done once: the class hears so.
fn placeholder_of_old(cls: PyTypeRef, vm: &Vm) -> PyResult<()> {
    let has = |name: &str| cls.get_direct_attr(vm.ctx.intern_str(name)).is_some();
    if !has("get_placeholder") || has("get_placeholder_sql") {
        return Ok(());
    }
    let text = "django.db.models.fields._placeholders";
    vm.import(text, 0)?;
    modules::find(vm, text, "replace")?
        .call((cls,), vm)
        .map(drop)
}

fn get_col(o: &PyObject, alias: &PyObject, output: Option<PyObjectRef>, vm: &Vm) -> PyResult {
    let field = inner(o, vm)?;
    let alias = py::to_string(vm, alias)?;
    let is_own = match &output {
        Some(given) => py::eq(vm, given, o)?,
        None => true,
    };
    if is_own && field.model().is_some_and(|m| m.db_table() == alias) {
        return py::attr(vm, o, "cached_col");
    }
    let output = match &output {
        Some(given) if !is_own => inner(given, vm)?,
        _ => own_output(&field, vm)?,
    };
    let column: Expr = Col::new(alias.into(), field, Some(output));
    wrap(vm, &column)
}

/// The column in its own table, always the same object.
fn cached_col(o: &PyObject, vm: &Vm) -> PyResult {
    if let Some(kept) = this(o, vm)?.part("cached_col") {
        return Ok(kept);
    }
    let field = inner(o, vm)?;
    let table = field.model().map(|m| m.db_table()).unwrap_or_default();
    let output = own_output(&field, vm)?;
    let column: Expr = Col::new(table.into(), field, Some(output));
    let made = wrap(vm, &column)?;
    this(o, vm)?.set_part("cached_col", made.clone());
    Ok(made)
}

/// The field whose values the column has: a key's is at the end of its chain of keys.
fn own_output(field: &Rc<Field>, vm: &Vm) -> PyResult<Rc<Field>> {
    let is_key = |f: &Field| matches!(f.kind, FieldKind::ForeignKey | FieldKind::OneToOne);
    if field.kind == FieldKind::Generated {
        let output = field.options.borrow().generated_output_field.clone();
        return Ok(output.unwrap_or_else(|| field.clone()));
    }
    let found = value_field(field);
    if is_key(field) && is_key(&found) {
        return Err(vm.new_value_error("Cannot resolve output_field."));
    }
    Ok(found)
}

/// The names that a column's type may mention.
fn db_type_parameters(o: &PyObject, connection: PyObjectRef, vm: &Vm) -> PyResult {
    let field = inner(o, vm)?;
    if field.kind == FieldKind::Generated {
        let output = this(o, vm)?.part_or_none(vm, "output_field");
        return py::call(vm, &output, "db_type_parameters", vec![connection]);
    }
    let out = vm.ctx.new_dict();
    for name in ["max_length", "max_digits", "decimal_places", "column"] {
        out.set_item(name, py::attr(vm, o, name)?, vm)?;
    }
    if let Some(column) = field.column() {
        let ops = py::attr(vm, &connection, "ops")?;
        let quoted = py::call(vm, &ops, "quote_name", vec![py::str(vm, &*column)])?;
        out.set_item("qn_column", quoted, vm)?;
    }
    Ok(out.into())
}

/// The class of `AutoField`: the bigger and the smaller ones count as automatic fields too.
pub fn auto_field_meta(vm: &Vm) -> PyResult<PyTypeRef> {
    let kind = vm.ctx.types.type_type.to_owned();
    crate::class::class(
        vm,
        "django.db.models.fields",
        "AutoFieldMeta",
        &[kind],
        |c| {
            c.method(
                "__instancecheck__",
                |cls: PyTypeRef, o: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                    is_automatic(&cls, &o.class().to_owned(), vm)
                },
            );
            c.method(
                "__subclasscheck__",
                |cls: PyTypeRef, other: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                    match py::as_class(&other) {
                        Some(other) => is_automatic(&cls, &other, vm),
                        None => Err(vm.new_type_error("issubclass() arg 1 must be a class")),
                    }
                },
            );
        },
    )
}

fn is_automatic(cls: &PyTypeRef, class: &PyTypeRef, vm: &Vm) -> PyResult<bool> {
    if class.fast_issubclass(cls) {
        return Ok(true);
    }
    for name in ["BigAutoField", "SmallAutoField"] {
        if class.fast_issubclass(&super::classes::builtin(vm, name)?) {
            return Ok(true);
        }
    }
    Ok(false)
}
