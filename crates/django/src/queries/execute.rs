//! Running compiled queries on a connection.
use crate::db::{self, DatabaseWrapper};
use crate::error::OrRaise;
use orm_sql::compiler::join_graph::{JoinGraph, join_graph};
use orm_sql::compiler::{Compiled, SelectItem};
use orm_sql::connection::{Outcome, Row};
use orm_sql::dialect::{Dialect, Sqlite};
use orm_sql::expressions::Col;
use orm_sql::origin::{self, Note};
use orm_sql::query::aggregation::Aggregation;
use orm_sql::{Compiler, Query, SqlWriter};
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

/// What the compiler said about a statement, for cards.
#[derive(Debug, Default)]
pub struct Plan {
    pub graph: Option<JoinGraph>,
    /// What was written for whom.
    pub notes: Vec<Note>,
    /// The columns of the result in their order: SQL, and the name that rows show them under.
    pub columns: Vec<(String, Option<String>)>,
}

impl Plan {
    /// Of a `SELECT`.
    pub fn of(compiled: &Compiled) -> Plan {
        Plan {
            graph: Some(join_graph(&compiled.query)),
            notes: compiled.sql.notes.clone(),
            columns: columns(compiled),
        }
    }
    /// Of any other statement.
    pub fn noted(sql: &SqlWriter) -> Plan {
        // All of it is the call's that runs it, as far as nothing in it says more.
        let whole = origin::current().map(|origin| Note {
            start: 0,
            end: sql.sql.len(),
            origin,
            alias: None,
        });
        Plan {
            notes: whole.into_iter().chain(sql.notes.iter().cloned()).collect(),
            ..Plan::default()
        }
    }
}

/// Rows show neither the columns of related objects nor what has no name.
fn columns(compiled: &Compiled) -> Vec<(String, Option<String>)> {
    let own = compiled.klass_info.as_ref().map(|k| &k.select_fields);
    let items = compiled.select.iter().enumerate();
    let column = |(i, item): (usize, &SelectItem)| {
        let shown = item.alias.is_some() || own.is_none_or(|fields| fields.contains(&i));
        let name = shown.then(|| name_of(item)).flatten();
        (item.sql.sql.clone(), name)
    };
    items.map(column).collect()
}

fn name_of(item: &SelectItem) -> Option<String> {
    if item.alias.is_some() {
        return item.alias.clone();
    }
    let col = item.expr.as_any().downcast_ref::<Col>()?;
    Some(col.target.attname().to_string())
}

/// The next statement's card will say what it was made from.
fn announce(plan: impl FnOnce() -> Plan) {
    if origin::tracing() {
        db::log::set_plan(Rc::new(plan()));
    }
}

/// Runs a compiled `SELECT` to its end.
pub fn run(vm: &VirtualMachine, compiled: &Compiled, using: &str) -> PyResult<Vec<Row>> {
    let database = db::database(vm, using)?;
    announce(|| Plan::of(compiled));
    let out = DatabaseWrapper::execute(&database, vm, &compiled.sql.sql, &compiled.sql.params)?;
    Ok(out.rows)
}

/// Starts a compiled `SELECT`; its rows are fetched from the cursor.
pub fn start(vm: &VirtualMachine, compiled: &Compiled, using: &str) -> PyResult<SqliteCursor> {
    let database = db::database(vm, using)?;
    announce(|| Plan::of(compiled));
    DatabaseWrapper::open_cursor(&database, vm, &compiled.sql.sql, &compiled.sql.params)
}

/// Runs any statement.
pub fn statement(vm: &VirtualMachine, using: &str, sql: &SqlWriter) -> PyResult<Outcome> {
    announce(|| Plan::noted(sql));
    let database: PyRef<DatabaseWrapper> = db::database(vm, using)?;
    DatabaseWrapper::execute(&database, vm, &sql.sql, &sql.params)
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
