//! One column's definition.
use super::SchemaEditor;
use crate::compiler::Compiler;
use crate::dialect::Dialect;
use crate::expression::{Resolve, expr_of};
use crate::expressions::Val;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result, Value};
use std::rc::Rc;

impl SchemaEditor<'_> {
    /// Type, collation, default, nullability and keys of a column; `None` for fields without one.
    pub fn column_sql(
        &mut self,
        field: &Rc<Field>,
        include_default: bool,
    ) -> Result<Option<(String, Vec<Value>)>> {
        if !field.concrete() {
            return Ok(None);
        }
        let Some(db_type) = self.dialect.db_type(field)? else {
            return Ok(None);
        };
        let mut parts = vec![db_type];
        let mut params = vec![];
        if let Some(collation) = collation_of(field) {
            parts.push(format!("COLLATE {}", self.quote(&collation)));
        }
        let has_db_default = field.options.borrow().db_default.is_some();
        if has_db_default {
            parts.push(format!("DEFAULT {}", self.db_default_sql(field)?));
        } else if include_default {
            let default = self.host.effective_default(field)?;
            if !default.is_null() {
                parts.push("DEFAULT %s".into());
                params.push(default);
            }
        }
        if field.kind == FieldKind::Generated {
            parts.push(self.generated_sql(field)?);
        } else {
            parts.push(if field.null.get() { "NULL" } else { "NOT NULL" }.into());
        }
        if field.primary_key.get() {
            parts.push("PRIMARY KEY".into());
        } else if field.is_unique() {
            parts.push("UNIQUE".into());
        }
        Ok(Some((parts.join(" "), params)))
    }
    /// A `db_default`: a literal, or an expression in brackets.
    pub(crate) fn db_default_sql(&self, field: &Rc<Field>) -> Result<String> {
        let clause = field.options.borrow().db_default.clone();
        let Some(expr) = clause.as_ref().and_then(|c| expr_of(&**c)) else {
            return Err(Error::not_implemented("This db_default"));
        };
        let value = expr.as_any().downcast_ref::<Val>();
        let literal = value.is_some();
        // A plain value is one of the field's.
        let expr = match value {
            Some(v) if v.output.is_none() => Val::typed(v.value.clone(), Some(field.clone())),
            _ => expr,
        };
        let sql = self.expression_literal(field, expr)?;
        Ok(if literal { sql } else { format!("({sql})") })
    }
    pub(crate) fn generated_sql(&self, field: &Rc<Field>) -> Result<String> {
        let (clause, persist) = {
            let o = field.options.borrow();
            (o.generated_expression.clone(), o.db_persist)
        };
        let Some(expr) = clause.as_ref().and_then(|c| expr_of(&**c)) else {
            return Err(Error::not_implemented("This generated field's expression"));
        };
        let sql = self.expression_literal(field, expr)?;
        let kind = if persist == Some(true) {
            "STORED"
        } else {
            "VIRTUAL"
        };
        Ok(format!("GENERATED ALWAYS AS ({sql}) {kind}"))
    }
    /// An expression over a model's own columns, parameters written as literals.
    pub(crate) fn expression_literal(
        &self,
        field: &Rc<Field>,
        expr: crate::expression::Expr,
    ) -> Result<String> {
        let mut query = match field.model() {
            Some(m) => Query::new(&m),
            None => Query::empty(),
        };
        query.alias_cols = false;
        let expr = expr.resolve(
            &mut query,
            &Resolve {
                allow_joins: false,
                ..Resolve::default()
            },
        )?;
        let compiler = Compiler::new(query, self.dialect.clone(), self.using.clone());
        let w = compiler.compiled(&expr)?;
        literal(&w)
    }
}

/// A column's collation: a foreign key has that of the column it points to.
pub fn collation_of(field: &Rc<Field>) -> Option<String> {
    match &field.remote {
        Some(rel) => rel.target_field().ok().and_then(|to| collation_of(&to)),
        None => field.options.borrow().db_collation.clone(),
    }
}

/// SQL with its parameters written as literals.
pub fn literal(w: &SqlWriter) -> Result<String> {
    interpolate(&w.sql, &w.params)
}

/// Replaces each `%s` by a quoted literal and `%%` by `%`.
pub fn interpolate(sql: &str, params: &[Value]) -> Result<String> {
    let mut out = String::with_capacity(sql.len() + 16);
    let mut params = params.iter();
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('%', Some('s')) => {
                chars.next();
                match params.next() {
                    Some(p) => out.push_str(&quote_value(p)?),
                    None => out.push_str("%s"),
                }
            }
            ('%', Some('%')) => {
                chars.next();
                out.push('%');
            }
            _ => out.push(c),
        }
    }
    Ok(out)
}

/// A value as SQLite's literal (`quote_value`).
pub fn quote_value(value: &Value) -> Result<String> {
    Ok(match value {
        Value::Null => "NULL".into(),
        Value::Bool(b) => u8::from(*b).to_string(),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => value.to_str(),
        Value::Decimal(_)
        | Value::Str(_)
        | Value::Date(_)
        | Value::Time(_)
        | Value::DateTime(_) => {
            format!("'{}'", value.to_str().replace('\'', "''"))
        }
        Value::Bytes(b) => format!(
            "X'{}'",
            b.iter().map(|b| format!("{b:02x}")).collect::<String>()
        ),
        v => {
            return Err(Error::value_error(format!(
                "Cannot quote parameter value {} of type <class '{}'>",
                v.repr(),
                v.type_name()
            )));
        }
    })
}

/// The `CHECK` a type needs: positive integers, JSON.
pub(crate) fn db_check(dialect: &dyn Dialect, field: &Rc<Field>) -> Result<Option<String>> {
    dialect.db_check(field)
}
