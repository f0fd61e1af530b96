//! Django's Python modules as native classes over the ORM crates. See docs/architecture.md.
pub mod convert;
pub mod error;
