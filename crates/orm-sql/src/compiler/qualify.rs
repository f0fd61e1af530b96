//! Filters over window functions: the query becomes a subquery named `qualify`.
use super::Compiler;
use super::selected::PositionRef;
use crate::expression::{Expr, Expression};
use crate::expressions::{F, Ref};
use crate::q::Connector;
use crate::where_node::{WhereNode, resolved_again};
use crate::writer::SqlWriter;
use orm_state::Result;
use std::rc::Rc;

/// Finds, or makes, a selected alias for each part of the filter.
struct Collector {
    select: Vec<(Expr, String)>,
    replacements: Vec<(Expr, String)>,
    added: Vec<Added>,
}

/// An alias of the inner query that the filter or the ordering needs.
struct Added {
    expr: Expr,
    alias: String,
    /// As it was written, where that is known.
    given: Option<Expr>,
}

impl Collector {
    fn collect(&mut self, mut todo: Vec<Expr>) {
        while let Some(expr) = todo.pop() {
            if self.replacements.iter().any(|(e, _)| e.same(&*expr)) {
                continue;
            }
            if let Some((_, alias)) = self.select.iter().rev().find(|(e, _)| e.same(&*expr)) {
                self.replacements.push((expr, alias.clone()));
            } else if expr.as_lookup().is_some() {
                todo.extend(expr.sources());
            } else if let Some(r) = expr.as_any().downcast_ref::<Ref>() {
                if !self.select.iter().any(|(_, a)| **a == *r.refs) {
                    todo.push(r.source.clone());
                }
            } else if !expr.as_any().is::<PositionRef>() {
                let alias = format!("qual{}", self.added.len());
                self.added.push(Added {
                    expr: expr.clone(),
                    alias: alias.clone(),
                    given: None,
                });
                self.replacements.push((expr, alias));
            }
        }
    }
    /// One alias for each expression, the last that it has, where it first came: what a dictionary
    /// of them keeps.
    fn selected_once(&self) -> Vec<&str> {
        let mut once: Vec<&(Expr, String)> = vec![];
        for item in &self.select {
            match once.iter_mut().find(|(e, _)| e.same(&*item.0)) {
                Some(same) => *same = item,
                None => once.push(item),
            }
        }
        once.into_iter().map(|(_, alias)| alias.as_str()).collect()
    }
    fn pairs(&self) -> Vec<(Expr, Expr)> {
        self.replacements
            .iter()
            .map(|(e, a)| {
                (
                    e.clone(),
                    Ref::new(a.as_str().into(), e.clone()).into_expr(),
                )
            })
            .collect()
    }
}

/// The conditions themselves, without the nodes that join them.
fn leaves(node: &WhereNode, out: &mut Vec<Expr>) {
    for c in &node.children {
        match c.as_any().downcast_ref::<WhereNode>() {
            Some(inner) => leaves(inner, out),
            None => out.push(c.clone()),
        }
    }
}

impl Compiler {
    pub(super) fn qualify_sql(
        &self,
        where_: Option<Rc<WhereNode>>,
        having: Option<Rc<WhereNode>>,
        qualify: &Rc<WhereNode>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let mut inner = self.query.borrow().clone();
        inner.subquery = true;
        let parts: Vec<Expr> = [where_, having]
            .into_iter()
            .flatten()
            .map(|w| w.into_expr())
            .collect();
        inner.where_ = Rc::new(WhereNode::new(parts, Connector::And));

        self.get_select(true)?;
        let select: Vec<(Expr, String)> = self
            .state
            .borrow()
            .select
            .iter()
            .filter_map(|s| s.alias.clone().map(|a| (s.expr.clone(), a)))
            .collect();
        let mut collector = Collector {
            select,
            replacements: vec![],
            added: vec![],
        };
        let mut conditions = vec![];
        leaves(qualify, &mut conditions);
        collector.collect(conditions);
        let qualify = qualify.clone().replace(&collector.pairs());
        let mut order_by: Vec<Expr> = vec![];
        for term in self.get_order_by()? {
            let before = collector.added.len();
            collector.collect(term.expr.sources().into_vec());
            // Its own ordering then finds it there by what was written.
            if let ([added], [given]) = (
                &mut collector.added[before..],
                term.given.sources().as_slice(),
            ) && !given.as_any().is::<F>()
            {
                added.given = Some(given.clone());
            }
            order_by.push(term.expr.replace(&collector.pairs()));
        }
        for added in &collector.added {
            inner.put_annotation(resolved_again(&added.expr), &added.alias, true);
            if let Some(given) = &added.given {
                Rc::make_mut(&mut inner.annotations_given)
                    .insert(added.alias.as_str().into(), given.clone());
            }
        }
        let mut compiler = self.nested(inner);
        compiler.with_col_aliases = true;
        compiler.with_limits = false;
        let inner_sql = compiler.as_sql()?;
        let masked = !collector.added.is_empty();
        if masked {
            out.push("SELECT ");
            for (i, alias) in collector.selected_once().into_iter().enumerate() {
                if i > 0 {
                    out.push(", ");
                }
                self.quote_name(alias, out);
            }
            out.push(" FROM ( ");
        }
        out.push("SELECT * FROM ( ");
        out.append(inner_sql);
        out.push(" ) ");
        self.quote_name("qualify", out);
        out.push(" WHERE ");
        self.compile(&qualify, out)?;
        if masked {
            out.push(" ) ");
            self.quote_name("qualify_mask", out);
        }
        for (i, term) in order_by.iter().enumerate() {
            out.push(if i == 0 { " ORDER BY " } else { ", " });
            self.compile(term, out)?;
        }
        Ok(())
    }
}
