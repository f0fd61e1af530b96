//! From a dotted name to the path of joins it takes: `author__city__name` on `Book` is the steps
//! `book → author`, `author → city` and the target `name`.
use super::filter::FilteredRelation;
use super::{Alias, Query};
use crate::expression::{Expr, Expression, Resolve};
use crate::expressions::Col;
use crate::lookup::Registered;
use orm_state::{AnyField, Error, ErrorKind, Field, ModelRef, PathInfo, Result};
use std::rc::Rc;

/// The separator of names in a lookup.
pub const LOOKUP_SEP: &str = "__";

/// One join to make, with the condition of a `FilteredRelation` on it.
#[derive(Clone, Debug)]
pub struct Step {
    pub info: PathInfo,
    pub filtered_relation: Option<Rc<FilteredRelation>>,
}

/// Where a name leads.
#[derive(Clone, Debug)]
pub struct NamedPath {
    pub steps: Vec<Step>,
    pub final_field: AnyField,
    pub targets: Vec<Rc<Field>>,
    /// How many of the names were relations or fields; the rest are transforms and a lookup.
    pub used: usize,
}

/// A name with the steps it stands for.
pub type NamesWithPath = Vec<(String, Vec<Step>)>;

/// Why a path could not be made.
pub enum PathError {
    /// It crosses a to-many relation where that is not allowed; the steps so far.
    MultiJoin(NamesWithPath),
    Orm(Error),
}

impl From<Error> for PathError {
    fn from(e: Error) -> Self {
        PathError::Orm(e)
    }
}

impl From<PathError> for Error {
    fn from(e: PathError) -> Self {
        match e {
            PathError::Orm(e) => e,
            PathError::MultiJoin(_) => {
                Error::field_error("A to-many relation is not allowed here.")
            }
        }
    }
}

/// The joins a name needed, set up in the query.
#[derive(Clone, Debug)]
pub struct JoinInfo {
    pub final_field: AnyField,
    pub targets: Vec<Rc<Field>>,
    pub opts: Option<ModelRef>,
    pub joins: Vec<Alias>,
    pub path: Vec<Step>,
    /// Transforms left over after the last field: applied to the column.
    pub transforms: Vec<String>,
    /// Why the last name was not a field, told when it is no transform either.
    pub(super) last_field_error: Option<Error>,
}

/// What `solve_lookup_type` finds: the lookups, the field's names, or an annotation referred to.
pub struct SolvedLookup {
    pub lookups: Vec<String>,
    pub parts: Vec<String>,
    pub annotation: Option<Expr>,
}

impl Query {
    /// Walks `names` from `opts`. With `fail_on_missing` an unknown name is an error, else it ends
    /// the path (a transform or lookup).
    pub fn names_to_path(
        &self,
        names: &[&str],
        opts: Option<&ModelRef>,
        allow_many: bool,
        fail_on_missing: bool,
    ) -> std::result::Result<NamedPath, PathError> {
        let mut opts = opts.cloned();
        let mut steps: Vec<Step> = vec![];
        let mut with_path: NamesWithPath = vec![];
        let mut found: Option<(AnyField, Vec<Rc<Field>>)> = None;
        let mut used = 0;
        for (pos, given) in names.iter().enumerate() {
            let mut current: (String, Vec<Step>) = ((*given).to_string(), vec![]);
            let pk_name;
            let name: &str = match &opts {
                Some(m) if *given == "pk" => {
                    pk_name = m.pk_field()?.name();
                    &pk_name
                }
                _ => given,
            };
            let mut filtered: Option<Rc<FilteredRelation>> = None;
            let field = match opts.as_ref().map(|m| m.get_field(name)) {
                Some(Ok(f)) => Some(f),
                Some(Err(e)) if !e.is(ErrorKind::FieldDoesNotExist) => return Err(e.into()),
                _ => {
                    if let Some((_, annotation)) =
                        self.annotation_select().find(|(k, _)| &***k == name)
                    {
                        Some(AnyField::Field(annotation.output_field()?))
                    } else if let Some(relation) =
                        self.filtered_relations.get(name).filter(|_| pos == 0)
                    {
                        filtered = Some(relation.clone());
                        let parts: Vec<&str> = relation.relation_name.split(LOOKUP_SEP).collect();
                        if parts.len() > 1 {
                            let inner = self.names_to_path(
                                &parts,
                                opts.as_ref(),
                                allow_many,
                                fail_on_missing,
                            )?;
                            let keep = inner.steps.len().saturating_sub(1);
                            steps.extend(inner.steps.into_iter().take(keep));
                            Some(inner.final_field)
                        } else if let Some(m) = &opts {
                            Some(m.get_field(&relation.relation_name)?)
                        } else {
                            None
                        }
                    } else {
                        None
                    }
                }
            };
            let Some(field) = field else {
                if pos == 0 || fail_on_missing {
                    return Err(self.unknown_name(name, opts.as_ref(), true).into());
                }
                break;
            };
            if field.is_relation() && field.related_model().is_none() {
                return Err(Error::field_error(format!(
                    "Field '{name}' does not generate an automatic reverse relation and therefore \
                     cannot be used for reverse querying. If it is a GenericForeignKey, consider \
                     adding a GenericRelation."
                ))
                .into());
            }
            used = pos + 1;
            // The field may sit on a parent's table: go up first.
            if let (Some(here), Some(model)) = (&opts, field.model().map(|m| m.concrete_model()))
                && !Rc::ptr_eq(&model, here)
            {
                let up: Vec<Step> = here
                    .path_to_parent(&model)?
                    .into_iter()
                    .map(plain)
                    .collect();
                if let Some(last) = up.last() {
                    let to = last.info.to_opts.clone();
                    steps.extend(up.iter().cloned());
                    current.1.extend(up);
                    opts = Some(to);
                }
            }
            if field.is_relation() {
                let infos = field.path_infos()?;
                if !allow_many && let Some(at) = infos.iter().position(|p| p.m2m) {
                    current.1.extend(infos[..=at].iter().cloned().map(plain));
                    with_path.push(current);
                    return Err(PathError::MultiJoin(with_path));
                }
                let mut path: Vec<Step> = infos.iter().cloned().map(plain).collect();
                let Some(last) = path.last_mut() else { break };
                last.filtered_relation = filtered;
                found = Some((
                    last.info.join_field.clone(),
                    last.info.target_fields.clone(),
                ));
                opts = Some(last.info.to_opts.clone());
                steps.extend(path.iter().cloned());
                current.1.extend(path);
                with_path.push(current);
            } else {
                let AnyField::Field(f) = &field else { break };
                found = Some((field.clone(), vec![f.clone()]));
                if fail_on_missing && pos + 1 != names.len() {
                    return Err(Error::field_error(format!(
                        "Cannot resolve keyword {} into field. Join on '{name}' not permitted.",
                        orm_state::value::str_repr(names[pos + 1])
                    ))
                    .into());
                }
                break;
            }
        }
        match found {
            Some((final_field, targets)) => Ok(NamedPath {
                steps,
                final_field,
                targets,
                used,
            }),
            None => Err(self
                .unknown_name(names.first().unwrap_or(&""), opts.as_ref(), true)
                .into()),
        }
    }

    /// `Cannot resolve keyword 'x' into field. Choices are: …`
    pub(super) fn unknown_name(
        &self,
        name: &str,
        opts: Option<&ModelRef>,
        all_annotations: bool,
    ) -> Error {
        let mut choices = opts.map(field_names).unwrap_or_default();
        if all_annotations {
            choices.extend(self.annotations.keys().map(|k| k.to_string()));
        } else {
            choices.extend(self.extra.keys().cloned());
            choices.extend(self.annotation_select().map(|(k, _)| k.to_string()));
        }
        choices.extend(self.filtered_relations.keys().map(|k| k.to_string()));
        choices.sort();
        let shown = orm_state::value::str_repr(name);
        let shown = if all_annotations {
            format!("'{name}'")
        } else {
            shown
        };
        Error::field_error(format!(
            "Cannot resolve keyword {shown} into field. Choices are: {}",
            choices.join(", ")
        ))
    }

    /// Splits `author__name__icontains` into the field's names and the lookups.
    pub fn solve_lookup_type(&self, lookup: &str, summarize: bool) -> Result<SolvedLookup> {
        let names: Vec<&str> = lookup.split(LOOKUP_SEP).collect();
        if !self.annotations.is_empty() {
            for n in 1..=names.len() {
                let prefix = if n == 1 {
                    names[0].to_string()
                } else {
                    names[..n].join(LOOKUP_SEP)
                };
                if let Some((key, expr)) = self.annotations.get_key_value(prefix.as_str()) {
                    let expr = if summarize {
                        crate::expressions::Ref::new(key.clone(), expr.clone()).into_expr()
                    } else {
                        expr.clone()
                    };
                    return Ok(SolvedLookup {
                        lookups: names[n..].iter().map(|s| s.to_string()).collect(),
                        parts: vec![],
                        annotation: Some(expr),
                    });
                }
            }
        }
        let path = self.names_to_path(&names, self.model.as_ref(), true, false)?;
        let lookups: Vec<String> = names[path.used..].iter().map(|s| s.to_string()).collect();
        let parts: Vec<String> = names[..path.used].iter().map(|s| s.to_string()).collect();
        if lookups.len() > 1 && parts.is_empty() {
            return Err(Error::field_error(format!(
                "Invalid lookup \"{lookup}\" for model {}\".",
                self.model()?.object_name()
            )));
        }
        Ok(SolvedLookup {
            lookups,
            parts,
            annotation: None,
        })
    }

    /// Makes the joins that `names` need, starting at `alias`; names after the last field become
    /// transforms.
    pub fn setup_joins(
        &mut self,
        names: &[&str],
        opts: Option<&ModelRef>,
        alias: Alias,
        can_reuse: Option<&crate::expression::Reuse>,
        allow_many: bool,
    ) -> std::result::Result<JoinInfo, PathError> {
        let mut last_field_error = None;
        let mut pivot = names.len();
        let path = loop {
            match self.names_to_path(&names[..pivot], opts, allow_many, true) {
                Ok(path) => break path,
                Err(PathError::Orm(e)) if e.is(ErrorKind::FieldError) && pivot > 1 => {
                    last_field_error = Some(e);
                    pivot -= 1;
                }
                Err(e) => return Err(e),
            }
        };
        let mut alias = alias;
        let mut joins = vec![alias.clone()];
        let mut to = opts.cloned();
        for step in &path.steps {
            to = Some(step.info.to_opts.clone());
            alias = self.join_step(&alias, step, if step.info.m2m { can_reuse } else { None })?;
            joins.push(alias.clone());
            if step.filtered_relation.is_some()
                && let Some(reuse) = can_reuse
            {
                reuse.borrow_mut().insert(alias.clone());
            }
        }
        Ok(JoinInfo {
            final_field: path.final_field,
            targets: path.targets,
            opts: to,
            joins,
            path: path.steps,
            transforms: names[pivot..].iter().map(|s| s.to_string()).collect(),
            last_field_error,
        })
    }

    /// Drops joins at the end that only fetch a key the table before already has
    /// (`book.author_id` for `author__id`).
    pub fn trim_joins(
        &mut self,
        targets: &[Rc<Field>],
        joins: &[Alias],
        path: &[Step],
    ) -> Result<(Vec<Rc<Field>>, Alias, Vec<Alias>)> {
        let mut joins = joins.to_vec();
        let mut targets = targets.to_vec();
        for step in path.iter().rev() {
            if joins.len() == 1 || !step.info.direct || step.filtered_relation.is_some() {
                break;
            }
            let pairs = step.info.join_field.joining_fields()?;
            let trimmed: Option<Vec<Rc<Field>>> = targets
                .iter()
                .map(|t| {
                    pairs
                        .iter()
                        .find(|(_, remote)| remote.column() == t.column())
                        .map(|(l, _)| l.clone())
                })
                .collect();
            let Some(trimmed) = trimmed else { break };
            targets = trimmed;
            if let Some(dropped) = joins.pop() {
                self.unref_alias(&dropped);
                self.join_dropped(&dropped);
            }
        }
        let last = joins.last().cloned().unwrap_or_else(|| "".into());
        Ok((targets, last, joins))
    }

    /// The column of a path's target, with its transforms applied.
    pub fn transformed(&self, info: &JoinInfo, target: &Rc<Field>, alias: &Alias) -> Result<Expr> {
        let mut expr = crate::expressions::get_col(self.shown_alias(alias), target.clone(), None)?;
        for name in &info.transforms {
            expr = match self.try_transform(expr, name, None) {
                Ok(e) => e,
                Err(e) => {
                    return Err(match (&info.final_field, &info.last_field_error) {
                        (AnyField::Field(_), Some(first)) if e.is(ErrorKind::FieldError) => {
                            first.clone()
                        }
                        _ => e,
                    });
                }
            };
        }
        Ok(expr)
    }

    /// The alias columns are written with: none in indexes and constraints.
    pub(super) fn shown_alias(&self, alias: &Alias) -> Alias {
        if self.alias_cols {
            alias.clone()
        } else {
            "".into()
        }
    }

    /// What `F("name")` refers to: an annotation or a column, joins made as needed.
    pub fn resolve_ref(&mut self, name: &str, how: &Resolve) -> Result<Expr> {
        if let Some((key, annotation)) = self.annotations.get_key_value(name) {
            let (key, annotation) = (key.clone(), annotation.clone());
            if !how.allow_joins {
                let mut cols = vec![];
                gen_cols(&annotation, false, true, &mut cols);
                for col in cols {
                    if let Some(alias) = col_alias(&col)
                        && self
                            .alias_map
                            .get(&alias)
                            .is_some_and(|t| t.item.join().is_some())
                    {
                        return Err(joins_not_permitted());
                    }
                }
            }
            if how.summarize {
                if !self.annotation_select().any(|(k, _)| *k == key) {
                    return Err(Error::field_error(format!(
                        "Cannot aggregate over the '{name}' alias. Use annotate() to promote it."
                    )));
                }
                return Ok(crate::expressions::Ref::new(key, annotation).into_expr());
            }
            return Ok(annotation);
        }
        let names: Vec<&str> = name.split(LOOKUP_SEP).collect();
        if let Some(annotation) = self.annotations.get(names[0]).cloned() {
            let mut expr = annotation;
            for transform in &names[1..] {
                expr = self.try_transform(expr, transform, None)?;
            }
            return Ok(expr);
        }
        let initial = self.initial_alias()?;
        let opts = self.model.clone();
        let info = self.setup_joins(&names, opts.as_ref(), initial, how.reuse.as_ref(), true)?;
        let (targets, alias, joins) = self.trim_joins(&info.targets, &info.joins, &info.path)?;
        if !how.allow_joins && joins.len() > 1 {
            return Err(joins_not_permitted());
        }
        if targets.len() > 1 {
            return Err(Error::field_error(
                "Referencing multicolumn fields with F() objects isn't supported",
            ));
        }
        let expr = self.transformed(&info, &targets[0], &alias)?;
        if let Some(reuse) = &how.reuse {
            reuse.borrow_mut().extend(joins);
        }
        Ok(expr)
    }

    /// Applies the transform `name`; `lookups` is the whole chain, for the message.
    pub fn try_transform(&self, lhs: Expr, name: &str, lookups: Option<&[String]>) -> Result<Expr> {
        if let Some(Registered::Transform(t)) = lhs.get_transform(name)? {
            return t.make(lhs);
        }
        let field = lhs.output_field()?;
        let close = crate::lookups::close_matches(&field, name);
        let suggestion = if close.is_empty() {
            ".".to_string()
        } else {
            format!(", perhaps you meant {}?", close.join(" or "))
        };
        let unsupported = match lookups {
            Some(all) => {
                let at = all.iter().position(|l| l == name).unwrap_or(0);
                all[at..].join(LOOKUP_SEP)
            }
            None => name.to_string(),
        };
        Err(Error::field_error(format!(
            "Unsupported lookup '{unsupported}' for {} or join on the field not permitted{suggestion}",
            field.class.name
        )))
    }
}

fn plain(info: PathInfo) -> Step {
    Step {
        info,
        filtered_relation: None,
    }
}

pub(super) fn joins_not_permitted() -> Error {
    Error::field_error("Joined field references are not permitted in this query")
}

/// Every name and attname of a model's fields.
pub fn field_names(model: &ModelRef) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for f in model.get_fields(false) {
        names.push(f.name().to_string());
        if let AnyField::Field(f) = &f
            && f.concrete()
            && f.attname() != f.name()
        {
            names.push(f.attname().to_string());
        }
    }
    names.sort();
    names.dedup();
    names
}

/// The columns inside an expression (`_gen_cols`).
pub fn gen_cols(expr: &Expr, include_external: bool, resolve_refs: bool, out: &mut Vec<Expr>) {
    if expr.as_any().is::<Col>() {
        out.push(expr.clone());
        return;
    }
    if include_external {
        let external = expr.external_cols();
        if !external.is_empty() {
            out.extend(external);
            return;
        }
    }
    if !resolve_refs && expr.as_any().is::<crate::expressions::Ref>() {
        return;
    }
    for s in expr.sources() {
        gen_cols(&s, include_external, resolve_refs, out);
    }
}

/// The alias of a column.
pub fn col_alias(expr: &Expr) -> Option<Alias> {
    expr.as_any().downcast_ref::<Col>().map(|c| c.alias.clone())
}
