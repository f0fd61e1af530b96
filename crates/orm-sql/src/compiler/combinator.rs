//! `UNION`, `INTERSECT`, `EXCEPT`.
use super::Compiler;
use crate::query::{Combinator, Query};
use crate::writer::{Mark, SqlWriter};
use orm_state::{Error, ErrorKind, Result};
use std::rc::Rc;

impl Compiler {
    pub(super) fn combinator_sql(
        &self,
        combinator: Combinator,
        all: bool,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let d = self.dialect();
        let (queries, is_subquery, sliced, selected) = {
            let q = self.query.borrow();
            (
                q.combined_queries.clone(),
                q.subquery,
                q.is_sliced(),
                q.selected.clone(),
            )
        };
        let in_compound = d.supports_slicing_ordering_in_compound();
        if !in_compound {
            for q in &queries {
                if q.is_sliced() {
                    return Err(Error::new(
                        ErrorKind::DatabaseError,
                        "LIMIT/OFFSET not allowed in subqueries of compound statements.",
                    ));
                }
                let compiler = self.nested((**q).clone());
                if !compiler.get_order_by()?.is_empty() {
                    return Err(Error::new(
                        ErrorKind::DatabaseError,
                        "ORDER BY not allowed in subqueries of compound statements.",
                    ));
                }
            }
        }
        let part = |q: &Rc<Query>, elide_empty: bool| -> Result<SqlWriter> {
            let mut q = (**q).clone();
            if let (Some(selected), None) = (&selected, &q.selected) {
                let names: Vec<Rc<str>> = selected.keys().map(|k| Rc::from(k.as_str())).collect();
                q.set_values(&names)?;
            }
            let is_combined = q.combinator.is_some();
            let mut compiler = self.nested(q);
            compiler.elide_empty = elide_empty;
            compiler.with_col_aliases = true;
            let mut sql = compiler.as_sql()?;
            if is_combined {
                if !d.supports_parentheses_in_compound() {
                    sql.wrap(Mark::START, "SELECT * FROM (", ")");
                } else if is_subquery || !in_compound {
                    sql.wrap(Mark::START, "(", ")");
                }
            } else if is_subquery && in_compound {
                sql.wrap(Mark::START, "(", ")");
            }
            Ok(sql)
        };
        let mut parts: Vec<SqlWriter> = vec![];
        let mut empty: Option<Rc<Query>> = None;
        for q in &queries {
            match part(q, self.elide_empty) {
                Ok(p) => parts.push(p),
                // What an empty side means depends on the operation.
                Err(e)
                    if e.is(ErrorKind::EmptyResultSet)
                        && (combinator == Combinator::Union
                            || (combinator == Combinator::Difference && !parts.is_empty())) =>
                {
                    empty = Some(q.clone());
                }
                Err(e) => return Err(e),
            }
        }
        if parts.is_empty() {
            return Err(Error::empty_result_set());
        }
        if parts.len() == 1
            && combinator == Combinator::Union
            && sliced
            && let Some(q) = empty
        {
            parts.push(part(&q, false)?);
        }
        let operator = d.set_operator(combinator);
        let operator = if all && combinator == Combinator::Union {
            format!(" {operator} ALL ")
        } else {
            format!(" {operator} ")
        };
        let braces = !is_subquery && in_compound;
        for (i, p) in parts.into_iter().enumerate() {
            if i > 0 {
                let mark = out.mark();
                out.push(&operator);
                out.note(mark, self.query.borrow().combinator_origin());
            }
            if braces {
                out.push("(");
            }
            out.append(p);
            if braces {
                out.push(")");
            }
        }
        Ok(())
    }
}
