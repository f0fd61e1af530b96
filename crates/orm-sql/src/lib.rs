//! What a query is and how it becomes SQL.
pub mod connection;
pub mod dialect;
