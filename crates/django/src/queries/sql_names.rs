//! Names of `django.db.models.sql` that other code imports: constants, the tables of a query, and
//! the helpers that look at rows or fields.
use crate::class::{class, function};
use crate::{modules, py};
use orm_sql::query::{FromItem, TableAlias};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const CONSTANTS: &str = "django.db.models.sql.constants";
const TABLES: &str = "django.db.models.sql.datastructures";
const QUERY: &str = "django.db.models.sql.query";

pub fn install(vm: &Vm) -> PyResult<()> {
    for name in ["MULTI", "SINGLE", "NO_RESULTS"] {
        modules::export(
            vm,
            CONSTANTS,
            name,
            py::str(vm, name.to_lowercase().replace('_', " ")),
        )?;
    }
    modules::export(vm, CONSTANTS, "CURSOR", py::str(vm, "cursor"))?;
    modules::export(vm, CONSTANTS, "ROW_COUNT", py::str(vm, "row count"))?;
    modules::export(
        vm,
        CONSTANTS,
        "GET_ITERATOR_CHUNK_SIZE",
        vm.ctx.new_int(100),
    )?;
    modules::export_all(
        vm,
        &[CONSTANTS, TABLES, QUERY],
        "INNER",
        py::str(vm, "INNER JOIN"),
    )?;
    let outer = py::str(vm, "LEFT OUTER JOIN");
    modules::export_all(vm, &[CONSTANTS, TABLES, QUERY], "LOUTER", outer)?;
    let direction = vm.ctx.new_dict();
    for (name, pair) in [("ASC", ["ASC", "DESC"]), ("DESC", ["DESC", "ASC"])] {
        let pair = pair.iter().map(|d| py::str(vm, d)).collect();
        direction.set_item(name, vm.ctx.new_tuple(pair).into(), vm)?;
    }
    modules::export(vm, CONSTANTS, "ORDER_DIR", direction)?;
    for name in ["Join", "BaseTable"] {
        let made = class(vm, TABLES, name, &[], |_| {})?;
        modules::export_all(vm, &[TABLES, QUERY], name, made)?;
    }
    let promoter = class(vm, QUERY, "JoinPromoter", &[], promoter)?;
    modules::export(vm, QUERY, "JoinPromoter", promoter)?;
    let names = function(vm, "get_field_names_from_opts", field_names);
    modules::export(vm, QUERY, "get_field_names_from_opts", names)?;
    let rows = function(vm, "cursor_iter", cursor_iter);
    modules::export(vm, "django.db.models.sql.compiler", "cursor_iter", rows)
}

/// An entry of `query.alias_map`.
pub fn table(vm: &Vm, entry: &TableAlias) -> PyResult {
    let name = match entry.item {
        FromItem::Base { .. } => "BaseTable",
        FromItem::Join(_) => "Join",
    };
    let made = modules::find(vm, TABLES, name)?.call((), vm)?;
    let none = vm.ctx.none();
    let (parent, join_type, nullable, fields) = match &entry.item {
        FromItem::Base { .. } => (none.clone(), none, false, None),
        FromItem::Join(join) => (
            py::str(vm, &*join.parent_alias),
            py::str(vm, join.join_type.sql()),
            join.nullable,
            Some(&join.join_fields),
        ),
    };
    py::set_attr(vm, &made, "table_name", py::str(vm, &**entry.item.table()))?;
    py::set_attr(vm, &made, "table_alias", py::str(vm, &**entry.item.alias()))?;
    py::set_attr(vm, &made, "parent_alias", parent)?;
    py::set_attr(vm, &made, "join_type", join_type)?;
    py::set_attr(vm, &made, "nullable", py::bool(vm, nullable))?;
    if let Some(fields) = fields {
        let mut columns = vec![];
        for (ours, theirs) in fields.iter() {
            let pair = [ours, theirs].map(|f| py::str(vm, f.column().as_deref().unwrap_or("")));
            columns.push(vm.ctx.new_tuple(pair.to_vec()).into());
        }
        py::set_attr(vm, &made, "join_cols", vm.ctx.new_tuple(columns))?;
    }
    Ok(made)
}

fn promoter(c: &mut crate::class::Class) {
    const PARTS: [&str; 3] = ["connector", "num_children", "negated"];
    c.method(
        "__init__",
        |this: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
            for name in PARTS {
                let value = args
                    .take_positional_keyword(name)
                    .ok_or_else(|| vm.new_type_error(format!("JoinPromoter() needs {name}")))?;
                py::set_attr(vm, &this, name, value)?;
            }
            Ok(())
        },
    );
    c.method(
        "__repr__",
        |this: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let mut shown = vec![];
            for name in PARTS {
                let value = py::repr(vm, &py::attr(vm, &this, name)?)?;
                shown.push(format!("{name}={value}"));
            }
            Ok(format!("JoinPromoter({})", shown.join(", ")))
        },
    );
}

/// The names that a model's fields can be asked for by.
fn field_names(opts: PyObjectRef, vm: &Vm) -> PyResult {
    let mut names = vec![];
    if !vm.is_none(&opts) {
        for field in py::list(vm, &py::call(vm, &opts, "get_fields", vec![])?)? {
            names.push(py::attr(vm, &field, "name")?);
            if py::is_true(vm, &py::attr(vm, &field, "concrete")?)? {
                names.push(py::attr(vm, &field, "attname")?);
            }
        }
    }
    let names = vm.ctx.new_list(names);
    vm.ctx.types.set_type.as_object().call((names,), vm)
}

/// Rows in chunks: `fetchmany(itersize)` until it returns the sentinel.
fn cursor_iter(mut args: FuncArgs, vm: &Vm) -> PyResult {
    let mut take = |name| {
        args.take_positional_keyword(name)
            .ok_or_else(|| vm.new_type_error(format!("cursor_iter() needs {name}")))
    };
    let (cursor, sentinel) = (take("cursor")?, take("sentinel")?);
    let (columns, size) = (take("col_count")?, take("itersize")?);
    if !vm.is_none(&columns) {
        return Err(vm.new_not_implemented_error("cursor_iter() with col_count"));
    }
    let fetch = py::attr(vm, &cursor, "fetchmany")?;
    let partial = vm.import("functools", 0)?.get_attr("partial", vm)?;
    let next = partial.call((fetch, size), vm)?;
    vm.builtins
        .as_object()
        .get_attr("iter", vm)?
        .call((next, sentinel), vm)
}
