//! `XOR` for databases without it: true where an odd number of conditions is.
//!
//! ```text
//! a XOR b          →  ((a OR b) AND %s = (CASE WHEN a THEN %s ELSE %s END + CASE WHEN b …))
//! a XOR b XOR c    →  ((a OR b OR c) AND %s = (MOD(((CASE … + CASE …) + CASE …), %s)))
//! ```
use crate::expression::Expr;
use crate::expressions::{Arith, Case, Combined, Func, Val, When};
use crate::lookup::{LookupFactory, Rhs};
use crate::lookups::{Builtin, Op};
use crate::q::Connector;
use crate::where_node::WhereNode;
use orm_state::Result;
use std::rc::Rc;

/// The condition without `XOR`.
pub fn as_or(node: &WhereNode) -> Result<Expr> {
    let any: Expr = Rc::new(WhereNode {
        resolved: false,
        ..WhereNode::new(node.children.clone(), Connector::Or)
    });
    let mut sum: Option<Expr> = None;
    for child in &node.children {
        let one = Case::new(
            vec![Rc::new(When {
                condition: child.clone(),
                result: Val::new(1.into()),
            })],
            Some(Val::new(0.into())),
            None,
        )?;
        sum = Some(match sum {
            None => one,
            Some(s) => Combined::new(s, Arith::Add, one),
        });
    }
    let mut sum = sum.unwrap_or_else(|| Val::new(0.into()));
    if node.children.len() > 2 {
        let args = [sum, Val::new(2.into())];
        sum = Func::of(&crate::functions::math::MOD, args.into_iter().collect());
    }
    let odd = Builtin::plain(Op::Exact).make(Val::new(1.into()), Rhs::Expr(sum), vec![])?;
    Ok(Rc::new(WhereNode {
        negated: node.negated,
        ..WhereNode::new(vec![any, odd], Connector::And)
    }))
}
