//! A project in, a report out.
//!
//! ```text
//! Project ─▶ load ─▶ check ─▶ migrate ─▶ seed ─▶ snapshot ─▶ run ─▶ Report
//!           settings          tables     rows    │    ▲      │
//!           models                               └────┘      ├ trace   SQL of each statement, and why
//!                                        each run starts     ├ value   what it came to
//!                                        from it             └ database
//! ```
//!
//! Invariant: the world is reached only through the [`Host`] given to [`Engine::new`]. Whatever a
//! project says ends as a report: no text in any file ends the engine.
mod begin;
mod check;
mod database;
mod dialect;
mod engine;
mod graph;
mod load;
mod manage;
mod migrate;
mod migrations;
mod provenance;
mod questions;
mod reuse;
mod run;
mod scratch;
mod snapshot;
mod stages;
mod test;
mod trace;
mod value;
mod warming;
mod watch;
mod world;

pub use engine::{Engine, Failed, Observer};
pub use load::Place;
pub use migrations::Wanted;
pub use python::failure::Failure;
pub use python::host::{FileError, Host, Kind, MemoryFiles, Stream};
pub use test::Tested;
