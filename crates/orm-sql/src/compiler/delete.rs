//! `DELETE`.
use super::Compiler;
use crate::dialect::Dialect;
use crate::query::Query;
use crate::where_node::WhereNode;
use crate::writer::SqlWriter;
use orm_state::{ErrorKind, Result};
use std::rc::Rc;

/// Compiles `DELETE FROM table WHERE …`; a query over several tables deletes by primary key.
pub fn compile_delete(
    query: &Query,
    dialect: Rc<dyn Dialect>,
    using: Rc<str>,
) -> Result<SqlWriter> {
    let mut q = query.clone();
    let alias = q.initial_alias()?;
    if q.count_active_tables() == 1 {
        return delete_sql(q, dialect, using);
    }
    let model = q.model()?.clone();
    q.clear_select_clause();
    q.select = q.pk_cols(&alias)?;
    let mut outer = Query::new(&model);
    q.subquery = false;
    outer.add_filter(
        "pk__in",
        crate::expression::ExprObject::value(q.into_expr()),
    )?;
    delete_sql(outer, dialect, using)
}

fn delete_sql(mut query: Query, dialect: Rc<dyn Dialect>, using: Rc<str>) -> Result<SqlWriter> {
    let table = query.initial_alias()?;
    let where_: Rc<WhereNode> = query.where_.clone();
    let compiler = Compiler::new(query, dialect, using);
    let mut out = SqlWriter::default();
    out.push("DELETE FROM ");
    compiler.quote_name(&table, &mut out);
    let mark = out.mark();
    out.push(" WHERE ");
    match where_.as_sql_of(&compiler, &mut out) {
        Ok(()) => {}
        Err(e) if e.is(ErrorKind::FullResultSet) => out.rewind(mark),
        Err(e) => return Err(e),
    }
    Ok(out)
}
