//! Exceptions: which Python class an [`ErrorKind`] is, and the way there and back.
use crate::convert::PyObj;
use orm_state::{Error, ErrorKind};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTypeRef};
use rustpython_vm::{AsObject, PyObjectRef, PyRef, VirtualMachine};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

thread_local! {
    static CLASSES: RefCell<HashMap<&'static str, PyTypeRef>> = RefCell::default();
}

/// Where each class lives, its name and its base, bases first. A base without a dot is Python's.
/// Source: the exceptions that Django's documentation and modules name.
const TREE: &[(&str, &str, &str)] = &[
    ("django.core.exceptions", "FieldDoesNotExist", "Exception"),
    ("django.core.exceptions", "AppRegistryNotReady", "Exception"),
    ("django.core.exceptions", "ObjectDoesNotExist", "Exception"),
    ("django.core.exceptions", "ObjectNotUpdated", "Exception"),
    (
        "django.core.exceptions",
        "MultipleObjectsReturned",
        "Exception",
    ),
    ("django.core.exceptions", "SuspiciousOperation", "Exception"),
    (
        "django.core.exceptions",
        "SuspiciousMultipartForm",
        "SuspiciousOperation",
    ),
    (
        "django.core.exceptions",
        "SuspiciousFileOperation",
        "SuspiciousOperation",
    ),
    (
        "django.core.exceptions",
        "DisallowedHost",
        "SuspiciousOperation",
    ),
    (
        "django.core.exceptions",
        "DisallowedRedirect",
        "SuspiciousOperation",
    ),
    (
        "django.core.exceptions",
        "TooManyFieldsSent",
        "SuspiciousOperation",
    ),
    (
        "django.core.exceptions",
        "TooManyFilesSent",
        "SuspiciousOperation",
    ),
    (
        "django.core.exceptions",
        "RequestDataTooBig",
        "SuspiciousOperation",
    ),
    ("django.core.exceptions", "RequestAborted", "Exception"),
    ("django.core.exceptions", "BadRequest", "Exception"),
    ("django.core.exceptions", "PermissionDenied", "Exception"),
    ("django.core.exceptions", "ViewDoesNotExist", "Exception"),
    ("django.core.exceptions", "MiddlewareNotUsed", "Exception"),
    (
        "django.core.exceptions",
        "ImproperlyConfigured",
        "Exception",
    ),
    ("django.core.exceptions", "FieldError", "Exception"),
    ("django.core.exceptions", "FieldFetchBlocked", "FieldError"),
    (
        "django.db.models.expressions",
        "OutputFieldIsNoneError",
        "FieldError",
    ),
    ("django.core.exceptions", "EmptyResultSet", "Exception"),
    ("django.core.exceptions", "FullResultSet", "Exception"),
    (
        "django.core.exceptions",
        "SynchronousOnlyOperation",
        "Exception",
    ),
    ("django.db.utils", "Error", "Exception"),
    ("django.db.utils", "InterfaceError", "Error"),
    ("django.db.utils", "DatabaseError", "Error"),
    ("django.db.utils", "DataError", "DatabaseError"),
    ("django.db.utils", "OperationalError", "DatabaseError"),
    ("django.db.utils", "IntegrityError", "DatabaseError"),
    ("django.db.utils", "InternalError", "DatabaseError"),
    ("django.db.utils", "ProgrammingError", "DatabaseError"),
    ("django.db.utils", "NotSupportedError", "DatabaseError"),
    (
        "django.utils.connection",
        "ConnectionDoesNotExist",
        "Exception",
    ),
    (
        "django.db.transaction",
        "TransactionManagementError",
        "ProgrammingError",
    ),
    (
        "django.db.models.deletion",
        "ProtectedError",
        "IntegrityError",
    ),
    (
        "django.db.models.deletion",
        "RestrictedError",
        "IntegrityError",
    ),
    (
        "django.db.migrations.exceptions",
        "AmbiguityError",
        "Exception",
    ),
    (
        "django.db.migrations.exceptions",
        "BadMigrationError",
        "Exception",
    ),
    (
        "django.db.migrations.exceptions",
        "CircularDependencyError",
        "Exception",
    ),
    (
        "django.db.migrations.exceptions",
        "InconsistentMigrationHistory",
        "Exception",
    ),
    (
        "django.db.migrations.exceptions",
        "InvalidBasesError",
        "ValueError",
    ),
    (
        "django.db.migrations.exceptions",
        "IrreversibleError",
        "RuntimeError",
    ),
    (
        "django.db.migrations.exceptions",
        "NodeNotFoundError",
        "LookupError",
    ),
    (
        "django.db.migrations.exceptions",
        "MigrationSchemaMissing",
        "DatabaseError",
    ),
    (
        "django.db.migrations.exceptions",
        "InvalidMigrationPlan",
        "ValueError",
    ),
    ("django.core.management.base", "CommandError", "Exception"),
    (
        "django.core.management.base",
        "SystemCheckError",
        "CommandError",
    ),
];

/// The modules that hold exceptions.
pub const MODULES: &[&str] = &[
    "django.core.exceptions",
    "django.core.management.base",
    "django.db.utils",
    "django.db.transaction",
    "django.db.models.deletion",
    "django.db.models.expressions",
    "django.db.migrations.exceptions",
    "django.utils.connection",
];

/// Forgets the classes of an interpreter that ends.
pub fn reset() {
    CLASSES.with_borrow_mut(HashMap::clear);
}

/// The exception classes of a module, in order, for its namespace.
pub fn of_module(vm: &VirtualMachine, module: &str) -> Vec<(&'static str, PyTypeRef)> {
    TREE.iter()
        .filter(|(m, _, _)| *m == module)
        .map(|(_, name, _)| (*name, class(vm, name)))
        .collect()
}

/// An exception class by its name: one of ours, or one added with [`define`].
pub fn class(vm: &VirtualMachine, name: &str) -> PyTypeRef {
    if let Some(found) = CLASSES.with_borrow(|c| c.get(name).cloned()) {
        return found;
    }
    let Some((module, name, base)) = TREE.iter().find(|(_, n, _)| *n == name) else {
        return python_class(vm, name);
    };
    let base = class(vm, base);
    let made = vm.ctx.new_exception_type(module, name, Some(vec![base]));
    CLASSES.with_borrow_mut(|c| c.insert(name, made.clone()));
    made
}

/// Puts a class made elsewhere (`ValidationError`) in its place.
pub fn define(name: &'static str, class: PyTypeRef) {
    CLASSES.with_borrow_mut(|c| c.insert(name, class));
}

fn python_class(vm: &VirtualMachine, name: &str) -> PyTypeRef {
    let found = match name {
        "InvalidOperation" => vm
            .import("decimal", 0)
            .and_then(|decimal| decimal.get_attr(vm.ctx.intern_str(name), vm)),
        _ => vm.builtins.get_attr(&*vm.ctx.new_utf8_str(name), vm),
    };
    match found.map(|f| f.downcast::<rustpython_vm::builtins::PyType>()) {
        Ok(Ok(class)) => class,
        _ => vm.ctx.exceptions.exception_type.to_owned(),
    }
}

/// The name of the class an error kind becomes.
pub fn kind_name(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::Foreign => "Exception".into(),
        kind => format!("{kind:?}"),
    }
}

/// The exception to raise for an error. A user's own comes back as the very object it was.
pub fn to_py(vm: &VirtualMachine, error: Error) -> PyBaseExceptionRef {
    if let Some(payload) = error.payload()
        && let Some(obj) = payload.as_any().downcast_ref::<PyObj>()
        && let Ok(exception) = obj.0.clone().downcast()
    {
        return exception;
    }
    let class = class(vm, &kind_name(error.kind()));
    let message: PyObjectRef = vm.ctx.new_str(error.message()).into();
    let args = if error.message().is_empty() {
        vec![]
    } else {
        vec![message]
    };
    new(vm, class, args)
}

/// An instance of an exception class, made as calling the class makes it.
pub fn new(vm: &VirtualMachine, class: PyTypeRef, args: Vec<PyObjectRef>) -> PyBaseExceptionRef {
    match class.as_object().call(args.clone(), vm) {
        Ok(made) => match made.downcast() {
            Ok(exception) => exception,
            Err(_) => vm.new_exception(class, args),
        },
        Err(raised) => raised,
    }
}

/// An exception of our own by name: `raise(vm, "FieldError", "…")`.
pub fn raise(vm: &VirtualMachine, name: &str, message: impl AsRef<str>) -> PyBaseExceptionRef {
    let message = vm.ctx.new_str(message.as_ref()).into();
    new(vm, class(vm, name), vec![message])
}

/// `raise exception from cause`
pub fn set_cause(
    vm: &VirtualMachine,
    exception: &PyBaseExceptionRef,
    cause: Option<PyBaseExceptionRef>,
) {
    let cause = cause.map_or_else(|| vm.ctx.none(), Into::into);
    // Only fails for what is no exception.
    let _ = exception.as_object().set_attr("__cause__", cause, vm);
}

/// A raised exception on its way through the ORM.
pub fn from_py(exception: PyBaseExceptionRef) -> Error {
    Error::foreign(Rc::new(PyObj(exception.into())))
}

/// `?` on ORM results inside Python functions.
pub trait OrRaise<T> {
    fn or_raise(self, vm: &VirtualMachine) -> Result<T, PyBaseExceptionRef>;
}

impl<T> OrRaise<T> for orm_state::Result<T> {
    fn or_raise(self, vm: &VirtualMachine) -> Result<T, PyBaseExceptionRef> {
        self.map_err(|e| to_py(vm, e))
    }
}

/// `?` on Python results inside ORM callbacks.
pub trait OrForeign<T> {
    fn or_foreign(self) -> orm_state::Result<T>;
}

impl<T> OrForeign<T> for Result<T, PyBaseExceptionRef> {
    fn or_foreign(self) -> orm_state::Result<T> {
        self.map_err(from_py)
    }
}

/// True when the exception is an instance of the class called `name`.
pub fn is_a(
    vm: &VirtualMachine,
    exception: &PyRef<rustpython_vm::builtins::PyBaseException>,
    name: &str,
) -> bool {
    exception.fast_isinstance(&class(vm, name))
}
