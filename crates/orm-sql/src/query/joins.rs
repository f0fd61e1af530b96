//! The alias map: which tables are joined, how, and how often each alias is used.
use super::names::Step;
use super::{Alias, FromItem, Join, JoinType, Query, TableAlias};
use crate::expression::{AliasMap, Reuse};
use orm_state::maps::HashMap;
use orm_state::{AnyField, Error, ErrorKind, ModelRef, Result};
use std::rc::Rc;

impl Query {
    /// The alias of the model's own table, one use more; made when there is none yet.
    pub fn initial_alias(&mut self) -> Result<Alias> {
        if let Some(first) = self.alias_map.keys().next().cloned() {
            let alias = self
                .base_table
                .clone()
                .filter(|b| self.alias_map.contains_key(b))
                .unwrap_or(first);
            self.ref_alias(&alias);
            return Ok(alias);
        }
        let table: Rc<str> = self.model()?.db_table().into();
        let (alias, _) = self.table_alias(&table, true, None);
        self.alias_map.insert(
            alias.clone(),
            TableAlias {
                item: FromItem::Base {
                    table,
                    alias: alias.clone(),
                },
                refcount: 1,
            },
        );
        self.base_table = Some(alias.clone());
        Ok(alias)
    }
    pub fn ref_alias(&mut self, alias: &str) {
        if let Some(t) = self.alias_map.get_mut(alias) {
            t.refcount += 1;
        }
    }
    pub fn unref_alias(&mut self, alias: &str) {
        if let Some(t) = self.alias_map.get_mut(alias) {
            t.refcount = t.refcount.saturating_sub(1);
        }
    }
    pub fn refcount(&self, alias: &str) -> u32 {
        self.alias_map.get(alias).map_or(0, |t| t.refcount)
    }
    /// The use counts now, to be restored later.
    pub fn refcounts(&self) -> HashMap<Alias, u32> {
        self.alias_map
            .iter()
            .map(|(k, t)| (k.clone(), t.refcount))
            .collect()
    }
    pub fn reset_refcounts(&mut self, to: &HashMap<Alias, u32>) {
        for (alias, t) in &mut self.alias_map {
            t.refcount = to.get(alias).copied().unwrap_or(0);
        }
    }
    /// How many tables the SQL would name.
    pub fn count_active_tables(&self) -> usize {
        self.alias_map.values().filter(|t| t.refcount > 0).count()
    }
    /// An alias for a table: its own name first, then `T3`, `T4` …
    pub fn table_alias(
        &mut self,
        table: &Rc<str>,
        create: bool,
        filtered: Option<&str>,
    ) -> (Alias, bool) {
        let next = self.alias_map.len() + 1;
        match self.table_map.get_mut(table) {
            Some(list) if !create && !list.is_empty() => {
                let alias = list[0].clone();
                self.ref_alias(&alias);
                (alias, false)
            }
            Some(list) if !list.is_empty() => {
                let alias: Alias = format!("{}{next}", self.alias_prefix).into();
                list.push(alias.clone());
                (alias, true)
            }
            _ => {
                let alias: Alias = filtered.map(Into::into).unwrap_or_else(|| table.clone());
                self.table_map.insert(table.clone(), vec![alias.clone()]);
                (alias, true)
            }
        }
    }
    pub fn join_type(&self, alias: &str) -> Option<JoinType> {
        self.alias_map.get(alias).and_then(|t| t.item.join_type())
    }
    /// Joins the table a step leads to, reusing an equal join where that is allowed.
    pub(super) fn join_step(
        &mut self,
        parent: &Alias,
        step: &Step,
        reuse: Option<&Reuse>,
    ) -> Result<Alias> {
        let info = &step.info;
        let nullable = if info.direct {
            info.join_field.null()
        } else {
            true
        };
        let table: Rc<str> = info.to_opts.db_table().into();
        let join = Join {
            alias: step
                .filtered_relation
                .as_ref()
                .map_or_else(|| table.clone(), |f| f.alias.as_str().into()),
            table,
            parent_alias: parent.clone(),
            join_type: JoinType::Inner,
            join_fields: info.join_field.joining_fields()?.into(),
            join_field: info.join_field.clone(),
            nullable,
            filtered_relation: step.filtered_relation.clone(),
            model: info.to_opts.clone(),
        };
        let named = step.filtered_relation.is_some();
        self.join(join, reuse, named)
    }
    /// Adds a join or reuses an equal one (`Query.join`); `named` prefers the join's own alias.
    pub fn join(&mut self, mut join: Join, reuse: Option<&Reuse>, named: bool) -> Result<Alias> {
        let mut reusable: Option<Alias> = None;
        for (alias, t) in &self.alias_map {
            let allowed = reuse.is_none_or(|r| r.borrow().contains(alias));
            if allowed && t.item.join().is_some_and(|j| j.same(&join, false)) {
                let exact = named && *alias == join.alias;
                reusable = Some(alias.clone());
                if exact {
                    break;
                }
            }
        }
        if let Some(alias) = reusable {
            self.ref_alias(&alias);
            self.join_wanted(&alias);
            return Ok(alias);
        }
        let filtered_alias = join.filtered_relation.as_ref().map(|f| f.alias.clone());
        let (alias, _) = self.table_alias(&join.table.clone(), true, filtered_alias.as_deref());
        let outer =
            self.join_type(&join.parent_alias) == Some(JoinType::LeftOuter) || join.nullable;
        join.join_type = if outer {
            JoinType::LeftOuter
        } else {
            JoinType::Inner
        };
        join.alias = alias.clone();
        let filtered = join.filtered_relation.clone();
        self.join_wanted(&alias);
        self.alias_map.insert(
            alias.clone(),
            TableAlias {
                item: FromItem::Join(Rc::new(join)),
                refcount: 1,
            },
        );
        if let Some(relation) = filtered {
            let reuse: Option<Reuse> = reuse.map(|r| {
                let mut set = r.borrow().clone();
                set.insert(alias.clone());
                Rc::new(std::cell::RefCell::new(set))
            });
            let before = self.alias_map.len();
            let resolved = self.resolve_filtered_relation(&relation, reuse)?;
            if let Some(t) = self.alias_map.get_mut(&alias)
                && let FromItem::Join(j) = &mut t.item
            {
                Rc::make_mut(j).filtered_relation = Some(Rc::new(resolved));
            }
            // Joins its condition needed stand before it.
            if self.alias_map.len() > before
                && let Some(t) = self.alias_map.shift_remove(&alias)
            {
                self.alias_map.insert(alias.clone(), t);
            }
        }
        Ok(alias)
    }
    /// Joins a parent's table (multi-table inheritance) unless it is there already.
    pub fn join_parent_model(
        &mut self,
        opts: &ModelRef,
        model: Option<&ModelRef>,
        alias: &Alias,
        seen: &mut Vec<(Option<ModelRef>, Alias)>,
    ) -> Result<Alias> {
        let find = |seen: &[(Option<ModelRef>, Alias)], m: Option<&ModelRef>| {
            seen.iter()
                .find(|(k, _)| match (k, m) {
                    (None, None) => true,
                    (Some(a), Some(b)) => Rc::ptr_eq(a, b),
                    _ => false,
                })
                .map(|(_, a)| a.clone())
        };
        if let Some(found) = find(seen, model) {
            return Ok(found);
        }
        let Some(model) = model else {
            return Ok(alias.clone());
        };
        let mut alias = alias.clone();
        let mut current = opts.clone();
        for ancestor in opts.base_chain(model) {
            if let Some(found) = find(seen, Some(&ancestor)) {
                current = ancestor;
                alias = found;
                continue;
            }
            let direct = current
                .parents()
                .into_iter()
                .find(|(p, _)| Rc::ptr_eq(p, &ancestor));
            if matches!(direct, Some((_, None))) {
                current = ancestor;
                continue;
            }
            let Some(link) = current.ancestor_link(&ancestor) else {
                current = ancestor;
                continue;
            };
            let info =
                self.setup_joins(&[&link.name()], Some(&current), alias.clone(), None, true)?;
            current = ancestor.clone();
            alias = info.joins.last().cloned().unwrap_or(alias);
            seen.push((Some(ancestor), alias.clone()));
        }
        Ok(alias)
    }
    /// Makes joins outer, with all that hang on them; only where they can miss a row.
    pub fn promote_joins(&mut self, aliases: impl IntoIterator<Item = Alias>) {
        let mut todo: std::collections::VecDeque<Alias> = aliases.into_iter().collect();
        while let Some(alias) = todo.pop_front() {
            let Some(join) = self
                .alias_map
                .get(&alias)
                .and_then(|t| t.item.join().cloned())
            else {
                continue;
            };
            let parent_outer = self.join_type(&join.parent_alias) == Some(JoinType::LeftOuter);
            if (join.nullable || parent_outer) && join.join_type != JoinType::LeftOuter {
                self.set_join_type(&alias, JoinType::LeftOuter);
                for (other, t) in &self.alias_map {
                    if t.item.parent_alias() == Some(&alias) && !todo.contains(other) {
                        todo.push_back(other.clone());
                    }
                }
            }
        }
    }
    /// Makes outer joins inner, with the inner ones they hang on.
    pub fn demote_joins(&mut self, aliases: impl IntoIterator<Item = Alias>) {
        let mut todo: std::collections::VecDeque<Alias> = aliases.into_iter().collect();
        while let Some(alias) = todo.pop_front() {
            let Some(join) = self
                .alias_map
                .get(&alias)
                .and_then(|t| t.item.join().cloned())
            else {
                continue;
            };
            if join.join_type == JoinType::LeftOuter {
                self.set_join_type(&alias, JoinType::Inner);
                if self.join_type(&join.parent_alias) == Some(JoinType::Inner) {
                    todo.push_back(join.parent_alias.clone());
                }
            }
        }
    }
    fn set_join_type(&mut self, alias: &str, to: JoinType) {
        if let Some(t) = self.alias_map.get_mut(alias)
            && let FromItem::Join(j) = &mut t.item
        {
            Rc::make_mut(j).join_type = to;
        }
    }
    /// Gives every alias of this query a new prefix, so that it can nest in `other`.
    pub fn bump_prefix(&mut self, other: &mut Query, exclude: &[Alias]) -> Result<()> {
        if self.alias_prefix != other.alias_prefix {
            return Ok(());
        }
        let mut prefix = self.alias_prefix.to_string();
        let mut tries = 0;
        loop {
            prefix = next_prefix(&prefix);
            if !self.subq_aliases.contains(prefix.as_str()) {
                break;
            }
            tries += 1;
            if tries > 62 {
                return Err(Error::new(
                    ErrorKind::RecursionError,
                    "Maximum recursion depth exceeded: too many subqueries.",
                ));
            }
        }
        self.alias_prefix = prefix.as_str().into();
        Rc::make_mut(&mut self.subq_aliases).insert(self.alias_prefix.clone());
        let ours = self.subq_aliases.clone();
        Rc::make_mut(&mut other.subq_aliases).extend(ours.iter().cloned());
        let map: AliasMap = self
            .alias_map
            .keys()
            .enumerate()
            .filter(|(_, a)| !exclude.contains(a))
            .map(|(i, a)| (a.clone(), format!("{prefix}{i}").into()))
            .collect();
        self.change_aliases(&map);
        Ok(())
    }
    /// The other side's model of a join, for messages and drawing.
    pub fn joined_model(&self, alias: &str) -> Option<ModelRef> {
        match &self.alias_map.get(alias)?.item {
            FromItem::Base { .. } => self.model.clone(),
            FromItem::Join(j) => match &j.join_field {
                AnyField::Field(_) | AnyField::Rel(_) => Some(j.model.clone()),
            },
        }
    }
}

/// `T` → `U` … `Z` → `AA` → `AB` …
fn next_prefix(prefix: &str) -> String {
    let mut chars: Vec<u8> = prefix.bytes().collect();
    for i in (0..chars.len()).rev() {
        if chars[i] < b'Z' {
            chars[i] += 1;
            return String::from_utf8_lossy(&chars).into_owned();
        }
        chars[i] = b'A';
    }
    format!("A{}", String::from_utf8_lossy(&chars))
}
