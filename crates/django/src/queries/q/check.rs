//! `Q.check(against)`: is the condition true of these values? The database is asked.
//!
//! ```text
//! Q(price__gt=20).check({"price": 30})  →  SELECT 1 AS "_check" WHERE 30 > 20
//! ```
use super::PyQ;
use crate::convert::to_value;
use crate::db;
use crate::error::{self, OrRaise};
use crate::py;
use crate::queries::execute;
use orm_sql::Query;
use orm_sql::expression::value_expr;
use orm_sql::expressions::Val;
use orm_state::Value;
use rustpython_vm::builtins::PyDict;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

pub fn check(zelf: PyRef<PyQ>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<bool> {
    let against = args
        .take_positional_keyword("against")
        .ok_or_else(|| vm.new_type_error("check() missing 1 required argument: 'against'"))?;
    let using: Rc<str> = match args.take_positional_keyword("using") {
        Some(using) => py::to_string(vm, &using)?.into(),
        None => db::registry::DEFAULT_DB_ALIAS.into(),
    };
    let mut query = Query::empty();
    if let Some(values) = against.downcast_ref::<PyDict>() {
        for (name, value) in values.items_vec() {
            // A name, or `F(name)` as constraints give it.
            let name = match py::as_string(&name) {
                Some(name) => name,
                None => py::to_string(vm, &py::attr(vm, &name, "name")?)?,
            };
            let value = to_value(vm, &value)?;
            let value = value_expr(&value).unwrap_or_else(|| Val::new(value));
            query.add_annotation(value, &name, false).or_raise(vm)?;
        }
    }
    query
        .add_annotation(Val::new(Value::Int(1)), "_check", true)
        .or_raise(vm)?;
    query.add_q(&zelf.q.borrow()).or_raise(vm)?;
    let Some(compiled) = execute::compile(vm, &query, &using)? else {
        return Ok(false);
    };
    let ask = || execute::run(vm, &compiled, &using).map(|rows| !rows.is_empty());
    let in_atomic = db::database(vm, &using)?;
    let in_atomic = py::attr(vm, in_atomic.as_object(), "in_atomic_block")?;
    let asked = if py::is_true(vm, &in_atomic)? {
        db::atomic::atomic(vm, &using, true, ask)
    } else {
        ask()
    };
    match asked {
        Err(e) if error::is_a(vm, &e, "DatabaseError") => {
            let logging = vm.import("logging", 0)?;
            let logger = py::call(
                vm,
                &logging,
                "getLogger",
                vec![py::str(vm, "django.db.models")],
            )?;
            let text = py::str(vm, "Got a database error calling check() on %r: %s");
            py::call(vm, &logger, "warning", vec![text, zelf.into(), e.into()])?;
            // What cannot be judged here is left to the database.
            Ok(true)
        }
        other => other,
    }
}
