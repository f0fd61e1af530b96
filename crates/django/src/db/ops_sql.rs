//! `connection.ops`: the pieces of SQL that a user's `as_sql` asks for.
use super::ops::DatabaseOperations;
use crate::class::fill_class;
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::expressions::compiler_object::sql_pair;
use crate::py;
use crate::queries::execute::dialect;
use orm_sql::SqlWriter;
use orm_sql::dialect::Dialect;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// How a piece is written: which part or unit, what it is taken of, in which time zone.
type Write =
    fn(&dyn Dialect, &str, SqlWriter, Option<&str>, &mut SqlWriter) -> orm_state::Result<()>;

pub fn install(vm: &Vm) -> PyResult<()> {
    let class = DatabaseOperations::make_static_type();
    fill_class(vm, &class, |c| {
        c.method("limit_offset_sql", limit_offset);
        c.method("force_no_ordering", |_: PyObjectRef, vm: &Vm| {
            vm.ctx.new_list(vec![])
        });
        c.method(
            "date_extract_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_part(vm, args, |d, part, sql, _, out| {
                    d.date_extract(part, sql, out)
                })
            },
        );
        c.method(
            "time_extract_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_part(vm, args, |d, part, sql, _, out| {
                    d.time_extract(part, sql, out)
                })
            },
        );
        c.method(
            "datetime_extract_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_part(vm, args, |d, part, sql, tz, out| {
                    d.datetime_extract(part, sql, tz, out)
                })
            },
        );
        c.method(
            "date_trunc_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_part(vm, args, |d, part, sql, tz, out| {
                    d.date_trunc(part, sql, tz, out)
                })
            },
        );
        c.method(
            "time_trunc_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_part(vm, args, |d, part, sql, tz, out| {
                    d.time_trunc(part, sql, tz, out)
                })
            },
        );
        c.method(
            "datetime_trunc_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_part(vm, args, |d, part, sql, tz, out| {
                    d.datetime_trunc(part, sql, tz, out)
                })
            },
        );
        c.method(
            "datetime_cast_date_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_value(vm, args, |d, _, sql, tz, out| {
                    d.datetime_cast_date(sql, tz, out)
                })
            },
        );
        c.method(
            "datetime_cast_time_sql",
            |_: PyObjectRef, args: FuncArgs, vm: &Vm| {
                of_value(vm, args, |d, _, sql, tz, out| {
                    d.datetime_cast_time(sql, tz, out)
                })
            },
        );
    })
}

fn of_part(vm: &Vm, mut args: FuncArgs, write: Write) -> PyResult {
    let part = args
        .take_positional_keyword("lookup_type")
        .ok_or_else(|| vm.new_type_error("missing 1 required argument: 'lookup_type'"))?;
    written(vm, &py::to_string(vm, &part)?, args, write)
}

fn of_value(vm: &Vm, args: FuncArgs, write: Write) -> PyResult {
    written(vm, "", args, write)
}

/// `(…, sql, params, tzname=None)` → `(sql, params)`
fn written(vm: &Vm, part: &str, mut args: FuncArgs, write: Write) -> PyResult {
    let mut take = |name: &str| {
        args.take_positional_keyword(name)
            .ok_or_else(|| vm.new_type_error(format!("missing 1 required argument: '{name}'")))
    };
    let (sql, params) = (take("sql")?, take("params")?);
    let zone = match take("tzname").ok().filter(|z| !vm.is_none(z)) {
        Some(zone) => Some(py::to_string(vm, &zone)?),
        None => None,
    };
    let params = py::list(vm, &params)?;
    let inner = SqlWriter {
        sql: py::to_string(vm, &sql)?,
        params: params
            .iter()
            .map(|p| to_value(vm, p))
            .collect::<PyResult<_>>()?,
        ..SqlWriter::default()
    };
    let mut out = SqlWriter::default();
    write(&*dialect(), part, inner, zone.as_deref(), &mut out).or_raise(vm)?;
    sql_pair(vm, out)
}

/// `limit_offset_sql(low_mark, high_mark)`
fn limit_offset(_: PyObjectRef, low: PyObjectRef, high: PyObjectRef, vm: &Vm) -> PyResult<String> {
    let mark = |v: PyObjectRef| -> PyResult<Option<u64>> {
        if vm.is_none(&v) {
            return Ok(None);
        }
        v.try_into_value(vm).map(Some)
    };
    Ok(dialect().limit_offset_sql(mark(low)?.unwrap_or(0), mark(high)?))
}
