//! From fetched rows to Python values: each column's converters, found once a query.
use crate::convert;
use crate::error::OrRaise;
use orm_sql::compiler::SelectItem;
use orm_sql::expression::{Converter, Expr};
use orm_sql::expressions::ColPairs;
use orm_state::{Result, Value};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// The converters of every selected column.
pub fn converters(select: &[SelectItem]) -> Result<Vec<Vec<Converter>>> {
    select
        .iter()
        .map(|item| orm_sql::converters::converters(&item.expr, &orm_sql::dialect::Sqlite))
        .collect()
}

/// Where a row has several columns for one selected expression: from which position on, and the
/// converters of each.
pub type Composite = (usize, Vec<Vec<Converter>>);

/// The composite keys among what is selected.
pub fn composites(select: &[SelectItem]) -> Result<Vec<Composite>> {
    let mut found = vec![];
    for (at, item) in select.iter().enumerate() {
        if let Some(pairs) = item.expr.as_any().downcast_ref::<ColPairs>() {
            let parts = pairs.cols();
            let chains = parts
                .iter()
                .map(|col| orm_sql::converters::converters(col, &orm_sql::dialect::Sqlite))
                .collect::<Result<_>>()?;
            found.push((at, chains));
        }
    }
    Ok(found)
}

/// A row with one tuple for each composite key.
pub fn folded(row: Vec<Value>, composites: &[Composite]) -> Result<Vec<Value>> {
    if composites.is_empty() {
        return Ok(row);
    }
    let mut row = row.into_iter();
    let mut out = vec![];
    for (at, chains) in composites {
        while out.len() < *at {
            match row.next() {
                Some(value) => out.push(value),
                None => return Ok(out),
            }
        }
        let mut parts = vec![];
        for (mut value, chain) in row.by_ref().take(chains.len()).zip(chains) {
            for convert in chain {
                value = convert(value)?;
            }
            parts.push(value);
        }
        out.push(Value::Tuple(parts.into()));
    }
    out.extend(row);
    Ok(out)
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
