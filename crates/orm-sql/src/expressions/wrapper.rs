//! `ExpressionWrapper(F("a") * 1.5, output_field=FloatField())`: the same SQL, another type.
use crate::compiler::Compiler;
use crate::expression::{EmptyValue, Expr, Expression, Sources};
use crate::expressions::numeric::cast_decimal;
use crate::expressions::value::same_output;
use crate::writer::SqlWriter;
use orm_state::{Field, Result};
use std::any::Any;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct ExpressionWrapper {
    pub expression: Expr,
    pub output: Option<Rc<Field>>,
}

impl ExpressionWrapper {
    pub fn new(expression: Expr, output: Option<Rc<Field>>) -> Expr {
        Rc::new(ExpressionWrapper { expression, output })
    }
}

impl Expression for ExpressionWrapper {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "ExpressionWrapper".into()
    }
    fn sources(&self) -> Sources {
        std::iter::once(self.expression.clone()).collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        ExpressionWrapper::new(
            sources
                .into_iter()
                .next()
                .unwrap_or_else(|| self.expression.clone()),
            self.output.clone(),
        )
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let mark = out.mark();
        compiler.compile(&self.expression, out)?;
        cast_decimal(self, compiler, out, mark)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        match &self.output {
            Some(f) => Ok(Some(f.clone())),
            None => self.expression.output_field_or_none(),
        }
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(ExpressionWrapper::new(self.expression.clone(), Some(field)))
    }
    fn allowed_default(&self) -> bool {
        self.expression.allowed_default()
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Propagate
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        let expression = self.expression.clone();
        let output = self.output.clone();
        group_by_cols(self, &expression, output)
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<ExpressionWrapper>()
            .is_some_and(|o| same_output(&self.output, &o.output))
    }
    fn repr(&self) -> String {
        format!("ExpressionWrapper({})", self.expression.display())
    }
}

/// What a wrapper is grouped by: what the expression in it is, as one of this type.
pub(super) fn group_by_cols(
    wrapper: Rc<dyn Expression>,
    expression: &Expr,
    output: Option<Rc<Field>>,
) -> Result<Vec<Expr>> {
    match output.and_then(|field| expression.with_output_field(field)) {
        Some(typed) => typed.group_by_cols(),
        // Trees of conditions and subqueries go into GROUP BY as a whole.
        None if is_whole(expression) && !expression.contains_aggregate() => Ok(vec![wrapper]),
        None => expression.clone().group_by_cols(),
    }
}

/// A tree of conditions or a query: for Django no expression like the others.
fn is_whole(expression: &Expr) -> bool {
    let any = expression.as_any();
    any.is::<crate::where_node::WhereNode>()
        || any.is::<crate::expressions::subquery::Subquery>()
        || any.is::<crate::expressions::subquery::Exists>()
        || any.is::<crate::query::subquery::QueryExpr>()
}
