//! `INSERT`, one row or many, with conflicts.
use super::Compiler;
use super::update::write_value;
use crate::dialect::{Dialect, OnConflict};
use crate::expression::{ExprObject, Resolve, value_expr};
use crate::expressions::DatabaseDefault;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, ModelRef, Result, Value};
use std::rc::Rc;

/// A value to insert: given, or left to the database's own default.
pub type InsertValue = Value;

/// An `INSERT`: `rows[i][j]` goes into `fields[j]`. Values come from `pre_save`; a
/// `DatabaseDefault` expression stands for the column's default.
#[derive(Clone, Debug)]
pub struct Insert {
    pub model: ModelRef,
    pub fields: Vec<Rc<Field>>,
    pub rows: Vec<Vec<InsertValue>>,
    pub on_conflict: Option<OnConflict>,
    pub update_fields: Vec<Rc<Field>>,
    pub unique_fields: Vec<Rc<Field>>,
    /// Columns to read back.
    pub returning: Vec<Rc<Field>>,
}

fn is_database_default(value: &Value) -> bool {
    value_expr(value).is_some_and(|e| e.as_any().is::<DatabaseDefault>())
}

/// Compiles an `INSERT` into one statement.
///
/// # Errors
/// `ValueError` for expressions that read columns, `FieldError` for aggregates.
pub fn compile_insert(
    insert: &Insert,
    dialect: Rc<dyn Dialect>,
    using: Rc<str>,
) -> Result<SqlWriter> {
    let compiler = Compiler::new(Query::new(&insert.model), dialect, using);
    let d = compiler.dialect();
    let mut out = SqlWriter::default();
    out.push(d.insert_statement(insert.on_conflict));
    out.push(" ");
    compiler.quote_name(&insert.model.db_table(), &mut out);
    // Columns for which every row leaves the value to the database are left out.
    let mut columns: Vec<usize> = (0..insert.fields.len()).collect();
    for (i, field) in insert.fields.iter().enumerate() {
        if columns.len() > 1
            && field.options.borrow().db_default.is_some()
            && insert
                .rows
                .iter()
                .all(|r| r.get(i).is_some_and(is_database_default))
        {
            columns.retain(|c| *c != i);
        }
    }
    out.push(" (");
    if insert.fields.is_empty() {
        let pk = insert.model.pk_field()?.column().unwrap_or_default();
        compiler.quote_name(&pk, &mut out);
        out.push(") VALUES ");
        for i in 0..insert.rows.len().max(1) {
            out.push(if i > 0 { ", (" } else { "(" });
            out.push(d.pk_default_value());
            out.push(")");
        }
    } else {
        for (n, i) in columns.iter().enumerate() {
            if n > 0 {
                out.push(", ");
            }
            compiler.quote_name(&insert.fields[*i].column().unwrap_or_default(), &mut out);
        }
        out.push(") VALUES ");
        for (r, row) in insert.rows.iter().enumerate() {
            out.push(if r > 0 { ", (" } else { "(" });
            for (n, i) in columns.iter().enumerate() {
                if n > 0 {
                    out.push(", ");
                }
                insert_value(
                    &compiler,
                    &insert.fields[*i],
                    row.get(*i).unwrap_or(&Value::Null),
                    &mut out,
                )?;
            }
            out.push(")");
        }
    }
    let columns = |fields: &[Rc<Field>]| -> Vec<Rc<str>> {
        fields.iter().filter_map(|f| f.column()).collect()
    };
    let suffix = d.on_conflict_suffix(
        insert.on_conflict,
        &columns(&insert.update_fields),
        &columns(&insert.unique_fields),
    );
    if !suffix.is_empty() {
        out.push(" ");
        out.push(&suffix);
    }
    if d.can_return_columns_from_insert() {
        let table = insert.model.db_table();
        super::update::write_returning(&compiler, &table, &insert.returning, &mut out);
    }
    Ok(out)
}

fn insert_value(
    compiler: &Compiler,
    field: &Rc<Field>,
    value: &Value,
    out: &mut SqlWriter,
) -> Result<()> {
    let mut value = value.clone();
    if is_database_default(&value) {
        // Some rows give a value, this one does not: the default is written out.
        let default = field.options.borrow().db_default.clone();
        if let Some(d) = default {
            value = Value::Object(d);
        }
    }
    if let Some(e) = value_expr(&value) {
        let resolved = {
            let mut q = compiler.query_mut();
            e.resolve(
                &mut q,
                &Resolve {
                    allow_joins: false,
                    for_save: true,
                    ..Resolve::default()
                },
            )?
        };
        if resolved.contains_column_references()? {
            return Err(Error::value_error(format!(
                "Failed to insert expression \"{}\" on {}. F() expressions can only be used to update, not \
                 to insert.",
                resolved.display(),
                crate::expressions::col::label(field)
            )));
        }
        let problem = if resolved.contains_aggregate() {
            Some("Aggregate functions are not allowed in this query")
        } else if resolved.contains_over_clause() {
            Some("Window expressions are not allowed in this query")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(Error::field_error(format!(
                "{problem} ({}={}).",
                field.name(),
                resolved.repr()
            )));
        }
        return write_value(compiler, field, ExprObject::value(resolved), out);
    }
    let value = if value.as_object().is_some_and(|o| o.model().is_some()) && field.remote.is_some()
    {
        super::update::related_key(field, &value)?
    } else {
        value
    };
    write_value(compiler, field, value, out)
}
