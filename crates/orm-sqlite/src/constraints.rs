//! The constraints and indexes of a table, inline ones read from its `CREATE TABLE`.
use crate::connection::SqliteConnection;
use crate::tokens::{Token, tokens};
use orm_state::Result;
use std::collections::HashSet;

/// A constraint or index, as Django's `get_constraints` describes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConstraintInfo {
    pub columns: Vec<Option<String>>,
    pub primary_key: bool,
    pub unique: bool,
    /// Table and column referred to.
    pub foreign_key: Option<(String, String)>,
    pub check: bool,
    pub index: bool,
    /// `ASC` and `DESC` of an index's columns.
    pub orders: Vec<&'static str>,
}

impl SqliteConnection {
    /// By name; constraints without one get `__unnamed_constraint_N__`, `__primary__`, `fk_N`.
    pub fn constraints(&self, table: &str) -> Result<Vec<(String, ConstraintInfo)>> {
        let mut found = vec![];
        if let Some(sql) = self.schema_sql("table", table)? {
            let columns = self.columns(table)?.into_iter().map(|c| c.name).collect();
            found = inline(&sql, &columns);
        }
        for row in self.pragma("index_list", table)? {
            let (index, unique) = (row[1].to_str(), row[2].as_int() == Some(1));
            let Some(sql) = self.schema_sql("index", &index)? else {
                continue;
            };
            let columns = self
                .pragma("index_info", &index)?
                .iter()
                .map(|r| r[2].as_str().map(str::to_string))
                .collect();
            found.push((
                index,
                ConstraintInfo {
                    columns,
                    unique,
                    index: true,
                    orders: orders(&sql),
                    ..Default::default()
                },
            ));
        }
        let pk = self.primary_key_columns(table)?;
        if !pk.is_empty() {
            found.push((
                "__primary__".into(),
                ConstraintInfo {
                    columns: pk.into_iter().map(Some).collect(),
                    primary_key: true,
                    ..Default::default()
                },
            ));
        }
        for (i, key) in self.foreign_keys(table)?.into_iter().enumerate() {
            found.push((
                format!("fk_{i}"),
                ConstraintInfo {
                    columns: vec![Some(key.column)],
                    foreign_key: Some((key.to_table, key.to_column)),
                    ..Default::default()
                },
            ));
        }
        Ok(found)
    }
}

/// The UNIQUE and CHECK constraints written inside a `CREATE TABLE`.
fn inline(sql: &str, columns: &HashSet<String>) -> Vec<(String, ConstraintInfo)> {
    let all = tokens(sql);
    let Some(start) = all.iter().position(|t| t.is('(')) else {
        return vec![];
    };
    let mut found = vec![];
    let mut unnamed = 0;
    let mut name_it = |name: &Option<String>| match name {
        Some(n) => n.clone(),
        None => {
            unnamed += 1;
            format!("__unnamed_constraint_{unnamed}__")
        }
    };
    for definition in definitions(&all[start + 1..]) {
        let d = Definition::read(definition, columns);
        if !d.unique.is_empty() {
            found.push((
                name_it(&d.name),
                ConstraintInfo {
                    columns: d.unique.into_iter().map(Some).collect(),
                    unique: true,
                    ..Default::default()
                },
            ));
        }
        if d.has_check {
            found.push((
                name_it(&d.name),
                ConstraintInfo {
                    columns: d.check.into_iter().map(Some).collect(),
                    check: true,
                    ..Default::default()
                },
            ));
        }
    }
    found
}

/// The parts between the commas of the outermost parentheses.
fn definitions(tokens: &[Token]) -> Vec<&[Token]> {
    let (mut parts, mut depth, mut start) = (vec![], 0, 0);
    for (i, t) in tokens.iter().enumerate() {
        if t.is('(') {
            depth += 1;
        } else if t.is(')') {
            depth -= 1;
            if depth < 0 {
                parts.push(&tokens[start..i]);
                break;
            }
        } else if depth == 0 && t.is(',') {
            parts.push(&tokens[start..i]);
            start = i + 1;
        }
    }
    parts
}

#[derive(Default)]
struct Definition {
    name: Option<String>,
    unique: Vec<String>,
    has_check: bool,
    check: Vec<String>,
}

impl Definition {
    fn read(tokens: &[Token], columns: &HashSet<String>) -> Definition {
        let mut d = Definition::default();
        let is_constraint = tokens.first().is_some_and(|t| t.is_word("CONSTRAINT"));
        let body = if is_constraint {
            d.name = tokens.get(1).and_then(Token::name).map(str::to_string);
            tokens.get(2..).unwrap_or_default()
        } else {
            tokens
        };
        let mut depth = 0;
        for (i, t) in body.iter().enumerate() {
            if t.is('(') {
                depth += 1;
            } else if t.is(')') {
                depth -= 1;
            } else if depth == 0 && t.is_word("UNIQUE") {
                if is_constraint {
                    d.unique = names(&body[i + 1..]);
                } else if let Some(first) = body.first().and_then(Token::name) {
                    d.unique = vec![first.to_string()];
                }
            } else if depth == 0 && t.is_word("CHECK") {
                d.has_check = true;
                d.check = names(&body[i + 1..])
                    .into_iter()
                    .filter(|n| columns.contains(n))
                    .collect();
            }
        }
        d
    }
}

/// The identifiers inside the parentheses that follow.
fn names(tokens: &[Token]) -> Vec<String> {
    let mut found = vec![];
    let mut depth = 0;
    for t in tokens {
        if t.is('(') {
            depth += 1;
        } else if t.is(')') {
            depth -= 1;
            if depth == 0 {
                break;
            }
        } else if depth == 0 {
            break;
        } else if let Some(n) = t.name() {
            found.push(n.to_string());
        }
    }
    found
}

fn orders(sql: &str) -> Vec<&'static str> {
    let all = tokens(sql);
    let Some(start) = all.iter().position(|t| t.is('(')) else {
        return vec![];
    };
    definitions(&all[start + 1..])
        .iter()
        .map(|d| match d.last() {
            Some(t) if t.is_word("DESC") => "DESC",
            _ => "ASC",
        })
        .collect()
}
