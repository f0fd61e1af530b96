//! `filter()` and `exclude()`.
use crate::expression::Expr;
use crate::q::Q;
use orm_state::Result;

/// `FilteredRelation("books", condition=Q(…))`
#[derive(Clone, Debug)]
pub struct FilteredRelation {
    pub relation_name: String,
    pub alias: String,
    pub condition: Q,
    /// The condition once resolved, with its columns.
    pub resolved_condition: Option<Expr>,
}

impl FilteredRelation {
    pub fn same(&self, other: &FilteredRelation) -> bool {
        self.relation_name == other.relation_name && self.alias == other.alias
    }
    pub fn check(&self) -> Result<()> {
        Ok(())
    }
}
