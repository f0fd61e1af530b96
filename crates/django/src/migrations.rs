//! `django.db.migrations`: migration files as Python reads them, over the crate that knows what
//! migrations are.
//!
//! ```text
//! 0001_initial.py ──import──▶ class Migration ──convert──▶ orm_migrations::Migration
//!                                                          │ graph, states, plans
//! RunPython, users' operations ◀── custom ────────────────┘
//! ```
pub mod bridge;
pub mod convert_operation;
pub mod custom;
pub mod editor;
pub mod historical;
pub mod live;
pub mod loader;
pub mod operations;
pub mod project;
pub mod project_state;
pub mod source;

pub use loader::Loader;
pub use project::Project;

use rustpython_vm::{PyResult, VirtualMachine};

/// Makes the modules.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    project_state::install(vm)?;
    editor::install(vm)?;
    operations::install(vm)?;
    loader::install(vm)
}
