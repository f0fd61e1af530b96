//! Rebuilding a table.
