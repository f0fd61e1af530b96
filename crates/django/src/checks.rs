//! System checks of models: what is wrong with fields, relations, `Meta`, constraints, indexes.
//!
//! ```text
//! class Book(Model):
//!     title = CharField()      →  Book.check(databases=["mysql"])
//!                              →  [Error("CharFields must define a 'max_length' attribute.",
//!                                        obj=Book.title, id="fields.E120")]
//! ```
//!
//! Messages and the registry of checks are `django.core.checks`, in `lib/`; every method here is one
//! that a user's class may override and call with `super()`.
pub mod constraint;
pub mod databases;
pub mod field;
pub mod field_kinds;
pub mod fixed_dates;
pub mod index;
pub mod lazy;
pub mod local_fields;
pub mod many_to_many;
pub mod model;
pub mod model_fields;
pub mod on_delete;
pub mod ordering;
pub mod project;
pub mod relation;
pub mod report;

use crate::modules;
use rustpython_vm::{PyResult, VirtualMachine};

/// The functions that `django.core.checks.model_checks` registers.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let all = vm.new_function("all_models", project::all_models);
    modules::export(vm, "django.core._checks", "all_models", all)?;
    let lazy = vm.new_function("lazy_references", lazy::lazy_references);
    modules::export(vm, "django.core._checks", "lazy_references", lazy)
}
