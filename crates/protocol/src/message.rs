//! What page and worker post to each other, as JSON text.
//!
//! ```text
//! page   → Run 7                                   → worker
//! page   ← Progress … Ready         (once)         ← worker
//! page   ← Line 7: running queries.py line 3 …     ← worker
//! page   ← Report 7                                ← worker
//! ```
//!
//! A request carries a number, its answer repeats it. The worker answers one
//! request after the other. It cannot hear anything while it runs Python, so
//! a run is cancelled by its [`Limits`], or by ending the worker: the page
//! does that when a run that nobody waits for any more takes too long. The
//! last [`FromWorker::Line`] tells at which line it hung.

use serde::{Deserialize, Serialize};

use crate::project::{File, Project};
use crate::report::{Answer, EngineInfo, Migrations, Report, RowsPage};

/// How much a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Milliseconds until the interpreter is interrupted.
    pub millis: u32,
    /// Rows that a card carries at most.
    pub rows: u32,
    /// Bytes of printed output that are kept.
    pub output: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            millis: 3_000,
            rows: 10_000,
            output: 1 << 20,
        }
    }
}

/// From the page to the worker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToWorker {
    /// Run a project. Answered by [`FromWorker::Report`].
    Run {
        /// Repeated in the answer.
        id: u32,
        /// What to run.
        project: Project,
        /// How much it may take.
        limits: Limits,
    },
    /// Rows of a table, as the last run left it. → [`FromWorker::Rows`]
    Rows {
        /// Repeated in the answer.
        id: u32,
        /// Database alias.
        database: String,
        /// The table.
        table: String,
        /// First row, from 0.
        offset: u64,
        /// How many at most.
        limit: u32,
    },
    /// The database as a `.sqlite3` file. → [`FromWorker::Exported`]
    Export {
        /// Repeated in the answer.
        id: u32,
        /// Database alias.
        database: String,
    },
    /// What `makemigrations` would write, with questions answered.
    /// → [`FromWorker::Migrations`]
    MakeMigrations {
        /// Repeated in the answer.
        id: u32,
        /// The project.
        project: Project,
        /// Answers given so far.
        answers: Vec<Answer>,
        /// A name for the file, else Django's own choice.
        name: Option<String>,
        /// Write an empty migration for this app.
        empty: Option<String>,
    },
    /// Run `django.test` cases of some files. → [`FromWorker::Tested`]
    Test {
        /// Repeated in the answer.
        id: u32,
        /// The folder's files.
        files: Vec<File>,
        /// Labels as on the command line.
        labels: Vec<String>,
    },
}

impl ToWorker {
    /// The request's number.
    #[must_use]
    pub fn id(&self) -> u32 {
        match self {
            Self::Run { id, .. }
            | Self::Rows { id, .. }
            | Self::Export { id, .. }
            | Self::MakeMigrations { id, .. }
            | Self::Test { id, .. } => *id,
        }
    }
}

/// From the worker to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FromWorker {
    /// The engine is on its way: bytes so far, and in all if known.
    Progress {
        /// Bytes that have arrived.
        loaded: u64,
        /// Bytes in all; 0 if unknown.
        total: u64,
    },
    /// The engine has started.
    Ready(EngineInfo),
    /// A top-level statement begins.
    Line {
        /// The run.
        id: u32,
        /// The file.
        file: String,
        /// Its line.
        line: u32,
    },
    /// A run's report.
    Report {
        /// The run.
        id: u32,
        /// What it has to say.
        report: Box<Report>,
    },
    /// Rows of a table.
    Rows {
        /// The request.
        id: u32,
        /// The rows.
        page: RowsPage,
    },
    /// A database file; its bytes travel beside this message.
    Exported {
        /// The request.
        id: u32,
        /// Name to save it under.
        file_name: String,
    },
    /// Migrations with their pending files.
    Migrations {
        /// The request.
        id: u32,
        /// Where they stand.
        migrations: Migrations,
    },
    /// Outcomes of tests: `{"run": N, "outcomes": {…}}`, and the printed text.
    Tested {
        /// The request.
        id: u32,
        /// The outcomes, as `ormscope test --json` writes them.
        outcomes: serde_json::Value,
        /// What the runner printed.
        output: String,
    },
    /// A request could not be answered.
    Failed {
        /// The request.
        id: u32,
        /// Why.
        message: String,
    },
    /// The run was stopped from outside: the engine hung or died, and is
    /// starting anew. Sent by whoever watches the worker.
    Stopped {
        /// The run.
        id: u32,
        /// Why.
        reason: String,
        /// The file that was running.
        file: String,
        /// The line that was running; 0 if unknown.
        line: u32,
    },
}
