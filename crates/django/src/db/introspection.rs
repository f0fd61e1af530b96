//! `connection.introspection`: what tables exist and what is in them.
use super::wrapper::DatabaseWrapper;
use crate::error::OrRaise;
use orm_sqlite::{Column, ConstraintInfo};
use rustpython_vm::builtins::{PyDictRef, PyListRef, PyStrRef, PyType};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};

#[pyclass(
    module = "django.db.backends.sqlite3.introspection",
    name = "DatabaseIntrospection"
)]
#[derive(PyPayload)]
pub struct DatabaseIntrospection {
    pub database: PyRef<DatabaseWrapper>,
}

impl std::fmt::Debug for DatabaseIntrospection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseIntrospection")
    }
}

/// The field class for a declared type, as `inspectdb` names it.
pub fn field_type(column: &Column) -> &'static str {
    let declared = column.data_type.to_lowercase();
    let base = declared.split('(').next().unwrap_or_default().trim();
    let found = match base {
        "bool" | "boolean" => "BooleanField",
        "smallint" | "smallinteger" => "SmallIntegerField",
        "smallint unsigned" => "PositiveSmallIntegerField",
        "int" | "integer" => "IntegerField",
        "bigint" => "BigIntegerField",
        "integer unsigned" => "PositiveIntegerField",
        "bigint unsigned" => "PositiveBigIntegerField",
        "decimal" => "DecimalField",
        "real" => "FloatField",
        "char" | "varchar" => "CharField",
        "blob" => "BinaryField",
        "date" => "DateField",
        "datetime" => "DateTimeField",
        "time" => "TimeField",
        _ => "TextField",
    };
    if column.pk
        && matches!(
            found,
            "BigIntegerField" | "IntegerField" | "SmallIntegerField"
        )
    {
        "AutoField"
    } else if column.has_json_constraint {
        "JSONField"
    } else {
        found
    }
}

/// An instance of a named tuple class made for the occasion.
fn named(vm: &VirtualMachine, class: &str, names: &str, values: Vec<PyObjectRef>) -> PyResult {
    let make = vm.import("collections", 0)?.get_attr("namedtuple", vm)?;
    let class = make.call((vm.ctx.new_str(class), vm.ctx.new_str(names)), vm)?;
    class.call(values, vm)
}

fn text(vm: &VirtualMachine, s: &str) -> PyObjectRef {
    vm.ctx.new_str(s).into()
}

/// What a foreign key's `ON DELETE` is in a model; nothing for what models do by themselves.
fn on_delete(vm: &VirtualMachine, action: &str) -> PyResult {
    let name = match action {
        "CASCADE" => "DB_CASCADE",
        "SET DEFAULT" => "DB_SET_DEFAULT",
        "SET NULL" => "DB_SET_NULL",
        "NO ACTION" => "DO_NOTHING",
        _ => return Ok(vm.ctx.none()),
    };
    crate::modules::find(vm, "django.db.models.deletion", name)
}

fn table_argument(vm: &VirtualMachine, args: &FuncArgs) -> PyResult<String> {
    // (cursor, table_name)
    let found = args.args.get(1).cloned();
    let found = found
        .or_else(|| args.get_optional_kwarg("table_name"))
        .ok_or_else(|| vm.new_type_error("missing a required argument: 'table_name'"))?;
    Ok(found.str(vm)?.to_string_lossy().into_owned())
}

/// Of a connection, as `connection.introspection` makes it.
impl Constructor for DatabaseIntrospection {
    type Args = (PyObjectRef,);
    fn py_new(_: &Py<PyType>, (connection,): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
        let database = super::registry::wrapper_of(vm, connection)?;
        Ok(DatabaseIntrospection { database })
    }
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl DatabaseIntrospection {
    #[pygetset]
    fn connection(zelf: &Py<DatabaseIntrospection>) -> PyRef<DatabaseWrapper> {
        zelf.database.clone()
    }
    #[pymethod]
    fn identifier_converter(_zelf: &Py<DatabaseIntrospection>, name: PyStrRef) -> PyStrRef {
        name
    }
    #[pymethod]
    fn table_names(
        zelf: &Py<DatabaseIntrospection>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let views = args
            .args
            .get(1)
            .cloned()
            .or_else(|| args.get_optional_kwarg("include_views"));
        let views = match views {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let tables = zelf.database.sqlite(vm)?.tables().or_raise(vm)?;
        let names = tables
            .iter()
            .filter(|t| views || !t.is_view)
            .map(|t| text(vm, &t.name))
            .collect();
        Ok(vm.ctx.new_list(names))
    }
    #[pymethod]
    fn get_table_list(
        zelf: &Py<DatabaseIntrospection>,
        _args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let tables = zelf.database.sqlite(vm)?.tables().or_raise(vm)?;
        let mut rows = vec![];
        for t in tables {
            let kind = if t.is_view { "v" } else { "t" };
            let values = vec![text(vm, &t.name), text(vm, kind)];
            rows.push(named(vm, "TableInfo", "name type", values)?);
        }
        Ok(vm.ctx.new_list(rows))
    }
    #[pymethod]
    fn get_table_description(
        zelf: &Py<DatabaseIntrospection>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let table = table_argument(vm, &args)?;
        let columns = zelf.database.sqlite(vm)?.columns(&table).or_raise(vm)?;
        let mut rows = vec![];
        for c in columns {
            let none = || vm.ctx.none();
            let optional = |s: &Option<String>| match s {
                Some(s) => text(vm, s),
                None => vm.ctx.none(),
            };
            let values = vec![
                text(vm, &c.name),
                text(vm, &c.data_type),
                c.size.map_or_else(none, |n| vm.ctx.new_int(n).into()),
                none(),
                none(),
                none(),
                vm.ctx.new_bool(c.null).into(),
                optional(&c.default),
                optional(&c.collation),
                vm.ctx.new_bool(c.pk).into(),
                vm.ctx.new_bool(c.has_json_constraint).into(),
            ];
            rows.push(named(
                vm,
                "FieldInfo",
                "name type_code display_size internal_size precision scale null_ok default collation pk has_json_constraint",
                values,
            )?);
        }
        Ok(vm.ctx.new_list(rows))
    }
    #[pymethod]
    fn get_field_type(
        _zelf: &Py<DatabaseIntrospection>,
        data_type: PyStrRef,
        description: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<&'static str> {
        let flag = |name: &'static str| description.get_attr(name, vm)?.is_true(vm);
        Ok(field_type(&Column {
            name: String::new(),
            data_type: data_type.to_string_lossy().into_owned(),
            size: None,
            null: false,
            default: None,
            collation: None,
            pk: flag("pk")?,
            has_json_constraint: flag("has_json_constraint")?,
        }))
    }
    #[pymethod]
    fn get_relations(
        zelf: &Py<DatabaseIntrospection>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyDictRef> {
        let table = table_argument(vm, &args)?;
        let keys = zelf
            .database
            .sqlite(vm)?
            .foreign_keys(&table)
            .or_raise(vm)?;
        let found = vm.ctx.new_dict();
        for key in keys {
            let values = vec![
                text(vm, &key.to_column),
                text(vm, &key.to_table),
                on_delete(vm, &key.on_delete)?,
            ];
            found.set_item(&*key.column, vm.ctx.new_tuple(values).into(), vm)?;
        }
        Ok(found)
    }
    #[pymethod]
    fn get_primary_key_columns(
        zelf: &Py<DatabaseIntrospection>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let table = table_argument(vm, &args)?;
        let columns = zelf
            .database
            .sqlite(vm)?
            .primary_key_columns(&table)
            .or_raise(vm)?;
        Ok(vm
            .ctx
            .new_list(columns.iter().map(|c| text(vm, c)).collect()))
    }
    #[pymethod]
    fn get_primary_key_column(
        zelf: &Py<DatabaseIntrospection>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult {
        let columns = DatabaseIntrospection::get_primary_key_columns(zelf, args, vm)?;
        let first = columns.borrow_vec().first().cloned();
        Ok(vm.unwrap_or_none(first))
    }
    #[pymethod]
    fn get_sequences(
        zelf: &Py<DatabaseIntrospection>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let table = table_argument(vm, &args)?;
        let dict = vm.ctx.new_dict();
        dict.set_item("table", text(vm, &table), vm)?;
        dict.set_item(
            "column",
            DatabaseIntrospection::get_primary_key_column(zelf, args, vm)?,
            vm,
        )?;
        Ok(vm.ctx.new_list(vec![dict.into()]))
    }
    #[pymethod]
    fn get_constraints(
        zelf: &Py<DatabaseIntrospection>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyDictRef> {
        let table = table_argument(vm, &args)?;
        let found = zelf.database.sqlite(vm)?.constraints(&table).or_raise(vm)?;
        let dict = vm.ctx.new_dict();
        for (name, info) in found {
            dict.set_item(&*name, constraint(vm, &info)?.into(), vm)?;
        }
        Ok(dict)
    }
}

fn constraint(vm: &VirtualMachine, info: &ConstraintInfo) -> PyResult<PyDictRef> {
    let dict = vm.ctx.new_dict();
    let columns = info
        .columns
        .iter()
        .map(|c| match c {
            Some(c) => text(vm, c),
            None => vm.ctx.none(),
        })
        .collect();
    dict.set_item("columns", vm.ctx.new_list(columns).into(), vm)?;
    for (key, flag) in [
        ("primary_key", info.primary_key),
        ("unique", info.unique),
        ("check", info.check),
        ("index", info.index),
    ] {
        dict.set_item(key, vm.ctx.new_bool(flag).into(), vm)?;
    }
    let foreign_key = match &info.foreign_key {
        Some((t, c)) => vm.ctx.new_tuple(vec![text(vm, t), text(vm, c)]).into(),
        None => vm.ctx.none(),
    };
    dict.set_item("foreign_key", foreign_key, vm)?;
    if info.index {
        dict.set_item("type", text(vm, "idx"), vm)?;
        let orders = info.orders.iter().map(|o| text(vm, o)).collect();
        dict.set_item("orders", vm.ctx.new_list(orders).into(), vm)?;
    }
    Ok(dict)
}
