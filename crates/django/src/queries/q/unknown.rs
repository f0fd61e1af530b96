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
        Error::type_error("Cannot filter against a non-conditional expression.")
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
