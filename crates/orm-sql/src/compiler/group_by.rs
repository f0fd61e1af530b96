//! The `GROUP BY` clause.
use super::{Compiler, SelectItem};
use crate::compiler::order_by::OrderTerm;
use crate::expression::{Expr, Expression};
use crate::expressions::Ref;
use crate::query::GroupBy;
use crate::where_node::WhereNode;
use crate::writer::SqlWriter;
use orm_state::maps::IndexSet;
use orm_state::{ErrorKind, Result};
use std::rc::Rc;

impl Compiler {
    /// Everything the rows must be grouped by: what was asked for, what is selected or ordered by
    /// without being aggregated, and what `HAVING` compares.
    pub(super) fn get_group_by(
        &self,
        extra_select: &[SelectItem],
        order_by: &[OrderTerm],
        having: Option<&Rc<WhereNode>>,
    ) -> Result<Vec<SqlWriter>> {
        let mut exprs: Vec<Expr> = vec![];
        let mut refs: IndexSet<Rc<str>> = IndexSet::default();
        match &self.query.borrow().group_by {
            GroupBy::None => return Ok(vec![]),
            GroupBy::All => {}
            GroupBy::Exprs(given) => {
                for e in given {
                    match e.as_any().downcast_ref::<Ref>() {
                        Some(r) => {
                            if refs.insert(r.refs.clone()) {
                                exprs.push(r.source.clone());
                            }
                        }
                        None => exprs.push(e.clone()),
                    }
                }
            }
        }
        let mut positions: Vec<(Expr, usize)> = vec![];
        {
            let state = self.state.borrow();
            for (i, item) in state.select.iter().chain(extra_select).enumerate() {
                if let Some(alias) = &item.alias {
                    positions.push((item.expr.clone(), i + 1));
                    if refs.contains(alias.as_str()) {
                        continue;
                    }
                }
                exprs.extend(item.expr.clone().group_by_cols()?);
            }
            if !state.meta_ordering {
                for term in order_by.iter().filter(|t| !t.is_ref) {
                    exprs.extend(term.expr.clone().group_by_cols()?);
                }
            }
        }
        let mut having_cols = vec![];
        if let Some(h) = having {
            having_cols = h.clone().group_by_cols()?;
            exprs.extend(having_cols.iter().cloned());
        }
        let exprs = self.dialect.collapse_group_by(exprs, &having_cols);
        let mut result: Vec<SqlWriter> = vec![];
        for expr in exprs {
            let mut sql = SqlWriter::default();
            let position = if self.dialect.allows_group_by_select_index() {
                // The last of equal expressions counts, as in a dictionary.
                positions
                    .iter()
                    .rev()
                    .find(|(e, _)| e.same(&*expr))
                    .map(|(_, p)| *p)
            } else {
                None
            };
            let written = match position {
                Some(p) => {
                    // Constant conditions have no place in GROUP BY, selected or not.
                    self.compiled(&expr).map(|_| sql.push(&p.to_string()))
                }
                None => expr.select_sql(self, &mut sql),
            };
            match written {
                Ok(()) => {}
                Err(e) if e.is(ErrorKind::EmptyResultSet) || e.is(ErrorKind::FullResultSet) => {
                    continue;
                }
                Err(e) => return Err(e),
            }
            if !result
                .iter()
                .any(|r| r.sql == sql.sql && r.params == sql.params)
            {
                result.push(sql);
            }
        }
        Ok(result)
    }
}
