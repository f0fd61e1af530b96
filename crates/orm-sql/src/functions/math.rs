//! Functions on numbers: `Abs`, `Power`, `Round` …
//!
//! ```text
//! Round("price", 1)   →  ROUND("t"."price", %s)
//! Mod("a", "b")       →  MOD("t"."a", "t"."b")
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, Sources};
use crate::expressions::Val;
use crate::expressions::fields::class;
use crate::expressions::func::{Func, FuncSpec, FuncStyle};
use crate::functions::comparison::cast;
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, FieldOptions, Result};

pub static ABS: FuncSpec = FuncSpec::transform("Abs", "ABS", "abs");
pub static ACOS: FuncSpec = FuncSpec::transform("ACos", "ACOS", "acos").numeric();
pub static ASIN: FuncSpec = FuncSpec::transform("ASin", "ASIN", "asin").numeric();
pub static ATAN: FuncSpec = FuncSpec::transform("ATan", "ATAN", "atan").numeric();
pub static ATAN2: FuncSpec = FuncSpec::call("ATan2", "ATAN2", Some(2))
    .numeric()
    .vendor(uncast);
pub static CEIL: FuncSpec = FuncSpec::transform("Ceil", "CEILING", "ceil");
pub static COS: FuncSpec = FuncSpec::transform("Cos", "COS", "cos").numeric();
pub static COT: FuncSpec = FuncSpec::transform("Cot", "COT", "cot").numeric();
pub static DEGREES: FuncSpec = FuncSpec::transform("Degrees", "DEGREES", "degrees").numeric();
pub static EXP: FuncSpec = FuncSpec::transform("Exp", "EXP", "exp").numeric();
pub static FLOOR: FuncSpec = FuncSpec::transform("Floor", "FLOOR", "floor");
pub static LN: FuncSpec = FuncSpec::transform("Ln", "LN", "ln").numeric();
pub static LOG: FuncSpec = FuncSpec::call("Log", "LOG", Some(2))
    .numeric()
    .vendor(log_vendor);
pub static MOD: FuncSpec = FuncSpec::call("Mod", "MOD", Some(2))
    .numeric()
    .vendor(decimals_vendor);
pub static PI: FuncSpec = FuncSpec::call("Pi", "PI", Some(0)).numeric();
pub static POWER: FuncSpec = FuncSpec::call("Power", "POWER", Some(2)).numeric();
pub static RADIANS: FuncSpec = FuncSpec::transform("Radians", "RADIANS", "radians").numeric();
pub static RANDOM: FuncSpec = FuncSpec::call("Random", "RANDOM", Some(0))
    .numeric()
    .vendor(random_vendor);
/// Made with its precision as second argument, 0 unless given.
pub static ROUND: FuncSpec = FuncSpec {
    arity: None,
    ..FuncSpec::transform("Round", "ROUND", "round")
        .like_first()
        .vendor(round_vendor)
};
pub static SIGN: FuncSpec = FuncSpec::transform("Sign", "SIGN", "sign");
pub static SIN: FuncSpec = FuncSpec::transform("Sin", "SIN", "sin").numeric();
pub static SQRT: FuncSpec = FuncSpec::transform("Sqrt", "SQRT", "sqrt").numeric();
pub static TAN: FuncSpec = FuncSpec::transform("Tan", "TAN", "tan").numeric();

/// No cast of decimals on SQLite.
fn uncast(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    f.sql_with(c, style, out)
}

/// PostgreSQL has no `LOG` and `MOD` of floats: they are made decimals.
fn decimals(f: &Func) -> Result<Func> {
    let options = FieldOptions {
        max_digits: Some(1000),
        decimal_places: Some(15),
        ..FieldOptions::default()
    };
    let field = Field::new(class(FieldKind::Decimal), options, None);
    let mut args = Sources::new();
    for a in &f.args {
        let float = a.output_field()?.class.is_a("FloatField");
        args.push(if float {
            cast(a.clone(), field.clone())
        } else {
            a.clone()
        });
    }
    Ok(f.with_args(args))
}

fn decimals_vendor(
    f: &Func,
    c: &Compiler,
    style: &FuncStyle<'_>,
    out: &mut SqlWriter,
) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Postgresql => decimals(f)?.sql_with(c, style, out),
        _ => f.plain_sql(c, style, out),
    }
}

fn log_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Postgresql => decimals(f)?.sql_with(c, style, out),
        _ => f.sql_with(c, style, out),
    }
}

fn random_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Postgresql => f.sql_with(c, style, out),
        _ => f.sql_with(c, &style.function("RAND"), out),
    }
}

fn round_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Sqlite => {
            let precision = f.args.get(1).and_then(|p| p.as_any().downcast_ref::<Val>());
            if precision
                .and_then(|v| v.value.as_float())
                .is_some_and(|n| n < 0.0)
            {
                return Err(Error::value_error(
                    "SQLite does not support negative precision.",
                ));
            }
            f.plain_sql(c, style, out)
        }
        Vendor::Postgresql => decimals(f)?.sql_with(c, style, out),
        Vendor::Mysql => f.sql_with(c, style, out),
    }
}

/// `Round(expression, precision)`
pub fn round(expression: Expr, precision: Option<Expr>) -> Expr {
    let precision = precision.unwrap_or_else(|| Val::new(0.into()));
    Func::of(&ROUND, [expression, precision].into_iter().collect())
}
