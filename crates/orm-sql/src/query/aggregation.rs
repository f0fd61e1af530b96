//! `aggregate()`, `count()` and `exists()`.
use super::names::gen_cols;
use super::{Combinator, GroupBy, Query, SelectRelated};
use crate::expression::{EmptyValue, Expr, Expression, Resolve};
use crate::expressions::{Col, Ref, Val};
use crate::origin;
use orm_state::maps::{IndexMap, IndexSet};
use orm_state::{Error, Result, Value};
use std::rc::Rc;

/// A query that gives exactly one row of aggregates.
#[derive(Clone, Debug)]
pub struct Aggregation {
    /// The query to compile; with `inner`, its annotations are selected from that subquery.
    pub outer: Query,
    /// `SELECT … FROM (inner) subquery`
    pub inner: Option<Query>,
    /// What each aggregate is worth if no row can match.
    pub empty: Vec<EmptyValue>,
    /// Whether a condition that nothing satisfies needs no query at all.
    pub elide_empty: bool,
}

impl Query {
    /// The query for `aggregate(**aggregates)`; nothing is run.
    pub fn get_aggregation(&self, aggregates: Vec<(String, Expr)>) -> Result<Aggregation> {
        let mut this = self.clone();
        let mask = this.annotation_select_mask.clone();
        let mut refs_subquery = false;
        let mut refs_window = false;
        let mut replacements: Vec<(Expr, Expr)> = vec![];
        let mut resolved: IndexMap<String, Expr> = IndexMap::default();
        for (alias, expr) in aggregates {
            this.check_alias(&alias)?;
            let _scope = origin::narrow(this.column_origin(&alias));
            this.column_wanted(&alias);
            let aggregate = expr.resolve(
                &mut this,
                &Resolve {
                    summarize: true,
                    ..Resolve::default()
                },
            )?;
            if !aggregate.contains_aggregate() {
                return Err(Error::type_error(format!(
                    "{alias} is not an aggregate expression"
                )));
            }
            this.append_annotation_mask([alias.as_str().into()]);
            let mut refs = vec![];
            aggregate.refs(&mut refs);
            for r in &refs {
                if let Some(a) = this.annotations.get(r.as_str()) {
                    refs_subquery |= a.contains_subquery();
                    refs_window |= a.contains_over_clause();
                }
            }
            let aggregate = aggregate.replace(&replacements);
            Rc::make_mut(&mut this.annotations).insert(alias.as_str().into(), aggregate.clone());
            replacements.push((
                Ref::new(alias.as_str().into(), aggregate.clone()).into_expr(),
                aggregate.clone(),
            ));
            resolved.insert(alias, aggregate);
        }
        {
            let annotations = Rc::make_mut(&mut this.annotations);
            for alias in resolved.keys() {
                annotations.shift_remove(alias.as_str());
            }
        }
        match mask {
            None => this.annotation_select_mask = None,
            Some(m) => this.set_annotation_mask(Some(m.iter().cloned().collect())),
        }
        let (_, having, qualify) = this.where_.split_having_qualify(false, false)?;
        let existing_aggregation =
            this.annotations.values().any(|a| a.contains_aggregate()) || having.is_some();
        let set_returning: Vec<Rc<str>> = this
            .annotation_select()
            .filter(|(_, a)| a.set_returning())
            .map(|(k, _)| k.clone())
            .collect();
        let nested = matches!(this.group_by, GroupBy::Exprs(_))
            || this.is_sliced()
            || existing_aggregation
            || refs_subquery
            || refs_window
            || qualify.is_some()
            || this.distinct
            || this.combinator.is_some()
            || !set_returning.is_empty();
        let mut outer;
        let mut inner_query = None;
        if nested {
            let mut inner = this.clone();
            inner.subquery = true;
            inner.for_update = None;
            inner.select_related = SelectRelated::No;
            let names = this.annotation_select().map(|(k, _)| k.clone()).collect();
            inner.set_annotation_mask(Some(names));
            if inner.orderby_issubset_groupby()? {
                inner.clear_ordering(false, true);
            }
            if !inner.distinct {
                if inner.default_cols && existing_aggregation {
                    let alias = inner.initial_alias()?;
                    inner.group_by = GroupBy::Exprs(inner.pk_cols(&alias)?);
                }
                inner.default_cols = false;
                if qualify.is_none() && this.combinator.is_none() {
                    // Only annotations that change the rows, or are aggregated, stay.
                    let mut keep: IndexSet<Rc<str>> = IndexSet::default();
                    let mut refs = vec![];
                    if let GroupBy::Exprs(exprs) = &this.group_by {
                        exprs.iter().for_each(|e| e.refs(&mut refs));
                    }
                    resolved.values().for_each(|e| e.refs(&mut refs));
                    keep.extend(refs.into_iter().map(|r| Rc::<str>::from(r.as_str())));
                    for (alias, a) in this.annotation_select() {
                        if !a.clone().group_by_cols()?.is_empty() {
                            keep.insert(alias.clone());
                        }
                    }
                    keep.extend(set_returning.iter().cloned());
                    inner.set_annotation_mask(Some(keep.into_iter().collect()));
                }
            }
            outer = Query::empty();
            outer.model = this.model.clone();
            outer.default_cols = false;
            let mut col_refs: Vec<(Expr, Expr)> = vec![];
            for (alias, aggregate) in &resolved {
                let _scope = origin::scope(this.column_origin(alias));
                outer.column_wanted(alias);
                let mut cols = vec![];
                gen_cols(aggregate, false, false, &mut cols);
                let mut replace: Vec<(Expr, Expr)> = vec![];
                for col in cols {
                    let known = col_refs
                        .iter()
                        .find(|(c, _)| c.same(&*col))
                        .map(|(_, r)| r.clone());
                    let col_ref = match known {
                        Some(r) => r,
                        None => {
                            let name = format!("__col{}", col_refs.len() + 1);
                            let r = Ref::new(name.as_str().into(), col.clone()).into_expr();
                            inner.put_annotation(col.clone(), &name, true);
                            col_refs.push((col.clone(), r.clone()));
                            r
                        }
                    };
                    replace.push((col, col_ref));
                }
                Rc::make_mut(&mut outer.annotations)
                    .insert(alias.as_str().into(), aggregate.clone().replace(&replace));
            }
            if inner.select.is_empty()
                && !inner.default_cols
                && inner
                    .annotation_select_mask
                    .as_ref()
                    .is_none_or(|m| m.is_empty())
            {
                let alias = inner.initial_alias()?;
                inner.select = inner.pk_cols(&alias)?;
            }
            inner_query = Some(inner);
        } else {
            outer = this;
            outer.select.clear();
            outer.selected = None;
            outer.default_cols = false;
            outer.extra = Rc::default();
            let existing: Vec<(Expr, Expr)> = outer
                .annotations
                .iter()
                .map(|(k, a)| (Ref::new(k.clone(), a.clone()).into_expr(), a.clone()))
                .collect();
            outer.annotations = Rc::new(
                resolved
                    .iter()
                    .map(|(k, a)| (Rc::from(k.as_str()), a.clone().replace(&existing)))
                    .collect(),
            );
            let names = resolved.keys().map(|k| Rc::from(k.as_str())).collect();
            outer.set_annotation_mask(Some(names));
        }
        let empty: Vec<EmptyValue> = outer
            .annotation_select()
            .map(|(_, a)| a.empty_result_set_value())
            .collect();
        let elide_empty = !empty.iter().any(|e| matches!(e, EmptyValue::Propagate));
        outer.clear_ordering(true, true);
        outer.clear_limits();
        outer.for_update = None;
        outer.select_related = SelectRelated::No;
        Ok(Aggregation {
            outer,
            inner: inner_query,
            empty,
            elide_empty,
        })
    }

    /// The columns of the primary key on `alias`.
    pub fn pk_cols(&self, alias: &super::Alias) -> Result<Vec<Expr>> {
        Ok(self
            .model()?
            .pk_fields()?
            .into_iter()
            .map(|f| Col::new(alias.clone(), f, None).into_expr())
            .collect())
    }

    /// The query of `exists()`: `SELECT 1 AS "a" … LIMIT 1`.
    pub fn exists(&self, limit: bool) -> Result<Query> {
        let mut q = self.clone();
        if !(q.distinct && q.is_sliced()) {
            if matches!(q.group_by, GroupBy::All) {
                let names: Vec<Rc<str>> = q
                    .model()?
                    .concrete_fields()
                    .iter()
                    .map(|f| f.attname())
                    .collect();
                q.add_fields(&names, false)?;
                q.set_group_by(false)?;
            }
            q.clear_select_clause();
        }
        if q.combinator == Some(Combinator::Union) {
            q.combined_queries = q
                .combined_queries
                .iter()
                .map(|c| c.exists(false).map(Rc::new))
                .collect::<Result<Vec<_>>>()?;
        }
        q.clear_ordering(true, true);
        if limit {
            q.set_limits(None, Some(1))?;
        }
        q.add_annotation(Val::new(Value::Int(1)), "a", true)?;
        Ok(q)
    }
}
