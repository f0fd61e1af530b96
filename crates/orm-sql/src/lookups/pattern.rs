//! `contains`, `startswith`, `endswith` and their case-insensitive kin.
//!
//! ```text
//! name__contains="50%"       →  "t"."name" LIKE %s ESCAPE '\'   ['%50\%%']
//! name__contains=F("nick")   →  "t"."name" LIKE '%%' || REPLACE(REPLACE(REPLACE(("t"."nick"), …
//! ```
use super::build::with_operator;
use super::kind::{Builtin, Op};
use super::sides;
use crate::compiler::Compiler;
use crate::lookup::{Lookup, Rhs};
use crate::writer::SqlWriter;
use orm_state::{Error, Result, Value};

pub fn as_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let dialect = compiler.dialect();
    sides::process_lhs(kind, &lookup.lhs, compiler, out)?;
    let mut rhs = sides::process_rhs(kind, lookup, compiler)?;
    let uuid_text = kind.family == super::Family::Uuid && !dialect.has_native_uuid_field();
    let simple = matches!(lookup.rhs, Rhs::Value(_)) && lookup.bilateral.is_empty() && !uuid_text;
    if simple {
        if let Some(first) = rhs.params.first_mut() {
            let text = dialect.prep_for_like(first);
            *first = Value::from(match kind.op {
                Op::StartsWith | Op::IStartsWith => format!("{text}%"),
                Op::EndsWith | Op::IEndsWith => format!("%{text}"),
                _ => format!("%{text}%"),
            });
        }
        return with_operator(kind, rhs, compiler, out);
    }
    // The right side is computed by the database: it escapes the wildcards in it.
    let name = kind.op.lookup_name();
    let pattern = dialect
        .pattern_op(name)
        .ok_or_else(|| Error::not_supported(format!("The {name} lookup is not supported.")))?;
    let sql = pattern.replace("{}", &dialect.pattern_esc().replace("{}", &rhs.sql));
    out.push(" ");
    out.push(&sql);
    out.params.extend(rhs.params);
    Ok(())
}
