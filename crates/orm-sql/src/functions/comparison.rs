//! Comparisons and conversions: `Cast`, `Coalesce`, `Collate`, `Greatest`, `Least`, `NullIf`.
//!
//! ```text
//! Coalesce("nick", "name")               →  COALESCE("t"."nick", "t"."name")
//! Greatest("a", "b")                     →  MAX("t"."a", "t"."b")           (SQLite)
//! Cast("pages", CharField())             →  CAST("t"."pages" AS varchar)    (SQLite: text)
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, Expression, Sources};
use crate::expressions::func::{Func, FuncSpec, FuncStyle};
use crate::writer::SqlWriter;
use orm_state::{Error, Field, Result, Value};
use std::rc::Rc;

pub static CAST: FuncSpec = FuncSpec {
    template: "%(function)s(%(expressions)s AS %(db_type)s)",
    ..FuncSpec::call("Cast", "CAST", Some(1))
        .sql(cast_sql)
        .vendor(cast_vendor)
};
pub static COALESCE: FuncSpec =
    FuncSpec::call("Coalesce", "COALESCE", None).checked(coalesce_check);
pub static COLLATE: FuncSpec = FuncSpec {
    template: "%(expressions)s %(function)s %(collation)s",
    ..FuncSpec::call("Collate", "COLLATE", Some(1)).sql(collate_sql)
};
pub static GREATEST: FuncSpec = FuncSpec::call("Greatest", "GREATEST", None)
    .checked(greatest_check)
    .vendor(greatest_vendor);
pub static LEAST: FuncSpec = FuncSpec::call("Least", "LEAST", None)
    .checked(least_check)
    .vendor(least_vendor);
pub static NULL_IF: FuncSpec = FuncSpec::call("NullIf", "NULLIF", Some(2));

/// `Cast(expression, field)`
pub fn cast(expression: Expr, field: Rc<Field>) -> Expr {
    Rc::new(Func {
        output: Some(field),
        ..Func::raw(&CAST, std::iter::once(expression).collect())
    })
}

/// `Coalesce(a, b)`
pub fn coalesce(a: Expr, b: Expr) -> Expr {
    Func::of(&COALESCE, [a, b].into_iter().collect())
}

/// `Collate(expression, collation)`
pub fn collate(expression: Expr, collation: &Value) -> Result<Func> {
    let name = collation.as_str().unwrap_or_default();
    let valid = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if !valid {
        return Err(Error::value_error(format!(
            "Invalid collation name: {}.",
            collation.repr()
        )));
    }
    Func::new(
        &COLLATE,
        None,
        std::iter::once(expression).collect(),
        None,
        vec![("collation".into(), collation.clone())],
    )
}

fn cast_sql(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    let field = f.output_field()?;
    let db_type = c
        .dialect()
        .cast_db_type(&field)?
        .unwrap_or_else(|| "None".into());
    let extra = [("db_type", db_type)];
    f.call_sql(
        c,
        &FuncStyle {
            extra: &extra,
            ..*style
        },
        out,
    )
}

fn cast_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    let field = f.output_field()?;
    match c.dialect().kind() {
        Vendor::Sqlite => {
            // datetime() and time() of SQLite drop fractions of a second.
            let db_type = c.dialect().db_type(&field)?;
            let format = match db_type.as_deref() {
                Some("datetime") => Some("%Y-%m-%d %H:%M:%f"),
                Some("time") => Some("%H:%M:%f"),
                _ => None,
            };
            if let Some(format) = format {
                out.params.push(format.into());
                return cast_sql(f, c, &style.template("strftime(%%s, %(expressions)s)"), out);
            }
            if db_type.as_deref() == Some("date") {
                return cast_sql(f, c, &style.template("date(%(expressions)s)"), out);
            }
            cast_sql(f, c, style, out)
        }
        Vendor::Mysql => {
            if field.internal_type()? == "FloatField" {
                return cast_sql(f, c, &style.template("(%(expressions)s + 0.0)"), out);
            }
            cast_sql(f, c, style, out)
        }
        Vendor::Postgresql => {
            cast_sql(f, c, &style.template("(%(expressions)s)::%(db_type)s"), out)
        }
    }
}

fn collate_sql(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    let name = f
        .extra
        .iter()
        .find(|(k, _)| k == "collation")
        .map(|(_, v)| v.to_str())
        .unwrap_or_default();
    let extra = [("collation", c.dialect().quote_name(&name))];
    f.call_sql(
        c,
        &FuncStyle {
            extra: &extra,
            ..*style
        },
        out,
    )
}

pub(crate) fn at_least_two(class: &str, args: &Sources) -> Result<()> {
    if args.len() < 2 {
        return Err(Error::value_error(format!(
            "{class} must take at least two expressions"
        )));
    }
    Ok(())
}
fn coalesce_check(args: &Sources) -> Result<()> {
    at_least_two("Coalesce", args)
}
fn greatest_check(args: &Sources) -> Result<()> {
    at_least_two("Greatest", args)
}
fn least_check(args: &Sources) -> Result<()> {
    at_least_two("Least", args)
}

fn greatest_vendor(
    f: &Func,
    c: &Compiler,
    style: &FuncStyle<'_>,
    out: &mut SqlWriter,
) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Sqlite => f.plain_sql(c, &style.function("MAX"), out),
        _ => f.plain_sql(c, style, out),
    }
}

fn least_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Sqlite => f.plain_sql(c, &style.function("MIN"), out),
        _ => f.plain_sql(c, style, out),
    }
}
