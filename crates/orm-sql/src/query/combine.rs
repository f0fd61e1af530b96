//! `queryset & queryset` and `queryset | queryset`.
use super::promoter::JoinPromoter;
use super::{Alias, JoinType, Query};
use crate::expression::{AliasMap, Reuse};
use crate::q::Connector;
use orm_state::maps::IndexSet;
use orm_state::{Error, Result};
use std::cell::RefCell;
use std::rc::Rc;

impl Query {
    /// Merges `rhs` into this query, its conditions joined by `connector`.
    pub fn combine(&mut self, rhs: &Query, connector: Connector) -> Result<()> {
        let same_model = match (&self.model, &rhs.model) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            _ => false,
        };
        let problem = if !same_model {
            Some("Cannot combine queries on two different base models.")
        } else if self.is_sliced() {
            Some("Cannot combine queries once a slice has been taken.")
        } else if self.distinct != rhs.distinct {
            Some("Cannot combine a unique query with a non-unique query.")
        } else if self.distinct_fields != rhs.distinct_fields {
            Some("Cannot combine queries with different distinct fields.")
        } else {
            None
        };
        if let Some(message) = problem {
            return Err(Error::type_error(message));
        }
        let initial = self.initial_alias()?;
        let mut rhs = rhs.clone();
        rhs.bump_prefix(self, &[initial])?;

        let mut map = AliasMap::default();
        let conjunction = connector == Connector::And;
        // `AND` over a to-many relation means another row: its joins are not shared.
        let reuse: Reuse = Rc::new(RefCell::new(if conjunction {
            IndexSet::default()
        } else {
            self.alias_map.keys().cloned().collect()
        }));
        let mut promoter = JoinPromoter::new(connector, 2, false);
        promoter.add_votes(self.inner_aliases());
        let mut rhs_votes: IndexSet<Alias> = IndexSet::default();
        let tables: Vec<Alias> = rhs.alias_map.keys().skip(1).cloned().collect();
        for alias in tables {
            let Some(entry) = rhs.alias_map.get(&alias) else {
                continue;
            };
            let Some(join) = entry.item.join() else {
                continue;
            };
            let mut join = (**join).clone();
            if let Some(parent) = map.get(&join.parent_alias) {
                join.parent_alias = parent.clone();
            }
            let inner = join.join_type == JoinType::Inner;
            let unused = entry.refcount == 0;
            let known = self.alias_map.len();
            let new = self.join(join, Some(&reuse), false)?;
            self.joins_taken(&rhs, &alias, &new);
            // A join made anew has the type that suits this query: only that counts.
            let inner = match self.alias_map.get(&new).and_then(|e| e.item.join()) {
                Some(made) if self.alias_map.len() > known => made.join_type == JoinType::Inner,
                _ => inner,
            };
            if inner {
                rhs_votes.insert(new.clone());
            }
            reuse.borrow_mut().shift_remove(&new);
            if alias != new {
                map.insert(alias, new.clone());
            }
            if unused {
                self.unref_alias(&new);
            }
        }
        promoter.add_votes(rhs_votes);
        promoter.update_join_types(self);
        let theirs = rhs.subq_aliases.clone();
        Rc::make_mut(&mut self.subq_aliases).extend(theirs.iter().cloned());

        let mut where_ = (*rhs.where_).clone();
        where_.children = where_
            .children
            .into_iter()
            .map(|c| c.relabeled(&map))
            .collect();
        Rc::make_mut(&mut self.where_).add(Rc::new(where_), connector);

        if rhs.select.is_empty() {
            self.select.clear();
        } else {
            let cols = rhs
                .select
                .iter()
                .map(|c| c.clone().relabeled(&map))
                .collect();
            self.set_select(cols);
        }
        if connector == Connector::Or && !self.extra.is_empty() && !rhs.extra.is_empty() {
            return Err(Error::value_error(
                "When merging querysets using 'or', you cannot have extra(select=...) on both sides.",
            ));
        }
        if !rhs.extra.is_empty() {
            Rc::make_mut(&mut self.extra)
                .extend(rhs.extra.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        let mut mask: IndexSet<String> = IndexSet::default();
        for m in [&self.extra_select_mask, &rhs.extra_select_mask]
            .into_iter()
            .flatten()
        {
            mask.extend(m.iter().cloned());
        }
        if !mask.is_empty() {
            self.extra_select_mask = Some(Rc::new(mask));
        }
        if !rhs.order_by.is_empty() {
            self.order_taken(&rhs);
        }
        self.extra_tables.extend(rhs.extra_tables);
        if !rhs.order_by.is_empty() {
            self.order_by = rhs.order_by;
        }
        if !rhs.extra_order_by.is_empty() {
            self.extra_order_by = rhs.extra_order_by;
        }
        Ok(())
    }
}
