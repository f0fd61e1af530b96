//! SQLite keeps decimals as text or floats: an expression that gives one is cast to be compared.
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::Expression;
use crate::writer::{Mark, SqlWriter};
use orm_state::{ErrorKind, FieldKind, Result};

/// Wraps what was written since `mark` in `(CAST(… AS NUMERIC))` where SQLite needs it.
pub fn cast_decimal(
    expr: &dyn Expression,
    compiler: &Compiler,
    out: &mut SqlWriter,
    mark: Mark,
) -> Result<()> {
    if compiler.dialect().kind() == Vendor::Sqlite && gives_decimal(expr)? {
        out.wrap(mark, "(CAST(", " AS NUMERIC))");
    }
    Ok(())
}

/// Is its output field a `DecimalField`? Unknown types are not.
pub fn gives_decimal(expr: &dyn Expression) -> Result<bool> {
    match expr.output_field_or_none() {
        Ok(Some(f)) if f.overrides().get_internal_type => Ok(f.internal_type()? == "DecimalField"),
        Ok(Some(f)) => Ok(f.kind == FieldKind::Decimal),
        Ok(None) => Ok(false),
        Err(e) if e.is(ErrorKind::FieldError) => Ok(false),
        Err(e) => Err(e),
    }
}
