//! The two sides of a lookup as SQL (`process_lhs`, `process_rhs`).
use super::kind::{Builtin, Family, Op};
use super::{json, related};
use crate::compiler::Compiler;
use crate::expression::{Expr, value_expr};
use crate::expressions::{ColPairs, ExpressionList, Func, JsonNull, Val};
use crate::lookup::{Lookup, Rhs};
use crate::where_node::resolved_again;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result, Value};
use std::rc::Rc;

/// `process_lhs`: the left side, cast as the lookup needs it.
pub fn process_lhs(
    kind: Builtin,
    lhs: &Expr,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let mark = out.mark();
    compiler.compile(&resolved_again(lhs), out)?;
    if lhs.as_lookup().is_some() {
        out.wrap(mark, "(", ")");
    }
    let dialect = compiler.dialect();
    // Operands of different types are refused, whether or not the database needs the type.
    let field = lhs.output_field_or_none()?;
    if dialect.casts_lookups() && !kind.op.is_document() {
        let internal = match field {
            Some(f) => f.internal_type()?,
            None => String::new(),
        };
        let cast = dialect.lookup_cast(kind.op.lookup_name(), &internal);
        if let Some((before, after)) = cast.split_once("%s")
            && cast.len() > 2
        {
            out.wrap(mark, before, after);
        }
    }
    json::process_lhs(kind, lhs, compiler, out, mark)
}

/// `process_rhs`: the right side with its parameters.
pub fn process_rhs(kind: Builtin, lookup: &Lookup, compiler: &Compiler) -> Result<SqlWriter> {
    match kind.family {
        Family::Integer => check_range(kind, lookup, compiler)?,
        Family::Uuid if !compiler.dialect().has_native_uuid_field() => {
            return plain_rhs(kind, &without_hyphens(lookup), compiler);
        }
        Family::Json | Family::Key => return json::process_rhs(kind, lookup, compiler),
        _ => {}
    }
    plain_rhs(kind, lookup, compiler)
}

/// `process_rhs` of the class `Lookup` itself.
pub fn plain_rhs(kind: Builtin, lookup: &Lookup, compiler: &Compiler) -> Result<SqlWriter> {
    let mut out = SqlWriter::default();
    match right_expr(lookup)? {
        Some(e) => expr_rhs(&e, compiler, &mut out)?,
        None => {
            if let Rhs::Value(v) = &lookup.rhs {
                out.param(db_value(kind, lookup, v.clone(), compiler)?);
            }
        }
    }
    Ok(out)
}

/// The right side as an expression, if it is one: given as one, or through bilateral transforms.
fn right_expr(lookup: &Lookup) -> Result<Option<Expr>> {
    let mut expr = match &lookup.rhs {
        Rhs::Expr(e) => e.clone(),
        Rhs::Value(_) if lookup.bilateral.is_empty() => return Ok(None),
        Rhs::Value(v) => Val::typed(v.clone(), lookup.lhs.output_field_or_none()?),
    };
    for t in &lookup.bilateral {
        expr = t.make(expr)?;
    }
    Ok(Some(expr))
}

/// An expression in brackets, unless it is a value or has them.
pub fn expr_rhs(expr: &Expr, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
    let mark = out.mark();
    compiler.compile(expr, out)?;
    let any = expr.as_any();
    if any.is::<ColPairs>() {
        return Err(Error::value_error(
            "CompositePrimaryKey cannot be used as a lookup value.",
        ));
    }
    let is_value = any.is::<Val>() || any.is::<JsonNull>();
    let written = out.since(mark);
    if !is_value && !written.is_empty() && !written.starts_with('(') {
        out.wrap(mark, "(", ")");
    }
    Ok(())
}

/// A value as the database takes it (`get_db_prep_lookup`).
pub fn db_value(
    kind: Builtin,
    lookup: &Lookup,
    value: Value,
    compiler: &Compiler,
) -> Result<Value> {
    if !kind.op.preps_for_db() || value_expr(&value).is_some() {
        return Ok(value);
    }
    match prep_field(&lookup.lhs)? {
        Some(f) => crate::prep::db_prep_value(&f, value, compiler.dialect(), true),
        None => Ok(value),
    }
}

/// The field that prepares values for the database: a relation's target.
fn prep_field(lhs: &Expr) -> Result<Option<Rc<Field>>> {
    if related::is_reverse(lhs)? {
        return Ok(related::sources(lhs)?.into_iter().next());
    }
    let Some(f) = lhs.output_field_or_none()? else {
        return Ok(None);
    };
    Ok(Some(match f.kind {
        FieldKind::ForeignKey
        | FieldKind::OneToOne
        | FieldKind::ForeignObject
        | FieldKind::GenericRelation => f.target_field()?,
        _ => f,
    }))
}

/// The items of a list, one SQL fragment each with its parameters (`batch_process_rhs`).
pub fn batch(
    kind: Builtin,
    lookup: &Lookup,
    items: Vec<Value>,
    compiler: &Compiler,
) -> Result<Vec<SqlWriter>> {
    let mut parts = Vec::with_capacity(items.len());
    for item in items {
        let mut part = SqlWriter::default();
        if !lookup.bilateral.is_empty() {
            let mut e = match value_expr(&item) {
                Some(e) => e,
                None => Val::typed(item, lookup.lhs.output_field_or_none()?),
            };
            for t in &lookup.bilateral {
                e = t.make(e)?;
            }
            compiler.compile(&e, &mut part)?;
        } else {
            match value_expr(&item) {
                Some(e) => json::list_item(kind, &e, compiler, &mut part)?,
                None => {
                    part.param(db_value(kind, lookup, item, compiler)?);
                    json::list_value(kind, compiler, &mut part);
                }
            }
        }
        parts.push(part);
    }
    Ok(parts)
}

/// The items of a right side that is a list: plain, or of expressions.
pub fn list_items(rhs: &Rhs) -> Option<Vec<Value>> {
    match rhs {
        Rhs::Value(v) => v.items().map(|i| i.to_vec()),
        Rhs::Expr(e) => e.as_any().downcast_ref::<ExpressionList>().map(|l| {
            l.items
                .iter()
                .map(|e| crate::expression::ExprObject::value(e.clone()))
                .collect()
        }),
    }
}

/// No column holds a number beyond its range: nothing, or everything, matches.
fn check_range(kind: Builtin, lookup: &Lookup, compiler: &Compiler) -> Result<()> {
    let Rhs::Value(v) = &lookup.rhs else {
        return Ok(());
    };
    if !matches!(v, Value::Int(_) | Value::BigInt(_) | Value::Bool(_)) {
        return Ok(());
    }
    let internal = lookup.lhs.output_field()?.internal_type()?;
    let (low, high) = compiler.dialect().integer_field_range(&internal);
    let number = v.as_decimal();
    let under = low.is_some_and(|l| number < l.as_decimal());
    let over = high.is_some_and(|h| number > h.as_decimal());
    let all = match kind.op {
        Op::Gt | Op::Gte => under,
        Op::Lt | Op::Lte => over,
        _ => false,
    };
    if all {
        return Err(Error::full_result_set());
    }
    if under || over {
        return Err(Error::empty_result_set());
    }
    Ok(())
}

/// UUIDs are kept without hyphens where the database has no type for them.
fn without_hyphens(lookup: &Lookup) -> Lookup {
    let mut text = match &lookup.rhs {
        Rhs::Value(v) => Val::new(v.clone()),
        Rhs::Expr(e) => e.clone(),
    };
    let times = lookup.wrapped.get() + 1;
    lookup.wrapped.set(times);
    for _ in 0..times {
        let args = [text, Val::new("-".into()), Val::new("".into())];
        text = Rc::new(Func {
            output: Some(crate::expressions::fields::unbound(FieldKind::Char)),
            ..Func::raw(&crate::functions::text::REPLACE, args.into_iter().collect())
        });
    }
    Lookup {
        rhs: Rhs::Expr(text),
        ..lookup.clone()
    }
}
