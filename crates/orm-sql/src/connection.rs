//! How SQL reaches a database: the one trait that a driver implements.
use crate::dialect::Dialect;
use orm_state::{Result, Value};
use std::rc::Rc;

/// One fetched row, in column order, as the driver gives it (before field converters).
pub type Row = Vec<Value>;

/// What a statement gave back.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Column names of a query; empty for statements without rows.
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    /// Rows changed, `-1` where the database does not say.
    pub rowcount: i64,
    pub last_insert_id: Option<i64>,
}

/// An open database. SQL comes with `%s` placeholders and `%%` for a percent sign, as in Django;
/// the driver rewrites them. Errors are `IntegrityError`, `OperationalError` … with the database's
/// message.
pub trait Connection {
    fn dialect(&self) -> Rc<dyn Dialect>;
    /// Runs one statement. Every parameter is bound.
    fn execute(&self, sql: &str, params: &[Value]) -> Result<Outcome>;
    /// Runs one statement once per parameter list; `rowcount` is their sum.
    fn execute_many(&self, sql: &str, params: &[Vec<Value>]) -> Result<Outcome> {
        let mut total = Outcome::default();
        for p in params {
            total.rowcount += self.execute(sql, p)?.rowcount.max(0);
        }
        Ok(total)
    }
    /// Starts a query whose rows are fetched in chunks. `None` ends it.
    fn cursor(&self, sql: &str, params: &[Value]) -> Result<Box<dyn RowCursor>>;
    /// Runs a script of several statements without parameters.
    fn execute_script(&self, sql: &str) -> Result<()>;
    /// True outside a transaction.
    fn in_autocommit(&self) -> bool;
    /// The whole database as SQLite's file format, where the database has one.
    fn serialize(&self) -> Result<Vec<u8>>;
    /// Replaces the whole database by such a file.
    fn deserialize(&self, bytes: &[u8]) -> Result<()>;
}

/// Rows of a running query, in chunks.
pub trait RowCursor {
    fn columns(&self) -> &[String];
    /// Up to `size` more rows; empty when the query is over.
    fn fetch(&mut self, size: usize) -> Result<Vec<Row>>;
}
