//! `UPDATE`.
//!
//! Columns of a parent's table (multi-table inheritance) are updated by statements of their own,
//! for the ids the first query selects.
use super::Compiler;
use crate::dialect::Dialect;
use crate::expression::{ExprObject, Resolve, value_expr};
use crate::expressions::ColPairs;
use crate::query::{Query, SelectRelated};
use crate::where_node::resolved_again;
use crate::writer::SqlWriter;
use orm_state::{AnyField, Error, ErrorKind, Field, FieldKind, ModelRef, Result, Value};
use std::rc::Rc;

/// An `update()` call: which rows, which columns, which values.
#[derive(Clone, Debug)]
pub struct Update {
    pub query: Query,
    /// Columns of the model's own table. Values are as the user gave them.
    pub values: Vec<(Rc<Field>, Value)>,
    /// Columns of parents' tables.
    pub related: Vec<(ModelRef, Vec<(Rc<Field>, Value)>)>,
    /// Columns to read back.
    pub returning: Vec<Rc<Field>>,
}

/// What to run for an update, in order.
#[derive(Clone, Debug)]
pub struct UpdatePlan {
    /// Select these first: their rows are the ids to update (`Update::with_ids`).
    pub ids: Option<Query>,
    /// For each related update, the column of `ids` with its key.
    pub related_ids: Vec<usize>,
}

impl Update {
    /// From field names and values (`add_update_values`).
    ///
    /// # Errors
    /// `FieldError` for fields that have no column or do not exist.
    pub fn new(query: Query, values: Vec<(String, Value)>) -> Result<Update> {
        let mut update = Update {
            query,
            values: vec![],
            related: vec![],
            returning: vec![],
        };
        let own = update.query.model()?.clone();
        for (name, value) in values {
            let field = match own.get_field(&name)? {
                AnyField::Field(f) if f.kind == FieldKind::CompositePrimaryKey => {
                    return Err(Error::field_error(
                        "Composite primary key fields must be updated individually.",
                    ));
                }
                AnyField::Field(f) if f.concrete() => f,
                other => {
                    return Err(Error::field_error(format!(
                        "Cannot update model field {} (only concrete fields are permitted).",
                        other.repr()
                    )));
                }
            };
            let model = field.model().map(|m| m.concrete_model());
            match model {
                Some(m) if !Rc::ptr_eq(&m, &own.concrete_model()) => {
                    update.add_related(m, field, value)
                }
                _ => update.add_field(field, value)?,
            }
        }
        Ok(update)
    }
    /// Adds one column of the model's own table; expressions are resolved now.
    pub fn add_field(&mut self, field: Rc<Field>, value: Value) -> Result<()> {
        if field.kind == FieldKind::Generated {
            return Ok(());
        }
        self.add_resolved_once(field, value)?;
        // The compiler resolves it once more.
        if let Some((_, value)) = self.values.last_mut()
            && let Some(e) = value_expr(value)
        {
            *value = ExprObject::value(resolved_again(&e));
        }
        Ok(())
    }
    /// Adds a column of a parent's table: its values have not been looked at before.
    pub fn add_resolved_once(&mut self, field: Rc<Field>, value: Value) -> Result<()> {
        if field.kind == FieldKind::Generated {
            return Ok(());
        }
        let value = match value_expr(&value) {
            Some(e) => ExprObject::value(e.resolve(
                &mut self.query,
                &Resolve {
                    allow_joins: false,
                    for_save: true,
                    ..Resolve::default()
                },
            )?),
            None => value,
        };
        self.values.push((field, value));
        Ok(())
    }
    fn add_related(&mut self, model: ModelRef, field: Rc<Field>, value: Value) {
        match self.related.iter_mut().find(|(m, _)| Rc::ptr_eq(m, &model)) {
            Some((_, values)) => values.push((field, value)),
            None => self.related.push((model, vec![(field, value)])),
        }
    }
    /// What must be selected before the update can be compiled; rows over several tables without
    /// parents' columns are narrowed by a subquery instead.
    pub fn plan(&mut self) -> Result<UpdatePlan> {
        self.query.initial_alias()?;
        let tables = self.query.count_active_tables();
        if self.related.is_empty() && tables == 1 {
            return Ok(UpdatePlan {
                ids: None,
                related_ids: vec![],
            });
        }
        let model = self.query.model()?.clone();
        let mut ids = self.query.chain();
        ids.select_related = SelectRelated::No;
        ids.clear_ordering(true, true);
        ids.extra = Rc::default();
        ids.select.clear();
        let mut names: Vec<Rc<str>> = vec![model.pk_field()?.name()];
        let mut related_ids = vec![];
        for (parent, _) in &self.related {
            let shares_key = model
                .path_to_parent(parent)?
                .iter()
                .all(|p| match &p.join_field {
                    AnyField::Field(f) => f.primary_key.get(),
                    AnyField::Rel(_) => false,
                });
            if shares_key {
                related_ids.push(0);
            } else {
                related_ids.push(names.len());
                names.push(parent.pk_field()?.name());
            }
        }
        ids.add_fields(&names, true)?;
        if self.related.is_empty() {
            self.query.where_ = Rc::default();
            self.query
                .add_filter("pk__in", ExprObject::value(ids.into_expr()))?;
            return Ok(UpdatePlan {
                ids: None,
                related_ids,
            });
        }
        Ok(UpdatePlan {
            ids: Some(ids),
            related_ids,
        })
    }
    /// Narrows the update to the ids selected by the plan; the updates of parents' tables.
    pub fn with_ids(&mut self, plan: &UpdatePlan, rows: &[Vec<Value>]) -> Result<Vec<Update>> {
        let column = |i: usize| -> Value {
            Value::List(
                rows.iter()
                    .filter_map(|r| r.get(i).cloned())
                    .collect::<Vec<_>>()
                    .into(),
            )
        };
        self.query.where_ = Rc::default();
        self.query.add_filter("pk__in", column(0))?;
        let mut result = vec![];
        for ((model, values), index) in self.related.iter().zip(&plan.related_ids) {
            let mut query = Query::new(model);
            query.add_filter("pk__in", column(*index))?;
            let mut update = Update {
                query,
                values: vec![],
                related: vec![],
                returning: vec![],
            };
            for (field, value) in values {
                update.add_resolved_once(field.clone(), value.clone())?;
            }
            result.push(update);
        }
        Ok(result)
    }
}

/// Compiles the `UPDATE` of the model's own table; `None` when it sets no column of it.
pub fn compile_update(
    update: &Update,
    dialect: Rc<dyn Dialect>,
    using: Rc<str>,
) -> Result<Option<SqlWriter>> {
    if update.values.is_empty() {
        return Ok(None);
    }
    let mut query = update.query.clone();
    let table = query.initial_alias()?;
    let where_ = query.where_.clone();
    let compiler = Compiler::new(query, dialect, using);
    let mut out = SqlWriter::default();
    out.push("UPDATE ");
    let mark = out.mark();
    compiler.quote_name(&table, &mut out);
    out.note(mark, compiler.query().base_origin());
    out.push(" SET ");
    for (i, (field, value)) in update.values.iter().enumerate() {
        if i > 0 {
            out.push(", ");
        }
        let mark = out.mark();
        set_column(&compiler, field, value, &mut out)?;
        let origin = compiler.query().column_origin(&field.name());
        out.note(mark, origin);
    }
    let mark = out.mark();
    out.push(" WHERE ");
    match where_.as_sql_of(&compiler, &mut out) {
        Ok(()) => {}
        Err(e) if e.is(ErrorKind::FullResultSet) => out.rewind(mark),
        Err(e) => return Err(e),
    }
    if compiler.dialect().can_return_columns_from_insert() {
        write_returning(&compiler, &table, &update.returning, &mut out);
    }
    Ok(Some(out))
}

/// ` RETURNING "table"."column", …`
pub(super) fn write_returning(
    compiler: &Compiler,
    table: &str,
    fields: &[Rc<Field>],
    out: &mut SqlWriter,
) {
    for (i, field) in fields.iter().enumerate() {
        out.push(if i > 0 { ", " } else { " RETURNING " });
        compiler.quote_name(table, out);
        out.push(".");
        compiler.quote_name(&field.column().unwrap_or_default(), out);
    }
}

fn set_column(
    compiler: &Compiler,
    field: &Rc<Field>,
    value: &Value,
    out: &mut SqlWriter,
) -> Result<()> {
    let column = field
        .column()
        .ok_or_else(|| Error::field_error(format!("Field {} has no column.", field.name())))?;
    let mut value = value.clone();
    if let Some(e) = value_expr(&value) {
        let problem = if e.contains_aggregate() {
            Some("Aggregate functions are not allowed in this query")
        } else if e.contains_over_clause() {
            Some("Window expressions are not allowed in this query")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(Error::field_error(format!(
                "{problem} ({}={}).",
                field.name(),
                e.repr()
            )));
        }
        if e.as_any().is::<ColPairs>() {
            return Err(Error::field_error(format!(
                "Composite primary keys expressions are not allowed in this query ({}=F('pk')).",
                field.name()
            )));
        }
    } else if let Some(o) = value.as_object()
        && o.model().is_some()
    {
        if field.remote.is_none() {
            return Err(Error::type_error(format!(
                "Tried to update field {} with a model instance, {}. Use a value compatible with {}.",
                crate::expressions::col::label(field),
                o.repr(),
                field.class.name
            )));
        }
        value = related_key(field, &value)?;
    }
    compiler.quote_name(&column, out);
    out.push(" = ");
    write_value(compiler, field, value, out)
}

/// `prepare_database_save`: the key of a saved related object.
pub(super) fn related_key(field: &Rc<Field>, value: &Value) -> Result<Value> {
    let Some(o) = value.as_object() else {
        return Ok(value.clone());
    };
    if o.attr("pk")?.is_null() {
        return Err(Error::value_error(format!(
            "Unsaved model instance {} cannot be used in an ORM query.",
            o.repr()
        )));
    }
    let target = field.target_field()?;
    o.attr(&target.attname())
}

/// Writes a value prepared for its column: an expression's SQL, or a bound parameter.
pub(super) fn write_value(
    compiler: &Compiler,
    field: &Rc<Field>,
    value: Value,
    out: &mut SqlWriter,
) -> Result<()> {
    match value_expr(&value) {
        Some(e) if crate::prep::json_literal(field, &e).is_none() => compiler.compile(&e, out),
        _ => {
            let value = crate::prep::db_prep_save(field, value, compiler)?;
            if let Some(hooks) = field
                .class
                .hooks
                .as_ref()
                .filter(|h| h.overrides().get_placeholder)
                && let Some(placeholder) = hooks.get_placeholder(field, &value)?
            {
                out.push(&placeholder);
                out.params.push(value);
                return Ok(());
            }
            match value_expr(&value) {
                Some(e) => compiler.compile(&e, out),
                None => {
                    out.param(value);
                    Ok(())
                }
            }
        }
    }
}
