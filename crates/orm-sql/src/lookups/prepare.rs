//! Checking and converting the right side when a lookup is made (`get_prep_lookup`).
use super::kind::{Builtin, Family, Op};
use super::{json, related, tuple};
use crate::expression::{Expr, value_expr};
use crate::expressions::{ColPairs, ExpressionList, F, OuterRef, ResolvedOuterRef, Sliced, Val};
use crate::lookup::{Lookup, Rhs};
use crate::query::Query;
use crate::query::subquery::query_of;
use orm_state::{Error, ErrorKind, Field, Result, Value};
use std::rc::Rc;

pub fn prepare(kind: Builtin, mut lookup: Lookup) -> Result<Lookup> {
    // A list with expressions in it becomes a list of expressions.
    if let Rhs::Value(v) = &lookup.rhs
        && let Some(e) = value_expr(v)
    {
        lookup.rhs = Rhs::Expr(e);
    }
    match kind.family {
        Family::Tuple => return tuple::prepare(kind, lookup),
        Family::Related => lookup = related::prepare(kind, lookup)?,
        Family::Key => lookup = json::text_side(kind, lookup)?,
        Family::Integer if matches!(kind.op, Op::Gte | Op::Lt) => {
            if let Rhs::Value(Value::Float(f)) = &lookup.rhs
                && f.is_finite()
            {
                lookup.rhs = Rhs::Value(Value::Float(f.ceil()));
            }
        }
        _ => {}
    }
    match kind.op {
        Op::HasKeys | Op::HasAnyKeys => return json::prepare_keys(lookup),
        Op::Exact => prepare_query(&mut lookup, "exact")?,
        Op::In => prepare_query(&mut lookup, "in")?,
        _ => {}
    }
    if kind.op.takes_list() {
        return prepare_list(kind, lookup);
    }
    let Rhs::Value(value) = &lookup.rhs else {
        return Ok(lookup);
    };
    if !kind.op.prepares_rhs() {
        return Ok(lookup);
    }
    lookup.rhs = match lhs_field(&lookup)? {
        LhsField::Field(f) => Rhs::Value(f.get_prep_value(value.clone())?),
        LhsField::Unprepared => Rhs::Value(value.clone()),
        LhsField::Unknown => Rhs::Expr(Val::new(value.clone())),
    };
    Ok(lookup)
}

/// Whose `get_prep_value` converts the right side.
enum LhsField {
    Field(Rc<Field>),
    /// Already converted.
    Unprepared,
    /// The left side is a name not resolved yet.
    Unknown,
}

fn lhs_field(lookup: &Lookup) -> Result<LhsField> {
    if is_name(&lookup.lhs) {
        return Ok(LhsField::Unknown);
    }
    if related::is_reverse(&lookup.lhs)? {
        return Ok(LhsField::Unprepared);
    }
    match lookup.lhs.output_field() {
        Err(e) if e.is(ErrorKind::AttributeError) => Ok(LhsField::Unknown),
        field => field.map(LhsField::Field),
    }
}

/// A name that resolving turns into something: it has no field yet.
fn is_name(e: &Expr) -> bool {
    let any = e.as_any();
    any.is::<F>() || any.is::<OuterRef>() || any.is::<ResolvedOuterRef>() || any.is::<Sliced>()
}

/// How many columns the left side has.
pub(super) fn lhs_len(lhs: &Expr) -> usize {
    match lhs.as_any().downcast_ref::<ColPairs>() {
        Some(p) => p.targets.len(),
        None => tuple::tuple_len(lhs).unwrap_or(1),
    }
}

/// How many columns a query on the right side gives.
pub(super) fn query_len(query: &Query) -> Result<usize> {
    if !query.has_select_fields() || query.select.is_empty() {
        return Ok(query.model()?.pk_fields()?.len());
    }
    Ok(query
        .select
        .iter()
        .map(|e| match e.as_any().downcast_ref::<ColPairs>() {
            Some(p) => p.targets.len(),
            None => 1,
        })
        .sum())
}

/// A query on the right side gives one column for each on the left: its key, unless it selects.
fn prepare_query(lookup: &mut Lookup, name: &str) -> Result<()> {
    let Rhs::Expr(e) = &lookup.rhs else {
        return Ok(());
    };
    let Some(query) = query_of(e) else {
        return Ok(());
    };
    if name == "exact" && !query.has_limit_one() {
        return Err(Error::value_error(
            "The QuerySet value for an exact lookup must be limited to one result using slicing.",
        ));
    }
    let (left, right) = (lhs_len(&lookup.lhs), query_len(&query)?);
    if left != right {
        let what = if name == "exact" {
            "the exact lookup"
        } else {
            "the 'in' lookup"
        };
        return Err(Error::value_error(format!(
            "The QuerySet value for {what} must have {left} selected fields (received {right})"
        )));
    }
    let mut q = (*query).clone();
    if name == "in" {
        q.clear_ordering(false, true);
    }
    if !q.has_select_fields() {
        q.clear_select_clause();
        q.add_fields(&["pk".into()], true)?;
    }
    lookup.rhs = Rhs::Expr(q.into_expr());
    Ok(())
}

/// The items of a list, tuple, set, dict or text, as iterating over it gives them.
pub(super) fn iterate(value: &Value) -> Result<Vec<Value>> {
    match value {
        Value::List(v) | Value::Tuple(v) | Value::Set(v) => Ok(v.to_vec()),
        Value::Dict(v) => Ok(v.iter().map(|(k, _)| k.clone()).collect()),
        Value::Str(s) => Ok(s.chars().map(|c| c.to_string().into()).collect()),
        Value::Bytes(b) => Ok(b.iter().map(|b| i64::from(*b).into()).collect()),
        v => match v.as_object().and_then(|o| o.items()) {
            Some(items) => items,
            None => Err(Error::type_error(format!(
                "'{}' object is not iterable",
                v.type_name()
            ))),
        },
    }
}

fn prepare_list(kind: Builtin, mut lookup: Lookup) -> Result<Lookup> {
    let Rhs::Value(value) = &lookup.rhs else {
        return Ok(lookup);
    };
    let items = iterate(value)?;
    if items.iter().any(|v| value_expr(v).is_some()) {
        let output = match lhs_field(&lookup)? {
            LhsField::Unknown => None,
            _ => lookup.lhs.output_field_or_none()?,
        };
        let items = items
            .into_iter()
            .map(|v| value_expr(&v).unwrap_or_else(|| Val::typed(v, output.clone())))
            .collect();
        lookup.rhs = Rhs::Expr(ExpressionList::new(items));
        return Ok(lookup);
    }
    let items = match lhs_field(&lookup)? {
        LhsField::Field(f) if kind.op.prepares_rhs() => items
            .into_iter()
            .map(|v| f.get_prep_value(v))
            .collect::<Result<Vec<_>>>()?,
        _ => items,
    };
    lookup.rhs = Rhs::Value(Value::List(items.into()));
    Ok(lookup)
}
