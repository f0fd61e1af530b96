//! `author.books`, `book.tags`: managers over related objects, and the descriptors that give them.
//!
//! A manager class is made once a relation: our methods in front of the related model's default
//! manager. What a manager is about sits in a [`Relation`] of its `__dict__`.
mod descriptor;
mod foreign;
mod many;
mod relation;

pub use relation::Relation;

use rustpython_vm::{PyResult, VirtualMachine};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    foreign::install(vm)?;
    many::install(vm)?;
    descriptor::install(vm)
}
