//! A `Q` where an expression is wanted: in `When`, in an aggregate's `filter`.
use crate::compiler::Compiler;
use crate::expression::{Expr, Expression, Resolve, Sources};
use crate::q::{Q, QChild};
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, Result, Value};
use std::any::Any;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub struct QExpr {
    pub q: Q,
}

impl QExpr {
    pub fn new(q: Q) -> Expr {
        Rc::new(QExpr { q })
    }
}

impl Expression for QExpr {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "Q".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        query.resolve_q(&self.q, how)
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(Error::type_error("An unresolved Q() has no SQL."))
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
    fn conditional(&self) -> bool {
        true
    }
    fn replace(self: Rc<Self>, replacements: &[(Expr, Expr)]) -> Expr {
        QExpr::new(replace_q(&self.q, replacements))
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<QExpr>()
            .is_some_and(|o| same_q(&self.q, &o.q))
    }
    fn repr(&self) -> String {
        q_repr(&self.q)
    }
}

fn replace_q(q: &Q, replacements: &[(Expr, Expr)]) -> Q {
    Q {
        children: q
            .children
            .iter()
            .map(|c| match c {
                QChild::Q(q) => QChild::Q(replace_q(q, replacements)),
                QChild::Expr(e) => QChild::Expr(e.clone().replace(replacements)),
                c => c.clone(),
            })
            .collect(),
        ..q.clone()
    }
}

/// Equal as written.
pub fn same_q(a: &Q, b: &Q) -> bool {
    a.connector == b.connector
        && a.negated == b.negated
        && a.children.len() == b.children.len()
        && a.children.iter().zip(&b.children).all(|p| match p {
            (QChild::Lookup(k, v), QChild::Lookup(k2, v2)) => k == k2 && same_value(v, v2),
            (QChild::Expr(x), QChild::Expr(y)) => x.same(&**y),
            (QChild::Q(x), QChild::Q(y)) => same_q(x, y),
            _ => false,
        })
}

/// Equal, whatever kind of sequence each of them is.
fn same_value(a: &Value, b: &Value) -> bool {
    match (sequence(a), sequence(b)) {
        (Some(a), Some(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same_value(a, b))
        }
        _ => a == b,
    }
}

fn sequence(value: &Value) -> Option<Rc<[Value]>> {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => Some(items.clone()),
        // Views of a dict and the like; a model instance or an expression is one thing.
        Value::Object(o) if o.model().is_none() => {
            o.items().and_then(|items| items.ok()).map(Into::into)
        }
        _ => None,
    }
}

/// A text that equal conditions share, for their hashes.
pub fn q_identity(q: &Q) -> String {
    let mut out = format!("{}{}", q.connector.sql(), q.negated);
    for child in &q.children {
        out.push('|');
        match child {
            QChild::Lookup(k, v) => match sequence(v) {
                Some(items) => {
                    let items: Vec<String> = items.iter().map(Value::repr).collect();
                    out.push_str(&format!("{k}=[{}]", items.join(", ")));
                }
                None => out.push_str(&format!("{k}={}", v.repr())),
            },
            QChild::Expr(e) => out.push_str(&e.repr()),
            QChild::Q(q) => out.push_str(&format!("({})", q_identity(q))),
        }
    }
    out
}

/// `<Q: (AND: ('a', 1), ('b', 2))>`
pub fn q_repr(q: &Q) -> String {
    format!("<Q: {}>", q_str(q))
}

fn q_str(q: &Q) -> String {
    let children: Vec<String> = q
        .children
        .iter()
        .map(|c| match c {
            QChild::Lookup(k, v) => {
                format!("({}, {})", Value::from(&**k).repr(), v.repr())
            }
            QChild::Expr(e) => e.repr(),
            QChild::Q(q) => q_str(q),
        })
        .collect();
    let connector = q.connector.sql();
    let inner = children.join(", ");
    if q.negated {
        format!("(NOT ({connector}: {inner}))")
    } else {
        format!("({connector}: {inner})")
    }
}
