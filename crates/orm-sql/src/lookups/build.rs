//! A lookup's SQL: left side, operator, right side.
use super::kind::{Builtin, Family, Op};
use super::{in_list, json, pattern, related, sides, tuple, year};
use crate::compiler::Compiler;
use crate::expressions::Val;
use crate::lookup::{Lookup, Rhs};
use crate::writer::SqlWriter;
use orm_state::{Error, Result, Value};

pub fn as_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    match kind.family {
        Family::Tuple => return tuple::as_sql(kind, lookup, compiler, out),
        Family::Related if lookup.lhs.is_composite() => {
            return related::as_tuple_sql(kind, lookup, compiler, out);
        }
        Family::Year if matches!(lookup.rhs, Rhs::Value(_)) => {
            return year::as_sql(kind, lookup, compiler, out);
        }
        Family::Json | Family::Key if json::as_sql(kind, lookup, compiler, out)? => {
            return Ok(());
        }
        _ => {}
    }
    match kind.op {
        Op::Exact => exact(kind, lookup, compiler, out),
        Op::In => in_list::as_sql(kind, lookup, compiler, out),
        Op::Range => range(kind, lookup, compiler, out),
        Op::IsNull => is_null(kind, lookup, compiler, out),
        Op::IExact => iexact(kind, lookup, compiler, out),
        Op::Regex | Op::IRegex => regex(kind, lookup, compiler, out),
        op if op.is_pattern() => pattern::as_sql(kind, lookup, compiler, out),
        Op::DataContains
        | Op::ContainedBy
        | Op::HasKey
        | Op::HasKeys
        | Op::HasAnyKeys
        | Op::HasKeyOrArrayIndex => json::document_sql(kind, lookup, compiler, out),
        _ => compare(kind, lookup, compiler, out),
    }
}

/// Writes an operator with the right side in its place.
pub(super) fn with_operator(
    kind: Builtin,
    rhs: SqlWriter,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let name = kind.op.lookup_name();
    let operator = compiler.dialect().operator(name).ok_or_else(|| {
        Error::not_supported(format!(
            "The {name} lookup is not supported on {}.",
            compiler.dialect().display_name()
        ))
    })?;
    let (before, after) = operator.split_once("%s").unwrap_or((operator, ""));
    out.push(" ");
    out.push(before);
    out.append(rhs);
    out.push(after);
    Ok(())
}

fn compare(kind: Builtin, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
    let rhs = sides::process_rhs(kind, lookup, compiler)?;
    with_operator(kind, rhs, compiler, out)
}

/// A condition compared to `True` is that condition.
fn exact(kind: Builtin, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    if let Rhs::Value(Value::Bool(wanted)) = lookup.rhs
        && lookup.lhs.conditional()
        && compiler.dialect().condition_in_where(&*lookup.lhs)?
    {
        if !wanted {
            out.push("NOT ");
        }
        return sides::process_lhs(kind, &lookup.lhs, compiler, out);
    }
    compare(kind, lookup, compiler, out)
}

fn iexact(kind: Builtin, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
    let mut rhs = sides::process_rhs(kind, lookup, compiler)?;
    if let Some(first) = rhs.params.first_mut() {
        *first = compiler.dialect().prep_for_iexact(first);
    }
    with_operator(kind, rhs, compiler, out)
}

fn range(kind: Builtin, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
    let Some(items) = sides::list_items(&lookup.rhs) else {
        return range_of_one(kind, lookup, compiler, out);
    };
    if items.is_empty() {
        return Err(Error::value_error(
            "not enough values to unpack (expected 2, got 0)",
        ));
    }
    let mut parts = sides::batch(kind, lookup, items, compiler)?.into_iter();
    let (Some(low), Some(high)) = (parts.next(), parts.next()) else {
        return Err(Error::new(
            orm_state::ErrorKind::IndexError,
            "tuple index out of range",
        ));
    };
    out.push(" BETWEEN ");
    out.append(low);
    out.push(" AND ");
    out.append(high);
    Ok(())
}

/// One expression stands where two ends should: what is compared with are the first two letters
/// of its SQL, which no database takes. That is what Django sends it, too.
fn range_of_one(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let rhs = sides::plain_rhs(kind, lookup, compiler)?;
    let mut letters = rhs.sql.chars();
    let (Some(low), Some(high)) = (letters.next(), letters.next()) else {
        return Err(Error::new(
            orm_state::ErrorKind::IndexError,
            "string index out of range",
        ));
    };
    out.push(&format!(" BETWEEN {low} AND {high}"));
    out.params.extend(rhs.params);
    Ok(())
}

fn is_null(kind: Builtin, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    let Rhs::Value(Value::Bool(wanted)) = lookup.rhs else {
        return Err(Error::value_error(
            "The QuerySet value for an isnull lookup must be True or False.",
        ));
    };
    if let Some(v) = lookup.lhs.as_any().downcast_ref::<Val>() {
        return Err(if v.value.is_null() == wanted {
            Error::full_result_set()
        } else {
            Error::empty_result_set()
        });
    }
    sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
    out.push(if wanted { " IS NULL" } else { " IS NOT NULL" });
    Ok(())
}

fn regex(kind: Builtin, lookup: &Lookup, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    let dialect = compiler.dialect();
    let name = kind.op.lookup_name();
    if dialect.operator(name).is_some() {
        return compare(kind, lookup, compiler, out);
    }
    let template = dialect
        .regex_lookup(name)
        .unwrap_or("REGEXP_LIKE({lhs}, {rhs})");
    let (before, rest) = template.split_once("{lhs}").unwrap_or((template, ""));
    let (between, after) = rest.split_once("{rhs}").unwrap_or((rest, ""));
    out.push(before);
    sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
    out.push(between);
    out.append(sides::process_rhs(kind, lookup, compiler)?);
    out.push(after);
    Ok(())
}
