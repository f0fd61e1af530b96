//! `XOR` for databases without it.
use crate::expression::Expr;
use crate::where_node::WhereNode;
use orm_state::{Error, Result};

/// `(a OR b) AND MOD(CASE WHEN a … + CASE WHEN b …, 2) = 1`
pub fn as_or(_node: &WhereNode) -> Result<Expr> {
    Err(Error::not_implemented("XOR between conditions"))
}
