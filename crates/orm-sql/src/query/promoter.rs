//! Inner or outer joins, decided by what the conditions of a filter need.
//!
//! A condition that can only hold where the joined row exists *votes* for an inner join. In an
//! `AND` one vote is enough; in an `OR` every branch must agree, else the join has to be outer.
use super::{Alias, Query};
use crate::q::Connector;
use orm_state::maps::IndexMap;

pub struct JoinPromoter {
    effective: Connector,
    num_children: usize,
    votes: IndexMap<Alias, usize>,
}

impl JoinPromoter {
    /// `negated` swaps `AND` and `OR`: `NOT (a AND b)` is `NOT a OR NOT b`.
    pub fn new(connector: Connector, num_children: usize, negated: bool) -> JoinPromoter {
        let effective = match (negated, connector) {
            (false, c) => c,
            (true, Connector::And) => Connector::Or,
            (true, _) => Connector::And,
        };
        JoinPromoter {
            effective,
            num_children,
            votes: IndexMap::default(),
        }
    }
    /// One vote for an inner join for each alias.
    pub fn add_votes(&mut self, aliases: impl IntoIterator<Item = Alias>) {
        for a in aliases {
            *self.votes.entry(a).or_default() += 1;
        }
    }
    /// Promotes and demotes joins; what was demoted is a vote one level up.
    pub fn update_join_types(&self, query: &mut Query) -> Vec<Alias> {
        let mut promote = vec![];
        let mut demote = vec![];
        for (alias, votes) in &self.votes {
            let all = *votes == self.num_children;
            if self.effective == Connector::Or && *votes < self.num_children {
                promote.push(alias.clone());
            }
            if self.effective == Connector::And || (self.effective == Connector::Or && all) {
                demote.push(alias.clone());
            }
        }
        query.promote_joins(promote);
        query.demote_joins(demote.iter().cloned());
        demote
    }
}
