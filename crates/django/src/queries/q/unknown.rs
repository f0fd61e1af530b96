//! A child of `Q(…)` that is neither a lookup nor an expression.
use orm_sql::expression::Resolve;
use orm_sql::{Compiler, Expr, Expression, Query, Sources, SqlWriter};
use orm_state::{Error, Field, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// It may be carried and compared; a query refuses it.
#[derive(Clone, Debug)]
pub struct Unknown {
    pub value: Value,
}

impl Unknown {
    fn refused(&self) -> Error {
        if matches!(self.value, Value::Dict(_)) {
            return Error::field_error("Cannot parse keyword query as dict");
        }
        // Django takes what is no expression for a pair of a lookup and its value.
        let sizes = match &self.value {
            Value::Str(s) => Some(s.chars().count()),
            Value::List(items) | Value::Tuple(items) => Some(items.len()),
            Value::Object(_) | Value::Null => None,
            value => {
                return Error::type_error(format!(
                    "cannot unpack non-iterable {} object",
                    value.type_name()
                ));
            }
        };
        match sizes {
            Some(n) if n > 2 => Error::value_error("too many values to unpack (expected 2)"),
            Some(n) if n < 2 => {
                Error::value_error(format!("not enough values to unpack (expected 2, got {n})"))
            }
            _ if self.value.is_null() => {
                Error::type_error("cannot unpack non-iterable NoneType object")
            }
            _ => Error::type_error("Cannot filter against a non-conditional expression."),
        }
    }
}

impl Expression for Unknown {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        self.value.type_name()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    /// So that the query asks to resolve it, and hears why not.
    fn conditional(&self) -> bool {
        true
    }
    fn resolve(self: Rc<Self>, _: &mut Query, _: &Resolve) -> Result<Expr> {
        Err(self.refused())
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(self.refused())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(None)
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<Unknown>()
            .is_some_and(|o| self.value == o.value)
    }
    fn repr(&self) -> String {
        self.value.repr()
    }
}
