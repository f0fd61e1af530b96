//! The join graph behind a query.

use serde::{Deserialize, Serialize};

/// Aliases and the joins between them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JoinGraph {
    /// In the order of the FROM clause; the first is the base table.
    pub nodes: Vec<Node>,
    /// One for every join.
    pub edges: Vec<Edge>,
    /// Queries inside this one.
    pub subqueries: Vec<Subgraph>,
}

/// One alias.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    /// The alias: `T3`, or the table's own name.
    pub alias: String,
    /// The table.
    pub table: String,
    /// `app_label.Model`; empty for a many-to-many table without a class.
    pub model: String,
    /// Columns selected from it.
    pub selected: u32,
}

/// One join.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Edge {
    /// Alias it starts from.
    pub from: String,
    /// Alias it adds.
    pub to: String,
    /// `INNER JOIN`, `LEFT OUTER JOIN`, `CROSS JOIN`.
    pub join: String,
    /// Pairs of columns that are equal: `from.0 = to.1`.
    pub columns: Vec<(String, String)>,
    /// The relation that was followed: `author`, `book`.
    pub relation: String,
    /// Whether the joined row can be missing.
    pub nullable: bool,
    /// Whether one row can meet many.
    pub to_many: bool,
    /// A condition beyond the columns (`FilteredRelation`), as SQL.
    pub condition: String,
}

/// A query inside a query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subgraph {
    /// Where it stands: `Exists`, `IN`, `Subquery`, `UNION`, `FROM`.
    pub role: String,
    /// The name it is annotated under, if any.
    pub name: String,
    /// Its joins.
    pub graph: JoinGraph,
    /// What it takes from the queries around it.
    pub outer: Vec<OuterReference>,
}

/// `OuterRef`: a column of an outer query used inside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OuterReference {
    /// Alias of the outer query.
    pub outer_alias: String,
    /// Its column.
    pub outer_column: String,
    /// Alias inside, if it is compared with one; else empty.
    pub inner_alias: String,
    /// Its column.
    pub inner_column: String,
}
