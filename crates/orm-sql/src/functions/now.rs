//! What the database makes itself: `Now()`, `UUID4()`, `UUID7()`.
//!
//! ```text
//! Now()   →  STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW')   (SQLite)
//! ```
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expressions::func::{Func, FuncSpec, FuncStyle};
use crate::writer::SqlWriter;
use orm_state::{Error, FieldKind, Result};

pub static NOW: FuncSpec = FuncSpec {
    name: "Now",
    template: "CURRENT_TIMESTAMP",
    ..FuncSpec::BASE.gives(FieldKind::DateTime).vendor(now_vendor)
};
pub static UUID4: FuncSpec = FuncSpec::call("UUID4", "UUIDV4", Some(0))
    .gives(FieldKind::Uuid)
    .vendor(uuid4_vendor);
/// With an optional shift, a duration.
pub static UUID7: FuncSpec = FuncSpec::call("UUID7", "UUIDV7", None)
    .gives(FieldKind::Uuid)
    .vendor(uuid7_vendor);

fn now_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    let template = match c.dialect().kind() {
        Vendor::Sqlite => "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'NOW')",
        Vendor::Postgresql => "STATEMENT_TIMESTAMP()",
        Vendor::Mysql => "CURRENT_TIMESTAMP(6)",
    };
    f.sql_with(c, &style.template(template), out)
}

fn uuid4_vendor(f: &Func, c: &Compiler, style: &FuncStyle<'_>, out: &mut SqlWriter) -> Result<()> {
    match c.dialect().kind() {
        Vendor::Sqlite => f.sql_with(c, style, out),
        Vendor::Postgresql => f.sql_with(c, &style.function("GEN_RANDOM_UUID"), out),
        Vendor::Mysql => Err(Error::not_supported("UUID4 is not supported on MySQL.")),
    }
}

fn uuid7_vendor(_: &Func, c: &Compiler, _: &FuncStyle<'_>, _: &mut SqlWriter) -> Result<()> {
    Err(Error::not_supported(match c.dialect().kind() {
        Vendor::Sqlite => "UUID7 on SQLite requires Python version 3.14 or later.",
        Vendor::Postgresql => "UUID7 requires PostgreSQL version 18 or later.",
        Vendor::Mysql => "UUID7 is not supported on MySQL.",
    }))
}
