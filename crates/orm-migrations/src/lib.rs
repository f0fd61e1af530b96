//! Migrations: two states of the models become operations, operations become SQL.
//!
//! ```text
//!  models ──ProjectState::from_apps──▶ state ─┐
//!                                             ├─ autodetector ─▶ operations ─▶ writer ─▶ 0002_….py
//!  migration files ─loader─▶ graph ─▶ state ──┘                      │
//!                                                                    └ executor ─▶ schema editor ─▶ SQL
//! ```
//!
//! States are plain data; [`render`] makes models of them. Python code in a migration
//! (`RunPython`, a user's own operation) is called through [`operation::CustomOperation`].
pub mod autodetector;
pub mod deconstruct;
pub mod executor;
pub mod graph;
pub mod migration;
pub mod operation;
pub mod optimizer;
pub mod pair;
pub mod questioner;
pub mod recorder;
pub mod render;
pub mod serializer;
mod serializer_expr;
pub mod state;
pub mod writer;

pub use autodetector::changes;
pub use graph::{Graph, Key};
pub use migration::{Dependency, Migration};
pub use operation::Operation;
pub use pair::Pair;
pub use questioner::Questioner;
pub use state::{Base, ModelState, ProjectState};
