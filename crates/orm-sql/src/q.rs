//! `Q`: conditions as the user wrote them. Source: "Q objects" in Django's documentation.
use crate::expression::Expr;
use crate::origin::Origin;
use orm_state::Value;
use std::fmt::Debug;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Connector {
    And,
    Or,
    Xor,
}

impl Connector {
    pub fn sql(self) -> &'static str {
        match self {
            Connector::And => "AND",
            Connector::Or => "OR",
            Connector::Xor => "XOR",
        }
    }
}

/// `Q(a=1, b=2) | ~Q(c=3)`
#[derive(Clone, Debug)]
pub struct Q {
    pub children: Vec<QChild>,
    pub connector: Connector,
    pub negated: bool,
    /// Where each child came from; empty while nobody traces.
    pub origins: Vec<Option<Origin>>,
}

#[derive(Clone, Debug)]
pub enum QChild {
    /// `author__name="A"`; the value may hold an expression or a model instance.
    Lookup(Rc<str>, Value),
    /// A conditional expression (`Exists(…)`, `Lower("a") == …`).
    Expr(Expr),
    Q(Q),
}

impl Default for Q {
    fn default() -> Self {
        Q {
            children: vec![],
            connector: Connector::And,
            negated: false,
            origins: vec![],
        }
    }
}

impl Q {
    /// From positional and keyword arguments; keywords come sorted by name, as Django does.
    pub fn new(args: Vec<QChild>, mut kwargs: Vec<(Rc<str>, Value)>) -> Q {
        kwargs.sort_by(|a, b| a.0.cmp(&b.0));
        let mut children = args;
        children.extend(kwargs.into_iter().map(|(k, v)| QChild::Lookup(k, v)));
        Q {
            children,
            ..Q::default()
        }
    }
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }
    /// `self & other`, `self | other`, `self ^ other`: an empty side disappears.
    pub fn combine(&self, other: &Q, connector: Connector) -> Q {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        let mut q = Q {
            connector,
            ..Q::default()
        };
        q.add(QChild::Q(self.clone()), connector);
        q.add(QChild::Q(other.clone()), connector);
        q
    }
    /// `~self`
    pub fn invert(&self) -> Q {
        let mut q = self.clone();
        q.negated = !q.negated;
        q
    }
    /// Django's `Node.add`: a child of the same kind is taken apart.
    pub fn add(&mut self, child: QChild, connector: Connector) {
        if self.connector != connector {
            let inner = std::mem::take(self);
            *self = Q {
                children: vec![QChild::Q(inner), child],
                connector,
                ..Q::default()
            };
            return;
        }
        match child {
            QChild::Q(q) if !q.negated && (q.connector == connector || q.children.len() == 1) => {
                if !q.origins.is_empty() {
                    self.origins.resize(self.children.len(), None);
                    self.origins.extend(q.origins);
                }
                self.children.extend(q.children);
            }
            child => self.children.push(child),
        }
    }
    pub(crate) fn origin(&self, index: usize) -> Option<Origin> {
        self.origins.get(index).copied().flatten()
    }
    /// The lookups in it, depth first.
    pub fn flatten<'a>(&'a self, out: &mut Vec<&'a QChild>) {
        for c in &self.children {
            match c {
                QChild::Q(q) => q.flatten(out),
                c => out.push(c),
            }
        }
    }
}

impl Q {
    /// Equal conditions in the same order.
    pub fn same(&self, other: &Q) -> bool {
        self.connector == other.connector
            && self.negated == other.negated
            && self.children.len() == other.children.len()
            && self
                .children
                .iter()
                .zip(&other.children)
                .all(|(a, b)| match (a, b) {
                    (QChild::Lookup(n, v), QChild::Lookup(m, w)) => n == m && v == w,
                    (QChild::Expr(a), QChild::Expr(b)) => a.same(&**b),
                    (QChild::Q(a), QChild::Q(b)) => a.same(b),
                    _ => false,
                })
    }
    /// Every name it refers to: lookups, and `F()` in values and expressions.
    pub fn names(&self, out: &mut Vec<String>) {
        for child in &self.children {
            match child {
                QChild::Lookup(name, value) => {
                    out.push(name.to_string());
                    if let Some(e) = crate::expression::value_expr(value) {
                        expression_names(&e, out);
                    }
                }
                QChild::Expr(e) => expression_names(e, out),
                QChild::Q(q) => q.names(out),
            }
        }
    }
    /// A copy with `prefix__x` renamed to `replacement__x`.
    pub fn renamed_prefix(&self, prefix: &str, replacement: &str) -> orm_state::Result<Q> {
        let mut children = vec![];
        for child in &self.children {
            children.push(match child {
                QChild::Lookup(name, value) => {
                    let value = match crate::expression::value_expr(value) {
                        Some(e) if !e.as_any().is::<crate::expressions::F>() => {
                            crate::expression::ExprObject::value(rename_expression(
                                &e,
                                prefix,
                                replacement,
                            )?)
                        }
                        _ => value.clone(),
                    };
                    QChild::Lookup(renamed(name, prefix, replacement).into(), value)
                }
                QChild::Expr(e) => QChild::Expr(rename_expression(e, prefix, replacement)?),
                QChild::Q(q) => QChild::Q(q.renamed_prefix(prefix, replacement)?),
            });
        }
        Ok(Q {
            children,
            ..self.clone()
        })
    }
}

fn renamed(name: &str, prefix: &str, replacement: &str) -> String {
    match name.strip_prefix(prefix) {
        Some(rest) if rest.starts_with("__") => format!("{replacement}{rest}"),
        _ => name.to_string(),
    }
}

/// The names of fields that an expression refers to.
pub fn expression_names(e: &Expr, out: &mut Vec<String>) {
    if let Some(f) = e.as_any().downcast_ref::<crate::expressions::F>() {
        out.push(f.name.to_string());
        return;
    }
    if let Some(q) = e.as_any().downcast_ref::<crate::expressions::QExpr>() {
        q.q.names(out);
        return;
    }
    for s in e.sources() {
        expression_names(&s, out);
    }
}

fn rename_expression(e: &Expr, prefix: &str, replacement: &str) -> orm_state::Result<Expr> {
    if let Some(f) = e.as_any().downcast_ref::<crate::expressions::F>() {
        return Ok(crate::expressions::F::new(&renamed(
            &f.name,
            prefix,
            replacement,
        )));
    }
    if let Some(q) = e.as_any().downcast_ref::<crate::expressions::QExpr>() {
        let q = q.q.renamed_prefix(prefix, replacement)?;
        return Ok(crate::expressions::QExpr::new(q));
    }
    if e.as_any().is::<crate::query::subquery::QueryExpr>() {
        return Err(orm_state::Error::value_error(
            "Passing a QuerySet within a FilteredRelation is not supported.",
        ));
    }
    let sources = e
        .sources()
        .iter()
        .map(|s| rename_expression(s, prefix, replacement))
        .collect::<orm_state::Result<_>>()?;
    Ok(e.with_sources(sources))
}
