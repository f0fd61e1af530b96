//! The select list: columns, annotations, and the columns of related models.
use super::Compiler;
use crate::expression::{EmptyValue, Expr};
use crate::expressions::{Col, ColPairs, RawSql, Val, get_col};
use crate::origin::{self, Origin};
use crate::query::selection::{MaskKey, SelectMask};
use crate::query::{Alias, ExtraSelect, RelatedTree, SelectRelated, Selected};
use crate::writer::{Mark, SqlWriter};
use orm_state::maps::{IndexMap, IndexSet};
use orm_state::{AnyField, Error, ErrorKind, ModelRef, Rel, Result, Value};
use std::rc::Rc;

/// One selected expression with its SQL.
#[derive(Clone, Debug)]
pub struct SelectItem {
    pub expr: Expr,
    pub sql: SqlWriter,
    pub alias: Option<String>,
}

/// Which selected columns make up an instance, and of which related ones.
#[derive(Clone, Debug)]
pub struct KlassInfo {
    pub model: ModelRef,
    /// Positions in the row.
    pub select_fields: Vec<usize>,
    /// The relation that leads here; none for the queried model.
    pub field: Option<AnyField>,
    /// Reached from the other side of a one-to-one relation.
    pub reverse: bool,
    /// The related model is a child that shares columns with its parent.
    pub from_parent: bool,
    /// The alias of the `FilteredRelation` that leads here.
    pub filtered_relation: Option<String>,
    /// Whether the reached object is the direct neighbour (a filtered relation over one join).
    pub direct: bool,
    pub related: Vec<KlassInfo>,
}

type Pairs = Vec<(Expr, Option<String>)>;

fn raw(extra: &ExtraSelect) -> Expr {
    RawSql::new(&extra.sql, extra.params.clone(), None)
}

impl Compiler {
    /// Fills the select list and what its columns mean.
    pub(super) fn get_select(&self, with_col_aliases: bool) -> Result<()> {
        let mask = self.query.borrow().select_mask()?;
        let default_cols = self.query.borrow().default_cols;
        let cols = if default_cols {
            let model = self.query.borrow().model.clone();
            match model {
                Some(m) => self.default_columns(&mask, None, &m, None)?,
                None => vec![],
            }
        } else {
            self.query.borrow().select.clone()
        };
        let mut pairs: Pairs = vec![];
        let mut select_fields: Vec<usize> = vec![];
        {
            let q = self.query.borrow();
            match &q.selected {
                None => {
                    pairs.extend(q.extra_select().map(|(k, e)| (raw(e), Some(k.clone()))));
                    select_fields = (pairs.len()..pairs.len() + cols.len()).collect();
                    pairs.extend(cols.into_iter().map(|c| (c, None)));
                    pairs.extend(
                        q.annotation_select()
                            .map(|(k, e)| (e.clone(), Some(k.to_string()))),
                    );
                }
                Some(selected) => {
                    for (i, (alias, what)) in selected.iter().enumerate() {
                        let expr = match what {
                            Selected::Extra(name) => q.extra.get(name).map(raw),
                            Selected::Annotation(name) => q.annotations.get(name.as_str()).cloned(),
                            Selected::Column(at) => {
                                select_fields.push(i);
                                cols.get(*at).cloned()
                            }
                        };
                        let expr = expr.ok_or_else(|| {
                            Error::field_error(format!("Cannot select the '{alias}' alias."))
                        })?;
                        let alias = (!expr.as_any().is::<ColPairs>()).then(|| alias.clone());
                        pairs.push((expr, alias));
                    }
                }
            }
        }
        let mut annotation_col_map = IndexMap::default();
        for (i, (_, alias)) in pairs.iter().enumerate() {
            if let Some(a) = alias {
                annotation_col_map.insert(a.clone(), i);
            }
        }
        let model = self.query.borrow().model.clone();
        let mut klass_info = match (model, select_fields.is_empty()) {
            (Some(model), false) => Some(KlassInfo {
                model,
                select_fields,
                field: None,
                reverse: false,
                from_parent: false,
                filtered_relation: None,
                direct: true,
                related: vec![],
            }),
            _ => None,
        };
        let select_related = self.query.borrow().select_related.clone();
        if !matches!(select_related, SelectRelated::No)
            && let Some(info) = &mut klass_info
        {
            let root = self.query.borrow_mut().initial_alias()?;
            let requested = match &select_related {
                SelectRelated::Fields(t) => Some((**t).clone()),
                _ => None,
            };
            info.related = self.related_selections(
                &mut pairs,
                &mask,
                &info.model.clone(),
                &root,
                1,
                requested.as_ref(),
            )?;
            share_parent_columns(info);
        }
        let mut select = Vec::with_capacity(pairs.len());
        let mut col_idx = 1;
        for (expr, mut alias) in pairs {
            let mut sql = SqlWriter::default();
            // A subquery of several columns stands for no value.
            if expr.as_any().is::<crate::query::subquery::QueryExpr>() {
                expr.output_field()?;
            }
            match expr.select_sql(self, &mut sql) {
                Ok(()) => {}
                Err(e) if e.is(ErrorKind::EmptyResultSet) => {
                    sql = SqlWriter::default();
                    match expr.empty_result_set_value() {
                        EmptyValue::Propagate => sql.push("0"),
                        EmptyValue::Value(v) => self.compile(&Val::new(v), &mut sql)?,
                    }
                }
                Err(e) if e.is(ErrorKind::FullResultSet) => {
                    sql = SqlWriter::default();
                    self.compile(&Val::new(Value::Bool(true)), &mut sql)?;
                }
                Err(e) => return Err(e),
            }
            if crate::origin::tracing() {
                sql.note(Mark::START, self.column_origin(&expr, alias.as_deref()));
            }
            if alias.is_none() && with_col_aliases {
                alias = Some(format!("col{col_idx}"));
                col_idx += 1;
            }
            select.push(SelectItem { expr, sql, alias });
        }
        let mut state = self.state.borrow_mut();
        state.select = select;
        state.klass_info = klass_info;
        state.annotation_col_map = annotation_col_map;
        Ok(())
    }

    /// Who asked for a selected column.
    fn column_origin(&self, expr: &Expr, alias: Option<&str>) -> Option<Origin> {
        let query = self.query.borrow();
        match alias {
            Some(name) => query.column_origin(name),
            None => {
                let table = crate::query::names::col_alias(expr)?;
                // `only()` asks for columns by their names.
                if let Some(col) = expr.as_any().downcast_ref::<Col>()
                    && query.base_table.as_ref() == Some(&table)
                    && let Some(origin) = query.column_origin(&col.target.name())
                {
                    return Some(origin);
                }
                let state = self.state.borrow();
                let related = state.related_origins.iter().find(|(a, _)| *a == table);
                related.map(|(_, o)| *o).or_else(|| query.base_origin())
            }
        }
    }

    /// The columns of a model, parents' tables joined as needed.
    fn default_columns(
        &self,
        mask: &SelectMask,
        start_alias: Option<&Alias>,
        opts: &ModelRef,
        from_parent: Option<&ModelRef>,
    ) -> Result<Vec<Expr>> {
        let mut q = self.query.borrow_mut();
        let _scope = origin::scope(origin::current().or_else(|| q.base_origin()));
        let start = match start_alias {
            Some(a) => a.clone(),
            None => q.initial_alias()?,
        };
        let mut seen: Vec<(Option<ModelRef>, Alias)> = vec![(None, start.clone())];
        let mut columns = vec![];
        for field in opts.concrete_fields().iter() {
            let model = field
                .model()
                .map(|m| m.concrete_model())
                .filter(|m| !Rc::ptr_eq(m, opts));
            if let (Some(parent), Some(model)) = (from_parent, &model)
                && (parent.same_concrete(model)
                    || parent
                        .concrete_model()
                        .parent_list()
                        .iter()
                        .any(|p| Rc::ptr_eq(p, model)))
            {
                // Already selected for the parent itself.
                continue;
            }
            if !mask.is_empty() && !mask.contains_field(field) {
                continue;
            }
            let alias = q.join_parent_model(opts, model.as_ref(), &start, &mut seen)?;
            columns.push(get_col(alias, field.clone(), None)?);
        }
        Ok(columns)
    }

    fn related_selections(
        &self,
        pairs: &mut Pairs,
        mask: &SelectMask,
        opts: &ModelRef,
        root_alias: &Alias,
        depth: u32,
        requested: Option<&RelatedTree>,
    ) -> Result<Vec<KlassInfo>> {
        let restricted = requested.is_some();
        let mut infos = vec![];
        if !restricted && depth > self.query.borrow().max_depth {
            return Ok(infos);
        }
        let mut found: IndexSet<String> = IndexSet::default();
        for f in opts.fields().iter() {
            let name = f.name();
            found.insert(name.to_string());
            let next = requested.map(|r| r.0.get(&*name).cloned().unwrap_or_default());
            if let Some(r) = requested
                && !f.is_relation()
                && r.0.contains_key(&*name)
            {
                return Err(Error::field_error(format!(
                    "Non-relational field given in select_related: '{name}'. Choices are: {}",
                    self.related_choices(opts)
                )));
            }
            let Some(rel) = &f.remote else { continue };
            if rel.parent_link.get() {
                continue;
            }
            match requested {
                None if f.null.get() => continue,
                Some(r) if !r.0.contains_key(&*name) => continue,
                _ => {}
            }
            let key = MaskKey::Field(f.clone());
            if restricted && !mask.is_empty() && !mask.contains_field(f) {
                return Err(Error::field_error(format!(
                    "Field {}.{name} cannot be both deferred and traversed using select_related at the \
                     same time.",
                    f.model()
                        .map(|m| m.object_name().to_string())
                        .unwrap_or_default()
                )));
            }
            let Some(model) = rel.model() else { continue };
            let sub_mask = mask.get(&key).cloned().unwrap_or_default();
            infos.push(self.related_info(
                pairs,
                Reached {
                    name: &name,
                    opts,
                    root_alias,
                    model,
                    field: AnyField::Field(f.clone()),
                    reverse: false,
                    from_parent: false,
                    filtered: false,
                },
                &sub_mask,
                depth,
                next.as_ref(),
            )?);
        }
        let Some(requested) = requested else {
            return Ok(infos);
        };
        let reverse: Vec<Rc<Rel>> = opts
            .related_objects()
            .into_iter()
            .filter(|r| !r.many_to_many() && r.field_opt().is_some_and(|f| f.is_unique()))
            .collect();
        for rel in reverse {
            let name = rel.name();
            let Some(model) = rel.related_model() else {
                continue;
            };
            if !requested.0.contains_key(&*name) {
                continue;
            }
            let key = MaskKey::Rel(rel.clone());
            if !mask.is_empty() && mask.get(&key).is_none() {
                return Err(Error::field_error(format!(
                    "Field {}.{name} cannot be both deferred and traversed using select_related at the \
                     same time.",
                    rel.model()
                        .map(|m| m.object_name().to_string())
                        .unwrap_or_default()
                )));
            }
            let sub_mask = mask.get(&key).cloned().unwrap_or_default();
            found.insert(name.to_string());
            let from_parent = is_child(&model, opts);
            let next = requested.0.get(&*name).cloned().unwrap_or_default();
            infos.push(self.related_info(
                pairs,
                Reached {
                    name: &name,
                    opts,
                    root_alias,
                    model,
                    field: AnyField::Rel(rel.clone()),
                    reverse: true,
                    from_parent,
                    filtered: false,
                },
                &sub_mask,
                depth,
                Some(&next),
            )?);
        }
        if depth == 1 {
            for (name, next) in &requested.0 {
                if !self
                    .query
                    .borrow()
                    .filtered_relations
                    .contains_key(name.as_str())
                {
                    continue;
                }
                found.insert(name.clone());
                let path = {
                    let q = self.query.borrow();
                    q.names_to_path(&[name], Some(opts), true, true)?
                };
                let Some(model) = path.steps.last().map(|s| s.info.to_opts.clone()) else {
                    continue;
                };
                let from_parent = is_child(&model, opts);
                let sub_mask = mask
                    .get(&MaskKey::Filtered(name.clone()))
                    .cloned()
                    .unwrap_or_default();
                infos.push(self.related_info(
                    pairs,
                    Reached {
                        name,
                        opts,
                        root_alias,
                        model,
                        field: path.final_field.clone(),
                        reverse: true,
                        from_parent,
                        filtered: true,
                    },
                    &sub_mask,
                    depth,
                    Some(next),
                )?);
            }
        }
        let missing: Vec<String> = requested
            .0
            .keys()
            .filter(|k| !found.contains(*k))
            .map(|k| format!("'{k}'"))
            .collect();
        if !missing.is_empty() {
            return Err(Error::field_error(format!(
                "Invalid field name(s) given in select_related: {}. Choices are: {}",
                missing.join(", "),
                self.related_choices(opts)
            )));
        }
        Ok(infos)
    }

    fn related_info(
        &self,
        pairs: &mut Pairs,
        reached: Reached<'_>,
        mask: &SelectMask,
        depth: u32,
        next: Option<&RelatedTree>,
    ) -> Result<KlassInfo> {
        let origin = next.and_then(|n| n.1);
        let _scope = origin::narrow(origin);
        let (alias, joins) = {
            let mut q = self.query.borrow_mut();
            let info = q.setup_joins(
                &[reached.name],
                Some(reached.opts),
                reached.root_alias.clone(),
                None,
                true,
            )?;
            let alias = info
                .joins
                .last()
                .cloned()
                .unwrap_or_else(|| reached.root_alias.clone());
            (alias, info.joins.len())
        };
        if let Some(origin) = origin {
            let mut state = self.state.borrow_mut();
            state.related_origins.push((alias.clone(), origin));
        }
        let from = reached.reverse.then_some(reached.opts);
        let columns = self.default_columns(mask, Some(&alias), &reached.model, from)?;
        let mut select_fields = Vec::with_capacity(columns.len());
        for col in columns {
            select_fields.push(pairs.len());
            pairs.push((col, None));
        }
        let related =
            self.related_selections(pairs, mask, &reached.model, &alias, depth + 1, next)?;
        Ok(KlassInfo {
            model: reached.model,
            select_fields,
            field: Some(reached.field),
            reverse: reached.reverse,
            from_parent: reached.from_parent,
            filtered_relation: reached.filtered.then(|| reached.name.to_string()),
            direct: joins <= 2,
            related,
        })
    }

    fn related_choices(&self, opts: &ModelRef) -> String {
        let mut names: Vec<String> = opts
            .fields()
            .iter()
            .filter(|f| f.is_relation())
            .map(|f| f.name().to_string())
            .collect();
        names.extend(
            opts.related_objects()
                .iter()
                .filter(|r| r.field_opt().is_some_and(|f| f.is_unique()))
                .map(|r| r.query_name()),
        );
        names.extend(
            self.query
                .borrow()
                .filtered_relations
                .keys()
                .map(|k| k.to_string()),
        );
        if names.is_empty() {
            "(none)".into()
        } else {
            names.join(", ")
        }
    }
}

struct Reached<'a> {
    name: &'a str,
    opts: &'a ModelRef,
    root_alias: &'a Alias,
    model: ModelRef,
    field: AnyField,
    reverse: bool,
    from_parent: bool,
    filtered: bool,
}

fn is_child(model: &ModelRef, of: &ModelRef) -> bool {
    !Rc::ptr_eq(model, of)
        && (model.same_concrete(of)
            || model
                .concrete_model()
                .parent_list()
                .iter()
                .any(|p| Rc::ptr_eq(p, of)))
}

/// A child reached from its parent shares the parent's columns.
fn share_parent_columns(info: &mut KlassInfo) {
    let own = info.select_fields.clone();
    for related in &mut info.related {
        if related.from_parent {
            let mut all = own.clone();
            all.append(&mut related.select_fields);
            related.select_fields = all;
        }
        share_parent_columns(related);
    }
}
