//! A lookup as an expression: a condition.
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Resolve, Sources};
use crate::lookup::{Lookup, Rhs};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Field, Result};
use std::any::Any;
use std::rc::Rc;

impl Expression for Lookup {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        self.kind.class_name().into()
    }
    fn sources(&self) -> Sources {
        let mut s: Sources = std::iter::once(self.lhs.clone()).collect();
        if let Rhs::Expr(e) = &self.rhs {
            s.push(e.clone());
        }
        s
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let mut it = sources.into_iter();
        let lhs = it.next().unwrap_or_else(|| self.lhs.clone());
        let rhs = match it.next() {
            Some(e) => Rhs::Expr(e),
            None => self.rhs.clone(),
        };
        Rc::new(Lookup {
            lhs,
            rhs,
            ..self.clone()
        })
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let lhs = self.lhs.clone().resolve(query, how)?;
        let rhs = match &self.rhs {
            Rhs::Expr(e) => Rhs::Expr(e.clone().resolve(query, how)?),
            value => value.clone(),
        };
        Ok(Rc::new(Lookup {
            lhs,
            rhs,
            ..(*self).clone()
        }))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        self.kind.as_sql(self, compiler, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
    fn conditional(&self) -> bool {
        true
    }
    fn as_lookup(&self) -> Option<&Lookup> {
        Some(self)
    }
    fn allows_composite_expressions(&self) -> bool {
        true
    }
    fn allowed_default(&self) -> bool {
        self.sources().iter().all(|s| s.allowed_default())
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        let mut cols = vec![];
        for s in self.sources() {
            cols.extend(s.group_by_cols()?);
        }
        Ok(cols)
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Lookup>().is_some_and(|o| {
            self.kind.class_name() == o.kind.class_name()
                && match (&self.rhs, &o.rhs) {
                    (Rhs::Value(a), Rhs::Value(b)) => a == b,
                    (Rhs::Expr(_), Rhs::Expr(_)) => true,
                    _ => false,
                }
        })
    }
    fn repr(&self) -> String {
        let rhs = match &self.rhs {
            Rhs::Value(v) => v.repr(),
            Rhs::Expr(e) => e.repr(),
        };
        format!("{}({}, {rhs})", self.kind.class_name(), self.lhs.repr())
    }
}
