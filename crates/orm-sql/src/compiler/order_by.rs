//! The `ORDER BY` clause.
use super::selected::SelectedExprs;
use super::{Compiler, SelectItem};
use crate::expression::{Expr, Expression, Resolve};
use crate::expressions::{Col, F, OrderBy, RawSql, Ref, Val};
use crate::query::names::LOOKUP_SEP;
use crate::query::{Alias, Ordering, Selected};
use crate::writer::{Mark, SqlWriter};
use orm_state::{AnyField, Error, ErrorKind, ModelRef, Result};
use std::rc::Rc;

/// One resolved term.
#[derive(Clone, Debug)]
pub(super) struct OrderTerm {
    /// As it was written, before it was resolved.
    pub given: Expr,
    pub expr: Expr,
    pub sql: SqlWriter,
    /// It refers to a selected column: nothing to group by or select for it.
    pub is_ref: bool,
}

/// `"-name"` → (`"name"`, descending)
pub(crate) fn order_dir(name: &str, default_descending: bool) -> (&str, bool) {
    match name.strip_prefix('-') {
        Some(rest) => (rest, !default_descending),
        None => (name, default_descending),
    }
}

fn order_by_of(e: &Expr) -> Option<&OrderBy> {
    e.as_any().downcast_ref::<OrderBy>()
}

impl Compiler {
    /// The ordering terms with their SQL, each once.
    pub(super) fn get_order_by(&self) -> Result<Vec<OrderTerm>> {
        let mut result: Vec<OrderTerm> = vec![];
        let mut seen: Vec<SqlWriter> = vec![];
        let (ordering, standard) = self.ordering();
        if ordering.is_empty() {
            return Ok(result);
        }
        let selected = self.selected_exprs();
        // Each term is resolved before the next is looked at: it may add joins.
        for (i, item) in ordering.into_iter().enumerate() {
            // A model's own ordering is nobody's.
            let origin = self.query.borrow().order_origin(i);
            let _scope = crate::origin::scope(origin);
            self.add_order_terms(item, standard, &selected, &mut seen, &mut result)?;
        }
        Ok(result)
    }

    fn add_order_terms(
        &self,
        item: Ordering,
        standard: bool,
        selected: &SelectedExprs,
        seen: &mut Vec<SqlWriter>,
        result: &mut Vec<OrderTerm>,
    ) -> Result<()> {
        let mut pairs: Vec<(Expr, bool)> = vec![];
        match item {
            Ordering::Expr(e) => pairs.push(self.order_expression(e, standard, selected)),
            Ordering::Name(name) => self.order_name(&name, standard, selected, &mut pairs)?,
        }
        for (expr, is_ref) in pairs {
            let mut resolved = {
                let mut q = self.query.borrow_mut();
                expr.clone().resolve(&mut q, &Resolve::default())?
            };
            let combined = self.query.borrow().combinator.is_some();
            let has_select = !self.state.borrow().select.is_empty();
            if !is_ref && combined && has_select {
                match self.order_combined(&expr, &resolved)? {
                    Some(r) => resolved = r,
                    None => continue,
                }
            }
            let mut sql = self.compiled(&resolved)?;
            sql.note(Mark::START, crate::origin::current());
            let bare = SqlWriter {
                sql: without_ordering(&sql.sql).to_string(),
                params: sql.params.clone(),
                ..SqlWriter::default()
            };
            if seen
                .iter()
                .any(|s| s.sql == bare.sql && s.params == bare.params)
            {
                continue;
            }
            seen.push(bare);
            result.push(OrderTerm {
                given: expr,
                expr: resolved,
                sql,
                is_ref,
            });
        }
        Ok(())
    }

    /// In a union, a term must name a column of the result.
    fn order_combined(&self, expr: &Expr, resolved: &Expr) -> Result<Option<Expr>> {
        let (Some(order), Some(given)) = (order_by_of(resolved), order_by_of(expr)) else {
            return Ok(Some(resolved.clone()));
        };
        let src = order.expression.clone();
        let items: Vec<(Expr, Option<String>)> = self
            .state
            .borrow()
            .select
            .iter()
            .map(|s| (s.expr.clone(), s.alias.clone()))
            .collect();
        for (sel, alias) in items {
            if !sel.same(&*src) {
                continue;
            }
            let q = self.query.borrow();
            if let Some(a) = &alias
                && q.selected.is_some()
                && q.annotation_select().any(|(k, _)| **k == **a)
                && given
                    .expression
                    .as_any()
                    .downcast_ref::<F>()
                    .is_none_or(|f| *f.name != **a)
            {
                continue;
            }
            let name: Rc<str> = match alias {
                Some(a) => a.as_str().into(),
                None => match src
                    .as_any()
                    .downcast_ref::<Col>()
                    .and_then(|c| c.target.column())
                {
                    Some(c) => c,
                    None => continue,
                },
            };
            return Ok(Some(Rc::new(order.with_expression(Ref::new(name, src)))));
        }
        // Not selected: every combined query selects it too.
        let alias: Rc<str> = format!("__orderbycol{}", self.query.borrow().select.len() + 1)
            .as_str()
            .into();
        let mut q = self.query.borrow_mut();
        for c in &mut q.combined_queries {
            if c.selected.is_some() {
                return Err(Error::new(
                    ErrorKind::DatabaseError,
                    "ORDER BY term does not match any column in the result set.",
                ));
            }
            Rc::make_mut(c).add_annotation(given.expression.clone(), &alias, true)?;
        }
        q.select.push(resolved.clone());
        q.values_select.push(alias.clone());
        let at = q.select.len() - 1;
        // Whole rows have no list of what is selected: Django stumbles over that.
        let Some(selected) = &mut q.selected else {
            return Err(Error::type_error(
                "'NoneType' object does not support item assignment",
            ));
        };
        Rc::make_mut(selected).insert(alias.to_string(), Selected::Column(at));
        Ok(Some(Rc::new(order.with_expression(Ref::new(alias, src)))))
    }

    /// The terms as written or taken from `Meta.ordering`, and whether they keep their direction.
    fn ordering(&self) -> (Vec<Ordering>, bool) {
        let q = self.query.borrow();
        let mut meta = false;
        let ordering: Vec<Ordering> = if !q.extra_order_by.is_empty() {
            q.extra_order_by
                .iter()
                .map(|s| Ordering::Name(s.as_str().into()))
                .collect()
        } else if !q.default_ordering || !q.order_by.is_empty() {
            q.order_by.clone()
        } else {
            let of_model = q.model.as_ref().map(model_ordering).unwrap_or_default();
            meta = !of_model.is_empty();
            of_model
        };
        self.state.borrow_mut().meta_ordering = meta;
        (ordering, q.standard_ordering)
    }

    fn order_expression(&self, e: Expr, standard: bool, selected: &SelectedExprs) -> (Expr, bool) {
        let e = cast_value(e);
        let mut order = match order_by_of(&e) {
            Some(o) => o.clone(),
            None => match order_by_of(&OrderBy::new(e.clone(), false)) {
                Some(o) => o.clone(),
                None => return (e, false),
            },
        };
        if !standard {
            order = order.reversed();
        }
        let by_name = || {
            order
                .expression
                .as_any()
                .downcast_ref::<F>()
                .and_then(|f| selected.alias(&f.name))
        };
        let found = selected.expr(&order.expression).or_else(by_name);
        let is_ref = found.is_some();
        if let Some(p) = found {
            if (!order.nulls_first && !order.nulls_last)
                || self.dialect.supports_order_by_nulls_modifier()
            {
                order = order.with_expression(p.into_expr());
            } else if self.query.borrow().combinator.is_some()
                && let Some(refs) = &p.refs
            {
                order = order.with_expression(Ref::new(refs.clone(), p.source.clone()));
            }
        }
        (Rc::new(order), is_ref)
    }

    fn order_name(
        &self,
        name: &str,
        standard: bool,
        selected: &SelectedExprs,
        pairs: &mut Vec<(Expr, bool)>,
    ) -> Result<()> {
        if name == "?" {
            pairs.push((OrderBy::new(crate::functions::random(), false), false));
            return Ok(());
        }
        let (col, descending) = order_dir(name, !standard);
        if let Some(p) = selected.alias(col) {
            pairs.push((OrderBy::new(p.into_expr(), descending), true));
            return Ok(());
        }
        let in_union =
            self.query.borrow().combinator.is_some() && !self.state.borrow().select.is_empty();
        let annotation = {
            let q = self.query.borrow();
            match q.annotations.get(col) {
                Some(e) => Some((e.clone(), col.to_string(), vec![])),
                None => {
                    let mut parts = col.split(LOOKUP_SEP);
                    let first = parts.next().unwrap_or(col);
                    q.annotations.get(first).map(|e| {
                        (
                            e.clone(),
                            first.to_string(),
                            parts.map(str::to_string).collect::<Vec<_>>(),
                        )
                    })
                }
            }
        };
        if let Some((mut expr, reference, transforms)) = annotation {
            if in_union {
                if !transforms.is_empty() {
                    return Err(Error::new(
                        ErrorKind::NotImplementedError,
                        "Ordering combined queries by transforms is not implemented.",
                    ));
                }
                expr = F::new(&reference);
            }
            for t in &transforms {
                expr = self.query.borrow().try_transform(expr, t, None)?;
            }
            pairs.push((OrderBy::new(cast_value(expr), descending), false));
            return Ok(());
        }
        let (is_extra_order, extra, extra_selected) = {
            let q = self.query.borrow();
            (
                q.extra_order_by.iter().any(|s| s == name),
                q.extra.get(col).cloned(),
                q.extra_select().any(|(k, _)| k == col),
            )
        };
        if is_extra_order && let Some((table, column)) = col.split_once('.') {
            let mut w = SqlWriter::default();
            self.quote_name(table, &mut w);
            let sql = format!("{}.{column}", w.sql);
            pairs.push((
                OrderBy::new(RawSql::new(&sql, vec![], None), descending),
                false,
            ));
            return Ok(());
        }
        if let Some(extra) = extra {
            let raw = RawSql::new(&extra.sql, extra.params, None);
            let expr = if extra_selected {
                Ref::new(col.into(), raw).into_expr()
            } else {
                raw
            };
            pairs.push((OrderBy::new(expr, descending), extra_selected));
            return Ok(());
        }
        if in_union {
            pairs.push((OrderBy::new(F::new(col), descending), false));
            return Ok(());
        }
        let opts = self.query.borrow().model()?.clone();
        let found = self.find_ordering_name(name, &opts, None, !standard, &mut vec![])?;
        pairs.extend(found.into_iter().map(|e| (e, false)));
        Ok(())
    }

    /// A field's column, or the related model's own ordering where the name is a relation.
    fn find_ordering_name(
        &self,
        name: &str,
        opts: &ModelRef,
        alias: Option<Alias>,
        default_descending: bool,
        already_seen: &mut Vec<Vec<String>>,
    ) -> Result<Vec<Expr>> {
        let (name, descending) = order_dir(name, default_descending);
        let pieces: Vec<&str> = name.split(LOOKUP_SEP).collect();
        let info = {
            let mut q = self.query.borrow_mut();
            let start = match alias {
                Some(a) => a,
                None => q.initial_alias()?,
            };
            q.setup_joins(&pieces, Some(opts), start, None, true)?
        };
        let to = info.opts.clone().unwrap_or_else(|| opts.clone());
        let ordering = model_ordering(&to);
        let attname_used = match &info.final_field {
            AnyField::Field(f) => pieces.last().is_some_and(|p| *p == &*f.attname()),
            AnyField::Rel(_) => false,
        };
        if info.final_field.is_relation()
            && !ordering.is_empty()
            && !attname_used
            && name != "pk"
            && info.transforms.is_empty()
        {
            let joins: Vec<String> = info
                .joins
                .iter()
                .map(|j| {
                    let q = self.query.borrow();
                    q.alias_map
                        .get(j)
                        .and_then(|t| t.item.join().cloned())
                        .map_or_else(String::new, |j| {
                            j.join_fields
                                .iter()
                                .map(|(l, r)| format!("{:?}={:?}", l.column(), r.column()))
                                .collect::<Vec<_>>()
                                .join(",")
                        })
                })
                .collect();
            if already_seen.contains(&joins) {
                return Err(Error::field_error("Infinite loop caused by ordering."));
            }
            already_seen.push(joins);
            let prefix = format!("{name}{LOOKUP_SEP}");
            let last = info.joins.last().cloned();
            let mut result = vec![];
            for item in ordering {
                match item {
                    Ordering::Expr(e) => {
                        let e = if order_by_of(&e).is_some() {
                            e
                        } else {
                            OrderBy::new(e, descending)
                        };
                        result.push(prefix_references(&e, &prefix));
                    }
                    Ordering::Name(n) => {
                        for e in self.find_ordering_name(
                            &n,
                            &to,
                            last.clone(),
                            descending,
                            already_seen,
                        )? {
                            result.push(prefix_references(&e, &prefix));
                        }
                    }
                }
            }
            return Ok(result);
        }
        let mut q = self.query.borrow_mut();
        let (targets, alias, _) = q.trim_joins(&info.targets, &info.joins, &info.path)?;
        targets
            .iter()
            .map(|t| Ok(OrderBy::new(q.transformed(&info, t, &alias)?, descending)))
            .collect()
    }

    /// With `DISTINCT`, what is ordered by must be selected too.
    pub(super) fn get_extra_select(&self, order_by: &[OrderTerm]) -> Result<Vec<SelectItem>> {
        let q = self.query.borrow();
        if !q.distinct || !q.distinct_fields.is_empty() {
            return Ok(vec![]);
        }
        let state = self.state.borrow();
        let mut extra = vec![];
        for term in order_by.iter().filter(|t| !t.is_ref) {
            let bare = without_ordering(&term.sql.sql);
            let selected = state
                .select
                .iter()
                .any(|s| s.sql.sql == bare && s.sql.params == term.sql.params);
            if !selected {
                extra.push(SelectItem {
                    expr: term.expr.clone(),
                    sql: SqlWriter {
                        sql: bare.to_string(),
                        params: term.sql.params.clone(),
                        ..SqlWriter::default()
                    },
                    alias: None,
                });
            }
        }
        Ok(extra)
    }
}

/// `Meta.ordering` of a model.
fn model_ordering(model: &ModelRef) -> Vec<Ordering> {
    model
        .ordering()
        .iter()
        .filter_map(|v| match crate::expression::value_expr(v) {
            Some(e) => Some(Ordering::Expr(e)),
            None => v.as_str().map(|s| Ordering::Name(s.into())),
        })
        .collect()
}

/// A constant cannot be ordered by as it is: databases would read it as a position.
fn cast_value(e: Expr) -> Expr {
    if e.as_any().is::<Val>()
        && let Ok(field) = e.output_field()
    {
        return crate::functions::comparison::cast(e, field);
    }
    e
}

/// `F("name")` seen from another model: `F("author__name")`.
fn prefix_references(e: &Expr, prefix: &str) -> Expr {
    if let Some(f) = e.as_any().downcast_ref::<F>() {
        return F::new(&format!("{prefix}{}", f.name));
    }
    let sources = e.sources();
    if sources.is_empty() {
        return e.clone();
    }
    e.with_sources(
        sources
            .iter()
            .map(|s| prefix_references(s, prefix))
            .collect(),
    )
}

/// `"a"."b" DESC NULLS LAST` → `"a"."b"`
fn without_ordering(sql: &str) -> &str {
    let last = [" ASC", " DESC"].iter().filter_map(|d| sql.rfind(d)).max();
    match last {
        Some(at) => &sql[..at],
        None => sql,
    }
}
