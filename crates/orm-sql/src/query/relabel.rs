//! Renaming aliases in every part of a query.
use super::{Alias, FromItem, GroupBy, Query};
use crate::expression::{AliasMap, Expression};
use std::rc::Rc;

impl Query {
    /// Renames aliases, with every column that refers to them (`change_aliases`).
    pub fn change_aliases(&mut self, map: &AliasMap) {
        if map.is_empty() {
            return;
        }
        if !self.where_.children.is_empty() {
            let where_ = self.where_.clone();
            self.where_ = Rc::new(crate::where_node::WhereNode {
                children: where_
                    .children
                    .iter()
                    .map(|c| c.clone().relabeled(map))
                    .collect(),
                ..(*where_).clone()
            });
        }
        if let GroupBy::Exprs(exprs) = &mut self.group_by {
            for e in exprs {
                *e = e.clone().relabeled(map);
            }
        }
        for e in &mut self.select {
            *e = e.clone().relabeled(map);
        }
        if !self.annotations.is_empty() {
            for e in Rc::make_mut(&mut self.annotations).values_mut() {
                *e = e.clone().relabeled(map);
            }
        }
        let renamed = |a: &Alias| map.get(a).cloned().unwrap_or_else(|| a.clone());
        // The order of tables is kept for those that stay; renamed ones go last, in the map's order.
        let entries = std::mem::take(&mut self.alias_map);
        let mut last = vec![];
        for (alias, mut entry) in entries {
            let moved = map.contains_key(&alias);
            entry.item = match entry.item {
                FromItem::Base { table, alias } => FromItem::Base {
                    table,
                    alias: renamed(&alias),
                },
                FromItem::Join(mut j) => {
                    if moved || map.contains_key(&j.parent_alias) || j.filtered_relation.is_some() {
                        let join = Rc::make_mut(&mut j);
                        join.alias = renamed(&join.alias);
                        join.parent_alias = renamed(&join.parent_alias);
                        if let Some(f) = &join.filtered_relation {
                            let mut f = (**f).clone();
                            f.resolved_condition = f.resolved_condition.map(|c| c.relabeled(map));
                            join.filtered_relation = Some(Rc::new(f));
                        }
                    }
                    FromItem::Join(j)
                }
            };
            if moved {
                last.push((renamed(&alias), entry));
            } else {
                self.alias_map.insert(alias, entry);
            }
        }
        self.alias_map.extend(last);
        for aliases in self.table_map.values_mut() {
            for a in aliases {
                if let Some(new) = map.get(a) {
                    *a = new.clone();
                }
            }
        }
        self.origins_renamed(renamed);
        if let Some(base) = &self.base_table {
            self.base_table = Some(renamed(base));
        }
        self.external_aliases = std::mem::take(&mut self.external_aliases)
            .into_iter()
            .map(|(a, aliased)| (renamed(&a), aliased || map.contains_key(&a)))
            .collect();
        for q in &mut self.combined_queries {
            let inner: AliasMap = map
                .iter()
                .filter(|(a, _)| q.external_aliases.contains_key(*a))
                .map(|(a, b)| (a.clone(), b.clone()))
                .collect();
            if !inner.is_empty() {
                Rc::make_mut(q).change_aliases(&inner);
            }
        }
    }
    /// A copy under other aliases.
    pub fn relabeled_clone(&self, map: &AliasMap) -> Query {
        let mut q = self.clone();
        q.change_aliases(map);
        q
    }
    /// A copy ready for the next call of a chain (`chain()`).
    pub fn chain(&self) -> Query {
        let mut q = self.clone();
        if !q.filter_is_sticky {
            q.used_aliases.clear();
        }
        q.filter_is_sticky = false;
        q
    }
    /// Does any of its conditions say anything?
    pub fn has_filters(&self) -> bool {
        !self.where_.is_empty()
    }
    /// Itself as an expression: a queryset on the right side of a lookup.
    pub fn into_expr(self) -> crate::expression::Expr {
        super::subquery::QueryExpr(Rc::new(self)).rc()
    }
}

impl super::subquery::QueryExpr {
    fn rc(self) -> crate::expression::Expr {
        Rc::new(self).into_expr()
    }
}
