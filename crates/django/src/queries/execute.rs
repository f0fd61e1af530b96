//! Running compiled queries on a connection.
use crate::db::{self, DatabaseWrapper};
use crate::error::OrRaise;
use orm_sql::compiler::Compiled;
use orm_sql::compiler::join_graph::join_graph;
use orm_sql::connection::{Outcome, Row};
use orm_sql::dialect::{Dialect, Sqlite};
use orm_sql::query::aggregation::Aggregation;
use orm_sql::{Compiler, Query};
use orm_sqlite::SqliteCursor;
use orm_state::{Error, ErrorKind, Value};
use rustpython_vm::{PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// The dialect that connections speak.
pub fn dialect() -> Rc<dyn Dialect> {
    Rc::new(Sqlite)
}

/// Compiles a `SELECT`; `None` if no row can match.
pub fn compile(vm: &VirtualMachine, query: &Query, using: &Rc<str>) -> PyResult<Option<Compiled>> {
    let compiler = Compiler::new(query.clone(), dialect(), using.clone());
    empty_is_none(compiler.select()).or_raise(vm)
}

fn empty_is_none<T>(result: orm_state::Result<T>) -> orm_state::Result<Option<T>> {
    match result {
        Ok(v) => Ok(Some(v)),
        Err(e) if e.is(ErrorKind::EmptyResultSet) => Ok(None),
        Err(e) => Err(e),
    }
}

fn draw(query: &Query) {
    db::log::set_plan(Rc::new(join_graph(query)));
}

/// Runs a compiled `SELECT` to its end.
pub fn run(vm: &VirtualMachine, compiled: &Compiled, using: &str) -> PyResult<Vec<Row>> {
    let database = db::database(vm, using)?;
    draw(&compiled.query);
    let out = DatabaseWrapper::execute(&database, vm, &compiled.sql.sql, &compiled.sql.params)?;
    Ok(out.rows)
}

/// Starts a compiled `SELECT`; its rows are fetched from the cursor.
pub fn start(vm: &VirtualMachine, compiled: &Compiled, using: &str) -> PyResult<SqliteCursor> {
    let database = db::database(vm, using)?;
    draw(&compiled.query);
    database.open_cursor(vm, &compiled.sql.sql, &compiled.sql.params)
}

/// Runs any statement.
pub fn statement(
    vm: &VirtualMachine,
    using: &str,
    sql: &str,
    params: &[Value],
) -> PyResult<Outcome> {
    let database: PyRef<DatabaseWrapper> = db::database(vm, using)?;
    DatabaseWrapper::execute(&database, vm, sql, params)
}

/// The values of an aggregation, each through its converters, by alias.
pub fn aggregate(
    vm: &VirtualMachine,
    aggregation: &Aggregation,
    using: &Rc<str>,
) -> PyResult<Vec<(String, Value)>> {
    let compiled = empty_is_none(aggregation.compile(dialect(), using.clone())).or_raise(vm)?;
    let names: Vec<String> = aggregation
        .outer
        .annotation_select()
        .map(|(k, _)| k.to_string())
        .collect();
    let Some(compiled) = compiled else {
        let empty = aggregation.empty.iter().map(|e| match e {
            orm_sql::expression::EmptyValue::Value(v) => v.clone(),
            orm_sql::expression::EmptyValue::Propagate => Value::Null,
        });
        return Ok(names.into_iter().zip(empty).collect());
    };
    let rows = run(vm, &compiled, using)?;
    let row = rows.into_iter().next().unwrap_or_default();
    let mut found = vec![];
    for (item, value) in compiled.select.iter().zip(row) {
        let name = item.alias.clone().unwrap_or_default();
        found.push((name, super::rows::convert(&item.expr, value).or_raise(vm)?));
    }
    Ok(found)
}

/// Unsupported features never give wrong SQL.
pub fn unsupported(feature: &str) -> Error {
    Error::not_implemented(feature)
}
