//! `F`, `Value`, `Func`, aggregates, functions and the rest as Python classes.
//!
//! ```text
//! Lower("name")   Python object  ──unwrap──▶  orm_sql::Expr   Func(LOWER, F(name))
//!                                ◀──wrap────
//! ```
//!
//! An object holds the ORM's expression, made once in `__init__`. A user's subclass is asked once,
//! when its class is first seen, which hooks it overrides; only such an expression is called back.
pub mod attributes;
pub mod call;
pub mod callback;
pub mod classes;
pub mod compiler_object;
mod frame_exclusion;
pub mod hollow;
pub mod identity;
pub mod init;
pub mod lookups;
pub mod methods;
pub mod object;
pub mod parts;
pub mod resolving;
mod signatures;
pub mod tree;

use orm_sql::Expr;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

/// Puts the classes into `django.db.models` and its modules.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    compiler_object::install(vm)?;
    classes::install(vm)?;
    lookups::install(vm)
}

/// The ORM's expression inside a Python object, if it is one of ours.
pub fn unwrap(obj: &PyObject) -> Option<Expr> {
    object::expr_of(obj)
}

/// A Python object for an expression of the ORM.
pub fn wrap(vm: &VirtualMachine, expr: &Expr) -> Option<PyObjectRef> {
    classes::wrap(vm, expr).ok()
}

/// Forgets what belonged to an interpreter that ends.
pub fn reset() {
    classes::reset();
    crate::queries::where_node::reset();
}
