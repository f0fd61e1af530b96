//! `Meta.constraints` and `Meta.indexes` as SQL.
use super::{Name, SchemaEditor, Statement, column::literal};
use crate::compiler::Compiler;
use crate::expression::{Expr, Resolve, expr_of};
use crate::expressions::{OrderBy, QExpr};
use crate::query::Query;
use orm_state::{Clause, Constraint, Deferrable, Error, ErrorKind, Index, ModelRef, Result};
use std::rc::Rc;

impl SchemaEditor<'_> {
    /// A query whose columns are written without their table.
    fn bare_compiler(&self, model: &ModelRef) -> (Query, impl Fn(Query) -> Compiler) {
        let mut query = Query::new(model);
        query.alias_cols = false;
        let (dialect, using) = (self.dialect.clone(), self.using.clone());
        (query, move |q| {
            Compiler::new(q, dialect.clone(), using.clone())
        })
    }
    /// A condition over the model's own columns, parameters written as literals.
    fn condition_sql(&self, model: &ModelRef, clause: &Clause) -> Result<String> {
        let expr = clause_expr(clause)?;
        let (mut query, compiler) = self.bare_compiler(model);
        let node: Expr = match expr.as_any().downcast_ref::<QExpr>() {
            Some(q) => Rc::new(query.build_where(&q.q)?),
            None => expr.resolve(
                &mut query,
                &Resolve {
                    allow_joins: false,
                    ..Resolve::default()
                },
            )?,
        };
        literal(&compiler(query).compiled(&node)?)
    }
    /// ` WHERE …`, or nothing where the condition holds for every row (`Q()`).
    fn where_sql(&self, model: &ModelRef, clause: &Clause) -> Result<String> {
        match self.condition_sql(model, clause) {
            Ok(sql) => Ok(format!(" WHERE {sql}")),
            Err(e) if e.kind() == ErrorKind::FullResultSet => Ok(String::new()),
            Err(e) => Err(e),
        }
    }
    /// Expressions as an index has them, and the columns that they name.
    fn expressions_sql(
        &self,
        model: &ModelRef,
        clauses: &[Clause],
        columns: &mut Vec<String>,
    ) -> Result<String> {
        let mut parts = vec![];
        for clause in clauses {
            let (mut query, compiler) = self.bare_compiler(model);
            let (root, wrappers) = unwrapped(clause_expr(clause)?)?;
            let root = root.resolve(
                &mut query,
                &Resolve {
                    allow_joins: false,
                    ..Resolve::default()
                },
            )?;
            collect_columns(&root, columns);
            let compiler = compiler(query);
            let bare = literal(&compiler.compiled(&root)?)?;
            // A function stands in brackets, a column does not.
            let is_col = root.as_any().is::<crate::expressions::Col>();
            let mut sql = match is_col {
                true => bare.clone(),
                false => format!("({bare})"),
            };
            if let Some(collate) = wrappers.collate {
                let whole = collate.with_sources([root].into_iter().collect());
                let whole = literal(&compiler.compiled(&whole)?)?;
                sql.push_str(whole.strip_prefix(&bare).unwrap_or_default());
            }
            sql.push_str(match wrappers.descending {
                Some(true) => " DESC",
                Some(false) => " ASC",
                None => "",
            });
            parts.push(sql);
        }
        Ok(parts.join(", "))
    }

    /// The statement that makes an index of `Meta.indexes`.
    pub fn index_statement(&self, model: &ModelRef, index: &Index) -> Result<Statement> {
        let condition = match &index.condition {
            Some(c) => self.where_sql(model, c)?,
            None => String::new(),
        };
        let mut columns = vec![];
        let columns_sql = if index.expressions.is_empty() {
            let mut parts = vec![];
            for (name, order) in &index.fields_orders {
                let column = model.field(name)?.column().unwrap_or_default().to_string();
                let order = if order.is_empty() {
                    String::new()
                } else {
                    format!(" {order}")
                };
                parts.push(format!("{}{order}", self.quote(&column)));
                columns.push(column);
            }
            parts.join(", ")
        } else {
            self.expressions_sql(model, &index.expressions, &mut columns)?
        };
        let name = if index.name.is_empty() {
            super::naming::set_index_name(
                &model.db_table(),
                &index.fields_orders,
                &columns,
                &index.suffix,
            )
        } else {
            index.name.clone()
        };
        Ok(Statement {
            unique: false,
            table: model.db_table(),
            name: Name::Given(name),
            columns,
            columns_sql,
            condition,
        })
    }

    /// A constraint inside `CREATE TABLE`; one that must be an index is put off.
    pub fn constraint_sql(
        &mut self,
        model: &ModelRef,
        constraint: &Constraint,
    ) -> Result<Option<String>> {
        match constraint {
            Constraint::Check {
                name, condition, ..
            } => Ok(Some(format!(
                "CONSTRAINT {} CHECK ({})",
                self.quote(name),
                self.condition_sql(model, condition)?
            ))),
            Constraint::Unique {
                name,
                fields,
                expressions,
                condition,
                deferrable,
                include,
                nulls_distinct,
                ..
            } => {
                if !unique_supported(deferrable.as_ref(), include, *nulls_distinct) {
                    return Ok(None);
                }
                if condition.is_some() || !expressions.is_empty() {
                    if let Some(s) = self.constraint_statement(model, constraint)? {
                        self.deferred_sql.push(s);
                    }
                    return Ok(None);
                }
                let mut columns = vec![];
                for f in fields {
                    columns.push(self.quote(&model.field(f)?.column().unwrap_or_default()));
                }
                Ok(Some(format!(
                    "CONSTRAINT {} UNIQUE ({})",
                    self.quote(name),
                    columns.join(", ")
                )))
            }
            Constraint::Custom { name, .. } => Err(Error::not_implemented(format!(
                "The constraint {name} of a user's own class"
            ))),
        }
    }
    /// A unique constraint as a statement of its own.
    pub fn constraint_statement(
        &self,
        model: &ModelRef,
        constraint: &Constraint,
    ) -> Result<Option<Statement>> {
        let Constraint::Unique {
            name,
            fields,
            expressions,
            condition,
            deferrable,
            include,
            nulls_distinct,
            ..
        } = constraint
        else {
            return Ok(None);
        };
        if !unique_supported(deferrable.as_ref(), include, *nulls_distinct) {
            return Ok(None);
        }
        let mut columns = vec![];
        for f in fields {
            columns.push(model.field(f)?.column().unwrap_or_default().to_string());
        }
        let columns_sql = if expressions.is_empty() {
            columns
                .iter()
                .map(|c| self.quote(c))
                .collect::<Vec<_>>()
                .join(", ")
        } else {
            self.expressions_sql(model, expressions, &mut columns)?
        };
        let condition = match condition {
            Some(c) => self.where_sql(model, c)?,
            None => String::new(),
        };
        Ok(Some(Statement {
            unique: true,
            table: model.db_table(),
            name: Name::Given(name.clone()),
            columns,
            columns_sql,
            condition,
        }))
    }
}

/// SQLite has no deferrable, covering or nulls-distinct unique constraints: they are left out.
fn unique_supported(
    deferrable: Option<&Deferrable>,
    include: &[String],
    nulls_distinct: Option<bool>,
) -> bool {
    deferrable.is_none() && include.is_empty() && nulls_distinct.is_none()
}

/// What may stand around an indexed expression.
#[derive(Default)]
struct Wrappers {
    descending: Option<bool>,
    collate: Option<Expr>,
}

const WRAPPERS: &str = "OrderBy, Collate";

fn is_collate(e: &Expr) -> bool {
    e.as_any()
        .downcast_ref::<crate::expressions::Func>()
        .is_some_and(|f| f.spec.name == "Collate")
}

fn is_wrapper(e: &Expr) -> bool {
    e.as_any().is::<OrderBy>() || is_collate(e)
}

fn count_wrappers(e: &Expr, orders: &mut usize, collates: &mut usize) {
    *orders += usize::from(e.as_any().is::<OrderBy>());
    *collates += usize::from(is_collate(e));
    for source in e.sources().iter() {
        count_wrappers(source, orders, collates);
    }
}

/// An expression without its order and collation, which have to be outermost (`IndexExpression`).
fn unwrapped(e: Expr) -> Result<(Expr, Wrappers)> {
    let (mut orders, mut collates) = (0, 0);
    count_wrappers(&e, &mut orders, &mut collates);
    if orders > 1 || collates > 1 {
        return Err(Error::value_error(format!(
            "Multiple references to {WRAPPERS} can't be used in an indexed expression."
        )));
    }
    let mut found = Wrappers::default();
    let mut root = e;
    while is_wrapper(&root) {
        let next = match root.as_any().downcast_ref::<OrderBy>() {
            Some(o) => {
                found.descending = Some(o.descending);
                Some(o.expression.clone())
            }
            None => {
                found.collate = Some(root.clone());
                root.sources().into_iter().next()
            }
        };
        let Some(next) = next else { break };
        root = next;
    }
    let (mut orders, mut collates) = (0, 0);
    count_wrappers(&root, &mut orders, &mut collates);
    if orders + collates > 0 {
        return Err(Error::value_error(format!(
            "{WRAPPERS} must be topmost expressions in an indexed expression."
        )));
    }
    Ok((root, found))
}

/// The columns that an expression names.
fn collect_columns(e: &Expr, out: &mut Vec<String>) {
    if let Some(col) = e.as_any().downcast_ref::<crate::expressions::Col>() {
        let column = col.target.column().unwrap_or_default().to_string();
        if !out.contains(&column) {
            out.push(column);
        }
    }
    for source in e.sources().iter() {
        collect_columns(source, out);
    }
}

/// The expression inside a clause.
pub(crate) fn clause_expr(clause: &Clause) -> Result<Expr> {
    expr_of(&**clause)
        .ok_or_else(|| Error::not_implemented(format!("{} as a condition", clause.type_name())))
}
