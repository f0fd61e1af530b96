//! The database as the panel shows it.

use serde::{Deserialize, Serialize};

use super::Cell;

/// One database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Database {
    /// Its alias: `default`.
    pub alias: String,
    /// Its tables, by name.
    pub tables: Vec<Table>,
}

/// One table or view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The model it belongs to; empty if none.
    pub model: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// How many rows it has.
    pub rows: u64,
    /// The statements that made it: table and indexes.
    pub sql: Vec<String>,
}

/// One column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The declared type: `varchar(200)`.
    pub type_name: String,
    /// Whether it can be NULL.
    pub nullable: bool,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
    /// `table.column` if it is a foreign key; else empty.
    pub references: String,
}

/// Some rows of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowsPage {
    /// Database alias.
    pub database: String,
    /// The table.
    pub table: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Number of the first row, from 0.
    pub offset: u64,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// How many there are in all.
    pub total: u64,
}
