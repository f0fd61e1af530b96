//! Lookups on relations: `author=instance`, `author__in=[1, instance]`, `books=book`.
use super::kind::{Builtin, Op};
use super::tuple;
use crate::compiler::Compiler;
use crate::expression::Expr;
use crate::expressions::{Col, ColPairs};
use crate::lookup::{Lookup, Rhs};
use crate::query::subquery::query_of;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, FieldKind, ModelRef, Object, Result, Value};
use std::rc::Rc;

fn relation_of(lhs: &Expr) -> Option<Rc<Field>> {
    let output = match lhs.output_field_or_none() {
        Ok(Some(f)) => f,
        _ => return None,
    };
    matches!(
        output.kind,
        FieldKind::ForeignKey
            | FieldKind::OneToOne
            | FieldKind::ForeignObject
            | FieldKind::GenericRelation
    )
    .then_some(output)
}

/// The target of a left side and every field its chain of keys leads to.
fn chain(field: &Rc<Field>) -> Vec<Rc<Field>> {
    let mut fields = vec![field.clone()];
    let mut f = field.clone();
    while matches!(f.kind, FieldKind::ForeignKey | FieldKind::OneToOne) && fields.len() < 64 {
        match f.target_field() {
            Ok(next) => f = next,
            Err(_) => break,
        }
        fields.push(f.clone());
    }
    fields
}

/// Is the left side a relation followed against its direction (`books` of an author)?
///
/// A column carries the field that declares the relation; which side it stands on shows in the
/// column itself: the key, or what the key points to, forwards; the declaring model's own key
/// backwards.
pub fn is_reverse(lhs: &Expr) -> Result<bool> {
    let Some(relation) = relation_of(lhs) else {
        return Ok(false);
    };
    if let Some(pairs) = lhs.as_any().downcast_ref::<ColPairs>() {
        let theirs = target_fields(&relation, true)?;
        let own = |t: &Rc<Field>| theirs.iter().any(|f| f.same(t));
        return Ok(relation.kind != FieldKind::GenericRelation && pairs.targets.iter().all(own));
    }
    let Some(col) = lhs.as_any().downcast_ref::<Col>() else {
        return Ok(false);
    };
    if col.target.same(&relation) || relation.kind == FieldKind::GenericRelation {
        return Ok(false);
    }
    let reached = chain(&col.target);
    let meets = |fields: &[Rc<Field>]| fields.iter().any(|t| reached.iter().any(|r| r.same(t)));
    let forward: Vec<Rc<Field>> = target_fields(&relation, false)?;
    Ok(!meets(&forward) && meets(&target_fields(&relation, true)?))
}

fn target_fields(relation: &Rc<Field>, reverse: bool) -> Result<Vec<Rc<Field>>> {
    let path = if reverse {
        relation.reverse_path_infos()?
    } else {
        relation.path_infos()?
    };
    let mut out = vec![];
    for f in path
        .last()
        .map(|p| p.target_fields.clone())
        .unwrap_or_default()
    {
        match (f.kind, f.model()) {
            (FieldKind::CompositePrimaryKey, Some(m)) => out.extend(m.pk_fields()?),
            _ => out.push(f),
        }
    }
    Ok(out)
}

/// The fields of the model at the relation's end whose values the columns hold.
pub fn sources(lhs: &Expr) -> Result<Vec<Rc<Field>>> {
    if let Some(relation) = relation_of(lhs) {
        return target_fields(&relation, is_reverse(lhs)?);
    }
    Ok(lhs.output_field_or_none()?.into_iter().collect())
}

fn is_instance_of(model: &ModelRef, of: &ModelRef) -> bool {
    Rc::ptr_eq(model, of)
        || model.same_concrete(of)
        || model.parent_list().iter().any(|p| p.same_concrete(of))
}

/// A model instance as the values of the relation's columns; anything else as it is.
pub fn normalized(value: &Value, lhs: &Expr) -> Result<Vec<Value>> {
    let instance: Option<(Rc<dyn Object>, ModelRef)> = value
        .as_object()
        .and_then(|o| o.model().map(|m| (o.clone(), m)));
    let Some((object, model)) = instance else {
        return Ok(match value {
            Value::Tuple(v) => v.to_vec(),
            v => vec![v.clone()],
        });
    };
    let pk = object.attr("pk")?;
    let unset = match &pk {
        Value::Null => true,
        Value::Tuple(v) => v.iter().any(Value::is_null),
        _ => false,
    };
    if unset {
        return Err(Error::value_error(
            "Model instances passed to related filters must be saved.",
        ));
    }
    let mut values = vec![];
    for source in sources(lhs)? {
        let mut source = source;
        let mut steps = 0;
        while source.model().is_some_and(|m| !is_instance_of(&model, &m)) && steps < 64 {
            let Some(rel) = &source.remote else { break };
            source = rel.target_field()?;
            steps += 1;
        }
        match object.attr(&source.attname()) {
            Ok(v) => values.push(v),
            // The key of a one-to-one child is its parent's.
            Err(e) if e.is(ErrorKind::AttributeError) => {
                return Ok(match pk {
                    Value::Tuple(v) => v.to_vec(),
                    v => vec![v],
                });
            }
            Err(e) => return Err(e),
        }
    }
    Ok(values)
}

fn first(values: Vec<Value>) -> Value {
    values.into_iter().next().unwrap_or_default()
}

/// The part of `get_prep_lookup` that is about relations.
pub fn prepare(kind: Builtin, mut lookup: Lookup) -> Result<Lookup> {
    let composite = lookup.lhs.is_composite();
    if let Rhs::Expr(e) = &lookup.rhs {
        if kind.op == Op::In
            && let Some(query) = query_of(e)
            && !query.has_select_fields()
            && let Some(fields) = selected_target(&lookup.lhs, query.model.as_ref())?
        {
            let mut q = (*query).clone();
            q.set_values(&fields)?;
            lookup.rhs = Rhs::Expr(q.into_expr());
        }
        return Ok(lookup);
    }
    let Rhs::Value(value) = &lookup.rhs else {
        return Ok(lookup);
    };
    if composite {
        return Ok(lookup);
    }
    let last = match relation_of(&lookup.lhs) {
        Some(_) => sources(&lookup.lhs)?.pop(),
        None => None,
    };
    let prep = |v: Value| match &last {
        Some(f) if kind.op.prepares_rhs() && crate::expression::value_expr(&v).is_none() => {
            f.get_prep_value(v)
        }
        _ => Ok(v),
    };
    let prepared = if kind.op == Op::In {
        let items = super::prepare::iterate(value)?;
        let items = items
            .iter()
            .map(|v| {
                // Django takes each item for a value; an expression is no number.
                if let (Some(f), Some(e)) = (&last, crate::expression::value_expr(v))
                    && let Some(f) = chain(f).last()
                    && f.kind.is_integer()
                {
                    return Err(Error::type_error(format!(
                        "Field '{}' expected a number but got {}.",
                        f.name(),
                        e.repr()
                    )));
                }
                prep(first(normalized(v, &lookup.lhs)?))
            })
            .collect::<Result<Vec<_>>>()?;
        Value::List(items.into())
    } else {
        prep(first(normalized(value, &lookup.lhs)?))?
    };
    lookup.rhs = Rhs::Value(prepared);
    Ok(lookup)
}

/// What a queryset on the right side selects when it says nothing itself and its key will not do.
fn selected_target(lhs: &Expr, model: Option<&ModelRef>) -> Result<Option<Vec<Rc<str>>>> {
    if let Some(pairs) = lhs.as_any().downcast_ref::<ColPairs>() {
        let related = pairs.output.related_model();
        let same = matches!((&related, model), (Some(a), Some(b)) if Rc::ptr_eq(a, b));
        return Ok(same.then(|| pairs.sources.iter().map(|f| f.name()).collect()));
    }
    let Some(relation) = relation_of(lhs) else {
        return Ok(None);
    };
    let target = match is_reverse(lhs)? {
        true => sources(lhs)?.into_iter().next(),
        false => Some(relation.target_field()?),
    };
    let Some(target) = target.filter(|t| !t.primary_key.get()) else {
        return Ok(None);
    };
    let own_key = relation.primary_key.get()
        && matches!((relation.model(), model), (Some(a), Some(b)) if Rc::ptr_eq(&a, b));
    Ok(Some(vec![if own_key {
        relation.name()
    } else {
        target.name()
    }]))
}

/// A relation over several columns compares tuples.
pub fn as_tuple_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let rhs = match &lookup.rhs {
        Rhs::Value(v) if kind.op == Op::In => {
            let items = super::prepare::iterate(v)?;
            let rows = items
                .iter()
                .map(|v| Ok(Value::Tuple(normalized(v, &lookup.lhs)?.into())))
                .collect::<Result<Vec<_>>>()?;
            Rhs::Value(Value::List(rows.into()))
        }
        Rhs::Value(v) => Rhs::Value(Value::Tuple(normalized(v, &lookup.lhs)?.into())),
        Rhs::Expr(_) if kind.op != Op::In => {
            return Err(Error::value_error(format!(
                "'{}' doesn't support multi-column subqueries.",
                kind.op.lookup_name()
            )));
        }
        expr => expr.clone(),
    };
    tuple::compile(kind.op, lookup.lhs.clone(), rhs, compiler, out)
}
