//! `Subquery(…)` and `Exists(…)`: a query inside another one.
//!
//! They hold the inner query as an expression of its own; resolving them resolves it against the
//! query around, and a plain `Subquery` then leaves nothing but that inner query.
use crate::compiler::Compiler;
use crate::expression::{EmptyValue, Expr, Expression, Resolve, Sources};
use crate::expressions::value::same_output;
use crate::expressions::{ExpressionWrapper, Val};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{ErrorKind, Field, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// `Subquery(queryset)`
#[derive(Clone, Debug)]
pub struct Subquery {
    /// The query as an expression.
    pub query: Expr,
    /// Text around the inner SELECT; `(%(subquery)s)` unless given.
    pub template: Option<Rc<str>>,
    pub extra: Rc<[(String, Value)]>,
    pub output: Option<Rc<Field>>,
}

impl Subquery {
    pub fn new(query: Query, output: Option<Rc<Field>>) -> Expr {
        Subquery::with_template(query, output, None, vec![])
    }
    pub fn with_template(
        mut query: Query,
        output: Option<Rc<Field>>,
        template: Option<&str>,
        extra: Vec<(String, Value)>,
    ) -> Expr {
        query.subquery = true;
        Rc::new(Subquery {
            query: query.into_expr(),
            template: template.map(Into::into),
            extra: extra.into(),
            output,
        })
    }
}

/// The inner SELECT's SQL, without its brackets.
fn inner_sql(query: &Expr, compiler: &Compiler) -> Result<SqlWriter> {
    let mut inner = compiler.compiled(query)?;
    if inner.sql.starts_with('(') && inner.sql.ends_with(')') {
        inner.strip_brackets();
    }
    Ok(inner)
}

/// A query whose outer columns may hold several values is grouped by as a whole.
fn subquery_group_by(query: &Expr, whole: Expr) -> Vec<Expr> {
    let external = query.external_cols();
    if external.iter().any(|c| c.possibly_multivalued()) {
        vec![whole]
    } else {
        external
    }
}

impl Expression for Subquery {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Subquery".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.query.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(Subquery {
            query: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.query.clone()),
            ..self.clone()
        })
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        let resolved = self.query.clone().resolve(query, how)?;
        if self.template.is_some() {
            return Ok(self.with_sources(std::iter::once(resolved).collect()));
        }
        if self.output.is_none() {
            // Of no type, or of several, it is refused where it is used; not yet known is no fault.
            match self.query.output_field() {
                Err(e) if !e.is(ErrorKind::AttributeError) => return Err(e),
                _ => {}
            }
        }
        if let Some(wanted) = &self.output {
            let same = resolved
                .output_field_or_none()?
                .is_some_and(|f| Rc::ptr_eq(&f.class, &wanted.class));
            if !same {
                return Ok(ExpressionWrapper::new(resolved, Some(wanted.clone())));
            }
        }
        Ok(resolved)
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let inner = inner_sql(&self.query, compiler)?;
        match &self.template {
            None => {
                out.push("(");
                out.append(inner);
                out.push(")");
            }
            Some(template) => {
                let mark = out.mark();
                let mut data: Vec<(&str, String)> = vec![("subquery", inner.sql.clone())];
                for (k, v) in self.extra.iter() {
                    data.push((k, v.to_str()));
                }
                crate::expressions::template::render(template, &data, &mut out.sql)?;
                out.params.extend(inner.params);
                out.find_notes(mark, &inner.sql, inner.notes);
            }
        }
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        match &self.output {
            Some(f) => Ok(Some(f.clone())),
            None => self.query.output_field_or_none(),
        }
    }
    fn contains_aggregate(&self) -> bool {
        false
    }
    fn contains_subquery(&self) -> bool {
        true
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Value(Value::Null)
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(subquery_group_by(&self.query, self.clone()))
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Subquery>().is_some_and(|o| {
            self.template == o.template
                && self.extra == o.extra
                && same_output(&self.output, &o.output)
        })
    }
    fn repr(&self) -> String {
        format!("Subquery({})", self.query.repr())
    }
}

/// `Exists(queryset)`
#[derive(Clone, Debug)]
pub struct Exists {
    pub query: Expr,
}

impl Exists {
    /// The queryset's query becomes `SELECT 1 AS "a" … LIMIT 1`.
    pub fn new(query: &Query) -> Result<Expr> {
        let mut inner = query.exists(true)?;
        inner.subquery = true;
        Ok(Rc::new(Exists {
            query: inner.into_expr(),
        }))
    }
}

impl Expression for Exists {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Exists".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.query.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(Exists {
            query: sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.query.clone()),
        })
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        match inner_sql(&self.query, compiler) {
            Ok(inner) => {
                out.push("EXISTS(");
                out.append(inner);
                out.push(")");
                Ok(())
            }
            Err(e) if e.is(ErrorKind::EmptyResultSet) => {
                compiler.compile(&Val::new(false.into()), out)
            }
            Err(e) => Err(e),
        }
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
    fn conditional(&self) -> bool {
        true
    }
    fn contains_aggregate(&self) -> bool {
        false
    }
    fn contains_subquery(&self) -> bool {
        true
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Value(Value::Bool(false))
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(subquery_group_by(&self.query, self.clone()))
    }
    fn repr(&self) -> String {
        format!("Exists({})", self.query.repr())
    }
}
