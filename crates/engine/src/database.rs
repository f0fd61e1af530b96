//! The databases as the panel shows them.
use crate::scratch::{attr, attr_text, items, module};
use crate::value::cell_of;
use orm_sqlite::{Params, SqliteConnection};
use orm_state::{Result, Value};
use protocol::report::{Column, Database, RowsPage, Table};
use rustpython_vm::{PyResult, VirtualMachine};
use std::collections::HashMap;

/// Every database with its tables.
pub fn databases(vm: &VirtualMachine) -> PyResult<Vec<Database>> {
    let models = models_by_table(vm).unwrap_or_default();
    let mut found = Vec::new();
    for alias in django::db::registry::aliases() {
        let connection = django::db::database(vm, &alias)?.sqlite(vm)?;
        let tables = tables(&connection, &models).unwrap_or_default();
        found.push(Database { alias, tables });
    }
    Ok(found)
}

fn models_by_table(vm: &VirtualMachine) -> PyResult<HashMap<String, String>> {
    let apps = attr(vm, &module(vm, "django.apps")?, "apps")?;
    let models = vm.call_method(&apps, "get_models", (vm.ctx.new_bool(true),))?;
    let mut found = HashMap::new();
    for model in items(vm, &models)? {
        let meta = attr(vm, &model, "_meta")?;
        if !attr(vm, &meta, "proxy")?.is_true(vm)? {
            found.insert(
                attr_text(vm, &meta, "db_table"),
                attr_text(vm, &meta, "label"),
            );
        }
    }
    Ok(found)
}

fn tables(connection: &SqliteConnection, models: &HashMap<String, String>) -> Result<Vec<Table>> {
    let mut found = Vec::new();
    for table in connection.tables()? {
        let keys = connection
            .primary_key_columns(&table.name)
            .unwrap_or_default();
        let foreign = connection.foreign_keys(&table.name).unwrap_or_default();
        let columns = connection
            .columns(&table.name)?
            .into_iter()
            .map(|c| Column {
                references: foreign
                    .iter()
                    .find(|f| f.column == c.name)
                    .map(|f| format!("{}.{}", f.to_table, f.to_column))
                    .unwrap_or_default(),
                primary_key: c.pk || keys.contains(&c.name),
                nullable: c.null,
                type_name: c.data_type,
                name: c.name,
            })
            .collect();
        found.push(Table {
            model: models.get(&table.name).cloned().unwrap_or_default(),
            rows: count(connection, &table.name)?,
            sql: made_by(connection, &table.name)?,
            columns,
            name: table.name,
        });
    }
    Ok(found)
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn count(connection: &SqliteConnection, table: &str) -> Result<u64> {
    let sql = format!("SELECT COUNT(*) FROM {}", quoted(table));
    let out = connection.run(&sql, Params::None)?;
    Ok(match out.rows.first().and_then(|r| r.first()) {
        Some(Value::Int(n)) => u64::try_from(*n).unwrap_or(0),
        _ => 0,
    })
}

fn made_by(connection: &SqliteConnection, table: &str) -> Result<Vec<String>> {
    let out = connection.run(
        "SELECT sql FROM sqlite_master WHERE tbl_name = %s AND sql IS NOT NULL ORDER BY rowid",
        Params::Positional(&[Value::from(table)]),
    )?;
    Ok(out
        .rows
        .iter()
        .filter_map(|r| r.first().map(Value::to_str))
        .collect())
}

/// Some rows of a table.
pub fn rows(
    connection: &SqliteConnection,
    database: &str,
    table: &str,
    offset: u64,
    limit: u32,
) -> Result<RowsPage> {
    let sql = format!(
        "SELECT * FROM {} LIMIT {limit} OFFSET {offset}",
        quoted(table)
    );
    let out = connection.run(&sql, Params::None)?;
    Ok(RowsPage {
        database: database.to_owned(),
        table: table.to_owned(),
        columns: out.columns,
        offset,
        rows: out
            .rows
            .iter()
            .map(|row| row.iter().map(cell_of).collect())
            .collect(),
        total: count(connection, table)?,
    })
}
