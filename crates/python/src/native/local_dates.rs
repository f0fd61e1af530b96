//! `datetime` in the project's own time zone: moments without a zone are read and made as its
//! clocks show.
//!
//! ```text
//! TIME_ZONE = "America/Chicago"    datetime.fromtimestamp(0)  →  1969-12-31 18:00
//! ```
use super::clock::local_offset;
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::function::{FuncArgs, ItemDoc, PyMethodFlags};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, TryFromObject, VirtualMachine};

/// What the class does by itself, under a name of ours.
const MAKE: &str = "_fromtimestamp";
const READ: &str = "_timestamp";

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let module = vm.import("_datetime", 0)?;
    let datetime = PyTypeRef::try_from_object(vm, module.get_attr("datetime", vm)?)?;
    for (own, name) in [(MAKE, "fromtimestamp"), (READ, "timestamp")] {
        // The class is one for all interpreters of the process: an earlier one may have kept it.
        let kept = datetime.get_direct_attr(vm.ctx.intern_str(own)).is_some();
        if let Some(found) = datetime.get_direct_attr(vm.ctx.intern_str(name))
            && !kept
        {
            datetime.set_attr(vm.ctx.intern_str(own), found);
        }
    }
    let make = vm.new_function("fromtimestamp", from_timestamp).into();
    class_method(vm, &datetime, "fromtimestamp", make)?;
    let leaked = Box::leak(Box::new(datetime.clone()));
    let read = vm
        .ctx
        .new_method_def("timestamp", timestamp, PyMethodFlags::METHOD, ItemDoc::NONE)
        .build_method(leaked, vm);
    datetime.set_attr(vm.ctx.intern_str("timestamp"), read.into());
    let date = PyTypeRef::try_from_object(vm, module.get_attr("date", vm)?)?;
    let today = vm.new_function("today", today).into();
    class_method(vm, &date, "today", today)
}

fn class_method(
    vm: &VirtualMachine,
    class: &PyType,
    name: &'static str,
    function: PyObjectRef,
) -> PyResult<()> {
    let wrap = vm.ctx.types.classmethod_type.as_object();
    class.set_attr(vm.ctx.intern_str(name), wrap.call((function,), vm)?);
    Ok(())
}

fn utc(vm: &VirtualMachine) -> PyResult {
    vm.import("_datetime", 0)?
        .get_attr("timezone", vm)?
        .get_attr("utc", vm)
}

fn with_zone(moment: &PyObjectRef, zone: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let mut args = FuncArgs::default();
    args.kwargs.insert("tzinfo".into(), zone);
    moment.get_attr("replace", vm)?.call(args, vm)
}

/// `fromtimestamp(timestamp, tz=None)`
fn from_timestamp(mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let mut take = |name: &str| {
        args.take_positional_keyword(name)
            .ok_or_else(|| vm.new_type_error(format!("fromtimestamp() needs '{name}'")))
    };
    let (class, seconds) = (take("cls")?, take("timestamp")?);
    let make = class.get_attr(MAKE, vm)?;
    match take("tz").ok().filter(|tz| !vm.is_none(tz)) {
        Some(zone) => make.call((seconds, zone), vm),
        None => {
            let at = f64::try_from_object(vm, float(vm, seconds.clone())?)?;
            let aware = make.call((seconds, utc(vm)?), vm)?;
            let offset = local_offset(at.floor() as i64);
            let shift = vm
                .import("_datetime", 0)?
                .get_attr("timedelta", vm)?
                .call((0i64, i64::from(offset)), vm)?;
            let shown = vm._add(&aware, &shift)?;
            with_zone(&shown, vm.ctx.none(), vm)
        }
    }
}

fn float(vm: &VirtualMachine, number: PyObjectRef) -> PyResult {
    vm.ctx.types.float_type.as_object().call((number,), vm)
}

/// `moment.timestamp()`
fn timestamp(moment: PyObjectRef, vm: &VirtualMachine) -> PyResult<f64> {
    let zone = moment.get_attr("tzinfo", vm)?;
    if !vm.is_none(&zone) {
        return f64::try_from_object(vm, moment.get_attr(READ, vm)?.call((), vm)?);
    }
    let as_utc = with_zone(&moment, utc(vm)?, vm)?;
    let shown = f64::try_from_object(vm, as_utc.get_attr(READ, vm)?.call((), vm)?)?;
    // The clocks show this: which moment is it? Near a change of offset the second guess is right.
    let mut at = shown - f64::from(local_offset(shown.floor() as i64));
    at = shown - f64::from(local_offset(at.floor() as i64));
    Ok(at)
}

/// `date.today()`
fn today(class: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let datetime = vm.import("_datetime", 0)?.get_attr("datetime", vm)?;
    let now = datetime.get_attr("now", vm)?.call((), vm)?;
    let mut parts = vec![];
    for name in ["year", "month", "day"] {
        parts.push(now.get_attr(name, vm)?);
    }
    class.call(parts, vm)
}
