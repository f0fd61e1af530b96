//! `django.utils.dateparse`: texts as dates, times and durations.
//!
//! ```python
//! parse_date("2012-04-23")   # datetime.date(2012, 4, 23)
//! parse_date("tomorrow")     # None
//! parse_date("2012-02-31")   # ValueError
//! ```
use crate::class::function;
use crate::{convert, modules};
use orm_state::{Value, dateparse};
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODULE: &str = "django.utils.dateparse";

pub fn install(vm: &Vm) -> PyResult<()> {
    let date = function(vm, "parse_date", |value: String, vm: &Vm| {
        parsed(
            vm,
            dateparse::parse_date(&value).map(|v| v.map(Value::Date)),
        )
    });
    let time = function(vm, "parse_time", |value: String, vm: &Vm| {
        parsed(
            vm,
            dateparse::parse_time(&value).map(|v| v.map(Value::Time)),
        )
    });
    let moment = function(vm, "parse_datetime", |value: String, vm: &Vm| {
        let found = dateparse::parse_datetime(&value);
        parsed(vm, found.map(|v| v.map(Value::DateTime)))
    });
    let duration = function(vm, "parse_duration", |value: String, vm: &Vm| {
        let found = dateparse::parse_duration(&value);
        parsed(vm, Ok(found.map(Value::Duration)))
    });
    modules::export(vm, MODULE, "parse_date", date)?;
    modules::export(vm, MODULE, "parse_time", time)?;
    modules::export(vm, MODULE, "parse_datetime", moment)?;
    modules::export(vm, MODULE, "parse_duration", duration)
}

fn parsed(vm: &Vm, found: Result<Option<Value>, &'static str>) -> PyResult {
    match found {
        Ok(Some(value)) => convert::to_py(vm, &value),
        Ok(None) => Ok(vm.ctx.none()),
        Err(message) => Err(vm.new_value_error(message)),
    }
}
