//! Django's Python modules as native classes over the ORM crates.
//!
//! ```text
//! install(vm)  →  sys.modules["django"], ["django.db.models"], …
//!
//!   class, modules      making classes and modules
//!   convert, error      values and exceptions, both ways
//!   state               what one interpreter knows: apps, settings
//!   core, dispatch, utils, apps      the small modules
//!   library             what is written in Python: `lib/`
//!   models              fields, Model, its metaclass and _meta
//! ```
pub mod apps;
pub mod checks;
pub mod class;
pub mod conf;
pub mod convert;
pub mod core;
pub mod db;
pub mod dispatch;
pub mod error;
pub mod expressions;
pub mod gc;
pub mod install;
pub mod library;
pub mod management;
pub mod migrations;
pub mod models;
pub mod modules;
pub mod py;
pub mod queries;
pub mod signature;
pub mod test;
pub mod utils;
mod warnings;

pub use install::{forget_project, install, reset};
