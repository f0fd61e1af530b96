//! From a [`Query`] to SQL text and parameters.
//!
//! A compiler owns a copy of its query: setting up joins for ordering or `select_related` never
//! changes the user's one.
use crate::dialect::Dialect;
use crate::expression::Expr;
use crate::query::Query;
use crate::writer::SqlWriter;
use orm_state::Result;
use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;

/// Compiles one query for one dialect; expressions ask it for quoting and for each other's SQL.
pub struct Compiler {
    query: RefCell<Query>,
    dialect: Rc<dyn Dialect>,
    /// The connection's alias (`default`), for user code called back.
    pub using: Rc<str>,
    /// Whether a condition nothing satisfies ends compilation with `EmptyResultSet`.
    pub elide_empty: bool,
}

impl Compiler {
    pub fn new(query: Query, dialect: Rc<dyn Dialect>, using: Rc<str>) -> Compiler {
        Compiler {
            query: RefCell::new(query),
            dialect,
            using,
            elide_empty: true,
        }
    }
    pub fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }
    pub fn query(&self) -> Ref<'_, Query> {
        self.query.borrow()
    }
    pub fn query_mut(&self) -> RefMut<'_, Query> {
        self.query.borrow_mut()
    }
    /// Appends an expression's SQL (`compiler.compile(node)`).
    pub fn compile(&self, expr: &Expr, out: &mut SqlWriter) -> Result<()> {
        expr.as_sql(self, out)
    }
    /// The SQL of one expression by itself.
    pub fn compiled(&self, expr: &Expr) -> Result<SqlWriter> {
        let mut out = SqlWriter::default();
        self.compile(expr, &mut out)?;
        Ok(out)
    }
    /// Quotes a name, unless it is an alias that must stay as it is (`quote_name_unless_alias`).
    pub fn quote_name(&self, name: &str, out: &mut SqlWriter) {
        let query = self.query.borrow();
        let is_alias = (query.alias_map.contains_key(name) && !query.table_map.contains_key(name))
            || query.extra_select().any(|(k, _)| k == name)
            || (query.external_aliases.get(name).copied().unwrap_or(false)
                && !query.table_map.contains_key(name));
        if is_alias {
            out.push(name);
        } else {
            self.dialect.quote_name_into(name, &mut out.sql);
        }
    }
    /// A compiler for a query nested in this one.
    pub fn nested(&self, query: Query) -> Compiler {
        let mut inner = Compiler::new(query, self.dialect.clone(), self.using.clone());
        inner.elide_empty = self.elide_empty;
        inner
    }
}
