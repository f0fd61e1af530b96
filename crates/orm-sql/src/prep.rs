//! Values as parameters: what `Field::get_db_prep_value` leaves to the database.
use crate::compiler::Compiler;
use crate::dialect::{Dialect, Vendor};
use crate::expression::value_expr;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// `json.dumps(value, cls=encoder)` for documents with a custom encoder or unknown objects.
pub type JsonEncoder = Rc<dyn Fn(&Value, Option<&orm_state::Clause>) -> Result<String>>;

/// `json.loads(text, cls=decoder)` for documents with a custom decoder; text that is no document
/// comes back as it is.
pub type JsonDecoder = Rc<dyn Fn(&str, &orm_state::Clause) -> Result<Value>>;

thread_local! {
    static DECODER: RefCell<Option<JsonDecoder>> = const { RefCell::new(None) };
    static ENCODER: RefCell<Option<JsonEncoder>> = const { RefCell::new(None) };
}

/// Sets who writes JSON that holds a binding's own objects.
pub fn set_json_encoder(encoder: Option<JsonEncoder>) {
    ENCODER.with(|e| *e.borrow_mut() = encoder);
}

/// Sets who reads JSON for users' decoders.
pub fn set_json_decoder(decoder: Option<JsonDecoder>) {
    DECODER.with(|d| *d.borrow_mut() = decoder);
}

/// Who reads JSON for users' decoders.
pub fn json_decoder() -> Option<JsonDecoder> {
    DECODER.with(|d| d.borrow().clone())
}

/// `field.get_db_prep_value(value, connection, prepared)`
pub fn db_prep_value(
    field: &Rc<Field>,
    value: Value,
    dialect: &dyn Dialect,
    prepared: bool,
) -> Result<Value> {
    let hooked = field.overrides().get_db_prep_value;
    if !hooked && dialect.kind() == Vendor::Postgresql && keeps_type(field) {
        return if prepared {
            Ok(value)
        } else {
            field.get_prep_value(value)
        };
    }
    let value = field.get_db_prep_value(value, prepared)?;
    if field.kind == FieldKind::Json && !hooked {
        return json_text(field, &value);
    }
    Ok(value)
}

/// Types that PostgreSQL has too: their values are bound as they are.
fn keeps_type(field: &Field) -> bool {
    use FieldKind::*;
    matches!(field.kind, Date | DateTime | Time | Duration | Uuid)
}

/// `field.get_db_prep_save(value, connection)`
pub fn db_prep_save(field: &Rc<Field>, value: Value, compiler: &Compiler) -> Result<Value> {
    if let Some(e) = value_expr(&value) {
        return match json_literal(field, &e) {
            Some(document) => json_text(field, &document),
            None => Ok(value),
        };
    }
    let overrides = field.overrides();
    if compiler.dialect().kind() == Vendor::Postgresql
        && !overrides.get_db_prep_save
        && !overrides.get_db_prep_value
        && keeps_type(field)
    {
        return field.get_prep_value(value);
    }
    let hooked = overrides.get_db_prep_save || overrides.get_db_prep_value;
    let value = field.get_db_prep_save(value)?;
    if field.kind == FieldKind::Json && !hooked && !value.is_null() {
        return json_text(field, &value);
    }
    Ok(value)
}

/// `Value(None, JSONField())`: JSON's null, where `None` is the database's.
pub fn json_literal(field: &Field, e: &crate::expression::Expr) -> Option<Value> {
    use crate::expression::Expression;
    let value = e.as_any().downcast_ref::<crate::expressions::Val>()?;
    let output = value.output_field_or_none().ok()??;
    (field.kind == FieldKind::Json && output.kind == FieldKind::Json).then(|| value.value.clone())
}

/// Writes the placeholder that the field's class asks for.
pub fn placeholder(
    field: &Rc<Field>,
    value: Value,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let template = match &field.class.hooks {
        Some(h) => h.get_placeholder(field, &value)?,
        None => None,
    };
    let template = template.unwrap_or_else(|| "%s".into());
    match value_expr(&value) {
        Some(e) => {
            let inner = compiler.compiled(&e)?;
            out.push(&template.replacen("%s", &inner.sql, 1));
            out.params.extend(inner.params);
        }
        None => {
            out.push(&template);
            out.params.push(value);
        }
    }
    Ok(())
}

/// A JSON document as text, in the field's own encoding.
pub fn json_text(field: &Field, value: &Value) -> Result<Value> {
    let encoder = field.options.borrow().encoder.clone();
    if encoder.is_none()
        && let Ok(text) = json_dumps(value)
    {
        return Ok(text.into());
    }
    match ENCODER.with(|e| e.borrow().clone()) {
        Some(encode) => Ok(encode(value, encoder.as_ref())?.into()),
        None => Ok(json_dumps(value)?.into()),
    }
}

/// Python's `json.dumps(value)`.
///
/// ```
/// use orm_sql::prep::json_dumps;
/// use orm_state::Value;
/// let list = Value::from(vec![1.into(), "é".into(), Value::Null, 1.5.into()]);
/// assert_eq!(json_dumps(&list).unwrap(), r#"[1, "\u00e9", null, 1.5]"#);
/// ```
pub fn json_dumps(value: &Value) -> Result<String> {
    let mut out = String::new();
    write_json(value, &mut out)?;
    Ok(out)
}

fn write_json(value: &Value, out: &mut String) -> Result<()> {
    use crate::dialect::json_path::json_string;
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(_) | Value::BigInt(_) => out.push_str(&value.to_str()),
        Value::Float(f) if f.is_nan() => out.push_str("NaN"),
        Value::Float(f) if f.is_infinite() => {
            out.push_str(if *f > 0.0 { "Infinity" } else { "-Infinity" });
        }
        Value::Float(_) => out.push_str(&value.to_str()),
        Value::Str(s) => out.push_str(&json_string(s)),
        Value::List(items) | Value::Tuple(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_json(item, out)?;
            }
            out.push(']');
        }
        Value::Dict(items) => {
            out.push('{');
            for (i, (k, v)) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                let key = match k {
                    Value::Str(s) => s.to_string(),
                    Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {
                        json_dumps(k)?
                    }
                    other => {
                        return Err(Error::type_error(format!(
                            "keys must be str, int, float, bool or None, not {}",
                            other.type_name()
                        )));
                    }
                };
                out.push_str(&json_string(&key));
                out.push_str(": ");
                write_json(v, out)?;
            }
            out.push('}');
        }
        other => {
            return Err(Error::type_error(format!(
                "Object of type {} is not JSON serializable",
                other.type_name()
            )));
        }
    }
    Ok(())
}
