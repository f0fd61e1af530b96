//! Lookups on JSON documents and on keys inside them.
//!
//! ```text
//! data__owner__name="Bob"   →  (CASE WHEN JSON_TYPE("t"."data", %s) IN ('null','false','true') THEN
//!                               JSON_TYPE("t"."data", %s) ELSE JSON_EXTRACT("t"."data", %s) END)
//!                               = JSON_EXTRACT(%s, '$')
//! data__has_key="owner"     →  JSON_TYPE("t"."data", %s) IS NOT NULL
//! ```
mod document;
pub mod key_transform;

use super::kind::{Builtin, Family, Op};
use super::sides;
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, value_expr};
use crate::expressions::{JsonNull, Val};
use crate::lookup::{Lookup, LookupFactory, Rhs};
use crate::prep::json_dumps;
use crate::writer::{Mark, SqlWriter};
use orm_state::{Error, FieldKind, Result, Value};
use std::rc::Rc;

pub use document::document_sql;
pub use key_transform::{KeyTransform, KeyTransformFactory, kt};

/// What SQLite's `JSON_EXTRACT` cannot give as such. Django keeps them in a set, so their order in
/// its SQL varies with Python's hash seed; this is the order of `PYTHONHASHSEED=0`.
const DATATYPE_VALUES: [&str; 3] = ["null", "false", "true"];

fn is_datatype(v: &Value) -> bool {
    v.as_str().is_some_and(|s| DATATYPE_VALUES.contains(&s))
}

fn key_of(e: &Expr) -> Option<&KeyTransform> {
    e.as_any().downcast_ref::<KeyTransform>()
}

/// SQLite's extraction, which keeps `null`, `true` and `false` apart from texts and numbers.
pub(super) fn sqlite_extract(inner: SqlWriter, path: &str, out: &mut SqlWriter) {
    let values = DATATYPE_VALUES.map(|v| format!("'{v}'")).join(",");
    let part = |out: &mut SqlWriter, before: &str| {
        out.push(before);
        out.append(inner.clone());
        out.push(", ");
        out.param(path.into());
        out.push(")");
    };
    part(out, "(CASE WHEN JSON_TYPE(");
    out.push(&format!(" IN ({values}) THEN "));
    part(out, "JSON_TYPE(");
    out.push(" ELSE ");
    part(out, "JSON_EXTRACT(");
    out.push(" END)");
}

/// Text lookups on a key compare its text, not its JSON.
pub fn text_side(kind: Builtin, mut lookup: Lookup) -> Result<Lookup> {
    let text = kind.op.is_pattern() || matches!(kind.op, Op::IExact | Op::Regex | Op::IRegex);
    if !text {
        return Ok(lookup);
    }
    let Some(key) = key_of(&lookup.lhs) else {
        return Err(Error::type_error(
            "Transform should be an instance of KeyTransform in order to use this lookup.",
        ));
    };
    lookup.lhs = Rc::new(KeyTransform {
        text: true,
        ..key.clone()
    });
    Ok(lookup)
}

/// `has_keys` and `has_any_keys` take their keys as text.
pub fn prepare_keys(mut lookup: Lookup) -> Result<Lookup> {
    if let Rhs::Value(v) = &lookup.rhs {
        let keys = super::prepare::iterate(v)?
            .iter()
            .map(|v| match value_expr(v) {
                Some(_) => v.clone(),
                None => v.to_str().into(),
            })
            .collect::<Vec<Value>>();
        lookup.rhs = Rhs::Value(Value::List(keys.into()));
    }
    Ok(lookup)
}

fn lower_on_mysql(kind: Builtin, compiler: &Compiler) -> bool {
    compiler.dialect().kind() == Vendor::Mysql
        && matches!(
            kind.op,
            Op::IExact | Op::IContains | Op::IStartsWith | Op::IEndsWith | Op::IRegex
        )
}

/// What JSON lookups add to the left side, written since `mark`.
pub fn process_lhs(
    kind: Builtin,
    lhs: &Expr,
    compiler: &Compiler,
    out: &mut SqlWriter,
    mark: Mark,
) -> Result<()> {
    if !matches!(kind.family, Family::Json | Family::Key) {
        return Ok(());
    }
    if lower_on_mysql(kind, compiler) {
        out.wrap(mark, "LOWER(", ")");
    }
    if kind.op != Op::In || key_of(lhs).is_some() {
        return Ok(());
    }
    match compiler.dialect().kind() {
        Vendor::Sqlite => {
            let inner = out.take_from(mark);
            sqlite_extract(inner, "$", out);
        }
        Vendor::Mysql => {
            out.wrap(mark, "JSON_EXTRACT(", ", ");
            out.param("$".into());
            out.push(")");
        }
        Vendor::Postgresql => {}
    }
    Ok(())
}

/// Replaces each `%s` by what `wrap` gives for its parameter.
fn wrap_params(rhs: &mut SqlWriter, wrap: impl Fn(&Value) -> &'static str) {
    let mut parts = rhs.sql.split("%s");
    let mut sql = parts.next().unwrap_or_default().to_string();
    for (part, param) in parts.zip(&rhs.params) {
        sql.push_str(wrap(param));
        sql.push_str(part);
    }
    rhs.sql = sql;
}

pub fn process_rhs(kind: Builtin, lookup: &Lookup, compiler: &Compiler) -> Result<SqlWriter> {
    let vendor = compiler.dialect().kind();
    let direct = matches!(lookup.rhs, Rhs::Value(_));
    if let (Family::Key, Op::Gt | Op::Gte | Op::Lt | Op::Lte, Rhs::Value(v)) =
        (kind.family, kind.op, &lookup.rhs)
        && vendor != Vendor::Postgresql
        && lookup.bilateral.is_empty()
    {
        // Numbers and texts are compared as such, not as JSON.
        let mut out = SqlWriter::default();
        out.param(v.clone());
        return Ok(out);
    }
    let mut rhs = sides::plain_rhs(kind, lookup, compiler)?;
    if kind.op == Op::Exact {
        if kind.family == Family::Key
            && let Rhs::Expr(e) = &lookup.rhs
            && key_of(e).is_some()
        {
            return Ok(rhs);
        }
        let none = lookup.rhs.is_null();
        if none && key_of(&lookup.lhs).is_none() {
            orm_state::settings::warn(
                "RemovedInDjango2028Warning",
                "Using None as the right-hand side of an exact lookup on JSONField to mean JSON scalar 'null' is deprecated. Use JSONNull() instead (or use the __isnull lookup if you meant SQL NULL).",
            )?;
        }
        if rhs.sql == "%s" && matches!(&rhs.params[..], [Value::Null]) {
            rhs.params = vec!["null".into()];
        }
        let json_null = matches!(&lookup.rhs, Rhs::Expr(e) if e.as_any().is::<JsonNull>());
        if vendor == Vendor::Mysql && !json_null {
            wrap_params(&mut rhs, |_| "JSON_EXTRACT(%s, '$')");
        }
        if vendor == Vendor::Sqlite && kind.family == Family::Key {
            wrap_params(&mut rhs, |v| {
                if is_datatype(v) {
                    "%s"
                } else {
                    "JSON_EXTRACT(%s, '$')"
                }
            });
        }
    }
    if lower_on_mysql(kind, compiler) && (direct || !rhs.sql.is_empty()) {
        rhs.sql = format!("LOWER({})", rhs.sql);
    }
    Ok(rhs)
}

/// One value of an `in` list, already written as `%s`.
pub fn list_value(kind: Builtin, compiler: &Compiler, part: &mut SqlWriter) {
    if !matches!(kind.family, Family::Json | Family::Key) || kind.op != Op::In {
        return;
    }
    let extract = match compiler.dialect().kind() {
        Vendor::Mysql => true,
        Vendor::Sqlite => !part.params.first().is_some_and(is_datatype),
        Vendor::Postgresql => false,
    };
    if extract {
        part.sql = "JSON_EXTRACT(%s, '$')".into();
    }
}

/// One expression of an `in` list.
pub fn list_item(
    kind: Builtin,
    item: &Expr,
    compiler: &Compiler,
    part: &mut SqlWriter,
) -> Result<()> {
    let json = matches!(kind.family, Family::Json | Family::Key) && kind.op == Op::In;
    let value = item.as_any().downcast_ref::<Val>();
    if !json || compiler.dialect().kind() == Vendor::Postgresql {
        return compiler.compile(item, part);
    }
    if item.as_any().is::<JsonNull>() {
        compiler.compile(item, part)?;
        list_value(kind, compiler, part);
        return Ok(());
    }
    let Some(v) = value else {
        return compiler.compile(item, part);
    };
    let output = crate::expression::Expression::output_field_or_none(v)?;
    let is_json = output.as_ref().is_some_and(|f| f.kind == FieldKind::Json);
    if v.value.is_null() && !is_json {
        return compiler.compile(item, part);
    }
    if is_json {
        compiler.compile(item, part)?;
    } else {
        let prepared = match output {
            Some(f) => f.get_prep_value(v.value.clone())?,
            None => v.value.clone(),
        };
        part.param(json_dumps(&prepared)?.into());
    }
    list_value(kind, compiler, part);
    Ok(())
}

/// Lookups whose SQL is nothing like a comparison. `false`: not one of them.
pub fn as_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<bool> {
    let Some(key) = key_of(&lookup.lhs) else {
        return Ok(false);
    };
    match (kind.op, &lookup.rhs) {
        (Op::IsNull, Rhs::Value(Value::Bool(wanted)))
            if compiler.dialect().kind() == Vendor::Sqlite =>
        {
            let has_key = Lookup::new(
                Rc::new(Builtin::plain(Op::HasKeyOrArrayIndex)),
                key.lhs.clone(),
                Rhs::Value(key.key.clone().into()),
                vec![],
            );
            let test = if *wanted { " IS NULL" } else { " IS NOT NULL" };
            document::has_key_sql(Op::HasKeyOrArrayIndex, &has_key, test, compiler, out)?;
            Ok(true)
        }
        (Op::IExact, Rhs::Value(Value::Null)) => {
            let lhs: Expr = Rc::new(KeyTransform {
                text: false,
                ..key.clone()
            });
            let exact = Builtin {
                op: Op::Exact,
                family: Family::Key,
            };
            let exact = exact.make(lhs, lookup.rhs.clone(), vec![])?;
            compiler.compile(&exact, out)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
