//! `SELECT aggregates FROM (inner query) subquery`.
use super::{Compiled, Compiler, SelectItem};
use crate::dialect::Dialect;
use crate::query::aggregation::Aggregation;
use crate::writer::{Mark, SqlWriter};
use orm_state::Result;
use orm_state::maps::IndexMap;
use std::rc::Rc;

impl Aggregation {
    /// Compiles the query of an aggregation.
    ///
    /// # Errors
    /// `EmptyResultSet` if no row can match: the result is then [`Aggregation::empty`].
    pub fn compile(&self, dialect: Rc<dyn Dialect>, using: Rc<str>) -> Result<Compiled> {
        let mut compiler = Compiler::new(self.outer.clone(), dialect.clone(), using.clone());
        compiler.elide_empty = self.elide_empty;
        let Some(inner) = &self.inner else {
            return compiler.select();
        };
        let mut out = SqlWriter::default();
        let mut select = vec![];
        let mut annotation_col_map = IndexMap::default();
        out.push("SELECT ");
        for (i, (alias, expr)) in self.outer.annotation_select().enumerate() {
            if i > 0 {
                out.push(", ");
            }
            let mut sql = SqlWriter::default();
            expr.select_sql(&compiler, &mut sql)?;
            sql.note(Mark::START, self.outer.column_origin(alias));
            out.append(sql.clone());
            annotation_col_map.insert(alias.to_string(), i);
            select.push(SelectItem {
                expr: expr.clone(),
                sql,
                alias: Some(alias.to_string()),
            });
        }
        let mut nested = Compiler::new(inner.clone(), dialect, using);
        nested.elide_empty = self.elide_empty;
        nested.with_col_aliases = true;
        let inner = nested.select()?;
        out.push(" FROM (");
        out.append(inner.sql);
        out.push(") subquery");
        Ok(Compiled {
            sql: out,
            select,
            klass_info: None,
            annotation_col_map,
            query: inner.query,
        })
    }
}
