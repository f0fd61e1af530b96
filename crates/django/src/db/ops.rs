//! `connection.ops`: the parts of Django's `DatabaseOperations` that user code calls.
use super::wrapper::DatabaseWrapper;
use crate::convert;
use orm_sqlite::percent;
use rustpython_vm::builtins::{PyDict, PyListRef, PyStrRef, PyTupleRef, PyType};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};

#[pyclass(
    module = "django.db.backends.sqlite3.operations",
    name = "DatabaseOperations"
)]
#[derive(PyPayload)]
pub struct DatabaseOperations {
    pub database: PyRef<DatabaseWrapper>,
}

impl std::fmt::Debug for DatabaseOperations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseOperations")
    }
}

/// `"name"`, unless it is quoted already.
pub fn quote_name(name: &str) -> String {
    if name.len() > 1 && name.starts_with('"') && name.ends_with('"') {
        name.into()
    } else {
        format!("\"{name}\"")
    }
}

fn text(vm: &VirtualMachine, o: &PyObjectRef) -> PyResult<String> {
    Ok(o.str(vm)?.to_string_lossy().into_owned())
}

/// Of a connection, as `connection.ops` makes it.
impl Constructor for DatabaseOperations {
    type Args = (PyObjectRef,);
    fn py_new(_: &Py<PyType>, (connection,): Self::Args, vm: &VirtualMachine) -> PyResult<Self> {
        let database = super::registry::wrapper_of(vm, connection)?;
        Ok(DatabaseOperations { database })
    }
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl DatabaseOperations {
    #[pygetset]
    fn connection(zelf: &Py<DatabaseOperations>) -> PyRef<DatabaseWrapper> {
        zelf.database.clone()
    }
    #[pygetset]
    fn explain_prefix(_zelf: &Py<DatabaseOperations>) -> &'static str {
        "EXPLAIN QUERY PLAN"
    }
    #[pymethod]
    fn quote_name(_zelf: &Py<DatabaseOperations>, name: PyStrRef) -> String {
        quote_name(&name.to_string_lossy())
    }
    #[pymethod]
    fn max_name_length(_zelf: &Py<DatabaseOperations>, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.none()
    }
    #[pymethod]
    fn no_limit_value(_zelf: &Py<DatabaseOperations>) -> i64 {
        -1
    }
    #[pymethod]
    fn pk_default_value(_zelf: &Py<DatabaseOperations>) -> &'static str {
        "NULL"
    }
    #[pymethod]
    fn start_transaction_sql(_zelf: &Py<DatabaseOperations>) -> &'static str {
        "BEGIN;"
    }
    #[pymethod]
    fn end_transaction_sql(
        _zelf: &Py<DatabaseOperations>,
        success: OptionalArg<bool>,
    ) -> &'static str {
        if success.unwrap_or(true) {
            "COMMIT;"
        } else {
            "ROLLBACK;"
        }
    }
    #[pymethod]
    fn savepoint_create_sql(_zelf: &Py<DatabaseOperations>, sid: PyStrRef) -> String {
        format!("SAVEPOINT {}", quote_name(&sid.to_string_lossy()))
    }
    #[pymethod]
    fn savepoint_commit_sql(_zelf: &Py<DatabaseOperations>, sid: PyStrRef) -> String {
        format!("RELEASE SAVEPOINT {}", quote_name(&sid.to_string_lossy()))
    }
    #[pymethod]
    fn savepoint_rollback_sql(_zelf: &Py<DatabaseOperations>, sid: PyStrRef) -> String {
        format!(
            "ROLLBACK TO SAVEPOINT {}",
            quote_name(&sid.to_string_lossy())
        )
    }
    #[pymethod]
    fn deferrable_sql(_zelf: &Py<DatabaseOperations>) -> &'static str {
        " DEFERRABLE INITIALLY DEFERRED"
    }
    #[pymethod]
    fn prep_for_like_query(
        _zelf: &Py<DatabaseOperations>,
        x: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<String> {
        Ok(text(vm, &x)?
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_"))
    }
    #[pymethod]
    fn integer_field_range(
        _zelf: &Py<DatabaseOperations>,
        internal_type: PyStrRef,
        vm: &VirtualMachine,
    ) -> PyTupleRef {
        let low = if internal_type.to_string_lossy().starts_with("Positive") {
            0
        } else {
            i64::MIN
        };
        vm.new_tuple((low, i64::MAX))
    }
    /// How many rows one statement takes.
    #[pymethod]
    fn bulk_batch_size(
        zelf: &Py<DatabaseOperations>,
        fields: PyObjectRef,
        objs: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<usize> {
        // User code may lower the limit.
        let features = crate::py::attr(vm, zelf.database.as_object(), "features")?;
        let limit = crate::py::attr(vm, &features, "max_query_params")?;
        let limit: usize = limit.try_into_value(vm)?;
        let mut columns = 0;
        for field in crate::py::list(vm, &fields)? {
            // A composite primary key counts with all of its columns.
            columns += match crate::py::attr_opt(vm, &field, "fields")? {
                Some(parts) => parts.length(vm)?,
                None => 1,
            };
        }
        match columns {
            0 => objs.length(vm),
            n => Ok((limit / n).max(1)),
        }
    }
    #[pymethod]
    fn last_executed_query(
        zelf: &Py<DatabaseOperations>,
        _cursor: PyObjectRef,
        sql: PyStrRef,
        params: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<String> {
        let sql = sql.to_string_lossy();
        if !params.clone().is_true(vm)? {
            return Ok(sql.into_owned());
        }
        let connection = zelf.database.sqlite(vm)?;
        if let Some(named) = params.downcast_ref::<PyDict>() {
            // As the driver sees them: `%(name)s` where the text is a mapping's.
            let quoted = vm.ctx.new_dict();
            for (name, value) in named.items_vec() {
                let value = convert::to_value(vm, &value)?;
                let value = connection.quote(&value);
                let value = value.map_err(|e| crate::error::to_py(vm, e))?;
                quoted.set_item(&*name, vm.ctx.new_str(value).into(), vm)?;
            }
            let sql = vm.ctx.new_str(&*sql);
            return crate::py::to_string(vm, &vm._mod(sql.as_object(), quoted.as_object())?);
        }
        let items: Vec<PyObjectRef> = params.try_into_value(vm)?;
        let mut quoted = Vec::with_capacity(items.len());
        for item in &items {
            let value = convert::to_value(vm, item)?;
            let q = connection.quote(&value);
            quoted.push(q.map_err(|e| crate::error::to_py(vm, e))?);
        }
        Ok(percent(&sql, &quoted))
    }
    #[pymethod]
    fn autoinc_sql(
        _zelf: &Py<DatabaseOperations>,
        _table: PyObjectRef,
        _column: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        vm.ctx.none()
    }
    #[pymethod]
    fn adapt_datefield_value(
        _zelf: &Py<DatabaseOperations>,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult {
        if vm.is_none(&value) {
            return Ok(value);
        }
        Ok(vm.ctx.new_str(text(vm, &value)?).into())
    }
    #[pymethod]
    fn adapt_datetimefield_value(
        zelf: &Py<DatabaseOperations>,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult {
        let mut value = value;
        if is_aware(vm, &value)? {
            if !crate::conf::get(vm, "USE_TZ")?.is_true(vm)? {
                return Err(vm.new_value_error(
                    "SQLite backend does not support timezone-aware datetimes when USE_TZ is \
                     False.",
                ));
            }
            let zone = zelf.database.as_object().get_attr("timezone", vm)?;
            let naive = crate::modules::find(vm, "django.utils.timezone", "make_naive")?;
            value = naive.call((value, zone), vm)?;
        }
        DatabaseOperations::adapt_datefield_value(zelf, value, vm)
    }
    #[pymethod]
    fn adapt_timefield_value(
        zelf: &Py<DatabaseOperations>,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult {
        if is_aware(vm, &value)? {
            return Err(vm.new_value_error("SQLite backend does not support timezone-aware times."));
        }
        DatabaseOperations::adapt_datefield_value(zelf, value, vm)
    }
    /// By the value's class, where no field says what it is.
    #[pymethod]
    fn adapt_unknown_value(
        zelf: &Py<DatabaseOperations>,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult {
        let datetime = vm.import("datetime", 0)?;
        for (class, method) in [
            ("datetime", "adapt_datetimefield_value"),
            ("date", "adapt_datefield_value"),
            ("time", "adapt_timefield_value"),
        ] {
            if value.is_instance(&*datetime.get_attr(class, vm)?, vm)? {
                return vm.call_method(zelf.as_object(), method, (value,));
            }
        }
        Ok(value)
    }
    #[pymethod]
    fn adapt_decimalfield_value(
        _zelf: &Py<DatabaseOperations>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult {
        Ok(vm.unwrap_or_none(args.args.first().cloned()))
    }
    #[pymethod]
    fn adapt_json_value(
        _zelf: &Py<DatabaseOperations>,
        value: PyObjectRef,
        encoder: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<String> {
        crate::models::fields::json::dumps(&value, encoder, vm)
    }
    #[pymethod]
    fn adapt_integerfield_value(
        _zelf: &Py<DatabaseOperations>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult {
        Ok(vm.unwrap_or_none(args.args.first().cloned()))
    }
    #[pymethod]
    fn check_expression_support(
        _zelf: &Py<DatabaseOperations>,
        expression: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let aggregate = crate::modules::find(vm, "django.db.models", "Aggregate")?;
        if !expression.is_instance(&aggregate, vm)? {
            return Ok(());
        }
        let distinct = crate::py::attr_opt(vm, &expression, "distinct")?;
        let distinct = match distinct {
            Some(distinct) => distinct.is_true(vm)?,
            None => false,
        };
        let given = vm.call_method(&expression, "get_source_expressions", ())?;
        let given = crate::py::list(vm, &given)?;
        if distinct && given.iter().filter(|e| !vm.is_none(e)).count() > 1 {
            return Err(crate::error::raise(
                vm,
                "NotSupportedError",
                "SQLite doesn't support DISTINCT on aggregate functions accepting multiple \
                 arguments.",
            ));
        }
        Ok(())
    }
    #[pymethod]
    fn conditional_expression_supported_in_where_clause(
        _zelf: &Py<DatabaseOperations>,
        _expression: PyObjectRef,
    ) -> bool {
        true
    }
    #[pymethod]
    fn combine_expression(
        _zelf: &Py<DatabaseOperations>,
        connector: PyStrRef,
        parts: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<String> {
        let parts: Vec<PyObjectRef> = parts.try_into_value(vm)?;
        let parts = parts
            .iter()
            .map(|p| text(vm, p))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(match &*connector.to_string_lossy() {
            "^" => format!("POWER({})", parts.join(",")),
            "#" => format!("BITXOR({})", parts.join(",")),
            c => parts.join(&format!(" {c} ")),
        })
    }
    #[pymethod]
    fn prepare_sql_script(
        _zelf: &Py<DatabaseOperations>,
        sql: PyStrRef,
        vm: &VirtualMachine,
    ) -> PyListRef {
        let statements = orm_sqlite::split_script(&sql.to_string_lossy())
            .into_iter()
            .map(|s| vm.ctx.new_str(s).into())
            .collect();
        vm.ctx.new_list(statements)
    }
    /// The statements that empty tables.
    #[pymethod]
    fn sql_flush(
        zelf: &Py<DatabaseOperations>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyListRef> {
        let tables = args
            .args
            .get(1)
            .cloned()
            .ok_or_else(|| vm.new_type_error("sql_flush() takes a style and tables"))?;
        let tables: Vec<PyObjectRef> = tables.try_into_value(vm)?;
        let flag = |name| match args.get_optional_kwarg(name) {
            Some(v) => v.is_true(vm),
            None => Ok(false),
        };
        let mut names = tables
            .iter()
            .map(|t| text(vm, t))
            .collect::<PyResult<Vec<_>>>()?;
        if flag("allow_cascade")? {
            names = zelf.with_referencing(vm, names)?;
        }
        let mut sql: Vec<String> = names
            .iter()
            .map(|t| format!("DELETE FROM {};", quote_name(t)))
            .collect();
        if flag("reset_sequences")? && !names.is_empty() {
            let list: Vec<String> = names.iter().map(|t| format!("'{t}'")).collect();
            sql.push(format!(
                "UPDATE \"sqlite_sequence\" SET \"seq\" = 0 WHERE \"name\" IN ({});",
                list.join(", ")
            ));
        }
        Ok(vm
            .ctx
            .new_list(sql.into_iter().map(|s| vm.ctx.new_str(s).into()).collect()))
    }
    #[pymethod]
    fn execute_sql_flush(
        zelf: &Py<DatabaseOperations>,
        sql_list: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let statements: Vec<PyObjectRef> = sql_list.try_into_value(vm)?;
        super::atomic::atomic(vm, &zelf.database.alias, true, || {
            for s in &statements {
                DatabaseWrapper::plain(&zelf.database, vm, &text(vm, s)?)?;
            }
            Ok(())
        })
    }
    #[pymethod]
    fn sequence_reset_sql(
        _zelf: &Py<DatabaseOperations>,
        _args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyListRef {
        vm.ctx.new_list(vec![])
    }
}

/// Has it a time zone? Only moments and times of day may.
fn is_aware(vm: &VirtualMachine, value: &PyObjectRef) -> PyResult<bool> {
    if vm.is_none(value) || vm.get_attribute_opt(value, "utcoffset")?.is_none() {
        return Ok(false);
    }
    let aware = crate::modules::find(vm, "django.utils.timezone", "is_aware")?;
    aware.call((value.clone(),), vm)?.is_true(vm)
}

impl DatabaseOperations {
    /// The tables and every table that refers to one of them, however indirectly.
    fn with_referencing(&self, vm: &VirtualMachine, names: Vec<String>) -> PyResult<Vec<String>> {
        let connection = self.database.sqlite(vm)?;
        let raise = |e| crate::error::to_py(vm, e);
        let mut edges = vec![];
        for table in connection.tables().map_err(raise)? {
            if !table.is_view {
                for key in connection.foreign_keys(&table.name).map_err(raise)? {
                    edges.push((key.to_table, table.name.clone()));
                }
            }
        }
        let mut found = names;
        let mut at = 0;
        while at < found.len() {
            for (to, from) in &edges {
                if *to == found[at] && !found.contains(from) {
                    found.push(from.clone());
                }
            }
            at += 1;
        }
        Ok(found)
    }
}
