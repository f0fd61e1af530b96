//! Expressions and conditions as the calls that make them again.
use orm_sql::expression::{Expr, ExprObject};
use orm_sql::expressions::{Combined, ExpressionWrapper, F, Func, OrderBy, QExpr, Val};
use orm_sql::{Connector, Q, QChild};
use orm_state::field::deconstruct::{Deconstructed, FieldObject};
use orm_state::{Error, Field, Result, Value};
use std::rc::Rc;

/// Modules of Django's functions, by class.
const TEXT: &[&str] = &[
    "Chr", "Concat", "Left", "Length", "Lower", "LPad", "LTrim", "MD5", "Ord", "Repeat", "Replace",
    "Reverse", "Right", "RPad", "RTrim", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512",
    "StrIndex", "Substr", "Trim", "Upper",
];
const COMPARISON: &[&str] = &[
    "Cast",
    "Coalesce",
    "Collate",
    "Greatest",
    "JSONObject",
    "Least",
    "NullIf",
];
const MATH: &[&str] = &[
    "Abs", "ACos", "ASin", "ATan", "ATan2", "Ceil", "Cos", "Cot", "Degrees", "Exp", "Floor", "Ln",
    "Log", "Mod", "Pi", "Power", "Radians", "Random", "Round", "Sign", "Sin", "Sqrt", "Tan",
];

fn value(e: &Expr) -> Value {
    ExprObject::value(e.clone())
}

fn made(path: &str, args: Vec<Value>, kwargs: Vec<(String, Value)>) -> Deconstructed {
    Deconstructed {
        path: path.into(),
        args,
        kwargs,
    }
}

fn output(kwargs: &mut Vec<(String, Value)>, field: &Option<Rc<Field>>) {
    if let Some(f) = field {
        kwargs.push((
            "output_field".into(),
            Value::Object(Rc::new(FieldObject(f.clone()))),
        ));
    }
}

/// The call that makes an expression.
pub fn expression(e: &Expr) -> Result<Deconstructed> {
    let any = e.as_any();
    let mut kwargs = vec![];
    if let Some(q) = any.downcast_ref::<QExpr>() {
        return Ok(condition(&q.q));
    }
    if let Some(f) = any.downcast_ref::<F>() {
        return Ok(made("django.db.models.F", vec![(&*f.name).into()], kwargs));
    }
    if let Some(v) = any.downcast_ref::<Val>() {
        output(&mut kwargs, &v.output);
        return Ok(made(
            "django.db.models.Value",
            vec![v.value.clone()],
            kwargs,
        ));
    }
    if let Some(o) = any.downcast_ref::<OrderBy>() {
        for (on, name) in [
            (o.descending, "descending"),
            (o.nulls_first, "nulls_first"),
            (o.nulls_last, "nulls_last"),
        ] {
            if on {
                kwargs.push((name.into(), true.into()));
            }
        }
        return Ok(made(
            "django.db.models.OrderBy",
            vec![value(&o.expression)],
            kwargs,
        ));
    }
    if let Some(c) = any.downcast_ref::<Combined>() {
        let args = vec![value(&c.lhs), c.connector.sql().into(), value(&c.rhs)];
        return Ok(made(
            "django.db.models.expressions.CombinedExpression",
            args,
            kwargs,
        ));
    }
    if let Some(w) = any.downcast_ref::<ExpressionWrapper>() {
        output(&mut kwargs, &w.output);
        return Ok(made(
            "django.db.models.ExpressionWrapper",
            vec![value(&w.expression)],
            kwargs,
        ));
    }
    if let Some(f) = any.downcast_ref::<Func>() {
        let name = f.spec.name;
        let module = match name {
            n if TEXT.contains(&n) => "django.db.models.functions.text",
            n if COMPARISON.contains(&n) => "django.db.models.functions.comparison",
            n if MATH.contains(&n) => "django.db.models.functions.math",
            "Now" => "django.db.models.functions.datetime",
            "Func" => "django.db.models",
            _ => {
                return Err(Error::not_implemented(format!(
                    "Writing {name} into a migration"
                )));
            }
        };
        output(&mut kwargs, &f.output);
        for (k, v) in f.extra.iter() {
            kwargs.push((k.clone(), v.clone()));
        }
        let args = f
            .args
            .iter()
            .map(|a| match a.as_any().downcast_ref::<F>() {
                // `Lower("name")` is written with the name it was given.
                Some(inner) => Value::from(&*inner.name),
                None => value(a),
            })
            .collect();
        return Ok(made(&format!("{module}.{name}"), args, kwargs));
    }
    Err(Error::not_implemented(format!(
        "Writing {} into a migration",
        e.name()
    )))
}

/// `Q.deconstruct()`
fn condition(q: &Q) -> Deconstructed {
    let args = q
        .children
        .iter()
        .map(|c| match c {
            QChild::Lookup(name, v) => Value::Tuple([Value::from(&**name), v.clone()].into()),
            QChild::Expr(e) => value(e),
            QChild::Q(inner) => ExprObject::value(QExpr::new(inner.clone())),
        })
        .collect();
    let mut kwargs = vec![];
    if q.connector != Connector::And {
        kwargs.push(("_connector".into(), q.connector.sql().into()));
    }
    if q.negated {
        kwargs.push(("_negated".into(), true.into()));
    }
    made("django.db.models.Q", args, kwargs)
}
