//! `id__in=[1, 2, 3]`, `author__in=queryset`.
//!
//! ```text
//! id__in=[1, None, 1]   →  "t"."id" IN (%s)   [1]
//! id__in=[]             →  nothing: EmptyResultSet
//! ```
use super::kind::Builtin;
use super::sides;
use crate::compiler::Compiler;
use crate::expression::{Expr, value_expr};
use crate::lookup::{Lookup, Rhs};
use crate::query::subquery::query_of;
use crate::writer::SqlWriter;
use orm_state::maps::HashSet;
use orm_state::{Error, Result, Value};

pub fn as_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
    out.push(" IN ");
    let Some(items) = sides::list_items(&lookup.rhs) else {
        if let Rhs::Expr(e) = &lookup.rhs {
            same_database(e, compiler)?;
            return sides::expr_rhs(e, compiler, out);
        }
        return Err(Error::type_error("The in lookup needs a list."));
    };
    let items = distinct(items);
    if items.is_empty() {
        return Err(Error::empty_result_set());
    }
    let parts = sides::batch(kind, lookup, items, compiler)?;
    out.push("(");
    for (i, part) in parts.into_iter().enumerate() {
        if i > 0 {
            out.push(", ");
        }
        out.append(part);
    }
    out.push(")");
    Ok(())
}

/// Refuses a subquery that was bound to another database.
fn same_database(expr: &Expr, compiler: &Compiler) -> Result<()> {
    match query_of(expr).and_then(|query| query.db.clone()) {
        Some(db) if db != compiler.using => Err(Error::value_error(
            "Subqueries aren't allowed across different databases. Force the inner query to be \
             evaluated using `list(inner_query)`.",
        )),
        _ => Ok(()),
    }
}

/// Without `None` (NULL equals nothing) and, where items can be hashed, without repetitions.
fn distinct(items: Vec<Value>) -> Vec<Value> {
    let hashable = !items
        .iter()
        .any(|v| matches!(v, Value::List(_) | Value::Dict(_) | Value::Set(_)));
    let mut seen: HashSet<Value> =
        HashSet::with_capacity_and_hasher(items.len(), Default::default());
    let mut exprs: Vec<crate::expression::Expr> = vec![];
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        if item.is_null() {
            continue;
        }
        if let Some(e) = value_expr(&item) {
            if exprs.iter().any(|x| x.same(&*e)) {
                continue;
            }
            exprs.push(e);
        } else if hashable && !seen.insert(item.clone()) {
            continue;
        }
        out.push(item);
    }
    out
}
