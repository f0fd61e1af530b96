//! What a database holds: tables, their columns and foreign keys.
use crate::connection::{Params, SqliteConnection};
use orm_state::{Error, ErrorKind, Result, Value};
use std::collections::HashMap;

/// A table (`t`) or a view (`v`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableInfo {
    pub name: String,
    pub is_view: bool,
}

/// A column as declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// `varchar(30)`, as written.
    pub data_type: String,
    /// The `30` of `varchar(30)`.
    pub size: Option<i64>,
    pub null: bool,
    pub default: Option<String>,
    pub collation: Option<String>,
    /// The only column of the primary key.
    pub pk: bool,
    pub has_json_constraint: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignKey {
    pub column: String,
    pub to_table: String,
    pub to_column: String,
    /// `CASCADE`, `SET NULL`, `NO ACTION` …
    pub on_delete: String,
}

impl SqliteConnection {
    /// Tables and views by name, SQLite's own left out.
    pub fn tables(&self) -> Result<Vec<TableInfo>> {
        let out = self.run(
            "SELECT name, type FROM sqlite_master WHERE type in ('table', 'view') \
             AND NOT name='sqlite_sequence' ORDER BY name",
            Params::None,
        )?;
        Ok(out
            .rows
            .iter()
            .map(|row| TableInfo {
                name: row[0].to_str(),
                is_view: row[1].as_str() == Some("view"),
            })
            .collect())
    }
    pub fn has_table(&self, name: &str) -> Result<bool> {
        Ok(self.tables()?.iter().any(|t| t.name == name))
    }
    /// The statement that made a table or index.
    pub fn schema_sql(&self, kind: &str, name: &str) -> Result<Option<String>> {
        let out = self.run(
            "SELECT sql FROM sqlite_master WHERE type = %s AND name = %s",
            Params::Positional(&[kind.into(), name.into()]),
        )?;
        Ok(out
            .rows
            .first()
            .and_then(|r| r[0].as_str().map(str::to_string)))
    }
    /// The columns of a table, hidden ones left out, generated ones included.
    pub fn columns(&self, table: &str) -> Result<Vec<Column>> {
        let rows = self.pragma("table_xinfo", table)?;
        if rows.is_empty() {
            return Err(Error::new(
                ErrorKind::DatabaseError,
                format!("Table {table} does not exist (empty pragma)."),
            ));
        }
        let sql = self.schema_sql("table", table)?.unwrap_or_default();
        let lower = sql.to_lowercase();
        let collations = collations(&sql);
        let mut columns: Vec<Column> = rows
            .iter()
            .filter(|r| matches!(r[6].as_int(), Some(0 | 2 | 3)))
            .map(|r| {
                let name = r[1].to_str();
                let data_type = r[2].to_str();
                Column {
                    size: size(&data_type),
                    null: r[3].as_int() == Some(0),
                    default: (!r[4].is_null()).then(|| r[4].to_str()),
                    collation: collations.get(&name).cloned(),
                    pk: r[5].as_int() != Some(0),
                    has_json_constraint: lower
                        .contains(&format!("json_valid(\"{}\")", name.to_lowercase())),
                    name,
                    data_type,
                }
            })
            .collect();
        if columns.iter().filter(|c| c.pk).count() > 1 {
            for c in &mut columns {
                c.pk = false;
            }
        }
        Ok(columns)
    }
    /// The columns of the primary key.
    pub fn primary_key_columns(&self, table: &str) -> Result<Vec<String>> {
        Ok(self
            .pragma("table_info", table)?
            .iter()
            .filter(|r| r[5].as_int() != Some(0))
            .map(|r| r[1].to_str())
            .collect())
    }
    pub fn foreign_keys(&self, table: &str) -> Result<Vec<ForeignKey>> {
        Ok(self
            .pragma("foreign_key_list", table)?
            .iter()
            .map(|r| ForeignKey {
                to_table: r[2].to_str(),
                column: r[3].to_str(),
                to_column: r[4].to_str(),
                on_delete: r[6].to_str(),
            })
            .collect())
    }
    /// Fails with `IntegrityError` if a row refers to one that does not exist.
    pub fn check_constraints(&self, tables: Option<&[String]>) -> Result<()> {
        let violations = match tables {
            None => self.run("PRAGMA foreign_key_check", Params::None)?.rows,
            Some(tables) => {
                let mut rows = vec![];
                for t in tables {
                    rows.extend(self.pragma("foreign_key_check", t)?);
                }
                rows
            }
        };
        let Some(v) = violations.first() else {
            return Ok(());
        };
        let table = v[0].to_str();
        let keys = self.pragma("foreign_key_list", &table)?;
        let index = v[3].as_int().unwrap_or(0) as usize;
        let Some(key) = keys.get(index) else {
            return Ok(());
        };
        let (column, referenced) = (key[3].to_str(), key[4].to_str());
        let pk = self.primary_key_columns(&table)?;
        let pk = pk.first().cloned().unwrap_or_else(|| "rowid".into());
        let out = self.run(
            &format!(
                "SELECT {}, {} FROM {} WHERE rowid = %s",
                quote_name(&pk),
                quote_name(&column),
                quote_name(&table)
            ),
            Params::Positional(&[v[1].clone()]),
        )?;
        let (key_value, bad) = match out.rows.first() {
            Some(r) => (r[0].to_str(), r[1].to_str()),
            None => (Value::Null.to_str(), Value::Null.to_str()),
        };
        Err(Error::new(
            ErrorKind::IntegrityError,
            format!(
                "The row in table '{table}' with primary key '{key_value}' has an invalid foreign key: \
                 {table}.{column} contains a value '{bad}' that does not have a corresponding value in {}.{referenced}.",
                v[2].to_str()
            ),
        ))
    }
    pub(crate) fn pragma(&self, name: &str, table: &str) -> Result<Vec<Vec<Value>>> {
        let sql = format!("PRAGMA {name}({})", quote_name(table));
        Ok(self.run(&sql, Params::None)?.rows)
    }
}

pub(crate) fn quote_name(name: &str) -> String {
    if name.starts_with('"') && name.ends_with('"') {
        name.into()
    } else {
        format!("\"{name}\"")
    }
}

fn size(data_type: &str) -> Option<i64> {
    let t = data_type.trim();
    let rest = t
        .strip_prefix("varchar")
        .or_else(|| t.strip_prefix("char"))?;
    rest.trim()
        .strip_prefix('(')?
        .strip_suffix(')')?
        .trim()
        .parse()
        .ok()
}

/// Column name → collation, for the columns declared with one.
fn collations(sql: &str) -> HashMap<String, String> {
    use crate::tokens::{Token, tokens};
    let mut found = HashMap::new();
    let mut depth = 0;
    let mut column: Option<String> = None;
    let mut previous: Option<Token> = None;
    for token in tokens(sql) {
        if token.is('(') {
            depth += 1;
        } else if token.is(')') {
            depth -= 1;
        }
        if depth == 1 {
            let starts = previous.as_ref().is_some_and(|p| p.is(',') || p.is('('));
            if starts && let Some(name) = token.name() {
                column = Some(name.to_string());
            }
            if let (Some(p), Some(c), Some(name)) = (&previous, &column, token.name())
                && p.is_word("COLLATE")
            {
                found.insert(c.clone(), name.to_string());
            }
        }
        previous = Some(token);
    }
    found
}
