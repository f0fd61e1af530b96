//! Which migrations are applied: the table `django_migrations`.
use crate::graph::Key;
use indexmap::IndexSet;
use orm_sql::Connection;
use orm_state::{Result, Value};

const TABLE: &str = "django_migrations";

fn has_table(connection: &dyn Connection) -> Result<bool> {
    let found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = %s",
        &[TABLE.into()],
    )?;
    Ok(!found.rows.is_empty())
}

/// Makes the table if it is missing.
pub fn ensure_schema(connection: &dyn Connection) -> Result<()> {
    if has_table(connection)? {
        return Ok(());
    }
    connection.execute(
        "CREATE TABLE \"django_migrations\" (\"id\" integer NOT NULL PRIMARY KEY AUTOINCREMENT, \"app\" \
         varchar(255) NOT NULL, \"name\" varchar(255) NOT NULL, \"applied\" datetime NOT NULL)",
        &[],
    )?;
    Ok(())
}

/// The applied migrations, in the order they were applied.
pub fn applied_migrations(connection: &dyn Connection) -> Result<IndexSet<Key>> {
    if !has_table(connection)? {
        return Ok(IndexSet::new());
    }
    let rows = connection
        .execute(
            "SELECT \"app\", \"name\" FROM \"django_migrations\" ORDER BY \"id\"",
            &[],
        )?
        .rows;
    Ok(rows
        .into_iter()
        .filter_map(|r| match &r[..] {
            [app, name, ..] => Some((app.to_str(), name.to_str())),
            _ => None,
        })
        .collect())
}

/// Records a migration as applied at `now` (`YYYY-MM-DD HH:MM:SS.ffffff`, UTC).
pub fn record_applied(connection: &dyn Connection, key: &Key, now: &str) -> Result<()> {
    ensure_schema(connection)?;
    connection.execute(
        "INSERT INTO \"django_migrations\" (\"app\", \"name\", \"applied\") VALUES (%s, %s, %s)",
        &[key.0.as_str().into(), key.1.as_str().into(), now.into()],
    )?;
    Ok(())
}

/// Records a migration as not applied.
pub fn record_unapplied(connection: &dyn Connection, key: &Key) -> Result<()> {
    ensure_schema(connection)?;
    connection.execute(
        "DELETE FROM \"django_migrations\" WHERE (\"app\" = %s AND \"name\" = %s)",
        &[Value::from(key.0.as_str()), Value::from(key.1.as_str())],
    )?;
    Ok(())
}
