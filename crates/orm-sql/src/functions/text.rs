//! Functions on text: `Lower`, `Concat`, `Substr`, `Replace` …
//!
//! ```text
//! Concat("first", Value(" "), "last")
//!   →  (COALESCE("t"."first", %s) || COALESCE((COALESCE(%s, %s) || COALESCE("t"."last", %s)), %s))
//! Substr("name", 1, 3)   →  SUBSTR("t"."name", %s, %s)
//! Left("name", 3)        →  SUBSTR("t"."name", %s, %s)
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, Sources};
use crate::expressions::fields::unbound;
use crate::expressions::func::{CALL, Func, FuncSpec, FuncStyle};
use crate::expressions::{Arith, Combined, Val};
use crate::functions::comparison::{at_least_two, cast, coalesce};
use crate::writer::SqlWriter;
use orm_state::{Error, Field, FieldKind, Result, Value};
use std::rc::Rc;

pub static CHR: FuncSpec = FuncSpec::transform("Chr", "CHR", "chr")
    .gives(FieldKind::Char)
    .vendor(chr_vendor);
pub static CONCAT_PAIR: FuncSpec =
    FuncSpec::call("ConcatPair", "CONCAT", None).vendor(concat_pair_vendor);
pub static CONCAT: FuncSpec = FuncSpec {
    name: "Concat",
    template: "%(expressions)s",
    ..FuncSpec::BASE
};
pub static LEFT: FuncSpec = FuncSpec::call("Left", "LEFT", Some(2))
    .gives(FieldKind::Char)
    .checked(left_check)
    .vendor(left_vendor);
pub static LENGTH: FuncSpec = FuncSpec::transform("Length", "LENGTH", "length")
    .gives(FieldKind::Integer)
    .vendor(length_vendor);
pub static LOWER: FuncSpec = FuncSpec::transform("Lower", "LOWER", "lower");
pub static LPAD: FuncSpec = FuncSpec::call("LPad", "LPAD", None)
    .gives(FieldKind::Char)
    .checked(pad_check);
pub static LTRIM: FuncSpec = FuncSpec::transform("LTrim", "LTRIM", "ltrim");
pub static MD5: FuncSpec = FuncSpec::transform("MD5", "MD5", "md5");
pub static ORD: FuncSpec = FuncSpec::transform("Ord", "ASCII", "ord")
    .gives(FieldKind::Integer)
    .vendor(ord_vendor);
pub static REPEAT: FuncSpec = FuncSpec::call("Repeat", "REPEAT", None)
    .gives(FieldKind::Char)
    .checked(repeat_check);
pub static REPLACE: FuncSpec = FuncSpec::call("Replace", "REPLACE", None);
pub static REVERSE: FuncSpec = FuncSpec::transform("Reverse", "REVERSE", "reverse");
pub static RIGHT: FuncSpec = FuncSpec::call("Right", "RIGHT", Some(2))
    .gives(FieldKind::Char)
    .checked(left_check)
    .vendor(right_vendor);
pub static RPAD: FuncSpec = FuncSpec::call("RPad", "RPAD", None)
    .gives(FieldKind::Char)
    .checked(pad_check);
pub static RTRIM: FuncSpec = FuncSpec::transform("RTrim", "RTRIM", "rtrim");
pub static SHA1: FuncSpec = FuncSpec::transform("SHA1", "SHA1", "sha1").vendor(sha_vendor);
pub static SHA224: FuncSpec = FuncSpec::transform("SHA224", "SHA224", "sha224").vendor(sha_vendor);
pub static SHA256: FuncSpec = FuncSpec::transform("SHA256", "SHA256", "sha256").vendor(sha_vendor);
pub static SHA384: FuncSpec = FuncSpec::transform("SHA384", "SHA384", "sha384").vendor(sha_vendor);
pub static SHA512: FuncSpec = FuncSpec::transform("SHA512", "SHA512", "sha512").vendor(sha_vendor);
pub static STR_INDEX: FuncSpec = FuncSpec::call("StrIndex", "INSTR", Some(2))
    .gives(FieldKind::Integer)
    .vendor(str_index_vendor);
pub static SUBSTR: FuncSpec = FuncSpec::call("Substr", "SUBSTRING", None)
    .gives(FieldKind::Char)
    .checked(substr_check)
    .vendor(substr_vendor);
pub static TRIM: FuncSpec = FuncSpec::transform("Trim", "TRIM", "trim");
pub static UPPER: FuncSpec = FuncSpec::transform("Upper", "UPPER", "upper");

/// `Concat(a, b, c)`: pairs, nested to the right.
pub fn concat(args: Sources, output: Option<Rc<Field>>) -> Result<Func> {
    at_least_two("Concat", &args)?;
    let mut items = args.into_vec();
    let pair = |a: Expr, b: Expr| -> Expr {
        Rc::new(Func {
            output: output.clone(),
            ..Func::raw(&CONCAT_PAIR, [a, b].into_iter().collect())
        })
    };
    let mut tail = items.pop();
    while let (Some(a), Some(b)) = (items.pop(), tail.clone()) {
        tail = Some(pair(a, b));
    }
    Ok(Func {
        output: output.clone(),
        ..Func::raw(&CONCAT, tail.into_iter().collect())
    })
}

/// A number given as such, not as an expression.
fn plain_number(arg: Option<&Expr>) -> Option<f64> {
    arg.and_then(|a| a.as_any().downcast_ref::<Val>())
        .and_then(|v| v.value.as_float())
}

fn left_check(args: &Sources) -> Result<()> {
    if plain_number(args.get(1)).is_some_and(|n| n < 1.0) {
        return Err(Error::value_error("'length' must be greater than 0."));
    }
    Ok(())
}
fn pad_check(args: &Sources) -> Result<()> {
    if plain_number(args.get(1)).is_some_and(|n| n < 0.0) {
        return Err(Error::value_error(
            "'length' must be greater or equal to 0.",
        ));
    }
    Ok(())
}
fn repeat_check(args: &Sources) -> Result<()> {
    if plain_number(args.get(1)).is_some_and(|n| n < 0.0) {
        return Err(Error::value_error(
            "'number' must be greater or equal to 0.",
        ));
    }
    Ok(())
}
fn substr_check(args: &Sources) -> Result<()> {
    if plain_number(args.get(1)).is_some_and(|n| n < 1.0) {
        return Err(Error::value_error("'pos' must be greater than 0"));
    }
    Ok(())
}

fn chr_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Sqlite => f.sql_with(c, &style.function("CHAR"), out),
        Vendor::Mysql => f.sql_with(
            c,
            &style
                .function("CHAR")
                .template("%(function)s(%(expressions)s USING utf16)"),
            out,
        ),
        Vendor::Postgresql => f.sql_with(c, style, out),
    }
}

fn concat_pair_vendor(
    f: &Func,
    c: &Compiler,
    style: &FuncStyle<'_>,
    out: &mut SqlWriter,
) -> Result<()> {
    let mut args = f.args.clone();
    match c.dialect().kind() {
        Vendor::Mysql => {
            return f.sql_with(
                c,
                &style
                    .function("CONCAT_WS")
                    .template("%(function)s('', %(expressions)s)"),
                out,
            );
        }
        Vendor::Postgresql => {
            for a in &mut args {
                let field = a.output_field()?;
                if !field.class.is_a("CharField") && !field.class.is_a("TextField") {
                    *a = cast(a.clone(), unbound(FieldKind::Text));
                }
            }
        }
        Vendor::Sqlite => {}
    }
    // NULL on either side would make the whole NULL.
    for a in &mut args {
        *a = coalesce(a.clone(), Val::new("".into()));
    }
    f.with_args(args).call_sql(
        c,
        &style.template("(%(expressions)s)").arg_joiner(" || "),
        out,
    )
}

fn substr_of(args: Vec<Expr>) -> Func {
    Func::raw(&SUBSTR, args.into())
}

fn left_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    if let (Vendor::Sqlite, [text, length]) = (c.dialect().kind(), &f.args[..]) {
        return substr_of(vec![text.clone(), Val::new(1.into()), length.clone()])
            .vendor_sql_with(c, style, out);
    }
    f.plain_sql(c, style, out)
}

fn right_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    if let (Vendor::Sqlite, [text, length]) = (c.dialect().kind(), &f.args[..]) {
        let from_end = Combined::new(length.clone(), Arith::Mul, Val::new(Value::Int(-1)));
        return substr_of(vec![text.clone(), from_end, length.clone()])
            .vendor_sql_with(c, style, out);
    }
    f.plain_sql(c, style, out)
}

fn length_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Mysql => f.sql_with(c, &style.function("CHAR_LENGTH"), out),
        _ => f.plain_sql(c, style, out),
    }
}

fn ord_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Sqlite => f.sql_with(c, &style.function("UNICODE"), out),
        Vendor::Mysql => f.sql_with(c, &style.function("ORD"), out),
        Vendor::Postgresql => f.sql_with(c, style, out),
    }
}

fn sha_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    let function = f.spec.function.unwrap_or_default();
    match c.dialect().kind() {
        Vendor::Sqlite => f.plain_sql(c, style, out),
        Vendor::Mysql if function == "SHA1" => f.sql_with(c, style, out),
        Vendor::Mysql => {
            let template = format!("SHA2(%(expressions)s, {})", &function[3..]);
            f.sql_with(c, &style.template(&template), out)
        }
        Vendor::Postgresql => {
            let function = function.to_lowercase();
            f.sql_with(
                c,
                &style
                    .function(&function)
                    .template("ENCODE(DIGEST(%(expressions)s, '%(function)s'), 'hex')"),
                out,
            )
        }
    }
}

fn str_index_vendor(
    f: &Func,
    c: &Compiler,
    style: &FuncStyle<'_>,
    out: &mut SqlWriter,
) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Postgresql => f.sql_with(c, &style.function("STRPOS"), out),
        _ => f.plain_sql(c, style, out),
    }
}

fn substr_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Sqlite => f.sql_with(c, &style.function("SUBSTR").template(CALL), out),
        _ => f.plain_sql(c, style, out),
    }
}
