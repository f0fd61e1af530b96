//! One SQL statement, and why it is as it is.

use serde::{Deserialize, Serialize};

use super::{Cell, JoinGraph, SourceRange};

/// What kind of statement it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum QueryKind {
    /// Reads rows.
    #[default]
    Select,
    /// Adds rows.
    Insert,
    /// Changes rows.
    Update,
    /// Removes rows.
    Delete,
    /// Changes tables.
    Schema,
    /// `BEGIN`, `SAVEPOINT`, `COMMIT`, `ROLLBACK` …
    Transaction,
    /// Anything else: `PRAGMA`, raw SQL.
    Other,
}

/// SQL with placeholders, with its parameters beside it, and with them inside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SqlText {
    /// As it is sent, parameters as `%s`, the way Django writes it.
    pub sql: String,
    /// The parameters, in order.
    pub params: Vec<Cell>,
    /// Runnable: every parameter quoted in its place.
    pub interpolated: String,
}

/// Bytes of a text, from `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRange {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

/// A statement that was run, or would be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueryRecord {
    /// The statement.
    pub text: SqlText,
    /// Its kind.
    pub kind: QueryKind,
    /// The database alias: `default`.
    pub database: String,
    /// The source line that caused it: the innermost line of the project's
    /// own files (inside a function that the statement called, say).
    pub at: SourceRange,
    /// The queryset was not evaluated; this is what it would run.
    pub not_run: bool,
    /// Milliseconds in the database.
    pub millis: f64,
    /// Rows returned, or changed.
    pub rows: u64,
    /// What the database said, if it refused.
    pub error: Option<String>,
    /// `EXPLAIN QUERY PLAN`, for a SELECT.
    pub plan: Vec<PlanRow>,
    /// The joins, for SQL that came from a queryset.
    pub graph: Option<JoinGraph>,
    /// Which Python each piece of `text.sql` came from.
    pub provenance: Vec<Provenance>,
}

/// One step of a query plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    /// The step's number.
    pub id: i64,
    /// The step it belongs to; 0 for none.
    pub parent: i64,
    /// What it does: `SEARCH playground_book USING INDEX …`.
    pub detail: String,
}

/// A piece of Python and the pieces of SQL it became.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Where the Python is, if it is in the project's files.
    pub python: Option<SourceRange>,
    /// The Python: `author__name__startswith`.
    pub text: String,
    /// The ranges of `text.sql`.
    pub sql: Vec<TextRange>,
    /// The aliases of the join graph it touches.
    pub aliases: Vec<String>,
    /// The result columns it touches.
    pub columns: Vec<String>,
}
