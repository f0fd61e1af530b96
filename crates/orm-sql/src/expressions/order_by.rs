//! `F("name").desc(nulls_last=True)`: one term of `ORDER BY`.
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Sources};
use crate::expressions::ColPairs;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, Result};
use std::any::Any;
use std::rc::Rc;

/// ```
/// use orm_sql::expressions::{F, OrderBy};
/// use orm_sql::Expression;
/// let term = OrderBy::new(F::new("name"), true);
/// assert_eq!(term.repr(), "OrderBy(F(name), descending=True)");
/// ```
#[derive(Clone, Debug)]
pub struct OrderBy {
    pub expression: Expr,
    pub descending: bool,
    pub nulls_first: bool,
    pub nulls_last: bool,
}

impl OrderBy {
    pub fn new(expression: Expr, descending: bool) -> Expr {
        Rc::new(OrderBy {
            expression,
            descending,
            nulls_first: false,
            nulls_last: false,
        })
    }
    /// With `nulls_first` / `nulls_last` as given: `True`, or nothing.
    pub fn with_nulls(
        expression: Expr,
        descending: bool,
        nulls_first: Option<bool>,
        nulls_last: Option<bool>,
    ) -> Result<Expr> {
        if nulls_first == Some(true) && nulls_last == Some(true) {
            return Err(Error::value_error(
                "nulls_first and nulls_last are mutually exclusive",
            ));
        }
        if nulls_first == Some(false) || nulls_last == Some(false) {
            return Err(Error::value_error(
                "nulls_first and nulls_last values must be True or None.",
            ));
        }
        Ok(Rc::new(OrderBy {
            expression,
            descending,
            nulls_first: nulls_first.unwrap_or(false),
            nulls_last: nulls_last.unwrap_or(false),
        }))
    }
    /// The same term the other way round.
    pub fn reversed(&self) -> OrderBy {
        OrderBy {
            expression: self.expression.clone(),
            descending: !self.descending,
            nulls_first: self.nulls_last,
            nulls_last: self.nulls_first,
        }
    }
    /// Another expression in the same order.
    pub fn with_expression(&self, expression: Expr) -> OrderBy {
        OrderBy {
            expression,
            ..self.clone()
        }
    }
}

impl Expression for OrderBy {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "OrderBy".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.expression.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let inner = sources
            .into_iter()
            .next()
            .unwrap_or_else(|| self.expression.clone());
        Rc::new(self.with_expression(inner))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if let Some(pairs) = self.expression.as_any().downcast_ref::<ColPairs>() {
            for (i, col) in pairs.cols().into_iter().enumerate() {
                if i > 0 {
                    out.push(", ");
                }
                self.with_expression(col).as_sql(compiler, out)?;
            }
            return Ok(());
        }
        let dialect = compiler.dialect();
        let modifier = dialect.supports_order_by_nulls_modifier();
        let first = dialect.order_by_nulls_first();
        if !modifier {
            // The test for NULL sorts before the term itself.
            let test = if self.nulls_last && !(self.descending && first) {
                Some(" IS NULL, ")
            } else if self.nulls_first && !(!self.descending && first) {
                Some(" IS NOT NULL, ")
            } else {
                None
            };
            if let Some(test) = test {
                compiler.compile(&self.expression, out)?;
                out.push(test);
            }
        }
        compiler.compile(&self.expression, out)?;
        out.push(if self.descending { " DESC" } else { " ASC" });
        if modifier && self.nulls_last {
            out.push(" NULLS LAST");
        } else if modifier && self.nulls_first {
            out.push(" NULLS FIRST");
        }
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        self.expression.output_field_or_none()
    }
    fn conditional(&self) -> bool {
        false
    }
    fn constraint_validation_compatible(&self) -> bool {
        false
    }
    fn allows_composite_expressions(&self) -> bool {
        true
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        self.expression.clone().group_by_cols()
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<OrderBy>().is_some_and(|o| {
            (self.descending, self.nulls_first, self.nulls_last)
                == (o.descending, o.nulls_first, o.nulls_last)
        })
    }
    fn repr(&self) -> String {
        format!(
            "OrderBy({}, descending={})",
            self.expression.repr(),
            if self.descending { "True" } else { "False" }
        )
    }
}
