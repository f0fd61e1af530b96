//! What is selected: columns, `values()`, `only()`/`defer()`, `select_related()`, `extra()`.
use super::names::{LOOKUP_SEP, PathError};
use super::{ExtraSelect, GroupBy, Query, RelatedTree, SelectRelated, Selected};
use crate::expression::{Expr, Expression};
use crate::expressions::{ColPairs, Ref};
use crate::q::Connector;
use crate::where_node::ExtraWhere;
use orm_state::maps::{IndexMap, IndexSet};
use orm_state::{AnyField, Error, ErrorKind, Field, ModelRef, Rel, Result, Value};
use std::rc::Rc;

/// Which fields `only()` and `defer()` leave, per model of the `select_related` tree.
#[derive(Clone, Debug, Default)]
pub struct SelectMask(pub Vec<(MaskKey, SelectMask)>);

/// A field, a reverse one-to-one relation, or a filtered relation's alias.
#[derive(Clone, Debug)]
pub enum MaskKey {
    Field(Rc<Field>),
    Rel(Rc<Rel>),
    Filtered(String),
}

impl MaskKey {
    fn same(&self, other: &MaskKey) -> bool {
        match (self, other) {
            (MaskKey::Field(a), MaskKey::Field(b)) => a.same(b),
            (MaskKey::Rel(a), MaskKey::Rel(b)) => Rc::ptr_eq(a, b),
            (MaskKey::Filtered(a), MaskKey::Filtered(b)) => a == b,
            _ => false,
        }
    }
}

impl SelectMask {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn get(&self, key: &MaskKey) -> Option<&SelectMask> {
        self.0.iter().find(|(k, _)| k.same(key)).map(|(_, m)| m)
    }
    pub fn contains_field(&self, field: &Rc<Field>) -> bool {
        self.0.iter().any(|(k, _)| match k {
            MaskKey::Field(f) if f.kind == orm_state::FieldKind::CompositePrimaryKey => f
                .options
                .borrow()
                .composite_fields
                .iter()
                .any(|n| **n == *field.name()),
            MaskKey::Field(f) => f.same(field),
            _ => false,
        })
    }
    fn entry(&mut self, key: MaskKey) -> &mut SelectMask {
        let at = match self.0.iter().position(|(k, _)| k.same(&key)) {
            Some(i) => i,
            None => {
                self.0.push((key, SelectMask::default()));
                self.0.len() - 1
            }
        };
        &mut self.0[at].1
    }
}

#[derive(Default)]
struct NameTree(IndexMap<String, NameTree>);

impl Query {
    pub fn set_select(&mut self, cols: Vec<Expr>) {
        self.default_cols = false;
        self.select = cols;
    }
    pub fn clear_select_clause(&mut self) {
        self.select.clear();
        self.default_cols = false;
        self.select_related = SelectRelated::No;
        self.extra_select_mask = Some(Rc::default());
        self.selected = None;
        self.set_annotation_mask(Some(vec![]));
    }
    pub fn clear_select_fields(&mut self) {
        self.select.clear();
        self.values_select.clear();
        self.selected = None;
    }
    pub fn add_select_col(&mut self, col: Expr, name: &str) {
        self.select.push(col);
        self.values_select.push(name.into());
        let at = self.select.len() - 1;
        let selected = self.selected.get_or_insert_with(Rc::default);
        Rc::make_mut(selected).insert(name.into(), Selected::Column(at));
    }
    /// Selects fields by name, joins followed.
    pub fn add_fields(&mut self, names: &[Rc<str>], allow_m2m: bool) -> Result<()> {
        let alias = self.initial_alias()?;
        let opts = self.model.clone();
        let mut cols: Vec<Expr> = vec![];
        for name in names {
            let _scope = crate::origin::narrow(self.column_origin(name));
            match self.field_column(name, &alias, opts.as_ref(), allow_m2m) {
                Ok(col) => cols.push(col),
                Err(PathError::MultiJoin(_)) => {
                    return Err(Error::field_error(format!("Invalid field name: '{name}'")));
                }
                Err(PathError::Orm(e))
                    if e.is(ErrorKind::FieldError) && !name.contains(LOOKUP_SEP) =>
                {
                    return Err(self.unknown_name(name, opts.as_ref(), false));
                }
                Err(PathError::Orm(e)) => return Err(e),
            }
        }
        if !cols.is_empty() {
            self.set_select(cols);
        }
        Ok(())
    }
    fn field_column(
        &mut self,
        name: &str,
        alias: &super::Alias,
        opts: Option<&ModelRef>,
        allow_m2m: bool,
    ) -> std::result::Result<Expr, PathError> {
        let parts: Vec<&str> = name.split(LOOKUP_SEP).collect();
        let info = self.setup_joins(&parts, opts, alias.clone(), None, allow_m2m)?;
        let (targets, last, _) = self.trim_joins(&info.targets, &info.joins, &info.path)?;
        if targets.len() > 1 {
            let source = match &info.final_field {
                AnyField::Field(f) => Some(f.clone()),
                AnyField::Rel(r) => r.field_opt(),
            };
            let output = source.unwrap_or_else(|| targets[0].clone());
            return Ok(ColPairs::new(last, targets.clone(), targets, output));
        }
        if let AnyField::Field(f) = &info.final_field
            && f.kind == orm_state::FieldKind::CompositePrimaryKey
            && let Some(m) = f.model()
        {
            let fields = m.pk_fields()?;
            return Ok(ColPairs::new(last, fields.clone(), fields, f.clone()));
        }
        Ok(self.transformed(&info, &targets[0], &last)?)
    }
    /// `values()` / `values_list()`: `fields` empty for all columns.
    pub fn set_values(&mut self, fields: &[Rc<str>]) -> Result<()> {
        self.select_related = SelectRelated::No;
        self.clear_deferred_loading();
        self.clear_select_fields();
        let mut selected: IndexMap<String, Selected> = IndexMap::default();
        let mut field_names: Vec<Rc<str>> = vec![];
        let all: Vec<Rc<str>> = self
            .model()?
            .concrete_fields()
            .iter()
            .map(|f| f.attname())
            .collect();
        if fields.is_empty() {
            field_names = all.clone();
            for (i, name) in all.iter().enumerate() {
                selected.insert(name.to_string(), Selected::Column(i));
            }
        } else {
            for f in fields {
                self.check_alias(f)?;
            }
            if self.extra.is_empty() && self.annotations.is_empty() {
                field_names = fields.to_vec();
                for (i, f) in fields.iter().enumerate() {
                    selected.insert(f.to_string(), Selected::Column(i));
                }
                self.extra_select_mask = Some(Rc::default());
                self.set_annotation_mask(Some(vec![]));
            } else {
                self.default_cols = false;
                let mut extra_names: IndexSet<String> = IndexSet::default();
                let mut annotation_names: Vec<Rc<str>> = vec![];
                for f in fields {
                    if self.extra_select().any(|(k, _)| **k == **f) {
                        extra_names.insert(f.to_string());
                        selected.insert(f.to_string(), Selected::Extra(f.to_string()));
                    } else if self.annotation_select().any(|(k, _)| k == f) {
                        annotation_names.push(f.clone());
                        selected.insert(f.to_string(), Selected::Annotation(f.to_string()));
                    } else if self.annotations.contains_key(f) {
                        return Err(Error::field_error(
                            if self.annotation_select().next().is_some() {
                                format!(
                                    "Cannot select the '{f}' alias. It was excluded by a previous values() or \
                                 values_list() call. Include '{f}' in that call to select it."
                                )
                            } else {
                                format!(
                                    "Cannot select the '{f}' alias. Use annotate() to promote it."
                                )
                            },
                        ));
                    } else {
                        if self.annotation_select().next().is_some() {
                            let parts: Vec<&str> = f.split(LOOKUP_SEP).collect();
                            self.names_to_path(&parts, self.model.as_ref(), true, false)?;
                        }
                        selected.insert(f.to_string(), Selected::Column(field_names.len()));
                        field_names.push(f.clone());
                    }
                }
                self.extra_select_mask = Some(Rc::new(extra_names));
                self.set_annotation_mask(Some(annotation_names));
            }
        }
        match &self.group_by {
            GroupBy::All => {
                self.add_fields(&all, false)?;
                self.set_group_by(false)?;
                self.clear_select_fields();
            }
            GroupBy::Exprs(exprs) if !exprs.is_empty() => {
                let exprs = exprs
                    .iter()
                    .map(|e| match e.as_any().downcast_ref::<Ref>() {
                        Some(r) if !selected.contains_key(&*r.refs) => self
                            .annotations
                            .get(&r.refs)
                            .cloned()
                            .unwrap_or_else(|| e.clone()),
                        _ => e.clone(),
                    })
                    .collect();
                self.group_by = GroupBy::Exprs(exprs);
            }
            _ => {}
        }
        self.values_select = field_names.clone();
        self.add_fields(&field_names, true)?;
        self.selected = (!fields.is_empty()).then(|| Rc::new(selected));
        Ok(())
    }

    pub fn clear_deferred_loading(&mut self) {
        self.deferred_loading = (Rc::default(), true);
    }
    /// `defer(…)`
    pub fn add_deferred_loading(&mut self, names: impl IntoIterator<Item = Rc<str>>) {
        let names: IndexSet<Rc<str>> = names.into_iter().collect();
        let (existing, defer) = self.deferred_loading.clone();
        if defer {
            self.deferred_loading = (Rc::new(existing.union(&names).cloned().collect()), true);
            return;
        }
        let rest: IndexSet<Rc<str>> = existing.difference(&names).cloned().collect();
        if !rest.is_empty() {
            self.deferred_loading = (Rc::new(rest), false);
        } else {
            self.clear_deferred_loading();
            let new: IndexSet<Rc<str>> = names.difference(&existing).cloned().collect();
            if !new.is_empty() {
                self.deferred_loading = (Rc::new(new), true);
            }
        }
    }
    /// `only(…)`
    pub fn add_immediate_loading(
        &mut self,
        names: impl IntoIterator<Item = Rc<str>>,
    ) -> Result<()> {
        let mut set: IndexSet<Rc<str>> = names.into_iter().collect();
        if set.shift_remove("pk") {
            set.insert(self.model()?.pk_field()?.name());
        }
        let (existing, defer) = &self.deferred_loading;
        let set = if *defer {
            set.difference(existing).cloned().collect()
        } else {
            set
        };
        self.deferred_loading = (Rc::new(set), false);
        Ok(())
    }
    /// The fields to load, empty for all.
    pub fn select_mask(&self) -> Result<SelectMask> {
        let (names, defer) = &self.deferred_loading;
        if names.is_empty() {
            return Ok(SelectMask::default());
        }
        let mut tree = NameTree::default();
        for name in names.iter() {
            let mut at = &mut tree;
            for part in name.split(LOOKUP_SEP) {
                at = at.0.entry(part.to_string()).or_default();
            }
        }
        let model = self.model()?.clone();
        let mut mask = SelectMask::default();
        if *defer {
            self.defer_mask(&model, tree, &mut mask)?;
        } else {
            self.only_mask(&model, tree, &mut mask)?;
        }
        Ok(mask)
    }
    fn defer_mask(
        &self,
        model: &ModelRef,
        mut names: NameTree,
        mask: &mut SelectMask,
    ) -> Result<()> {
        mask.entry(MaskKey::Field(model.pk_field()?));
        for part in model.pk_fields()? {
            mask.entry(MaskKey::Field(part));
        }
        let rels = model.related_objects();
        let all = model
            .concrete_fields()
            .iter()
            .map(|f| (AnyField::Field(f.clone()), MaskKey::Field(f.clone())))
            .chain(
                rels.into_iter()
                    .map(|r| (AnyField::Rel(r.clone()), MaskKey::Rel(r))),
            )
            .collect::<Vec<_>>();
        for (field, key) in all {
            let by_name = names.0.shift_remove(&*field.name());
            let by_attname = match &field {
                AnyField::Field(f) if f.attname() != f.name() => {
                    names.0.shift_remove(&*f.attname())
                }
                _ => None,
            };
            match (&by_name, &by_attname) {
                (None, None) => {
                    mask.entry(key);
                }
                (Some(inner), _) if !inner.0.is_empty() => {
                    if !field.is_relation() {
                        return Err(Error::field_error(
                            inner.0.keys().next().cloned().unwrap_or_default(),
                        ));
                    }
                    if field.many_to_many() {
                        continue;
                    }
                    let related = field.related_model().map(|m| m.concrete_model());
                    let sub = mask.entry(key);
                    if let (Some(related), Some(inner)) = (related, by_name) {
                        self.defer_mask(&related, inner, sub)?;
                    }
                }
                _ => {}
            }
        }
        for (name, inner) in names.0 {
            if let Some(filtered) = self.filtered_relations.get(name.as_str()) {
                let relation = model.get_field(&filtered.relation_name)?;
                let sub = mask.entry(MaskKey::Filtered(name));
                if let Some(related) = relation.related_model() {
                    self.defer_mask(&related.concrete_model(), inner, sub)?;
                }
            } else {
                model.get_field(&name)?;
            }
        }
        Ok(())
    }
    fn only_mask(&self, model: &ModelRef, names: NameTree, mask: &mut SelectMask) -> Result<()> {
        mask.entry(MaskKey::Field(model.pk_field()?));
        for part in model.pk_fields()? {
            mask.entry(MaskKey::Field(part));
        }
        for (name, inner) in names.0 {
            let field = model.get_field(&name)?;
            let (key, related) = match &field {
                AnyField::Field(f) => (MaskKey::Field(f.clone()), f.related_model()),
                AnyField::Rel(r) => (MaskKey::Rel(r.clone()), r.related_model()),
            };
            let sub = mask.entry(key);
            if !inner.0.is_empty() {
                match related {
                    Some(m) => {
                        self.only_mask(&m.concrete_model(), inner, sub)?;
                    }
                    None => {
                        return Err(Error::field_error(
                            inner.0.keys().next().cloned().unwrap_or_default(),
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// `select_related("author", "author__city")`
    pub fn add_select_related<'a>(&mut self, fields: impl IntoIterator<Item = &'a str>) {
        let mut tree = match &self.select_related {
            SelectRelated::Fields(t) => (**t).clone(),
            _ => RelatedTree::default(),
        };
        for (i, field) in fields.into_iter().enumerate() {
            let mut at = &mut tree;
            for part in field.split(LOOKUP_SEP) {
                at = at.0.entry(part.to_string()).or_default();
                at.1 = at.1.or_else(|| crate::origin::argument(i));
            }
        }
        self.select_related = SelectRelated::Fields(Rc::new(tree));
    }

    /// `extra(select, select_params, where, params, tables, order_by)`
    pub fn add_extra(
        &mut self,
        select: Vec<(String, String)>,
        select_params: Vec<Value>,
        where_: Vec<String>,
        params: Vec<Value>,
        tables: Vec<String>,
        order_by: Vec<String>,
    ) -> Result<()> {
        let mut select_params = select_params.into_iter();
        for (name, sql) in select {
            self.check_alias(&name)?;
            let mut entry_params = vec![];
            let bytes = sql.as_bytes();
            let mut from = 0;
            while let Some(at) = sql[from..].find("%s").map(|i| i + from) {
                if at == 0 || bytes[at - 1] != b'%' {
                    entry_params.extend(select_params.next());
                }
                from = at + 2;
            }
            Rc::make_mut(&mut self.extra).insert(
                name,
                ExtraSelect {
                    sql,
                    params: entry_params,
                },
            );
        }
        if !where_.is_empty() || !params.is_empty() {
            Rc::make_mut(&mut self.where_).add(
                Rc::new(ExtraWhere {
                    sqls: where_,
                    params,
                })
                .into_expr(),
                Connector::And,
            );
        }
        self.extra_tables.extend(tables);
        if !order_by.is_empty() {
            self.extra_order_by = order_by;
        }
        Ok(())
    }
}
