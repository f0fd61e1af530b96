//! `author.books`, `book.tags`: managers over related objects, and the descriptors that give them.
//!
//! A manager class is made once a relation: our methods in front of the related model's default
//! manager. What a manager is about sits in a [`Relation`] of its `__dict__`.
mod add;
mod descriptor;
mod foreign;
mod many;
mod relation;

pub use relation::Relation;

use crate::modules;
use rustpython_vm::{PyResult, VirtualMachine};

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    foreign::install(vm)?;
    many::install(vm)?;
    descriptor::install(vm)?;
    // Django's own `related` imports them, and others import them from there.
    for name in DESCRIPTORS {
        let class = modules::find(vm, "django.db.models.fields.related_descriptors", name)?;
        modules::export(vm, "django.db.models.fields.related", name, class)?;
    }
    Ok(())
}

const DESCRIPTORS: [&str; 6] = [
    "ForeignKeyDeferredAttribute",
    "ForwardManyToOneDescriptor",
    "ForwardOneToOneDescriptor",
    "ManyToManyDescriptor",
    "ReverseManyToOneDescriptor",
    "ReverseOneToOneDescriptor",
];
