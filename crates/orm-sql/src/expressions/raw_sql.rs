//! `RawSQL("select max(id) from t where x = %s", [3])`
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Resolve, Sources};
use crate::expressions::fields::unbound;
use crate::expressions::value::same_output;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Field, FieldKind, Result, Value};
use std::any::Any;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct RawSql {
    pub sql: Rc<str>,
    pub params: Rc<[Value]>,
    pub output: Option<Rc<Field>>,
}

impl RawSql {
    pub fn new(sql: &str, params: Vec<Value>, output: Option<Rc<Field>>) -> Expr {
        Rc::new(RawSql {
            sql: sql.into(),
            params: params.into(),
            output,
        })
    }
}

impl Expression for RawSql {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "RawSQL".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    /// Joins the parents' tables whose columns its text mentions.
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        if let Some(model) = query.model.clone() {
            let sql = self.sql.to_lowercase();
            for parent in model.parent_list() {
                for field in parent.local_fields() {
                    if let Some(column) = field.column()
                        && sql.contains(&column.to_lowercase())
                    {
                        query.resolve_ref(&field.name(), how)?;
                        break;
                    }
                }
            }
        }
        Ok(self)
    }
    fn as_sql(&self, _: &Compiler, out: &mut SqlWriter) -> Result<()> {
        out.push("(");
        out.push(&self.sql);
        out.push(")");
        out.params.extend(self.params.iter().cloned());
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(
            self.output
                .clone()
                .unwrap_or_else(|| unbound(FieldKind::Custom)),
        ))
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(RawSql {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn allowed_default(&self) -> bool {
        true
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![self])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<RawSql>().is_some_and(|o| {
            self.sql == o.sql && self.params == o.params && same_output(&self.output, &o.output)
        })
    }
    fn repr(&self) -> String {
        format!(
            "RawSQL({}, {})",
            self.sql,
            Value::List(self.params.clone()).repr()
        )
    }
}
