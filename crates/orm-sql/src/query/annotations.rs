//! `annotate()`, `alias()` and the masks that say which annotations are selected.
use super::{GroupBy, Query, Selected};
use crate::expression::{Expr, Expression, Resolve};
use crate::expressions::{Col, F, Ref};
use orm_state::maps::{IndexMap, IndexSet};
use orm_state::{Error, Result};
use std::rc::Rc;

impl Query {
    /// Refuses aliases that could end a quoted name (`check_alias`).
    pub fn check_alias(&self, alias: &str) -> Result<()> {
        if alias.contains('%') {
            orm_state::settings::warn(
                "RemovedInDjango2028Warning",
                "Using percent signs in a column alias is deprecated.",
            )?;
        }
        let forbidden = |c: char| {
            matches!(c, '\'' | '`' | '"' | ']' | '[' | ';' | '#')
                || c.is_whitespace()
                || (c as u32) < 0x20
                || (0x7f..=0x9f).contains(&(c as u32))
        };
        if alias.chars().any(forbidden) || ["--", "/*", "*/"].iter().any(|p| alias.contains(p)) {
            return Err(Error::value_error(
                "Column aliases cannot contain whitespace characters, hashes, control characters, \
                 quotation marks, semicolons, or SQL comments.",
            ));
        }
        Ok(())
    }
    /// Adds one annotation; unselected ones are `alias()`.
    pub fn add_annotation(&mut self, annotation: Expr, alias: &str, select: bool) -> Result<()> {
        self.check_alias(alias)?;
        let given = annotation.clone();
        let annotation = annotation.resolve(self, &Resolve::default())?;
        self.put_annotation(annotation, alias, select);
        if !given.as_any().is::<F>() {
            Rc::make_mut(&mut self.annotations_given).insert(alias.into(), given);
        }
        Ok(())
    }
    /// Adds an annotation that is resolved already.
    pub fn put_annotation(&mut self, annotation: Expr, alias: &str, select: bool) {
        self.column_wanted(alias);
        let alias: Rc<str> = alias.into();
        if select {
            self.append_annotation_mask([alias.clone()]);
        } else {
            let rest: Vec<Rc<str>> = self
                .annotation_select()
                .map(|(k, _)| k.clone())
                .filter(|k| *k != alias)
                .collect();
            self.set_annotation_mask(Some(rest));
        }
        Rc::make_mut(&mut self.annotations).insert(alias.clone(), annotation);
        if !self.annotations_given.is_empty() {
            Rc::make_mut(&mut self.annotations_given).shift_remove(&alias);
        }
        if select
            && let Some(selected) = &mut self.selected
            && !selected.is_empty()
        {
            Rc::make_mut(selected)
                .insert(alias.to_string(), Selected::Annotation(alias.to_string()));
        }
    }
    /// Which annotations are selected; `None`: all.
    pub fn set_annotation_mask(&mut self, names: Option<Vec<Rc<str>>>) {
        let Some(names) = names else {
            self.annotation_select_mask = None;
            return;
        };
        let mask: IndexSet<Rc<str>> = names.into_iter().collect();
        if let Some(selected) = &mut self.selected
            && !selected.is_empty()
        {
            let selected = Rc::make_mut(selected);
            selected.retain(|_, v| match v {
                Selected::Annotation(name) => mask.contains(name.as_str()),
                _ => true,
            });
            for name in &mask {
                selected.insert(name.to_string(), Selected::Annotation(name.to_string()));
            }
        }
        self.annotation_select_mask = Some(Rc::new(mask));
    }
    pub fn append_annotation_mask(&mut self, names: impl IntoIterator<Item = Rc<str>>) {
        if let Some(mask) = &self.annotation_select_mask {
            let mut all: Vec<Rc<str>> = mask.iter().cloned().collect();
            all.extend(names);
            self.set_annotation_mask(Some(all));
        }
    }
    /// `GROUP BY` what is selected (`set_group_by`).
    pub fn set_group_by(&mut self, allow_aliases: bool) -> Result<()> {
        if allow_aliases && !self.values_select.is_empty() {
            // Selected transforms become annotations, so that they can be grouped by their alias.
            let mut grouped: IndexMap<Rc<str>, Expr> = IndexMap::default();
            let mut kept: IndexMap<Rc<str>, Expr> = IndexMap::default();
            for (alias, expr) in self.values_select.iter().zip(&self.select) {
                if expr.as_any().is::<Col>() {
                    kept.insert(alias.clone(), expr.clone());
                } else {
                    grouped.insert(alias.clone(), expr.clone());
                }
            }
            let names: Vec<Rc<str>> = grouped.keys().cloned().collect();
            if !grouped.is_empty() {
                grouped.extend(self.annotations.iter().map(|(k, v)| (k.clone(), v.clone())));
                self.annotations = Rc::new(grouped);
                self.append_annotation_mask(names.iter().cloned());
            }
            self.select = kept.values().cloned().collect();
            self.values_select = kept.keys().cloned().collect();
            if let Some(selected) = &mut self.selected {
                let selected = Rc::make_mut(selected);
                for (i, name) in kept.keys().enumerate() {
                    selected.insert(name.to_string(), Selected::Column(i));
                }
                for name in &names {
                    selected.insert(name.to_string(), Selected::Annotation(name.to_string()));
                }
            }
        }
        let mut group_by = self.select.clone();
        for (alias, annotation) in self.annotation_select() {
            let cols = annotation.clone().group_by_cols()?;
            if cols.is_empty() {
                continue;
            }
            if allow_aliases && !annotation.contains_aggregate() {
                group_by.push(Ref::new(alias.clone(), annotation.clone()).into_expr());
            } else {
                group_by.extend(cols);
            }
        }
        self.group_by = GroupBy::Exprs(group_by);
        Ok(())
    }
}
