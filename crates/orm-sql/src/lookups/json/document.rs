//! `contains`, `contained_by`, `has_key`, `has_keys`, `has_any_keys`.
use super::{KeyTransform, key_of};
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::dialect::json_path::json_string;
use crate::expression::value_expr;
use crate::lookup::{Lookup, Rhs};
use crate::lookups::kind::{Builtin, Op};
use crate::lookups::sides;
use crate::writer::SqlWriter;
use orm_state::{Error, Result, Value};

pub fn document_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let vendor = compiler.dialect().kind();
    if matches!(kind.op, Op::DataContains | Op::ContainedBy) {
        if !compiler.dialect().supports_json_field_contains() {
            return Err(Error::not_supported(format!(
                "{} lookup is not supported on this database backend.",
                kind.op.lookup_name()
            )));
        }
        return contains_sql(kind, lookup, compiler, out);
    }
    match vendor {
        Vendor::Postgresql => {
            sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
            out.push(match kind.op {
                Op::HasKeys => " ?& ",
                Op::HasAnyKeys => " ?| ",
                _ => " ? ",
            });
            out.append(sides::plain_rhs(kind, lookup, compiler)?);
            Ok(())
        }
        _ => has_key_sql(kind.op, lookup, " IS NOT NULL", compiler, out),
    }
}

fn contains_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let mut lhs = SqlWriter::default();
    sides::process_lhs(kind, &lookup.lhs, compiler, &mut lhs)?;
    let rhs = sides::plain_rhs(kind, lookup, compiler)?;
    let contained = kind.op == Op::ContainedBy;
    if compiler.dialect().kind() == Vendor::Postgresql {
        out.append(lhs);
        out.push(if contained { " <@ " } else { " @> " });
        out.append(rhs);
        return Ok(());
    }
    let (outer, inner) = if contained { (rhs, lhs) } else { (lhs, rhs) };
    out.push("JSON_CONTAINS(");
    out.append(outer);
    out.push(", ");
    out.append(inner);
    out.push(")");
    Ok(())
}

/// The document and the path to a key, for each key asked for.
fn parts(op: Op, lookup: &Lookup, compiler: &Compiler) -> Result<Vec<(SqlWriter, String)>> {
    let dialect = compiler.dialect();
    let mut document = SqlWriter::default();
    let root = match key_of(&lookup.lhs) {
        Some(k) => {
            let (inner, keys) = k.preprocess(compiler)?;
            document = inner;
            dialect.compile_json_path(&keys, true)?
        }
        None => {
            sides::process_lhs(Builtin::plain(op), &lookup.lhs, compiler, &mut document)?;
            "$".into()
        }
    };
    let wanted: Vec<Value> = match &lookup.rhs {
        Rhs::Value(Value::List(v) | Value::Tuple(v)) => v.to_vec(),
        Rhs::Value(v) => vec![v.clone()],
        Rhs::Expr(e) => vec![crate::expression::ExprObject::value(e.clone())],
    };
    let mut out = vec![];
    for key in wanted {
        let mut keys = match value_expr(&key) {
            Some(e) => match e.as_any().downcast_ref::<KeyTransform>() {
                Some(k) => k.preprocess(compiler)?.1,
                None => vec![e.repr().into()],
            },
            None => vec![key],
        };
        let last = keys.pop().unwrap_or_default();
        let mut path = root.clone();
        path.push_str(&dialect.compile_json_path(&keys, false)?);
        if op == Op::HasKeyOrArrayIndex {
            path.push_str(&dialect.compile_json_path(&[last], false)?);
        } else {
            // The key as such: "1" is a name, not an index.
            path.push('.');
            path.push_str(&match &last {
                Value::Str(s) => json_string(s),
                v => crate::prep::json_dumps(v)?,
            });
        }
        out.push((document.clone(), path));
    }
    Ok(out)
}

/// `JSON_TYPE(document, path) IS NOT NULL` for each key.
pub(super) fn has_key_sql(
    op: Op,
    lookup: &Lookup,
    test: &str,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let operator = match op {
        Op::HasKeys => Some(" AND "),
        Op::HasAnyKeys => Some(" OR "),
        _ => None,
    };
    let mysql = compiler.dialect().kind() == Vendor::Mysql;
    if operator.is_some() {
        out.push("(");
    }
    for (i, (document, path)) in parts(op, lookup, compiler)?.into_iter().enumerate() {
        if i > 0 {
            out.push(operator.unwrap_or_default());
        }
        out.push(if mysql {
            "JSON_CONTAINS_PATH("
        } else {
            "JSON_TYPE("
        });
        out.append(document);
        out.push(if mysql { ", 'one', " } else { ", " });
        out.param(path.into());
        out.push(")");
        if !mysql {
            out.push(test);
        }
    }
    if operator.is_some() {
        out.push(")");
    }
    Ok(())
}
