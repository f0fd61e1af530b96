//! The errors of the ORM: which exception Python sees, and its message.
use crate::face::Object;
use std::fmt;
use std::rc::Rc;

/// Result of an ORM operation.
pub type Result<T> = std::result::Result<T, Error>;

/// Which Python exception class an [`Error`] becomes. Names are Django's and Python's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    // Python
    TypeError,
    ValueError,
    AttributeError,
    KeyError,
    IndexError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    RecursionError,
    AssertionError,
    /// Of the module `decimal`.
    InvalidOperation,
    // django.core.exceptions
    FieldError,
    /// A `FieldError`: an expression whose type cannot be known.
    OutputFieldIsNoneError,
    FieldDoesNotExist,
    ValidationError,
    ImproperlyConfigured,
    ObjectDoesNotExist,
    MultipleObjectsReturned,
    ObjectNotUpdated,
    SuspiciousOperation,
    AppRegistryNotReady,
    /// A condition that can match no row; compilers catch it.
    EmptyResultSet,
    /// A condition that matches every row; compilers catch it.
    FullResultSet,
    // django.db
    DatabaseError,
    InterfaceError,
    OperationalError,
    IntegrityError,
    DataError,
    InternalError,
    ProgrammingError,
    NotSupportedError,
    TransactionManagementError,
    ProtectedError,
    RestrictedError,
    // django.db.migrations
    AmbiguityError,
    BadMigrationError,
    CircularDependencyError,
    InconsistentMigrationHistory,
    InvalidBasesError,
    IrreversibleError,
    NodeNotFoundError,
    InvalidMigrationPlan,
    CommandError,
    /// An exception raised by code of the user, carried through unchanged in [`Error::payload`].
    Foreign,
}

/// An ORM error: the exception class, Django's message and, for exceptions that carry more
/// (a user's own exception, `ProtectedError`'s objects, a `ValidationError`'s parts), a payload.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    payload: Option<Rc<dyn Object>>,
}

impl Error {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            payload: None,
        }))
    }
    /// An exception of user code on its way back to user code.
    pub fn foreign(payload: Rc<dyn Object>) -> Self {
        Error(Box::new(Inner {
            kind: ErrorKind::Foreign,
            message: payload.repr(),
            payload: Some(payload),
        }))
    }
    pub fn with_payload(mut self, payload: Rc<dyn Object>) -> Self {
        self.0.payload = Some(payload);
        self
    }
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    pub fn message(&self) -> &str {
        &self.0.message
    }
    pub fn payload(&self) -> Option<&Rc<dyn Object>> {
        self.0.payload.as_ref()
    }
    pub fn is(&self, kind: ErrorKind) -> bool {
        self.0.kind == kind
            || (kind == ErrorKind::FieldError && self.0.kind == ErrorKind::OutputFieldIsNoneError)
    }
    pub fn field_error(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::FieldError, message)
    }
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::TypeError, message)
    }
    pub fn value_error(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::ValueError, message)
    }
    pub fn not_supported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotSupportedError, message)
    }
    /// A feature that ormscope does not have yet; never silently wrong SQL.
    pub fn not_implemented(feature: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotImplementedError, feature)
    }
    pub fn empty_result_set() -> Self {
        Self::new(ErrorKind::EmptyResultSet, "")
    }
    pub fn full_result_set() -> Self {
        Self::new(ErrorKind::FullResultSet, "")
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({:?})", self.0.kind, self.0.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.0.kind, self.0.message)
    }
}

impl std::error::Error for Error {}
