//! SQLite behind the `Connection` trait, natively and in the browser.
//!
//! ```text
//! SQL with %s ──placeholders──▶ statement (cached) ──bind──▶ step ──decode──▶ rows
//!                                                      └─ functions: django_date_trunc, REGEXP …
//! ```
//!
//! It answers as Python's `sqlite3` module with Django's adapters and converters does: the same
//! values, the same errors with the same messages.
//!
//! ```
//! use orm_sql::connection::Connection;
//! use orm_sqlite::SqliteConnection;
//! let db = SqliteConnection::open(":memory:").unwrap();
//! let out = db.execute("SELECT %s || '%%'", &["5".into()]).unwrap();
//! assert_eq!(out.rows[0][0].to_str(), "5%");
//! ```
mod bind;
mod connection;
mod constraints;
mod decode;
mod error;
mod functions;
mod interrupt;
mod introspection;
mod placeholders;
mod quote;
mod script;
mod statement;
mod tokens;

pub use connection::{ColumnInfo, Params, SqliteConnection, SqliteCursor};
pub use constraints::ConstraintInfo;
pub use functions::random::seed as seed_random;
pub use introspection::{Column, ForeignKey, TableInfo};
pub use quote::percent;
pub use script::split_script;
