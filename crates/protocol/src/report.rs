//! The report: what `ormscope run --json` prints and what the page draws.
//!
//! ```text
//! Report
//! ├── phases        load → check → migrate → seed → run, each with its time
//! ├── diagnostics   what is wrong, at its file, line and column
//! ├── output        what was printed, with the line that printed it
//! ├── cards         one for every statement worth looking at
//! │   ├── value     table, instance, scalar, exception …
//! │   └── queries   SQL, parameters, rows, plan, join graph, provenance
//! ├── migrations    per app: applied, pending, the file to write
//! └── database      tables, columns, row counts
//! ```
//!
//! Lines count from 1. Columns count characters (code points) from 0. Ranges
//! into SQL count bytes of the UTF-8 text. Times are milliseconds.

mod card;
mod database;
mod diagnostic;
mod graph;
mod migrations;
mod query;
mod value;

pub use card::{Card, SourceRange};
pub use database::{Column, Database, RowsPage, Table};
pub use diagnostic::{Diagnostic, Exception, Frame, Severity};
pub use graph::{Edge, JoinGraph, Node, OuterReference, Subgraph};
pub use migrations::{
    Answer, AppMigrations, Migration, MigrationFile, Migrations, Operation, Question,
};
pub use query::{PlanRow, Provenance, QueryKind, QueryRecord, SqlText, TextRange};
pub use value::{Cell, Field, InstanceValue, Named, Rows, RowsColumn, Scalar, Value};

use serde::{Deserialize, Serialize};

use crate::project::Dialect;

/// The form of the report that this crate writes.
pub const REPORT_FORMAT: u32 = 1;

/// All that a run has to say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// [`REPORT_FORMAT`].
    pub format: u32,
    /// Who made it.
    pub engine: EngineInfo,
    /// The dialect of every SQL text in it.
    pub dialect: Dialect,
    /// The stages, in order. A stage that was not reached is missing.
    pub phases: Vec<Phase>,
    /// Everything wrong, errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// What was printed, in order.
    pub output: Vec<Output>,
    /// The results, in the order the statements ran.
    pub cards: Vec<Card>,
    /// Where the migrations stand.
    pub migrations: Migrations,
    /// The databases as the script left them; one for each alias.
    pub databases: Vec<Database>,
    /// Counts and times.
    pub totals: Totals,
}

impl Report {
    /// Whether no stage failed and no statement raised.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.phases
            .iter()
            .all(|phase| phase.outcome != Outcome::Failed)
            && !self
                .diagnostics
                .iter()
                .any(|diagnostic| diagnostic.severity == Severity::Error)
    }
}

/// Versions of what ran the project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineInfo {
    /// ormscope's own version.
    pub version: String,
    /// The Django whose behaviour this is: `6.1`.
    pub django: String,
    /// The Python language version.
    pub python: String,
    /// SQLite's version.
    pub sqlite: String,
}

/// A stage of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PhaseName {
    /// Import settings and models.
    Load,
    /// System checks.
    Check,
    /// Apply migrations, or create the tables.
    Migrate,
    /// Run `seed.py`.
    Seed,
    /// Run the live script.
    Run,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It ran.
    #[default]
    Done,
    /// Nothing it depends on had changed: the earlier result was used.
    Reused,
    /// There was nothing to do.
    Skipped,
    /// It raised; see the diagnostics.
    Failed,
    /// It was stopped: out of time or memory.
    Stopped,
}

/// One stage, with its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Which stage.
    pub name: PhaseName,
    /// How it ended.
    #[serde(default)]
    pub outcome: Outcome,
    /// Milliseconds.
    #[serde(default)]
    pub millis: f64,
    /// The SQL it caused (migrate, seed; the live script's is on its cards).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queries: Vec<QueryRecord>,
}

/// Where printed text went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stream {
    /// `sys.stdout`.
    #[default]
    Stdout,
    /// `sys.stderr`.
    Stderr,
}

/// A piece of printed text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Output {
    /// Where it went.
    pub stream: Stream,
    /// The text, newlines included.
    pub text: String,
    /// The file whose top-level statement printed it.
    pub file: String,
    /// Its line; 0 if unknown.
    pub line: u32,
}

/// Counts and times of the whole run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Totals {
    /// Milliseconds from the project to the report.
    pub millis: f64,
    /// Milliseconds inside the database, of the live script.
    pub database_millis: f64,
    /// SQL statements of the live script.
    pub queries: u32,
    /// Rows they returned.
    pub rows: u64,
}
