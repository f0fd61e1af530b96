//! Values as Python source. Source of forms: "Serializing values" in Django's documentation.
//!
//! ```
//! use orm_migrations::serializer::serialize;
//! use orm_state::Value;
//! let mut imports = Default::default();
//! assert_eq!(serialize(&Value::from(vec!["a".into(), Value::Null]), &mut imports).unwrap(), "['a', None]");
//! ```
use crate::deconstruct::OperationObject;
use crate::serializer_expr::expression;
use orm_sql::expression::expr_of;
use orm_state::field::deconstruct::Deconstructed;
use orm_state::{Object, Result, Source, Value};
use std::collections::BTreeSet;

/// The import lines that written values need.
pub type Imports = BTreeSet<String>;

/// A value's source; what it needs imported is added to `imports`.
///
/// # Errors
/// `ValueError` for values that no file can hold: lambdas, open files …
pub fn serialize(value: &Value, imports: &mut Imports) -> Result<String> {
    let mut need = |line: &str| {
        imports.insert(line.to_string());
    };
    Ok(match value {
        Value::Float(f) if !f.is_finite() => format!("float(\"{}\")", value.repr()),
        Value::Date(_) | Value::Time(_) | Value::Duration(_) => {
            need("import datetime");
            value.repr()
        }
        Value::DateTime(d) => {
            need("import datetime");
            if d.is_aware() {
                let utc = orm_state::DateTime {
                    civil: d.to_utc(),
                    tz: Some(orm_state::temporal::Zone::utc()),
                };
                return Ok(Value::DateTime(utc).repr());
            }
            value.repr()
        }
        Value::Decimal(_) => {
            need("from decimal import Decimal");
            value.repr()
        }
        Value::Uuid(_) => {
            need("import uuid");
            format!("uuid.{}", value.repr())
        }
        Value::List(v) => format!("[{}]", join(v, imports)?),
        Value::Tuple(v) if v.len() == 1 => format!("({},)", join(v, imports)?),
        Value::Tuple(v) => format!("({})", join(v, imports)?),
        Value::Set(v) if v.is_empty() => "set()".into(),
        Value::Set(v) => {
            let mut items = v.to_vec();
            items.sort_by_key(Value::repr);
            format!("{{{}}}", join(&items, imports)?)
        }
        Value::Dict(v) => {
            let mut pairs = v.to_vec();
            pairs.sort_by_key(|(k, _)| k.to_str());
            let mut parts = vec![];
            for (k, v) in &pairs {
                parts.push(format!(
                    "{}: {}",
                    serialize(k, imports)?,
                    serialize(v, imports)?
                ));
            }
            format!("{{{}}}", parts.join(", "))
        }
        Value::Object(o) => object(&**o, imports)?,
        _ => value.repr(),
    })
}

fn join(items: &[Value], imports: &mut Imports) -> Result<String> {
    let parts: Result<Vec<String>> = items.iter().map(|i| serialize(i, imports)).collect();
    Ok(parts?.join(", "))
}

fn object(o: &dyn Object, imports: &mut Imports) -> Result<String> {
    if let Some(op) = o.as_any().downcast_ref::<OperationObject>() {
        let text = crate::writer::operation_text(&op.0, 0, imports)?;
        return Ok(text.trim_end_matches(',').to_string());
    }
    if let Some(expr) = expr_of(o) {
        return call(&expression(&expr)?, imports);
    }
    match o.source()? {
        Source::Path { module, name } => Ok(path(&module, &name, imports)),
        Source::Call(d) => call(&d, imports),
        Source::Value(v) => serialize(&v, imports),
        Source::Text {
            code,
            imports: lines,
        } => {
            imports.extend(lines);
            Ok(code)
        }
    }
}

/// A function or class by its path.
fn path(module: &str, name: &str, imports: &mut Imports) -> String {
    match (module, name) {
        ("django.db.models" | "django.db.models.base", "Model") => {
            imports.insert("from django.db import models".into());
            "models.Model".into()
        }
        ("builtins", "NoneType") => {
            imports.insert("import types".into());
            "types.NoneType".into()
        }
        ("builtins", _) => name.into(),
        // Where Django defines what `django.db.models` re-exports.
        ("django.db.models", _) => {
            imports.insert("import django.db.models.deletion".into());
            format!("django.db.models.deletion.{name}")
        }
        _ => {
            imports.insert(format!("import {module}"));
            format!("{module}.{name}")
        }
    }
}

/// `path(args, kwargs)`, keywords sorted.
pub fn call(d: &Deconstructed, imports: &mut Imports) -> Result<String> {
    let (module, name) = d.path.rsplit_once('.').unwrap_or(("", &d.path));
    let name = if module == "django.db.models" {
        imports.insert("from django.db import models".into());
        format!("models.{name}")
    } else {
        imports.insert(format!("import {module}"));
        d.path.clone()
    };
    let mut parts = vec![];
    for arg in &d.args {
        parts.push(serialize(arg, imports)?);
    }
    let mut kwargs: Vec<&(String, Value)> = d.kwargs.iter().collect();
    kwargs.sort_by(|a, b| a.0.cmp(&b.0));
    for (k, v) in kwargs {
        parts.push(format!("{k}={}", serialize(v, imports)?));
    }
    Ok(format!("{name}({})", parts.join(", ")))
}
