//! `filter()` and `exclude()`: from `Q` to conditions and joins.
use super::names::{LOOKUP_SEP, NamesWithPath, PathError, joins_not_permitted};
use super::promoter::JoinPromoter;
use super::subquery::query_of;
use super::{Alias, JoinType, Query};
use crate::expression::{Expr, Expression, Resolve, Reuse, value_expr};
use crate::expressions::{Col, ColPairs};
use crate::lookup::{Registered, Rhs};
use crate::origin;
use crate::q::{Connector, Q, QChild};
use crate::where_node::WhereNode;
use orm_state::{AnyField, Error, ErrorKind, Field, ModelRef, Result, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// `FilteredRelation("books", condition=Q(…))`
#[derive(Clone, Debug)]
pub struct FilteredRelation {
    pub relation_name: String,
    pub alias: String,
    pub condition: Q,
    /// The condition once resolved, with its columns.
    pub resolved_condition: Option<Expr>,
}

impl FilteredRelation {
    pub fn same(&self, other: &FilteredRelation) -> bool {
        self.relation_name == other.relation_name
            && self.alias == other.alias
            && self.condition.same(&other.condition)
    }
}

/// Where in a tree of conditions a filter is built.
#[derive(Clone, Debug)]
pub struct FilterOptions {
    /// Any negation above.
    pub branch_negated: bool,
    /// An odd number of negations above.
    pub current_negated: bool,
    pub can_reuse: Option<Reuse>,
    pub allow_joins: bool,
    /// Turn a negated condition over a to-many relation into a subquery.
    pub split_subq: bool,
    pub check_filterable: bool,
    pub summarize: bool,
    pub update_join_types: bool,
}

impl Default for FilterOptions {
    fn default() -> Self {
        FilterOptions {
            branch_negated: false,
            current_negated: false,
            can_reuse: None,
            allow_joins: true,
            split_subq: true,
            check_filterable: true,
            summarize: false,
            update_join_types: true,
        }
    }
}

impl Query {
    /// Adds the conditions of one `filter()` call; joins over to-many relations are shared inside
    /// the call, not with earlier calls.
    pub fn add_q(&mut self, q: &Q) -> Result<()> {
        let reuse: Reuse = Rc::new(RefCell::new(std::mem::take(&mut self.used_aliases)));
        let result = self.add_q_reusing(q, &reuse);
        self.used_aliases = reuse.take();
        result
    }
    /// `add_q(q, reuse_all=True)`
    pub fn add_q_reusing_all(&mut self, q: &Q) -> Result<()> {
        let all: Reuse = Rc::new(RefCell::new(self.alias_map.keys().cloned().collect()));
        self.add_q_reusing(q, &all)
    }
    fn add_q_reusing(&mut self, q: &Q, reuse: &Reuse) -> Result<()> {
        // Joins that were inner stay inner: earlier conditions need their rows.
        let inner: Vec<Alias> = self.inner_aliases();
        let options = FilterOptions {
            can_reuse: Some(reuse.clone()),
            ..Default::default()
        };
        let (clause, _) = self.build_q(q, &options)?;
        if !clause.is_empty() {
            Rc::make_mut(&mut self.where_).add(Rc::new(clause), Connector::And);
        }
        self.demote_joins(inner);
        Ok(())
    }
    pub(super) fn inner_aliases(&self) -> Vec<Alias> {
        self.alias_map
            .iter()
            .filter(|(_, t)| t.item.join_type() == Some(JoinType::Inner))
            .map(|(a, _)| a.clone())
            .collect()
    }
    pub fn add_filter(&mut self, lookup: &str, value: Value) -> Result<()> {
        self.add_q(&Q {
            children: vec![QChild::Lookup(lookup.into(), value)],
            ..Q::default()
        })
    }
    /// The condition of `Q` without joins: for constraints (`build_where`).
    pub fn build_where(&mut self, q: &Q) -> Result<WhereNode> {
        let options = FilterOptions {
            allow_joins: false,
            ..Default::default()
        };
        Ok(self.build_q(q, &options)?.0)
    }

    /// The conditions of `q`, and the aliases whose joins may be inner.
    pub fn build_q(&mut self, q: &Q, options: &FilterOptions) -> Result<(WhereNode, Vec<Alias>)> {
        let mut inner = options.clone();
        inner.current_negated ^= q.negated;
        inner.branch_negated |= q.negated;
        let mut target = WhereNode {
            connector: q.connector,
            negated: q.negated,
            ..WhereNode::default()
        };
        let mut promoter = JoinPromoter::new(q.connector, q.children.len(), inner.current_negated);
        for (i, child) in q.children.iter().enumerate() {
            let _scope = origin::narrow(q.origin(i));
            let (clause, needed_inner) = self.build_filter(child, &inner)?;
            promoter.add_votes(needed_inner);
            if !clause.is_empty() {
                target.add(Rc::new(clause), q.connector);
            }
        }
        let needed = if inner.update_join_types {
            promoter.update_join_types(self)
        } else {
            vec![]
        };
        Ok((target, needed))
    }

    /// The condition of one lookup, `Q` or expression.
    pub fn build_filter(
        &mut self,
        child: &QChild,
        options: &FilterOptions,
    ) -> Result<(WhereNode, Vec<Alias>)> {
        match child {
            QChild::Q(q) => self.build_q(q, options),
            QChild::Expr(e) => self.build_expression_filter(e, options),
            QChild::Lookup(name, value) => self.build_lookup_filter(name, value, options),
        }
    }

    fn build_expression_filter(
        &mut self,
        expr: &Expr,
        options: &FilterOptions,
    ) -> Result<(WhereNode, Vec<Alias>)> {
        if !expr.conditional() {
            return Err(Error::type_error(
                "Cannot filter against a non-conditional expression.",
            ));
        }
        let mut condition = expr.clone().resolve(
            self,
            &Resolve {
                allow_joins: options.allow_joins,
                reuse: options.can_reuse.clone(),
                summarize: options.summarize,
                for_save: false,
            },
        )?;
        if condition.as_lookup().is_none() {
            let built =
                self.build_lookup(&["exact".into()], condition, Rhs::Value(Value::Bool(true)))?;
            condition =
                built.ok_or_else(|| Error::field_error("The expression has no exact lookup."))?;
        }
        Ok((WhereNode::new(vec![condition], Connector::And), vec![]))
    }

    fn build_lookup_filter(
        &mut self,
        arg: &str,
        value: &Value,
        options: &FilterOptions,
    ) -> Result<(WhereNode, Vec<Alias>)> {
        if arg.is_empty() {
            return Err(Error::field_error("Cannot parse keyword query ''"));
        }
        let solved = self.solve_lookup_type(arg, options.summarize)?;
        if options.check_filterable
            && let Some(e) = &solved.annotation
        {
            check_filterable(e)?;
        }
        if !options.allow_joins && solved.parts.len() > 1 {
            return Err(joins_not_permitted());
        }
        let before = self.refcounts();
        let rhs = self.resolve_lookup_value(value, options)?;
        let mut used_joins: Vec<Alias> = self
            .alias_map
            .iter()
            .filter(|(k, t)| t.refcount > before.get(*k).copied().unwrap_or(0))
            .map(|(k, _)| k.clone())
            .collect();
        if options.check_filterable {
            check_rhs_filterable(&rhs)?;
        }
        if let Some(annotation) = solved.annotation {
            let condition = self.lookup_or_error(&solved.lookups, annotation, rhs)?;
            return Ok((WhereNode::new(vec![condition], Connector::And), vec![]));
        }

        let opts = self.model.clone();
        let alias = self.initial_alias()?;
        let allow_many = !options.branch_negated || !options.split_subq;
        let parts: Vec<&str> = solved.parts.iter().map(String::as_str).collect();
        let info = match self.setup_joins(
            &parts,
            opts.as_ref(),
            alias,
            options.can_reuse.as_ref(),
            allow_many,
        ) {
            Ok(info) => info,
            Err(PathError::MultiJoin(names_with_path)) => {
                return self.split_exclude(arg, value, options, &names_with_path);
            }
            Err(PathError::Orm(e)) => return Err(e),
        };
        if let Some(opts) = &info.opts {
            check_related_objects(&info.final_field, &rhs, opts)?;
        }
        self.lookup_joins = info.joins.clone();
        used_joins.extend(info.joins.iter().cloned());
        used_joins.sort();
        used_joins.dedup();
        let (targets, alias, join_list) =
            self.trim_joins(&info.targets, &info.joins, &info.path)?;
        if let Some(reuse) = &options.can_reuse {
            reuse.borrow_mut().extend(join_list.iter().cloned());
        }
        let source = output_of(&info.final_field);
        let shown = self.shown_alias(&alias);
        let col = if targets.len() == 1 {
            crate::expressions::get_col(shown.clone(), targets[0].clone(), source.clone())?
        } else {
            ColPairs::new(
                shown.clone(),
                targets.clone(),
                info.targets.clone(),
                source.clone().unwrap_or_else(|| targets[0].clone()),
            )
        };
        let condition = match (
            self.lookup_or_error(&solved.lookups, col, rhs),
            &info.final_field,
        ) {
            (Err(e), AnyField::Rel(rel)) => return Err(told_of_relation(e, rel, &source)),
            (made, _) => made?,
        };
        let mut clause = WhereNode::new(vec![condition.clone()], Connector::And);

        let (is_isnull, rhs_true, rhs_false, rhs_none) = match condition.as_lookup() {
            Some(l) => (
                l.kind.lookup_name() == "isnull",
                matches!(&l.rhs, Rhs::Value(Value::Bool(true))),
                matches!(&l.rhs, Rhs::Value(Value::Bool(false))),
                l.rhs.is_null(),
            ),
            None => (false, false, false, false),
        };
        let mut require_outer = is_isnull && rhs_true && !options.current_negated;
        if options.current_negated && (!is_isnull || rhs_false) && !rhs_none {
            require_outer = true;
            if !is_isnull {
                let last_outer = join_list
                    .last()
                    .is_some_and(|a| self.join_type(a) == Some(JoinType::LeftOuter));
                if targets[0].null.get() || last_outer {
                    let col = Col::new(
                        shown.clone(),
                        targets[0].clone(),
                        info.targets.first().cloned(),
                    )
                    .into_expr();
                    let has_none = condition.as_lookup().is_some_and(|l| {
                        l.kind.lookup_name() == "in"
                            && matches!(&l.rhs, Rhs::Value(v) if v.items().is_some_and(|i| i.iter().any(Value::is_null)))
                    });
                    let isnull = self.isnull(&targets[0], col, has_none)?;
                    clause.add(
                        isnull,
                        if has_none {
                            Connector::Or
                        } else {
                            Connector::And
                        },
                    );
                }
                if let Some(lookup) = condition.as_lookup()
                    && let Rhs::Expr(e) = &lookup.rhs
                    && let Some(c) = e.as_any().downcast_ref::<Col>()
                    && c.target.null.get()
                {
                    let isnull = self.isnull(&c.target.clone(), e.clone(), false)?;
                    clause.add(isnull, Connector::And);
                }
            }
        }
        Ok((clause, if require_outer { vec![] } else { used_joins }))
    }

    fn isnull(&self, field: &Rc<Field>, lhs: Expr, value: bool) -> Result<Expr> {
        match crate::lookup::field_lookup(field, "isnull")? {
            Some(Registered::Lookup(l)) => l.make(lhs, Rhs::Value(Value::Bool(value)), vec![]),
            _ => Err(Error::field_error("The field has no isnull lookup.")),
        }
    }

    fn lookup_or_error(&self, lookups: &[String], lhs: Expr, rhs: Rhs) -> Result<Expr> {
        let name = lookups.last().cloned().unwrap_or_default();
        self.build_lookup(lookups, lhs, rhs)?.ok_or_else(|| {
            Error::new(
                ErrorKind::AttributeError,
                format!("'NoneType' object has no attribute '{name}'"),
            )
        })
    }

    /// The lookup at the end of `lookups`, its transforms applied to `lhs`. `None` as right side
    /// of `exact` is `IS NULL`.
    pub fn build_lookup(&self, lookups: &[String], lhs: Expr, rhs: Rhs) -> Result<Option<Expr>> {
        let exact = ["exact".to_string()];
        let lookups = if lookups.is_empty() {
            &exact[..]
        } else {
            lookups
        };
        let Some((name, transforms)) = lookups.split_last() else {
            return Ok(None);
        };
        let mut lhs = lhs;
        for t in transforms {
            lhs = self.try_transform(lhs, t, Some(lookups))?;
        }
        let mut name = name.as_str();
        let mut found = lhs.get_lookup(name)?;
        if found.is_none() {
            lhs = self.try_transform(lhs, name, None)?;
            name = "exact";
            found = lhs.get_lookup(name)?;
        }
        let Some(Registered::Lookup(factory)) = found else {
            return Ok(None);
        };
        let bilateral = lhs.bilateral_transforms();
        let lookup = factory.make(lhs.clone(), rhs, bilateral)?;
        if let Some(l) = lookup.as_lookup()
            && l.rhs.is_null()
            && !lookup.takes_none()
        {
            if !matches!(name, "exact" | "iexact") {
                return Err(Error::value_error("Cannot use None as a query value"));
            }
            return match lhs.get_lookup("isnull")? {
                Some(Registered::Lookup(isnull)) => isnull
                    .make(lhs, Rhs::Value(Value::Bool(true)), vec![])
                    .map(Some),
                _ => Ok(None),
            };
        }
        Ok(Some(lookup))
    }

    fn resolve_lookup_value(&mut self, value: &Value, options: &FilterOptions) -> Result<Rhs> {
        let how = Resolve {
            allow_joins: options.allow_joins,
            reuse: options.can_reuse.clone(),
            summarize: options.summarize,
            for_save: false,
        };
        if let Some(e) = value_expr(value) {
            return Ok(Rhs::Expr(e.resolve(self, &how)?));
        }
        Ok(Rhs::Value(self.resolve_items(value, &how)?))
    }
    /// Expressions inside lists are resolved one by one.
    fn resolve_items(&mut self, value: &Value, how: &Resolve) -> Result<Value> {
        let has_expr = |v: &Value| value_expr(v).is_some() || v.items().is_some();
        Ok(match value {
            Value::List(items) | Value::Tuple(items) if items.iter().any(has_expr) => {
                let mut out = Vec::with_capacity(items.len());
                for item in items.iter() {
                    out.push(match value_expr(item) {
                        Some(e) => crate::expression::ExprObject::value(e.resolve(self, how)?),
                        None => self.resolve_items(item, how)?,
                    });
                }
                if matches!(value, Value::List(_)) {
                    Value::List(out.into())
                } else {
                    Value::Tuple(out.into())
                }
            }
            v => v.clone(),
        })
    }

    /// `exclude()` over a to-many relation: `NOT EXISTS (SELECT 1 … )`, correlated with the outer
    /// query where the path first meets a to-many step.
    fn split_exclude(
        &mut self,
        lookup: &str,
        value: &Value,
        options: &FilterOptions,
        names_with_path: &NamesWithPath,
    ) -> Result<(WhereNode, Vec<Alias>)> {
        let model = self.model()?.clone();
        let mut inner = Query::new(&model);
        inner.begun_by(origin::current());
        inner.filtered_relations = self.filtered_relations.clone();
        let value = outer_value(value);
        inner.add_filter(lookup, value)?;
        inner.clear_ordering(true, true);
        let (prefix, contains_outer) = inner.trim_start(names_with_path)?;
        let col = inner.select.first().cloned();
        let Some((alias, target)) = col
            .as_ref()
            .and_then(|c| c.as_any().downcast_ref::<Col>())
            .map(|c| (c.alias.clone(), c.target.clone()))
        else {
            return Err(Error::not_implemented(
                "exclude() over a relation of several columns",
            ));
        };
        let exact = match crate::lookup::field_lookup(&target, "exact")? {
            Some(Registered::Lookup(l)) => l,
            _ => return Err(Error::field_error("The field has no exact lookup.")),
        };
        let reused = options
            .can_reuse
            .as_ref()
            .is_some_and(|r| r.borrow().contains(&alias));
        let condition = if reused {
            // The outer query filters the same rows: tie both by primary key.
            let pk = match target.model() {
                Some(m) => m.pk_field()?,
                None => model.pk_field()?,
            };
            inner.bump_prefix(self, &[])?;
            let inner_alias = inner
                .select
                .first()
                .and_then(super::names::col_alias)
                .unwrap_or_else(|| alias.clone());
            let lookup = exact.make(
                Col::new(inner_alias, pk.clone(), None).into_expr(),
                Rhs::Expr(Col::new(alias.clone(), pk, None).into_expr()),
                vec![],
            )?;
            inner.external_aliases.insert(alias.clone(), true);
            lookup
        } else {
            let col = Col::new(alias, target, None).into_expr();
            exact.make(
                col,
                Rhs::Expr(crate::expressions::ResolvedOuterRef::new(&prefix)),
                vec![],
            )?
        };
        Rc::make_mut(&mut inner.where_).add(condition, Connector::And);
        let exists = crate::expressions::Exists::new(&inner)?;
        let (mut clause, needed_inner) =
            self.build_filter(&QChild::Expr(exists), &FilterOptions::default())?;
        if contains_outer {
            let or_null = FilterOptions {
                current_negated: true,
                branch_negated: true,
                can_reuse: options.can_reuse.clone(),
                ..Default::default()
            };
            let isnull = QChild::Lookup(
                format!("{prefix}{LOOKUP_SEP}isnull").into(),
                Value::Bool(true),
            );
            let (condition, _) = self.build_filter(&isnull, &or_null)?;
            clause.add(Rc::new(condition), Connector::Or);
        }
        Ok((clause, needed_inner))
    }

    /// Takes the joins before the first to-many step out of a subquery and selects the column that
    /// ties it to the outer query; the outer name of that column, and whether an outer join was
    /// dropped.
    fn trim_start(&mut self, names_with_path: &NamesWithPath) -> Result<(String, bool)> {
        let all: Vec<_> = names_with_path
            .iter()
            .flat_map(|(_, steps)| steps.iter().cloned())
            .collect();
        let base = self.alias_map.keys().next().cloned();
        let tables: Vec<Alias> = self
            .alias_map
            .keys()
            .filter(|a| self.lookup_joins.contains(a) || Some(*a) == base.as_ref())
            .cloned()
            .collect();
        let mut contains_outer = false;
        let mut trimmed = 0;
        for (i, step) in all.iter().enumerate() {
            trimmed = i;
            if step.info.m2m {
                break;
            }
            if tables
                .get(i + 1)
                .is_some_and(|t| self.join_type(t) == Some(JoinType::LeftOuter))
            {
                contains_outer = true;
            }
            self.unref_alias(&tables[i]);
        }
        let join_field = match all.get(trimmed).map(|s| &s.info.join_field) {
            Some(AnyField::Rel(r)) => r.field()?,
            Some(AnyField::Field(f)) => f.clone(),
            None => return Err(Error::field_error("The path has no to-many step.")),
        };
        let mut left = trimmed;
        let mut prefix: Vec<String> = vec![];
        for (name, steps) in names_with_path {
            if left < steps.len() {
                break;
            }
            prefix.push(name.clone());
            left -= steps.len();
        }
        let pairs = join_field.related_fields()?;
        let foreign = &pairs[0].1;
        prefix.push(foreign.name().to_string());
        let (Some(here), Some(next)) = (
            tables.get(trimmed).cloned(),
            tables.get(trimmed + 1).cloned(),
        ) else {
            return Err(Error::field_error("The path has no to-many step."));
        };
        let first = self
            .alias_map
            .get(&next)
            .and_then(|t| t.item.join().cloned());
        let keep_outer = first
            .as_ref()
            .is_some_and(|j| j.join_type == JoinType::LeftOuter || j.filtered_relation.is_some());
        let (fields, alias): (Vec<Rc<Field>>, Alias) = if keep_outer {
            (pairs.iter().map(|(_, r)| r.clone()).collect(), here)
        } else {
            self.unref_alias(&here);
            if let Some(extra) = super::restriction::extra_restriction(
                &AnyField::Field(join_field.clone()),
                None,
                Some(&next),
            )? {
                Rc::make_mut(&mut self.where_).add(extra, Connector::And);
            }
            (pairs.iter().map(|(l, _)| l.clone()).collect(), next)
        };
        // What comes first in FROM cannot be a join.
        if let Some((first_alias, entry)) = self.alias_map.iter_mut().find(|(_, t)| t.refcount > 0)
        {
            entry.item = super::FromItem::Base {
                table: entry.item.table().clone(),
                alias: first_alias.clone(),
            };
        }
        let cols = fields
            .into_iter()
            .map(|f| Col::new(alias.clone(), f, None).into_expr())
            .collect();
        self.set_select(cols);
        Ok((prefix.join(LOOKUP_SEP), contains_outer))
    }

    /// `Q(…)` as an expression: its joins become outer ones, so that it filters nothing by itself.
    pub fn resolve_q(&mut self, q: &Q, how: &Resolve) -> Result<Expr> {
        let options = FilterOptions {
            can_reuse: how.reuse.clone(),
            allow_joins: how.allow_joins,
            split_subq: false,
            check_filterable: false,
            summarize: how.summarize,
            ..Default::default()
        };
        let (clause, joins) = self.build_q(q, &options)?;
        self.promote_joins(joins);
        Ok(Rc::new(clause))
    }

    pub(super) fn resolve_filtered_relation(
        &mut self,
        relation: &Rc<FilteredRelation>,
        reuse: Option<Reuse>,
    ) -> Result<FilteredRelation> {
        let options = FilterOptions {
            can_reuse: reuse,
            allow_joins: true,
            split_subq: false,
            update_join_types: false,
            ..Default::default()
        };
        let (clause, _) = self.build_q(&relation.condition, &options)?;
        Ok(FilteredRelation {
            resolved_condition: Some(Rc::new(clause)),
            ..(**relation).clone()
        })
    }

    /// `annotate(x=FilteredRelation("books", condition=Q(…)))`
    pub fn add_filtered_relation(
        &mut self,
        relation_name: &str,
        condition: &Q,
        alias: &str,
    ) -> Result<()> {
        if alias.contains('.') {
            return Err(Error::value_error(format!(
                "FilteredRelation doesn't support aliases with periods (got '{alias}')."
            )));
        }
        self.check_alias(alias)?;
        let solved = self.solve_lookup_type(relation_name, false)?;
        if !solved.lookups.is_empty() {
            return Err(Error::value_error(format!(
                "FilteredRelation's relation_name cannot contain lookups (got '{relation_name}')."
            )));
        }
        let mut names = vec![];
        condition.names(&mut names);
        for lookup in &names {
            let inner = self.solve_lookup_type(lookup, false)?;
            let shift = if inner.lookups.is_empty() { 2 } else { 1 };
            let path = &inner.parts[..inner.parts.len().saturating_sub(shift)];
            for (i, part) in path.iter().enumerate() {
                if solved.parts.get(i).is_some_and(|p| p != part) {
                    return Err(Error::value_error(format!(
                        "FilteredRelation's condition doesn't support relations outside the \
                         '{relation_name}' (got '{lookup}')."
                    )));
                }
            }
            if inner.parts.len() > solved.parts.len() + 1 {
                return Err(Error::value_error(format!(
                    "FilteredRelation's condition doesn't support nested relations deeper than the \
                     relation_name (got '{lookup}' for '{relation_name}')."
                )));
            }
        }
        let condition = condition.renamed_prefix(relation_name, alias)?;
        Rc::make_mut(&mut self.filtered_relations).insert(
            alias.into(),
            Rc::new(FilteredRelation {
                relation_name: relation_name.into(),
                alias: alias.into(),
                condition,
                resolved_condition: None,
            }),
        );
        Ok(())
    }
}

/// The right side of an excluded condition, seen from inside its subquery: `F()` means the outer
/// query there.
fn outer_value(value: &Value) -> Value {
    use crate::expressions::{F, OuterRef, Sliced};
    let Some(e) = value_expr(value) else {
        return value.clone();
    };
    if let Some(f) = e.as_any().downcast_ref::<F>() {
        return crate::expression::ExprObject::value(OuterRef::new(&f.name));
    }
    // A part of a text is known by the name alone.
    if let Some(part) = e.as_any().downcast_ref::<Sliced>() {
        return crate::expression::ExprObject::value(OuterRef::new(&part.field_name()));
    }
    if e.as_any().is::<OuterRef>() {
        return crate::expression::ExprObject::value(OuterRef::nested(e));
    }
    value.clone()
}

/// The field whose lookups a path's end has: a relation's own field, or the target's.
fn output_of(field: &AnyField) -> Option<Rc<Field>> {
    match field {
        AnyField::Field(f) => Some(f.clone()),
        AnyField::Rel(r) => r.field_opt(),
    }
}

fn check_rhs_filterable(rhs: &Rhs) -> Result<()> {
    match rhs {
        Rhs::Expr(e) => check_filterable(e),
        Rhs::Value(_) => Ok(()),
    }
}

/// `Window` and such may not stand in a filter of databases that cannot.
pub fn check_filterable(expr: &Expr) -> Result<()> {
    if !expr.filterable() {
        return Err(Error::not_supported(format!(
            "{} is disallowed in the filter clause.",
            expr.name()
        )));
    }
    expr.sources().iter().try_for_each(check_filterable)
}

fn related_compatible(model: &ModelRef, opts: &ModelRef, field: &AnyField) -> bool {
    let check = |target: &ModelRef| {
        Rc::ptr_eq(&model.concrete_model(), &target.concrete_model())
            || model
                .parent_list()
                .iter()
                .any(|p| Rc::ptr_eq(p, &target.concrete_model()))
            || target.parent_list().iter().any(|p| Rc::ptr_eq(p, model))
    };
    check(opts)
        || match field {
            AnyField::Field(f) => f.primary_key.get() && f.model().is_some_and(|m| check(&m)),
            AnyField::Rel(_) => false,
        }
}

/// Objects and querysets compared with a relation must be of the right model.
fn check_related_objects(field: &AnyField, rhs: &Rhs, opts: &ModelRef) -> Result<()> {
    if !field.is_relation() {
        return Ok(());
    }
    let check_object = |v: &Value| match v.as_object().and_then(|o| o.model()) {
        Some(m) if !related_compatible(&m, opts, field) => Err(Error::value_error(format!(
            "Cannot query \"{}\": Must be \"{}\" instance.",
            v.to_str(),
            opts.object_name()
        ))),
        _ => Ok(()),
    };
    match rhs {
        Rhs::Expr(e) => {
            if let Some(q) = query_of(e)
                && !q.has_select_fields()
                && let Some(m) = &q.model
                && !related_compatible(m, opts, field)
            {
                return Err(Error::value_error(format!(
                    "Cannot use QuerySet for \"{}\": Use a QuerySet for \"{}\".",
                    m.object_name(),
                    opts.object_name()
                )));
            }
            Ok(())
        }
        Rhs::Value(v) => match v.items() {
            Some(items) => items.iter().try_for_each(check_object),
            None => check_object(v),
        },
    }
}

/// A lookup that a reverse relation does not have: the message names the relation's own class.
fn told_of_relation(error: Error, rel: &orm_state::Rel, field: &Option<Rc<Field>>) -> Error {
    let Some(field) = field.as_ref().filter(|_| error.is(ErrorKind::FieldError)) else {
        return error;
    };
    let message = error.message();
    if !message.starts_with("Unsupported lookup") {
        return error;
    }
    let from = format!(" for {} or join", field.class.name);
    let to = format!(" for {} or join", rel.kind.class_name());
    Error::field_error(message.replacen(&from, &to, 1))
}
