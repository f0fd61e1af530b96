//! From a [`Query`] to SQL text and parameters.
//!
//! ```text
//! select  →  order_by  →  where/having split  →  group_by  →  from  →  text
//! ```
//!
//! A compiler owns a copy of its query: setting up joins for ordering or `select_related` never
//! changes the user's one.
mod aggregate;
mod combinator;
mod delete;
mod from;
mod group_by;
mod insert;
pub mod join_graph;
mod order_by;
mod prefetch;
mod qualify;
mod select;
mod selected;
mod update;

use crate::dialect::Dialect;
use crate::expression::Expr;
use crate::origin::Origin;
use crate::query::{Alias, GroupBy, Query};
use crate::where_node::WhereNode;
use crate::writer::SqlWriter;
pub use delete::compile_delete;
pub use insert::{Insert, InsertValue, compile_insert};
use orm_state::maps::IndexMap;
use orm_state::{Error, ErrorKind, Result};
pub use select::{KlassInfo, SelectItem};
use std::cell::{Ref, RefCell, RefMut};
use std::rc::Rc;
pub use update::{Update, UpdatePlan, compile_update};

/// Compiles one query for one dialect; expressions ask it for quoting and for each other's SQL.
pub struct Compiler {
    query: RefCell<Query>,
    dialect: Rc<dyn Dialect>,
    /// The connection's alias (`default`), for user code called back.
    pub using: Rc<str>,
    /// Whether a condition nothing satisfies ends compilation with `EmptyResultSet`.
    pub elide_empty: bool,
    with_col_aliases: bool,
    with_limits: bool,
    state: RefCell<State>,
}

/// What compiling found out, stage by stage.
#[derive(Default)]
struct State {
    select: Vec<SelectItem>,
    klass_info: Option<KlassInfo>,
    annotation_col_map: IndexMap<String, usize>,
    meta_ordering: bool,
    /// Aliases whose columns `select_related()` selects, and the argument that asked for them.
    related_origins: Vec<(Alias, Origin)>,
}

/// A compiled `SELECT`, with what is needed to turn its rows into values.
pub struct Compiled {
    pub sql: SqlWriter,
    /// The selected expressions; columns that only `DISTINCT` needed come after them in a row.
    pub select: Vec<SelectItem>,
    pub klass_info: Option<KlassInfo>,
    /// Alias of an annotation or extra column → position in the row.
    pub annotation_col_map: IndexMap<String, usize>,
    /// The query with every join made, for drawing.
    pub query: Query,
}

impl Compiler {
    pub fn new(query: Query, dialect: Rc<dyn Dialect>, using: Rc<str>) -> Compiler {
        Compiler {
            query: RefCell::new(query),
            dialect,
            using,
            elide_empty: true,
            with_col_aliases: false,
            with_limits: true,
            state: RefCell::default(),
        }
    }
    pub fn dialect(&self) -> &dyn Dialect {
        &*self.dialect
    }
    pub fn dialect_rc(&self) -> Rc<dyn Dialect> {
        self.dialect.clone()
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
    /// Appends a quoted name.
    pub fn quote_name(&self, name: &str, out: &mut SqlWriter) {
        self.dialect.quote_name_into(name, &mut out.sql);
    }
    /// A copy for code that outlives the call: same query, same dialect.
    pub fn snapshot(&self) -> Compiler {
        self.nested(self.query.borrow().clone())
    }
    /// A compiler for a query nested in this one.
    pub fn nested(&self, query: Query) -> Compiler {
        let mut inner = Compiler::new(query, self.dialect.clone(), self.using.clone());
        inner.elide_empty = self.elide_empty;
        inner
    }

    /// Compiles the query as a `SELECT`.
    ///
    /// # Errors
    /// `EmptyResultSet` if no row can match; Django's errors for what cannot be compiled.
    pub fn select(self) -> Result<Compiled> {
        let sql = self.as_sql()?;
        let state = self.state.into_inner();
        Ok(Compiled {
            sql,
            select: state.select,
            klass_info: state.klass_info,
            annotation_col_map: state.annotation_col_map,
            query: self.query.into_inner(),
        })
    }

    /// The SQL text and parameters of the whole query.
    pub fn as_sql(&self) -> Result<SqlWriter> {
        // Whoever has it compiled asked for none of its parts.
        let _scope = crate::origin::scope(None);
        let combinator = self.query.borrow().combinator;
        let with_col_aliases = self.with_col_aliases || combinator.is_some();
        self.setup_query(with_col_aliases)?;
        let mut order_by = self.get_order_by()?;
        let (where_, having, qualify) = {
            let query = self.query.borrow();
            query
                .where_
                .split_having_qualify(false, !matches!(query.group_by, GroupBy::None))?
        };
        let extra_select = self.get_extra_select(&order_by)?;
        let group_by = self.get_group_by(&extra_select, &order_by, having.as_ref())?;
        let sliced = self.with_limits && self.query.borrow().is_sliced();

        let mut out = SqlWriter::default();
        self.explain_prefix(&mut out)?;
        if let Some(combinator) = combinator {
            let all = self.query.borrow().combinator_all;
            self.combinator_sql(combinator, all, &mut out)?;
        } else if let Some(qualify) = qualify {
            self.qualify_sql(where_, having, &qualify, &mut out)?;
            order_by.clear();
        } else {
            self.select_sql(
                where_,
                having,
                &extra_select,
                group_by,
                &mut order_by,
                &mut out,
            )?;
        }
        if !order_by.is_empty() {
            out.push(" ORDER BY ");
            for (i, term) in order_by.into_iter().enumerate() {
                if i > 0 {
                    out.push(", ");
                }
                out.append(term.sql);
            }
        }
        if sliced {
            let query = self.query.borrow();
            out.push(" ");
            let mark = out.mark();
            out.push(
                &self
                    .dialect
                    .limit_offset_sql(query.low_mark, query.high_mark),
            );
            for origin in query.limit_origins() {
                out.note(mark, Some(*origin));
            }
        }
        if self.query.borrow().subquery && !extra_select.is_empty() {
            return self.without_extra_select(out);
        }
        Ok(out)
    }

    /// What the statement is made from, before it is: columns that only ordering needs, the terms
    /// of `ORDER BY`, those of `GROUP BY`.
    pub fn pre_sql_setup(&self) -> Result<[Vec<SqlWriter>; 3]> {
        self.setup_query(self.with_col_aliases)?;
        let order_by = self.get_order_by()?;
        let (_, having, _) = {
            let query = self.query.borrow();
            query
                .where_
                .split_having_qualify(false, !matches!(query.group_by, GroupBy::None))?
        };
        let extra = self.get_extra_select(&order_by)?;
        let group_by = self.get_group_by(&extra, &order_by, having.as_ref())?;
        Ok([
            extra.into_iter().map(|item| item.sql).collect(),
            order_by.into_iter().map(|term| term.sql).collect(),
            group_by,
        ])
    }

    fn explain_prefix(&self, out: &mut SqlWriter) -> Result<()> {
        if let Some(info) = &self.query.borrow().explain {
            out.push(
                &self
                    .dialect
                    .explain_query_prefix(info.format.as_deref(), &info.options)?,
            );
            out.push(" ");
        }
        Ok(())
    }

    fn select_sql(
        &self,
        where_: Option<Rc<WhereNode>>,
        having: Option<Rc<WhereNode>>,
        extra_select: &[SelectItem],
        group_by: Vec<SqlWriter>,
        order_by: &mut Vec<order_by::OrderTerm>,
        out: &mut SqlWriter,
    ) -> Result<()> {
        let (distinct, distinct_fields) = {
            let q = self.query.borrow();
            (q.distinct, q.distinct_fields.clone())
        };
        let distinct_sql = self.get_distinct(&distinct_fields)?;
        let from = self.get_from_clause()?;
        out.push("SELECT ");
        if distinct {
            let mark = out.mark();
            self.dialect.distinct_sql(distinct_sql, out)?;
            out.note(mark, self.query.borrow().distinct_origin());
            out.push(" ");
        }
        // Parameters follow the text: conditions are compiled where they stand.
        {
            let state = self.state.borrow();
            for (i, item) in state.select.iter().chain(extra_select).enumerate() {
                if i > 0 {
                    out.push(", ");
                }
                out.append_ref(&item.sql);
                if let Some(alias) = &item.alias {
                    out.push(" AS ");
                    self.quote_name(alias, out);
                }
            }
        }
        if !from.is_empty() {
            out.push(" FROM ");
            out.append(from);
        }
        self.check_for_update()?;
        if let Some(w) = where_ {
            let mark = out.mark();
            out.push(" WHERE ");
            match w.as_sql_of(self, out) {
                Ok(()) => {}
                Err(e) if e.is(ErrorKind::EmptyResultSet) && !self.elide_empty => {
                    out.rewind(mark);
                    out.push(" WHERE 0 = 1");
                }
                Err(e) if e.is(ErrorKind::FullResultSet) => out.rewind(mark),
                Err(e) => return Err(e),
            }
        }
        let grouped = !group_by.is_empty();
        if grouped {
            if !distinct_fields.is_empty() {
                return Err(Error::new(
                    ErrorKind::NotImplementedError,
                    "annotate() + distinct(fields) is not implemented.",
                ));
            }
            out.push(" ");
            let mark = out.mark();
            out.push("GROUP BY ");
            for (i, part) in group_by.into_iter().enumerate() {
                if i > 0 {
                    out.push(", ");
                }
                out.append(part);
            }
            for origin in self.query.borrow().group_by_origins() {
                out.note(mark, Some(*origin));
            }
            if self.state.borrow().meta_ordering {
                order_by.clear();
            }
        }
        if let Some(h) = having {
            let mark = out.mark();
            if !grouped && let Some(force) = self.dialect.force_group_by() {
                out.push(" ");
                out.push(force);
            }
            out.push(" HAVING ");
            match h.as_sql_of(self, out) {
                Ok(()) => {}
                Err(e) if e.is(ErrorKind::FullResultSet) => out.rewind(mark),
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// Wraps a subquery whose `DISTINCT` needed more columns than were asked for.
    fn without_extra_select(&self, inner: SqlWriter) -> Result<SqlWriter> {
        let mut out = SqlWriter::default();
        out.push("SELECT ");
        let items: Vec<(Expr, Option<String>)> = self
            .state
            .borrow()
            .select
            .iter()
            .map(|s| (s.expr.clone(), s.alias.clone()))
            .collect();
        for (i, (expr, alias)) in items.into_iter().enumerate() {
            if i > 0 {
                out.push(", ");
            }
            match (alias, crate::query::names::col_alias(&expr)) {
                (Some(alias), _) => {
                    self.quote_name("subquery", &mut out);
                    out.push(".");
                    self.quote_name(&alias, &mut out);
                }
                (None, Some(table)) => {
                    let map = [(table, "subquery".into())].into_iter().collect();
                    self.compile(&expr.relabeled(&map), &mut out)?;
                }
                (None, None) => self.compile(&expr, &mut out)?,
            }
        }
        out.push(" FROM (");
        out.append(inner);
        out.push(") subquery");
        Ok(out)
    }

    fn setup_query(&self, with_col_aliases: bool) -> Result<()> {
        {
            let mut q = self.query.borrow_mut();
            if q.model.is_some() && q.alias_map.values().all(|t| t.refcount == 0) {
                q.initial_alias()?;
            }
        }
        self.get_select(with_col_aliases)
    }

    fn get_distinct(&self, names: &[String]) -> Result<Vec<SqlWriter>> {
        let mut result = vec![];
        for name in names {
            let parts: Vec<&str> = name.split(crate::query::names::LOOKUP_SEP).collect();
            let (info, targets, alias) = {
                let mut q = self.query.borrow_mut();
                let opts = q.model.clone();
                let start = q.initial_alias()?;
                let info = q.setup_joins(&parts, opts.as_ref(), start, None, true)?;
                let (targets, alias, _) = q.trim_joins(&info.targets, &info.joins, &info.path)?;
                (info, targets, alias)
            };
            for target in targets {
                if self
                    .query
                    .borrow()
                    .annotation_select()
                    .any(|(k, _)| **k == **name)
                {
                    let mut w = SqlWriter::default();
                    self.quote_name(name, &mut w);
                    result.push(w);
                } else {
                    let expr = self.query.borrow().transformed(&info, &target, &alias)?;
                    result.push(self.compiled(&expr)?);
                }
            }
        }
        Ok(result)
    }

    fn check_for_update(&self) -> Result<()> {
        // Databases without row locks (SQLite) ignore the request, as Django does there.
        if self.query.borrow().for_update.is_some() && self.dialect.supports_select_for_update() {
            return Err(Error::not_implemented(
                "select_for_update() on this database",
            ));
        }
        Ok(())
    }
}
