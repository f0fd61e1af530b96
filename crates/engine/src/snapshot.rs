//! The databases as they were after migrate and seed; every run starts from them.
use crate::scratch::{attr, module};
use orm_sql::connection::Connection;
use orm_sqlite::SqliteConnection;
use rustpython_vm::{PyResult, VirtualMachine};

/// Each alias and its database, in SQLite's file format.
#[derive(Clone, Debug, Default)]
pub struct Snapshot(Vec<(String, Vec<u8>)>);

/// Takes a copy of every database.
pub fn take(vm: &VirtualMachine) -> PyResult<Snapshot> {
    let mut taken = Vec::new();
    for alias in django::db::registry::aliases() {
        let database = django::db::database(vm, &alias)?;
        let bytes = database
            .sqlite(vm)?
            .serialize()
            .map_err(|e| vm.new_runtime_error(e.to_string()))?;
        taken.push((alias, bytes));
    }
    Ok(Snapshot(taken))
}

/// Puts fresh connections over the copies in the place of whatever the last run left.
pub fn restore(vm: &VirtualMachine, snapshot: &Snapshot) -> PyResult<()> {
    let settings = attr(vm, &module(vm, "django.conf")?, "settings")?;
    let databases = attr(vm, &settings, "DATABASES")?.try_into_value(vm)?;
    django::db::configure(vm, &databases)?;
    for (alias, bytes) in &snapshot.0 {
        let failed = |e: orm_state::Error| vm.new_runtime_error(e.to_string());
        let connection = SqliteConnection::open(":memory:").map_err(failed)?;
        if !bytes.is_empty() {
            connection.deserialize(bytes).map_err(failed)?;
        }
        django::db::database(vm, alias)?.set_sqlite(connection);
    }
    Ok(())
}
