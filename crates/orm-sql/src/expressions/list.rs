//! Several expressions as one argument: a partition, an aggregate's ordering.
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Sources, value_expr};
use crate::expressions::{F, OrderBy, arg};
use crate::writer::SqlWriter;
use orm_state::{Error, Field, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// `a, b, c`
#[derive(Clone, Debug)]
pub struct ExpressionList {
    pub items: Vec<Expr>,
}

impl ExpressionList {
    pub fn new(items: Vec<Expr>) -> Expr {
        Rc::new(ExpressionList { items })
    }
}

fn items_sql(items: &[Expr], compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(", ");
        }
        compiler.compile(item, out)?;
    }
    Ok(())
}

fn items_group_by(items: &[Expr]) -> Result<Vec<Expr>> {
    let mut cols = vec![];
    for item in items {
        cols.extend(item.clone().group_by_cols()?);
    }
    Ok(cols)
}

impl Expression for ExpressionList {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "ExpressionList".into()
    }
    fn sources(&self) -> Sources {
        self.items.iter().cloned().collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        ExpressionList::new(sources.into_vec())
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        items_sql(&self.items, compiler, out)
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        items_group_by(&self.items)
    }
    fn allowed_default(&self) -> bool {
        self.items.iter().all(|i| i.allowed_default())
    }
}

/// `ORDER BY a, b DESC`, inside an aggregate or a window.
#[derive(Clone, Debug)]
pub struct OrderByList {
    pub items: Vec<Expr>,
    /// Of an aggregate: checked against what the database supports.
    pub of_aggregate: bool,
}

impl OrderByList {
    /// From the `order_by` argument `context` names: a name, an expression, or a list of them.
    pub fn from_param(context: &str, param: &Value, of_aggregate: bool) -> Result<Option<Expr>> {
        let items: Vec<Value> = match param {
            Value::Null => return Ok(None),
            Value::List(v) | Value::Tuple(v) if v.is_empty() => return Ok(None),
            Value::List(v) | Value::Tuple(v) => v.to_vec(),
            v if v.as_str().is_some() || value_expr(v).is_some() => vec![v.clone()],
            v => {
                return Err(Error::value_error(format!(
                    "{context} must be either a string reference to a field, an expression, or a list or tuple of them not {}.",
                    v.repr()
                )));
            }
        };
        let items = items
            .into_iter()
            .map(|v| match v.as_str().and_then(|s| s.strip_prefix('-')) {
                Some(name) => OrderBy::new(F::new(name), true),
                None => arg(v),
            })
            .collect();
        Ok(Some(Rc::new(OrderByList {
            items,
            of_aggregate,
        })))
    }
}

impl Expression for OrderByList {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        if self.of_aggregate {
            "AggregateOrderBy".into()
        } else {
            "OrderByList".into()
        }
    }
    fn sources(&self) -> Sources {
        self.items.iter().cloned().collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(OrderByList {
            items: sources.into_vec(),
            of_aggregate: self.of_aggregate,
        })
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if self.of_aggregate {
            if !compiler.dialect().supports_aggregate_order_by_clause() {
                return Err(Error::not_supported(
                    "This database backend does not support specifying an order on aggregates.",
                ));
            }
            out.push(" ");
        }
        out.push("ORDER BY ");
        items_sql(&self.items, compiler, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(None)
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        items_group_by(&self.items)
    }
}
