//! Deleting instances with everything that depends on them.
//!
//! ```text
//! author.delete()  →  collect: author, his books (CASCADE), their reviews …
//!                  →  pre_delete, fast deletes, field updates, DELETEs in order, post_delete
//! ```
mod collect;
mod data;
mod delete;
mod errors;
mod fast;

pub use data::PyCollector;
pub use fast::signal;

use super::queryset::PyQuerySet;
use crate::modules;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::rc::Rc;

/// `QuerySet.delete()`
pub fn delete_queryset(
    vm: &VirtualMachine,
    doomed: &Py<PyQuerySet>,
    origin: &Py<PyQuerySet>,
    using: &Rc<str>,
) -> PyResult {
    let origin: PyObjectRef = origin.to_owned().into();
    let collector = PyCollector::new(using.clone(), Some(origin)).into_ref(&vm.ctx);
    PyCollector::collect_objects(
        &collector,
        vm,
        doomed.to_owned().into(),
        &collect::How::default(),
    )?;
    PyCollector::delete_all(&collector, vm)
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = PyCollector::make_static_type();
    modules::export(vm, "django.db.models.deletion", "Collector", class)
}
