//! A query inside another one.
use super::{Alias, FromItem, Query};
use crate::compiler::Compiler;
use crate::expression::{AliasMap, EmptyValue, Expr, Expression, Resolve, Sources};
use crate::writer::SqlWriter;
use orm_state::{Field, Result};
use std::any::Any;
use std::rc::Rc;

/// A queryset as the right side of a lookup: `filter(author__in=Author.objects.filter(…))`.
#[derive(Clone, Debug)]
pub struct QueryExpr(pub Rc<Query>);

/// The query inside an expression that is one (a queryset, `Subquery`, `Exists`).
pub fn query_of(expr: &Expr) -> Option<Rc<Query>> {
    if let Some(q) = expr.as_any().downcast_ref::<QueryExpr>() {
        return Some(q.0.clone());
    }
    None
}

/// A copy of `query` that can stand inside `outer`: other aliases, references to the outer query
/// resolved.
pub fn resolve_subquery(query: Rc<Query>, outer: &mut Query, how: &Resolve) -> Result<Rc<Query>> {
    let mut q = (*query).clone();
    q.bump_prefix(outer, &[])?;
    q.subquery = true;
    if !q.where_.is_empty() {
        q.where_ = Rc::new(q.where_.resolve_leaves(outer, how)?);
    }
    if q.combinator.is_some() {
        q.combined_queries = q
            .combined_queries
            .iter()
            .map(|c| resolve_subquery(c.clone(), outer, how))
            .collect::<Result<Vec<_>>>()?;
    }
    if !q.annotations.is_empty() {
        for e in Rc::make_mut(&mut q.annotations).values_mut() {
            *e = e.clone().resolve(outer, how)?;
        }
    }
    for (alias, entry) in &outer.alias_map {
        let aliased = match &entry.item {
            FromItem::Join(j) => *j.table != **alias,
            FromItem::Base { table, alias } => table != alias,
        };
        q.external_aliases.insert(alias.clone(), aliased);
    }
    Ok(Rc::new(q))
}

impl Query {
    /// Columns of outer queries it refers to.
    pub fn external_cols(&self) -> Vec<Expr> {
        let mut cols = vec![];
        for e in self.annotations.values().chain(&self.where_.children) {
            super::names::gen_cols(e, true, true, &mut cols);
        }
        cols.retain(|c| {
            super::names::col_alias(c)
                .is_some_and(|a: Alias| self.external_aliases.contains_key(&a))
        });
        cols
    }
    /// The field a one-column query gives.
    pub fn output_field(&self) -> Result<Option<Rc<Field>>> {
        if let [only] = &self.select[..] {
            return match only.as_any().downcast_ref::<crate::expressions::Col>() {
                Some(c) => Ok(Some(c.target.clone())),
                None => only.output_field_or_none(),
            };
        }
        let mut annotations = self.annotation_select();
        match (annotations.next(), annotations.next()) {
            (Some((_, e)), None) => e.output_field_or_none(),
            _ => Ok(None),
        }
    }
    /// What `GROUP BY` needs for a subquery: the outer columns it uses, or itself where one of
    /// them may stand for many rows.
    pub fn group_by_cols_as(&self, wrapper: Expr) -> Vec<Expr> {
        let cols = self.external_cols();
        let many = cols.iter().any(|c| {
            c.as_any()
                .downcast_ref::<crate::expressions::Col>()
                .is_some_and(|c| c.possibly_multivalued())
        });
        if many { vec![wrapper] } else { cols }
    }
}

impl Compiler {
    /// Appends a nested query in brackets.
    pub fn subquery_sql(&self, query: &Query, out: &mut SqlWriter) -> Result<()> {
        let brackets = query.subquery;
        // A nested query is compiled on its own: its emptiness is the caller's to handle.
        let inner = Compiler::new(query.clone(), self.dialect_rc(), self.using.clone());
        let part = inner.as_sql()?;
        if brackets {
            out.push("(");
        }
        out.append(part);
        if brackets {
            out.push(")");
        }
        Ok(())
    }
}

impl Expression for QueryExpr {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Query".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        Ok(Rc::new(QueryExpr(resolve_subquery(
            self.0.clone(),
            query,
            how,
        )?)))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        compiler.subquery_sql(&self.0, out)
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        self.0.output_field()
    }
    fn contains_aggregate(&self) -> bool {
        false
    }
    fn contains_over_clause(&self) -> bool {
        false
    }
    fn contains_subquery(&self) -> bool {
        true
    }
    fn external_cols(&self) -> Vec<Expr> {
        self.0.external_cols()
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(self.0.group_by_cols_as(self.clone()))
    }
    fn relabeled(self: Rc<Self>, map: &AliasMap) -> Expr {
        Rc::new(QueryExpr(Rc::new(self.0.relabeled_clone(map))))
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Value(orm_state::Value::Null)
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<QueryExpr>()
            .is_some_and(|o| Rc::ptr_eq(&o.0, &self.0))
    }
}
