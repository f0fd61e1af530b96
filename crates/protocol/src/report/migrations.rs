//! Where the migrations stand, and what the models would change.

use serde::{Deserialize, Serialize};

/// All apps' migrations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Migrations {
    /// The apps that have migration files, or models that could have.
    pub apps: Vec<AppMigrations>,
    /// Questions `makemigrations` must ask before it can write (a column that
    /// needs a default, a rename or not). Answer with [`Answer`]s.
    pub questions: Vec<Question>,
    /// Why the changes could not be worked out, if they could not: a
    /// conflict, a broken file.
    pub problem: Option<String>,
}

/// One app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AppMigrations {
    /// The app's label.
    pub app: String,
    /// Whether it has migration files. Without them its tables are made as
    /// `migrate --run-syncdb` would.
    pub migrated: bool,
    /// The migrations there are, in the order they are applied.
    pub applied: Vec<Migration>,
    /// What the models would change: what `makemigrations` would write.
    /// Nothing is done until the file is written and applied.
    pub pending: Vec<MigrationFile>,
}

/// A migration that has a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Migration {
    /// `0001_initial`.
    pub name: String,
    /// Path of its file.
    pub file: String,
    /// Whether the database has it.
    pub applied: bool,
    /// Its operations with their SQL.
    pub operations: Vec<Operation>,
}

/// A migration that is not written yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MigrationFile {
    /// `0002_book_subtitle`.
    pub name: String,
    /// Path to write it to: `migrations/0002_book_subtitle.py`.
    pub file: String,
    /// The text that `makemigrations` would write.
    pub text: String,
    /// Its operations with their SQL.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Operation {
    /// Django's one-character category: `+` added, `-` removed, `~` altered,
    /// `p` Python, `s` SQL, `?` mixed.
    pub symbol: String,
    /// `operation.describe()`: `Add field subtitle to book`.
    pub description: String,
    /// The SQL that `sqlmigrate` would print for it, one statement each.
    pub sql: Vec<String>,
}

/// A question of `makemigrations`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Question {
    /// Names the question; an answer repeats it.
    pub id: String,
    /// What Django asks.
    pub text: String,
    /// The choices, if there are any.
    pub choices: Vec<String>,
    /// Whether, for the choice of that index (from 0), a piece of Python is
    /// wanted: a default.
    pub wants_code: Option<u32>,
}

/// An answer to a [`Question`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The question's id.
    pub id: String,
    /// Index of the choice, from 0.
    pub choice: u32,
    /// The Python that was asked for.
    pub code: String,
}
