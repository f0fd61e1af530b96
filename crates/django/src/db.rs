//! `django.db`: connections, cursors, transactions, the query log.
//!
//! ```text
//! connections["default"] ── DatabaseWrapper ── SqliteConnection
//!      │                        │ execute()  ──▶ log (for cards, connection.queries)
//!      └─ connection (proxy)    └ atomic blocks, savepoints, on_commit
//! ```
pub mod atomic;
pub mod clock;
pub mod cursor;
pub mod features;
pub mod handler;
pub mod introspection;
pub mod log;
pub mod modules;
pub mod ops;
mod ops_sql;
pub mod registry;
pub mod router;
pub mod sqlite3;
pub mod transaction;
pub mod wrapper;

pub use log::{QueryRecord, take as take_log};
pub use modules::install;
pub use registry::{configure, database};
pub use wrapper::DatabaseWrapper;

/// Forgets what belonged to an interpreter that ends.
pub fn reset() {
    registry::clear();
    router::clear();
    features::reset();
    log::take();
}
