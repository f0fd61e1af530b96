//! The `FROM` clause.
use super::Compiler;
use crate::expression::Expr;
use crate::expressions::Col;
use crate::query::{FromItem, Join};
use crate::writer::SqlWriter;
use orm_state::{Error, ErrorKind, Result};
use std::rc::Rc;

impl Compiler {
    pub(super) fn get_from_clause(&self) -> Result<SqlWriter> {
        let mut out = SqlWriter::default();
        let (items, extra_tables) = {
            let q = self.query.borrow();
            let items: Vec<FromItem> = q
                .alias_map
                .values()
                .filter(|t| t.refcount > 0)
                .map(|t| t.item.clone())
                .collect();
            (items, q.extra_tables.clone())
        };
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                out.push(" ");
            }
            let mark = out.mark();
            match item {
                FromItem::Base { table, alias } => {
                    self.table_sql(table, alias, &mut out);
                    let base = self.query.borrow().base_origin();
                    if let Some(origin) = base.filter(|_| i == 0) {
                        out.note_alias(mark, origin, Some(alias.clone()));
                    }
                }
                FromItem::Join(join) => self.join_sql(join, &mut out)?,
            }
            for origin in self.query.borrow().join_origins(item.alias()) {
                out.note_alias(mark, *origin, Some(item.alias().clone()));
            }
        }
        for table in extra_tables {
            let (alias, used) = {
                let mut q = self.query.borrow_mut();
                let (alias, _) = q.table_alias(&table.as_str().into(), false, None);
                let used = q.alias_map.contains_key(&alias) && q.refcount(&alias) > 1;
                (alias, used)
            };
            if !used {
                out.push(if out.is_empty() { ", " } else { " , " });
                self.quote_name(&alias, &mut out);
            }
        }
        Ok(out)
    }
    fn table_sql(&self, table: &str, alias: &str, out: &mut SqlWriter) {
        self.quote_name(table, out);
        if table != alias {
            out.push(" ");
            self.quote_name(alias, out);
        }
    }
    /// `INNER JOIN "app_author" ON ("app_book"."author_id" = "app_author"."id")`
    fn join_sql(&self, join: &Rc<Join>, out: &mut SqlWriter) -> Result<()> {
        out.push(join.join_type.sql());
        out.push(" ");
        self.table_sql(&join.table, &join.alias, out);
        out.push(" ON (");
        let start = out.mark();
        let mut first = true;
        let mut and = |out: &mut SqlWriter| {
            if !std::mem::take(&mut first) {
                out.push(" AND ");
            }
        };
        for (lhs, rhs) in join.join_fields.iter() {
            and(out);
            let lhs: Expr = Col::new(join.parent_alias.clone(), lhs.clone(), None);
            let rhs: Expr = Col::new(join.alias.clone(), rhs.clone(), None);
            self.compile(&lhs, out)?;
            out.push(" = ");
            self.compile(&rhs, out)?;
        }
        if let Some(extra) = crate::query::restriction::extra_restriction(
            &join.join_field,
            Some(&join.alias),
            Some(&join.parent_alias),
        )? {
            and(out);
            out.push("(");
            self.compile(&extra, out)?;
            out.push(")");
        }
        if let Some(condition) = join
            .filtered_relation
            .as_ref()
            .and_then(|f| f.resolved_condition.clone())
        {
            let mark = out.mark();
            and(out);
            out.push("(");
            match self.compile(&condition, out) {
                Ok(()) => out.push(")"),
                Err(e) if e.is(ErrorKind::FullResultSet) => out.rewind(mark),
                Err(e) => return Err(e),
            }
        }
        if out.is_at(start) {
            return Err(Error::value_error(
                "Join generated an empty ON clause. The field did not yield either joining columns or \
                 extra restrictions.",
            ));
        }
        out.push(")");
        Ok(())
    }
}
