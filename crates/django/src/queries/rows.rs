//! From fetched rows to Python values: each column's converters, found once a query.
use crate::convert;
use crate::error::OrRaise;
use orm_sql::compiler::SelectItem;
use orm_sql::expression::{Converter, Expr};
use orm_state::{Result, Value};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// The converters of every selected column.
pub fn converters(select: &[SelectItem]) -> Result<Vec<Vec<Converter>>> {
    select
        .iter()
        .map(|item| orm_sql::converters::converters(&item.expr, &orm_sql::dialect::Sqlite))
        .collect()
}

/// One value through the converters of its expression.
pub fn convert(expr: &Expr, value: Value) -> Result<Value> {
    let mut value = value;
    for c in orm_sql::converters::converters(expr, &orm_sql::dialect::Sqlite)? {
        value = c(value)?;
    }
    Ok(value)
}

/// A row as Python objects.
pub fn objects(
    vm: &VirtualMachine,
    row: Vec<Value>,
    converters: &[Vec<Converter>],
) -> PyResult<Vec<PyObjectRef>> {
    let mut found = Vec::with_capacity(row.len());
    for (i, mut value) in row.into_iter().enumerate() {
        if let Some(chain) = converters.get(i) {
            for c in chain {
                value = c(value).or_raise(vm)?;
            }
        }
        found.push(convert::to_py(vm, &value)?);
    }
    Ok(found)
}
