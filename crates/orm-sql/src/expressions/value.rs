//! `Value(3)`: a Python value inside an expression.
//!
//! ```
//! use orm_sql::expressions::Val;
//! use orm_sql::Expression;
//! let v = Val::new("x".into());
//! assert_eq!(v.output_field().unwrap().class.name, "CharField");
//! assert_eq!(v.repr(), "Value('x')");
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{EmptyValue, Expr, Expression, Resolve, Sources};
use crate::expressions::fields::unbound;
use crate::expressions::numeric::gives_decimal;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Field, FieldKind, Result, Value};
use std::any::Any;
use std::rc::Rc;

/// `Value(value, output_field=…)`
#[derive(Clone, Debug)]
pub struct Val {
    pub value: Value,
    pub output: Option<Rc<Field>>,
    pub for_save: bool,
}

impl Val {
    pub fn new(value: Value) -> Expr {
        Val::typed(value, None)
    }
    pub fn typed(value: Value, output: Option<Rc<Field>>) -> Expr {
        Rc::new(Val {
            value,
            output,
            for_save: false,
        })
    }
}

/// The field that a Python value's type stands for.
pub fn field_of(value: &Value) -> Option<Rc<Field>> {
    Some(unbound(match value {
        Value::Str(_) => FieldKind::Char,
        Value::Bool(_) => FieldKind::Boolean,
        Value::Int(_) | Value::BigInt(_) => FieldKind::Integer,
        Value::Float(_) => FieldKind::Float,
        Value::DateTime(_) => FieldKind::DateTime,
        Value::Date(_) => FieldKind::Date,
        Value::Time(_) => FieldKind::Time,
        Value::Duration(_) => FieldKind::Duration,
        Value::Decimal(_) => FieldKind::Decimal,
        Value::Bytes(_) => FieldKind::Binary,
        Value::Uuid(_) => FieldKind::Uuid,
        _ => return None,
    }))
}

impl Expression for Val {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Value".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, _: &mut Query, how: &Resolve) -> Result<Expr> {
        if how.for_save == self.for_save {
            return Ok(self);
        }
        Ok(Rc::new(Val {
            for_save: how.for_save,
            ..(*self).clone()
        }))
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let mark = out.mark();
        let field = self.output_field_or_none()?;
        match &field {
            Some(f) => {
                let v = if self.for_save {
                    crate::prep::db_prep_save(f, self.value.clone(), compiler)?
                } else {
                    crate::prep::db_prep_value(f, self.value.clone(), compiler.dialect(), false)?
                };
                if f.overrides().get_placeholder {
                    crate::prep::placeholder(f, v, compiler, out)?;
                } else {
                    bind(v, out);
                }
            }
            None => bind(self.value.clone(), out),
        }
        if compiler.dialect().kind() == Vendor::Sqlite && gives_decimal(self)? {
            let to = match self.value {
                Value::Decimal(_) => " AS REAL))",
                _ => " AS NUMERIC))",
            };
            out.wrap(mark, "(CAST(", to);
        }
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(self.output.clone().or_else(|| field_of(&self.value)))
    }
    fn with_output_field(&self, field: Rc<Field>) -> Option<Expr> {
        Some(Rc::new(Val {
            output: Some(field),
            ..self.clone()
        }))
    }
    fn allowed_default(&self) -> bool {
        true
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Value(self.value.clone())
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![])
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other.as_any().downcast_ref::<Val>().is_some_and(|o| {
            self.value == o.value
                && self.value.type_name() == o.value.type_name()
                && same_output(&self.output, &o.output)
        })
    }
    fn repr(&self) -> String {
        format!("Value({})", self.value.repr())
    }
}

/// Are both explicit output fields alike: the same model field, or of the same class?
pub fn same_output(a: &Option<Rc<Field>>, b: &Option<Rc<Field>>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            if a.is_bound() || b.is_bound() {
                a.same(b)
            } else {
                Rc::ptr_eq(&a.class, &b.class)
            }
        }
        _ => false,
    }
}

/// A value without a field: `None` is written as a literal.
fn bind(value: Value, out: &mut SqlWriter) {
    match value {
        Value::Null => out.push("NULL"),
        v => out.param(v),
    }
}

/// `JSONNull()`: JSON's `null`, not SQL's.
#[derive(Clone, Debug, Default)]
pub struct JsonNull;

impl JsonNull {
    pub fn new() -> Expr {
        Rc::new(JsonNull)
    }
}

impl Expression for JsonNull {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "JSONNull".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(JsonNull)
    }
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if compiler.dialect().kind() == Vendor::Mysql {
            out.params.push("null".into());
            out.push("JSON_EXTRACT(%s, '$')");
        } else {
            out.param("null".into());
        }
        Ok(())
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(unbound(FieldKind::Json)))
    }
    fn allowed_default(&self) -> bool {
        true
    }
    fn empty_result_set_value(&self) -> EmptyValue {
        EmptyValue::Value(Value::Null)
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        Ok(vec![])
    }
    fn repr(&self) -> String {
        "JSONNull()".into()
    }
}
