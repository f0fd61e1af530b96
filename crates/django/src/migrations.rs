//! `django.db.migrations`: migration files as Python reads them, over the crate that knows what
//! migrations are.
//!
//! ```text
//! 0001_initial.py ──import──▶ class Migration ──convert──▶ orm_migrations::Migration
//!                                                          │ graph, states, plans
//! RunPython, users' operations ◀── custom ────────────────┘
//! ```
mod apply;
pub mod bridge;
pub mod convert_operation;
pub mod custom;
pub mod detector;
pub mod editor;
mod executor;
pub mod graph;
pub mod historical;
pub mod live;
pub mod loader;
pub mod model_state;
mod neighbours;
pub mod operations;
pub mod optimizer;
pub mod project;
pub mod project_state;
pub mod py_loader;
pub mod py_serializer;
pub mod questioner;
mod real_apps;
mod relations;
mod soft_applied;
pub mod source;
mod state_apps;
pub mod to_python;
pub mod writer;

pub use loader::Loader;
pub use project::Project;

use rustpython_vm::{PyResult, VirtualMachine};

/// Makes the modules.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    model_state::install(vm)?;
    project_state::install(vm)?;
    state_apps::install(vm)?;
    graph::install(vm)?;
    optimizer::install(vm)?;
    questioner::install(vm)?;
    detector::install(vm)?;
    writer::install(vm)?;
    editor::install(vm)?;
    operations::install(vm)?;
    py_loader::install(vm)?;
    executor::install(vm)
}
