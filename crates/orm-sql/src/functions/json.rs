//! `JSONObject(name="name", total=F("a") + 1)`, `JSONArray("a", "b")`.
//!
//! ```text
//! JSONObject(name="name")   →  JSON_OBJECT(%s, "t"."name")   ['name']
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::{Expr, Sources};
use crate::expressions::Val;
use crate::expressions::fields::unbound;
use crate::expressions::func::{Func, FuncSpec, FuncStyle};
use crate::functions::comparison::{CAST, cast};
use crate::writer::SqlWriter;
use orm_state::{FieldKind, Result};
use std::cell::Cell;

pub static JSON_ARRAY: FuncSpec = FuncSpec::call("JSONArray", "JSON_ARRAY", None)
    .gives(FieldKind::Json)
    .vendor(array_vendor);
pub static JSON_OBJECT: FuncSpec = FuncSpec::call("JSONObject", "JSON_OBJECT", None)
    .gives(FieldKind::Json)
    .vendor(object_vendor);

/// `JSONObject(key=value, …)`
pub fn json_object(fields: Vec<(String, Expr)>) -> Expr {
    let mut args = Sources::new();
    for (key, value) in fields {
        args.push(Val::new(key.into()));
        args.push(value);
    }
    Func::of(&JSON_OBJECT, args)
}

thread_local! {
    static ASK: Cell<Option<Ask>> = const { Cell::new(None) };
}

/// Asks the connection of this alias whether it has JSON functions.
pub type Ask = fn(&str) -> Result<()>;

/// Who asks. Django asks the database itself before the first such function is written, and what
/// it says to it stands in the log.
pub fn ask_by(ask: Ask) {
    ASK.set(Some(ask));
}

fn array_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    if c.dialect().kind() != Vendor::Postgresql {
        return plain(f, c, style, out);
    }
    let mut args = Sources::new();
    for a in &f.args {
        let cast_already = a
            .as_any()
            .downcast_ref::<Func>()
            .is_some_and(|f| std::ptr::eq(f.spec, &CAST));
        args.push(if cast_already {
            a.clone()
        } else {
            cast(a.clone(), a.output_field()?)
        });
    }
    let template = if args.is_empty() {
        "%(function)s(%(expressions)s  RETURNING JSONB)"
    } else {
        "%(function)s(%(expressions)s NULL ON NULL RETURNING JSONB)"
    };
    f.with_args(args)
        .sql_with(c, &style.template(template), out)
}

fn plain(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    if c.dialect().kind() == Vendor::Sqlite
        && let Some(ask) = ASK.get()
    {
        ask(&c.using)?;
    }
    f.sql_with(c, style, out)
}

fn object_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    if c.dialect().kind() != Vendor::Postgresql {
        return plain(f, c, style, out);
    }
    out.push("JSON_OBJECT(");
    for (i, pair) in f.args.chunks(2).enumerate() {
        if i > 0 {
            out.push(", ");
        }
        if let [key, value] = pair {
            out.push("(");
            c.compile(&cast(key.clone(), unbound(FieldKind::Text)), out)?;
            out.push(") VALUE ");
            c.compile(value, out)?;
        }
    }
    out.push(" RETURNING JSONB)");
    Ok(())
}
