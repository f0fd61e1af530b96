//! Errors of the database as Python sees them: Django's exception, caused by `sqlite3`'s.
use crate::error;
use orm_state::{Error, ErrorKind};
use rustpython_vm::VirtualMachine;
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTypeRef};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static CLASSES: RefCell<HashMap<String, PyTypeRef>> = RefCell::default();
}

/// The exceptions of the `sqlite3` module, with their bases.
pub const CLASSES_IN_ORDER: &[(&str, &str)] = &[
    ("Warning", "Exception"),
    ("Error", "Exception"),
    ("InterfaceError", "Error"),
    ("DatabaseError", "Error"),
    ("InternalError", "DatabaseError"),
    ("OperationalError", "DatabaseError"),
    ("ProgrammingError", "DatabaseError"),
    ("IntegrityError", "DatabaseError"),
    ("DataError", "DatabaseError"),
    ("NotSupportedError", "DatabaseError"),
];

pub fn class(vm: &VirtualMachine, name: &str) -> PyTypeRef {
    if let Some(c) = CLASSES.with_borrow(|c| c.get(name).cloned()) {
        return c;
    }
    let base = match CLASSES_IN_ORDER.iter().find(|(n, _)| *n == name) {
        Some((_, base)) if *base != "Exception" => class(vm, base),
        _ => vm.ctx.exceptions.exception_type.to_owned(),
    };
    let made = vm.ctx.new_exception_type("sqlite3", name, Some(vec![base]));
    CLASSES.with_borrow_mut(|c| c.insert(name.into(), made.clone()));
    made
}

/// True for what the driver reports, which Django wraps.
pub fn is_database_error(kind: ErrorKind) -> bool {
    use ErrorKind::*;
    matches!(
        kind,
        DatabaseError
            | InterfaceError
            | OperationalError
            | IntegrityError
            | DataError
            | InternalError
            | ProgrammingError
            | NotSupportedError
    )
}

/// `raise django.db.X(message) from sqlite3.X(message)`
pub fn wrapped(vm: &VirtualMachine, e: Error) -> PyBaseExceptionRef {
    if !is_database_error(e.kind()) {
        return error::to_py(vm, e);
    }
    let message = vm.ctx.new_str(e.message());
    let cause = vm.new_exception(class(vm, &error::kind_name(e.kind())), vec![message.into()]);
    let raised = error::to_py(vm, e);
    error::set_cause(vm, &raised, Some(cause));
    raised
}
