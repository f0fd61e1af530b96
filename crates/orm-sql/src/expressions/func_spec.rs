//! The table entry of a built-in function: what its class declares.
//!
//! ```
//! use orm_sql::functions::text::LENGTH;
//! assert_eq!((LENGTH.name, LENGTH.function, LENGTH.lookup_name), ("Length", Some("LENGTH"), Some("length")));
//! ```
use crate::compiler::Compiler;
use crate::expression::Sources;
use crate::expressions::func::{Func, FuncStyle};
use crate::writer::SqlWriter;
use orm_state::{FieldKind, Result};

/// How a function's output field is found.
#[derive(Clone, Copy, Debug)]
pub enum Output {
    /// All operands agree.
    Sources,
    /// As the first operand.
    First,
    Kind(FieldKind),
    /// Decimal if an operand is, float for integers (`NumericOutputFieldMixin`).
    Numeric,
}

/// Writes a function's SQL: `as_sql`, or one database's `as_vendor`.
pub type FuncSql = fn(&Func, &Compiler, &FuncStyle<'_>, &mut SqlWriter) -> Result<()>;
/// Checks the arguments when the function is made.
pub type FuncCheck = fn(&Sources) -> Result<()>;

/// What a built-in function class declares.
#[derive(Clone, Copy, Debug)]
pub struct FuncSpec {
    /// The class: `Lower`.
    pub name: &'static str,
    /// `LOWER`
    pub function: Option<&'static str>,
    pub template: &'static str,
    pub arg_joiner: &'static str,
    pub arity: Option<usize>,
    pub output: Output,
    /// Set for transforms: the name they are usually registered under.
    pub lookup_name: Option<&'static str>,
    pub window_compatible: bool,
    pub check: Option<FuncCheck>,
    pub as_sql: Option<FuncSql>,
    pub as_vendor: Option<FuncSql>,
}

impl FuncSpec {
    /// What the class `Func` itself declares.
    pub const BASE: FuncSpec = FuncSpec {
        name: "Func",
        function: None,
        template: CALL,
        arg_joiner: ", ",
        arity: None,
        output: Output::Sources,
        lookup_name: None,
        window_compatible: false,
        check: None,
        as_sql: None,
        as_vendor: None,
    };
    /// A plain function of `arity` arguments.
    pub const fn call(name: &'static str, function: &'static str, arity: Option<usize>) -> Self {
        FuncSpec {
            name,
            function: Some(function),
            arity,
            ..FuncSpec::BASE
        }
    }
    /// A transform: one argument, a name to register it under.
    pub const fn transform(
        name: &'static str,
        function: &'static str,
        lookup_name: &'static str,
    ) -> Self {
        FuncSpec {
            name,
            function: Some(function),
            arity: Some(1),
            lookup_name: Some(lookup_name),
            ..FuncSpec::BASE
        }
    }
    pub const fn gives(self, kind: FieldKind) -> Self {
        FuncSpec {
            output: Output::Kind(kind),
            ..self
        }
    }
    pub const fn numeric(self) -> Self {
        FuncSpec {
            output: Output::Numeric,
            ..self
        }
    }
    pub const fn like_first(self) -> Self {
        FuncSpec {
            output: Output::First,
            ..self
        }
    }
    pub const fn windowed(self) -> Self {
        FuncSpec {
            window_compatible: true,
            ..self
        }
    }
    pub const fn checked(self, check: FuncCheck) -> Self {
        FuncSpec {
            check: Some(check),
            ..self
        }
    }
    pub const fn vendor(self, as_vendor: FuncSql) -> Self {
        FuncSpec {
            as_vendor: Some(as_vendor),
            ..self
        }
    }
    pub const fn sql(self, as_sql: FuncSql) -> Self {
        FuncSpec {
            as_sql: Some(as_sql),
            ..self
        }
    }
}

/// The template of a plain call.
pub const CALL: &str = "%(function)s(%(expressions)s)";

/// `Func` itself.
pub static FUNC: FuncSpec = FuncSpec::BASE;
