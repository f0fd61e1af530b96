//! SQLite.
use super::Dialect;

/// The SQLite dialect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sqlite;

impl Dialect for Sqlite {
    fn vendor(&self) -> &'static str {
        "sqlite"
    }
}
