//! `order_by()`, `reverse()` and when an ordering may be dropped.
use super::names::LOOKUP_SEP;
use super::{GroupBy, Ordering, Query};
use crate::expression::{Expr, Resolve};
use orm_state::{Error, Result};
use std::rc::Rc;

impl Query {
    /// Adds terms, checked: names must lead to fields, expressions may not hold new aggregates.
    pub fn add_ordering(&mut self, ordering: Vec<Ordering>) -> Result<()> {
        for item in &ordering {
            match item {
                Ordering::Name(name) => {
                    if &**name == "?" {
                        continue;
                    }
                    let name = name.strip_prefix('-').unwrap_or(name);
                    if self.annotations.contains_key(name) || self.extra.contains_key(name) {
                        continue;
                    }
                    let parts: Vec<&str> = name.split(LOOKUP_SEP).collect();
                    self.names_to_path(&parts, self.model.as_ref(), true, false)?;
                }
                Ordering::Expr(e) => {
                    if e.contains_aggregate() {
                        return Err(Error::field_error(format!(
                            "Using an aggregate in order_by() without also including it in annotate() is \
                             not allowed: {}",
                            e.repr()
                        )));
                    }
                }
            }
        }
        if ordering.is_empty() {
            self.default_ordering = false;
        } else {
            self.order_wanted(ordering.len());
            self.order_by.extend(ordering);
        }
        Ok(())
    }
    /// Drops the ordering; without `force`, not where a slice depends on it.
    pub fn clear_ordering(&mut self, force: bool, clear_default: bool) {
        if !force
            && (self.is_sliced() || !self.distinct_fields.is_empty() || self.for_update.is_some())
        {
            return;
        }
        self.order_by.clear();
        self.order_dropped();
        self.extra_order_by.clear();
        if clear_default {
            self.default_ordering = false;
        }
        for q in &mut self.combined_queries {
            Rc::make_mut(q).clear_ordering(false, clear_default);
        }
    }
    /// Is everything ordered by also grouped by? Then the order can go when rows are only counted.
    pub fn orderby_issubset_groupby(&self) -> Result<bool> {
        if !self.extra_order_by.is_empty() {
            return Ok(false);
        }
        let GroupBy::Exprs(group_by) = &self.group_by else {
            return Ok(true);
        };
        let mut q = self.clone();
        for item in &self.order_by {
            let resolved: Expr = match item {
                Ordering::Expr(e) => e.clone().resolve(&mut q, &Resolve::default())?,
                Ordering::Name(name) if &**name == "?" => return Ok(false),
                Ordering::Name(name) => {
                    let name = name.strip_prefix('-').unwrap_or(name);
                    q.resolve_ref(name, &Resolve::default())?
                }
            };
            if !group_by.iter().any(|g| g.same(&*resolved)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
