//! `WHERE` and `HAVING`: a tree of conditions. Source of names: Django's `sql.where`.
use crate::compiler::Compiler;
use crate::expression::{AliasMap, Expr, Expression, Resolve, Sources};
use crate::origin::{self, Origin};
use crate::q::Connector;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Field, Result};
use std::any::Any;
use std::rc::Rc;

/// Conditions joined by one connector, possibly negated.
#[derive(Clone, Debug)]
pub struct WhereNode {
    pub children: Vec<Expr>,
    pub connector: Connector,
    pub negated: bool,
    /// Already resolved: resolving again changes nothing.
    pub resolved: bool,
    /// Where each child came from; empty while nobody traces.
    pub origins: Vec<Option<Origin>>,
}

impl Default for WhereNode {
    fn default() -> Self {
        WhereNode {
            children: vec![],
            connector: Connector::And,
            negated: false,
            resolved: false,
            origins: vec![],
        }
    }
}

impl WhereNode {
    pub fn new(children: Vec<Expr>, connector: Connector) -> WhereNode {
        let origins = match origin::current() {
            Some(_) => children.iter().map(leaf_origin).collect(),
            None => vec![],
        };
        WhereNode {
            children,
            connector,
            origins,
            ..WhereNode::default()
        }
    }
    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }
    /// Django's `Node.add`: same connectors merge.
    pub fn add(&mut self, child: Expr, connector: Connector) {
        if self.connector != connector {
            let inner = std::mem::take(self);
            *self = WhereNode::new(vec![Rc::new(inner), child], connector);
            return;
        }
        if let Some(node) = child.as_any().downcast_ref::<WhereNode>()
            && !node.negated
            && (node.connector == connector || node.children.len() == 1)
        {
            if !node.origins.is_empty() {
                self.origins.resize(self.children.len(), None);
                self.origins.extend(node.origins.iter().copied());
            }
            self.children.extend(node.children.iter().cloned());
            return;
        }
        if origin::tracing() {
            self.origins.resize(self.children.len(), None);
            self.origins.push(leaf_origin(&child));
        }
        self.children.push(child);
    }
    fn origin(&self, index: usize) -> Option<Origin> {
        self.origins.get(index).copied().flatten()
    }
    /// Resolves what its lookups hold, keeping the nodes as they are: for a query that becomes part
    /// of another one.
    pub fn resolve_leaves(&self, query: &mut Query, how: &Resolve) -> Result<WhereNode> {
        let mut children = Vec::with_capacity(self.children.len());
        for c in &self.children {
            children.push(match c.as_any().downcast_ref::<WhereNode>() {
                Some(node) => Rc::new(node.resolve_leaves(query, how)?) as Expr,
                None => c.clone().resolve(query, how)?,
            });
        }
        Ok(WhereNode {
            children,
            ..self.clone()
        })
    }
    pub fn negate(&mut self) {
        self.negated = !self.negated;
    }
    /// Splits into (where, having, qualify): conditions without aggregates, with aggregates, and
    /// over window functions (`split_having_qualify`).
    pub fn split_having_qualify(
        self: &Rc<Self>,
        negated: bool,
        must_group_by: bool,
    ) -> Result<(
        Option<Rc<WhereNode>>,
        Option<Rc<WhereNode>>,
        Option<Rc<WhereNode>>,
    )> {
        if !self.contains_aggregate() && !self.contains_over_clause() {
            return Ok((Some(self.clone()), None, None));
        }
        let in_negated = negated ^ self.negated;
        // Windows need an outer query when part of an OR or a negated AND.
        let must_remain_connected = (in_negated && self.connector == Connector::And)
            || (!in_negated && self.connector == Connector::Or)
            || self.connector == Connector::Xor;
        if must_remain_connected && self.contains_aggregate() && !self.contains_over_clause() {
            return Ok((None, Some(self.clone()), None));
        }
        type Part = (Expr, Option<Origin>);
        let (mut where_parts, mut having, mut qualify): (Vec<Part>, Vec<Part>, Vec<Part>) =
            (vec![], vec![], vec![]);
        for (i, c) in self.children.iter().enumerate() {
            let leaf = (c.clone(), self.origin(i));
            if let Some(node) = c.as_any().downcast_ref::<WhereNode>() {
                let node = Rc::new(node.clone());
                let (w, h, q) = node.split_having_qualify(in_negated, must_group_by)?;
                where_parts.extend(w.map(|n| (n as Expr, None)));
                having.extend(h.map(|n| (n as Expr, None)));
                qualify.extend(q.map(|n| (n as Expr, None)));
            } else if c.contains_over_clause() {
                qualify.push(leaf);
            } else if c.contains_aggregate() {
                having.push(leaf);
            } else {
                where_parts.push(leaf);
            }
        }
        if must_remain_connected && !qualify.is_empty() {
            // Only a disjunction with nothing to keep in WHERE or HAVING can move as a whole.
            if where_parts.is_empty() || !must_group_by {
                return Ok((None, None, Some(self.clone())));
            }
            if !where_parts.is_empty() {
                return Err(Error::new(
                    ErrorKind::NotImplementedError,
                    "Heterogeneous disjunctive predicates against window functions are not implemented when performing conditional aggregation.",
                ));
            }
        }
        let make = |parts: Vec<Part>| {
            (!parts.is_empty()).then(|| {
                let (children, origins) = parts.into_iter().unzip();
                Rc::new(WhereNode {
                    children,
                    origins,
                    connector: self.connector,
                    negated: self.negated,
                    resolved: self.resolved,
                })
            })
        };
        Ok((make(where_parts), make(having), make(qualify)))
    }
}

/// A condition is made for whom is worked for; one that holds others is not a condition itself.
fn leaf_origin(child: &Expr) -> Option<Origin> {
    origin::current().filter(|_| !child.as_any().is::<WhereNode>())
}

/// The expression as a lookup compiles its left side: resolved once more.
///
/// The only thing that a second resolution changes is a condition inside, of a `When` or of an
/// aggregate's `filter`: it gets brackets, and Django prints them.
pub fn resolved_again(expr: &Expr) -> Expr {
    changed_by_resolving(expr).unwrap_or_else(|| expr.clone())
}

fn changed_by_resolving(expr: &Expr) -> Option<Expr> {
    if let Some(node) = expr.as_any().downcast_ref::<WhereNode>() {
        return (!node.resolved).then(|| {
            Rc::new(WhereNode {
                resolved: true,
                ..node.clone()
            }) as Expr
        });
    }
    let sources = expr.sources();
    let changed: Vec<Option<Expr>> = sources.iter().map(changed_by_resolving).collect();
    changed.iter().any(Option::is_some).then(|| {
        expr.with_sources(
            changed
                .into_iter()
                .zip(sources)
                .map(|(new, old)| new.unwrap_or(old))
                .collect(),
        )
    })
}

impl Expression for WhereNode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "WhereNode".into()
    }
    fn sources(&self) -> Sources {
        self.children.iter().cloned().collect()
    }
    fn with_sources(&self, sources: Sources) -> Expr {
        Rc::new(WhereNode {
            children: sources.into_vec(),
            connector: self.connector,
            negated: self.negated,
            resolved: self.resolved,
            origins: self.origins.clone(),
        })
    }
    fn same_args(&self, other: &dyn Expression) -> bool {
        other
            .as_any()
            .downcast_ref::<WhereNode>()
            .is_some_and(|o| o.connector == self.connector && o.negated == self.negated)
    }
    fn resolve(self: Rc<Self>, query: &mut Query, how: &Resolve) -> Result<Expr> {
        if self.resolved {
            return Ok(self);
        }
        let mut children = Vec::with_capacity(self.children.len());
        for c in &self.children {
            children.push(c.clone().resolve(query, how)?);
        }
        Ok(Rc::new(WhereNode {
            children,
            resolved: true,
            ..(*self).clone()
        }))
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
    fn conditional(&self) -> bool {
        true
    }
    /// No question for conditions, not even for those that hold no column.
    fn contains_column_references(&self) -> Result<bool> {
        if self.is_empty() {
            return Ok(false);
        }
        Err(Error::new(
            ErrorKind::AttributeError,
            "'WhereNode' object has no attribute 'contains_column_references'",
        ))
    }
    /// Not asked of conditions: an aggregate over a `Case` needs no subquery for one inside.
    fn contains_subquery(&self) -> bool {
        false
    }
    /// `(a AND b)`, `NOT (a OR b)`. Empty and always-true parts are left out by counting how many
    /// suffice to decide the whole.
    fn as_sql(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        if self.connector == Connector::Xor && !compiler.dialect().supports_logical_xor() {
            return self.xor_as_or(compiler, out);
        }
        let start = out.mark();
        let (mut full_needed, mut empty_needed) = match self.connector {
            Connector::And => (self.children.len(), 1),
            _ => (1, self.children.len()),
        };
        let mut parts: Vec<SqlWriter> = Vec::with_capacity(self.children.len());
        for (i, child) in self.children.iter().enumerate() {
            let mark = out.mark();
            match compiler.compile(child, out) {
                Ok(()) => {
                    out.note(mark, self.origin(i));
                    let part = out.take_from(mark);
                    if part.is_empty() {
                        full_needed -= 1;
                    } else {
                        parts.push(part);
                    }
                }
                Err(e) if e.is(ErrorKind::EmptyResultSet) => {
                    out.rewind(mark);
                    empty_needed -= 1;
                }
                Err(e) if e.is(ErrorKind::FullResultSet) => {
                    out.rewind(mark);
                    full_needed -= 1;
                }
                Err(e) => return Err(e),
            }
            if empty_needed == 0 {
                out.rewind(start);
                return Err(if self.negated {
                    Error::full_result_set()
                } else {
                    Error::empty_result_set()
                });
            }
            if full_needed == 0 {
                out.rewind(start);
                return Err(if self.negated {
                    Error::empty_result_set()
                } else {
                    Error::full_result_set()
                });
            }
        }
        if parts.is_empty() {
            return Err(Error::full_result_set());
        }
        let brackets = self.negated || parts.len() > 1 || self.resolved;
        if self.negated {
            out.push("NOT ");
        }
        if brackets {
            out.push("(");
        }
        for (i, part) in parts.into_iter().enumerate() {
            if i > 0 {
                out.push(" ");
                out.push(self.connector.sql());
                out.push(" ");
            }
            out.append(part);
        }
        if brackets {
            out.push(")");
        }
        Ok(())
    }
    fn group_by_cols(self: Rc<Self>) -> Result<Vec<Expr>> {
        let mut cols = vec![];
        for c in &self.children {
            cols.extend(c.clone().group_by_cols()?);
        }
        Ok(cols)
    }
    fn relabeled(self: Rc<Self>, map: &AliasMap) -> Expr {
        Rc::new(WhereNode {
            children: self
                .children
                .iter()
                .map(|c| c.clone().relabeled(map))
                .collect(),
            ..(*self).clone()
        })
    }
    fn repr(&self) -> String {
        let inner: Vec<String> = self.children.iter().map(|c| c.repr()).collect();
        let not = if self.negated { "NOT " } else { "" };
        format!(
            "<WhereNode: ({not}{}: {})>",
            self.connector.sql(),
            inner.join(", ")
        )
    }
}

impl WhereNode {
    /// Appends the SQL of this tree.
    pub fn as_sql_of(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        Expression::as_sql(self, compiler, out)
    }
    /// `a XOR b XOR c` as `(a OR b OR c) AND MOD(a + b + c, 2) = 1`.
    fn xor_as_or(&self, compiler: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let node = crate::expressions::xor::as_or(self)?;
        node.as_sql(compiler, out)
    }
}

/// A condition that nothing satisfies.
#[derive(Clone, Copy, Debug)]
pub struct NothingNode;

impl Expression for NothingNode {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "NothingNode".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(NothingNode)
    }
    fn as_sql(&self, _: &Compiler, _: &mut SqlWriter) -> Result<()> {
        Err(Error::empty_result_set())
    }
    fn conditional(&self) -> bool {
        true
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
}

/// SQL of `extra(where=…)`, each clause in brackets.
#[derive(Clone, Debug)]
pub struct ExtraWhere {
    pub sqls: Vec<String>,
    pub params: Vec<orm_state::Value>,
}

impl Expression for ExtraWhere {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn into_expr(self: Rc<Self>) -> Expr {
        self
    }
    fn name(&self) -> String {
        "ExtraWhere".into()
    }
    fn with_sources(&self, _: Sources) -> Expr {
        Rc::new(self.clone())
    }
    fn as_sql(&self, _: &Compiler, out: &mut SqlWriter) -> Result<()> {
        let clauses: Vec<String> = self.sqls.iter().map(|s| format!("({s})")).collect();
        out.push(&clauses.join(" AND "));
        out.params.extend(self.params.iter().cloned());
        Ok(())
    }
    fn conditional(&self) -> bool {
        true
    }
    fn output_field_or_none(&self) -> Result<Option<Rc<Field>>> {
        Ok(Some(crate::expressions::fields::boolean()))
    }
}
