//! `~Exists(…)`, `~F("active")`: the negation of a condition.
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Resolve, Sources};
use crate::expressions::Val;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, Result};
use std::any::Any;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct NegatedExpression {
    pub expression: Expr,
}

impl NegatedExpression {
    /// `~expression`; negating twice gives the expression back.
    pub fn new(expression: Expr) -> Expr {
        if let Some(n) = expression.as_any().downcast_ref::<NegatedExpression>() {
            return n.expression.clone();
        }
        Rc::new(NegatedExpression { expression })
    }
}

impl Expression for NegatedExpression {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "NegatedExpression".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.expression.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(NegatedExpression {
            expression: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.expression.clone()),
        })
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let resolved = self.resolve_sources(query, how)?;
        if !resolved[0].conditional() {
            return Err(Error::type_error(
                "Cannot negate non-conditional expressions.",
            ));
        }
        Ok(self.with_sources(resolved))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let mark = out.mark();
        match compiler.compile(&self.expression, out) {
            Ok(()) => {}
            Err(e) if e.is(ErrorKind::EmptyResultSet) => {
                out.rewind(mark);
                return compiler.compile(&Val::new(true.into()), out);
            }
            Err(e) => return Err(e),
        }
        if compiler.dialect().condition_in_where(&*self.expression)? {
            out.wrap(mark, "NOT ", "");
        } else {
            out.wrap(mark, "CASE WHEN ", " = 0 THEN 1 ELSE 0 END");
        }
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
    fn conditional(&self) -> bool {
        true
    }
    fn allowed_default(&self) -> bool {
        self.expression.allowed_default()
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        let expression = self.expression.clone();
        let boolean = crate::expressions::fields::boolean();
        super::wrapper::group_by_cols(self, &expression, Some(boolean))
    }
    fn repr(&self) -> String {
        format!("NegatedExpression({})", self.expression.repr())
    }
}
