//! `Case(When(pages__gt=500, then=Value("long")), default=Value("short"))`
//!
//! ```text
//! CASE WHEN "t"."pages" > %s THEN %s ELSE %s END
//! ```
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Resolve, Sources, resolve_output_field};
use crate::expressions::numeric::cast_decimal;
use crate::expressions::value::same_output;
use crate::expressions::{QExpr, Val};
use crate::q::Q;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, Result};
use std::any::Any;
use std::rc::Rc;

/// `When(condition, then=result)`; only inside [`Case`].
#[derive(Clone, Debug)]
pub struct When {
    pub condition: Expr,
    pub result: Expr,
}

impl When {
    /// A conditional expression and its result.
    pub fn new(condition: Expr, result: Expr) -> Result<Expr> {
        if !condition.conditional() {
            return Err(invalid_condition());
        }
        Ok(Rc::new(When { condition, result }))
    }
    /// A `Q` and its result.
    pub fn q(condition: Q, result: Expr) -> Result<Expr> {
        if condition.is_empty() {
            return Err(Error::value_error(
                "An empty Q() can't be used as a When() condition.",
            ));
        }
        Ok(Rc::new(When {
            condition: QExpr::new(condition),
            result,
        }))
    }
}

/// What `When()` says to anything else.
pub fn invalid_condition() -> Error {
    Error::type_error(
        "When() supports a Q object, a boolean expression, or lookups as a condition.",
    )
}

impl Expression for When {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "When".into()
    }
    fn sources(&self) -> Sources {
        [self.condition.clone(), self.result.clone()]
            .into_iter()
            .collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let mut it = sources.into_iter();
        Rc::new(When {
            condition: it.next().unwrap_or_else(|| self.condition.clone()),
            result: it.next().unwrap_or_else(|| self.result.clone()),
        })
    }
    /// The condition filters, whatever the result is saved to.
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let filter = Resolve {
            for_save: false,
            ..how.clone()
        };
        let condition = self.condition.clone().resolve(query, &filter)?;
        let result = self.result.clone().resolve(query, how)?;
        if condition.is_composite() || result.is_composite() {
            return Err(Error::value_error(
                "When expression does not support composite primary keys.",
            ));
        }
        Ok(Rc::new(When { condition, result }))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        out.push("WHEN ");
        compiler.compile(&self.condition, out)?;
        out.push(" THEN ");
        compiler.compile(&self.result, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        self.result.output_field_or_none()
    }
    fn conditional(&self) -> bool {
        false
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        let mut cols = self.condition.clone().group_by_cols()?;
        cols.extend(self.result.clone().group_by_cols()?);
        Ok(cols)
    }
    fn allowed_default(&self) -> bool {
        self.condition.allowed_default() && self.result.allowed_default()
    }
    fn repr(&self) -> String {
        format!("<When: {}>", self.display())
    }
}

impl When {
    fn display(&self) -> String {
        format!("WHEN {} THEN {}", self.condition.repr(), self.result.repr())
    }
}

#[derive(Clone, Debug)]
pub struct Case {
    /// All of them [`When`].
    pub cases: Vec<Expr>,
    pub default: Expr,
    pub output: Option<Rc<Field>>,
}

impl Case {
    pub fn new(cases: Vec<Expr>, default: Option<Expr>, output: Option<Rc<Field>>) -> Result<Expr> {
        if !cases.iter().all(|c| c.as_any().is::<When>()) {
            return Err(Error::type_error(
                "Positional arguments must all be When objects.",
            ));
        }
        Ok(Rc::new(Case {
            cases,
            default: default.unwrap_or_else(|| Val::new(orm_state::Value::Null)),
            output,
        }))
    }
}

impl Expression for Case {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Case".into()
    }
    fn sources(&self) -> Sources {
        self.cases
            .iter()
            .chain(std::iter::once(&self.default))
            .cloned()
            .collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        let mut cases = sources.into_vec();
        let default = cases.pop().unwrap_or_else(|| self.default.clone());
        Rc::new(Case {
            cases,
            default,
            output: self.output.clone(),
        })
    }
    /// Cases that can never match are left out; one that always matches ends the list.
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let start = out.mark();
        if self.cases.is_empty() {
            compiler.compile(&self.default, out)?;
            return cast_decimal(self, compiler, out, start);
        }
        out.push("CASE");
        let (mut any, mut default) = (false, self.default.clone());
        for case in &self.cases {
            let mark = out.mark();
            out.push(" ");
            match compiler.compile(case, out) {
                Ok(()) => any = true,
                Err(e) if e.is(ErrorKind::EmptyResultSet) => out.rewind(mark),
                Err(e) if e.is(ErrorKind::FullResultSet) => {
                    out.rewind(mark);
                    if let Some(when) = case.as_any().downcast_ref::<When>() {
                        default = when.result.clone();
                    }
                    break;
                }
                Err(e) => return Err(e),
            }
        }
        if !any {
            out.rewind(start);
            if default.as_any().is::<Val>()
                && let Some(field) = default.output_field_or_none()?
            {
                default = crate::functions::comparison::cast(default, field);
            }
            compiler.compile(&default, out)?;
            return cast_decimal(self, compiler, out, start);
        }
        out.push(" ELSE ");
        compiler.compile(&default, out)?;
        out.push(" END");
        if let Some(field) = self.output_field_or_none()? {
            compiler
                .dialect()
                .unification_cast(&field.internal_type()?, out, start);
        }
        cast_decimal(self, compiler, out, start)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        match &self.output {
            Some(f) => Ok(Some(f.clone())),
            None => resolve_output_field("Case", &self.sources()),
        }
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Case {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        if self.cases.is_empty() {
            return self.default.clone().group_by_cols();
        }
        if !self.contains_aggregate() {
            return Ok(vec![self]);
        }
        let mut cols = vec![];
        for s in self.sources() {
            cols.extend(s.group_by_cols()?);
        }
        Ok(cols)
    }
    fn allowed_default(&self) -> bool {
        self.sources().iter().all(|s| s.allowed_default())
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<Case>()
            .is_some_and(|o| same_output(&self.output, &o.output))
    }
    fn repr(&self) -> String {
        let cases: Vec<String> = self
            .cases
            .iter()
            .map(|c| match c.as_any().downcast_ref::<When>() {
                Some(w) => w.display(),
                None => c.repr(),
            })
            .collect();
        format!(
            "<Case: CASE {}, ELSE {}>",
            cases.join(", "),
            self.default.repr()
        )
    }
}
