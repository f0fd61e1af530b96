//! `Q`: conditions as the user wrote them. Source: "Q objects" in Django's documentation.
use crate::expression::Expr;
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
                negated: false,
            };
            return;
        }
        match child {
            QChild::Q(q) if !q.negated && (q.connector == connector || q.children.len() == 1) => {
                self.children.extend(q.children);
            }
            child => self.children.push(child),
        }
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
