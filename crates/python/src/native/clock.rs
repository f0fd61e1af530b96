//! The clocks of `time` and `datetime`, answered by the host, in the project's own time zone.
//!
//! RustPython would ask the machine, which a page does not have. Django sets the process's zone to
//! `TIME_ZONE`; so local time here is that zone's, whatever the machine's.
use crate::host;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, TryFromObject, VirtualMachine};
use std::cell::RefCell;
use std::time::Duration;

thread_local! {
    static ZONE: RefCell<TimeZone> = const { RefCell::new(TimeZone::UTC) };
}

/// Makes a zone of the database the local one; an unknown name means UTC.
pub fn set_zone(name: &str) {
    let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    ZONE.with(|z| *z.borrow_mut() = zone);
}

fn wall() -> Duration {
    host::ask(|h| h.wall_clock()).unwrap_or_default()
}

fn steady() -> Duration {
    host::ask(|h| h.monotonic()).unwrap_or_default()
}

/// Replaces what asks the machine.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let time = vm.import("time", 0)?;
    let set = |name: &'static str, function: PyObjectRef| time.set_attr(name, function, vm);
    for (hidden, name) in [
        ("_gmtime", "gmtime"),
        ("_asctime", "asctime"),
        ("_strftime", "strftime"),
    ] {
        time.set_attr(hidden, time.get_attr(name, vm)?, vm)?;
    }
    set(
        "time",
        vm.new_function("time", || wall().as_secs_f64()).into(),
    )?;
    set(
        "time_ns",
        vm.new_function("time_ns", || wall().as_nanos() as u64)
            .into(),
    )?;
    for name in ["monotonic", "perf_counter", "process_time", "thread_time"] {
        set(
            name,
            vm.new_function(name, || steady().as_secs_f64()).into(),
        )?;
    }
    for name in [
        "monotonic_ns",
        "perf_counter_ns",
        "process_time_ns",
        "thread_time_ns",
    ] {
        set(
            name,
            vm.new_function(name, || steady().as_nanos() as u64).into(),
        )?;
    }
    set("sleep", vm.new_function("sleep", sleep).into())?;
    set("gmtime", vm.new_function("gmtime", gmtime).into())?;
    set("localtime", vm.new_function("localtime", localtime).into())?;
    set("mktime", vm.new_function("mktime", mktime).into())?;
    set("asctime", vm.new_function("asctime", asctime).into())?;
    set("ctime", vm.new_function("ctime", ctime).into())?;
    set("strftime", vm.new_function("strftime", strftime).into())?;
    set("tzset", vm.new_function("tzset", || ()).into())?;
    let datetime = vm.import("_datetime", 0)?.get_attr("datetime", vm)?;
    let class = PyTypeRef::try_from_object(vm, datetime)?;
    class_method(vm, &class, "now", vm.new_function("now", now).into())?;
    class_method(vm, &class, "today", vm.new_function("today", today).into())?;
    class_method(
        vm,
        &class,
        "utcnow",
        vm.new_function("utcnow", utcnow).into(),
    )?;
    super::local_dates::install(vm)
}

/// How far the local clocks are ahead of UTC at a moment, in seconds.
pub fn local_offset(seconds: i64) -> i32 {
    let zone = ZONE.with(|z| z.borrow().clone());
    match Timestamp::from_second(seconds) {
        Ok(moment) => zone.to_offset_info(moment).offset().seconds(),
        Err(_) => 0,
    }
}

fn class_method(
    vm: &VirtualMachine,
    class: &PyType,
    name: &'static str,
    function: PyObjectRef,
) -> PyResult<()> {
    let method = vm
        .ctx
        .types
        .classmethod_type
        .as_object()
        .call((function,), vm)?;
    class.set_attr(vm.ctx.intern_str(name), method);
    Ok(())
}

fn sleep(seconds: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
    let seconds = f64::try_from_object(
        vm,
        vm.ctx.types.float_type.as_object().call((seconds,), vm)?,
    )?;
    if seconds < 0.0 {
        return Err(vm.new_value_error("sleep length must be non-negative"));
    }
    let duration = Duration::try_from_secs_f64(seconds)
        .map_err(|_| vm.new_overflow_error("timestamp out of range for platform time_t"))?;
    host::ask(|h| h.sleep(duration));
    Ok(())
}

fn seconds_or_now(seconds: OptionalArg<Option<PyObjectRef>>, vm: &VirtualMachine) -> PyResult<f64> {
    match seconds.flatten() {
        Some(s) => f64::try_from_object(vm, vm.ctx.types.float_type.as_object().call((s,), vm)?),
        None => Ok(wall().as_secs_f64()),
    }
}

fn hidden(vm: &VirtualMachine, name: &'static str) -> PyResult {
    vm.import("time", 0)?.get_attr(name, vm)
}

fn gmtime(seconds: OptionalArg<Option<PyObjectRef>>, vm: &VirtualMachine) -> PyResult {
    let seconds = seconds_or_now(seconds, vm)?;
    hidden(vm, "_gmtime")?.call((vm.ctx.new_float(seconds),), vm)
}

fn localtime(seconds: OptionalArg<Option<PyObjectRef>>, vm: &VirtualMachine) -> PyResult {
    let seconds = seconds_or_now(seconds, vm)?;
    let moment = Timestamp::from_second(seconds.floor() as i64)
        .map_err(|_| vm.new_overflow_error("timestamp out of range for platform time_t"))?;
    let zone = ZONE.with(|z| z.borrow().clone());
    let info = zone.to_offset_info(moment);
    let (dst, offset, abbreviation) = (
        info.dst().is_dst(),
        info.offset().seconds(),
        info.abbreviation().to_owned(),
    );
    struct_time(vm, &moment.to_zoned(zone), dst, offset, &abbreviation)
}

fn struct_time(
    vm: &VirtualMachine,
    at: &Zoned,
    dst: bool,
    offset: i32,
    abbreviation: &str,
) -> PyResult {
    let int = |n: i64| -> PyObjectRef { vm.ctx.new_int(n).into() };
    let weekday = i64::from(at.weekday().to_monday_zero_offset());
    let fields = vec![
        int(at.year().into()),
        int(at.month().into()),
        int(at.day().into()),
        int(at.hour().into()),
        int(at.minute().into()),
        int(at.second().into()),
        int(weekday),
        int(at.day_of_year().into()),
        int(dst.into()),
        vm.ctx.new_str(abbreviation).into(),
        int(offset.into()),
    ];
    hidden(vm, "struct_time")?.call((vm.ctx.new_tuple(fields),), vm)
}

fn mktime(parts: PyObjectRef, vm: &VirtualMachine) -> PyResult<f64> {
    let parts: Vec<i64> = parts
        .try_to_value::<Vec<PyObjectRef>>(vm)?
        .into_iter()
        .take(6)
        .map(|p| i64::try_from_object(vm, p))
        .collect::<PyResult<_>>()?;
    let [year, month, day, hour, minute, second] = parts[..] else {
        return Err(vm.new_type_error("mktime(): illegal time tuple argument"));
    };
    let overflow = || vm.new_overflow_error("mktime argument out of range");
    let months = year
        .checked_mul(12)
        .and_then(|m| m.checked_add(month - 1))
        .ok_or_else(overflow)?;
    let start = jiff::civil::DateTime::new(
        i16::try_from(months.div_euclid(12)).map_err(|_| overflow())?,
        (months.rem_euclid(12) + 1) as i8,
        1,
        0,
        0,
        0,
        0,
    )
    .map_err(|_| overflow())?;
    let rest = (day - 1)
        .checked_mul(86_400)
        .and_then(|d| d.checked_add(hour.checked_mul(3600)?))
        .and_then(|d| d.checked_add(minute.checked_mul(60)?))
        .and_then(|d| d.checked_add(second))
        .ok_or_else(overflow)?;
    let civil = start
        .checked_add(SignedDuration::from_secs(rest))
        .map_err(|_| overflow())?;
    let zone = ZONE.with(|z| z.borrow().clone());
    let zoned = civil.to_zoned(zone).map_err(|_| overflow())?;
    Ok(zoned.timestamp().as_second() as f64)
}

fn asctime(parts: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
    let parts = match parts {
        OptionalArg::Present(p) => p,
        OptionalArg::Missing => localtime(OptionalArg::Missing, vm)?,
    };
    hidden(vm, "_asctime")?.call((parts,), vm)
}

fn ctime(seconds: OptionalArg<Option<PyObjectRef>>, vm: &VirtualMachine) -> PyResult {
    let parts = localtime(seconds, vm)?;
    hidden(vm, "_asctime")?.call((parts,), vm)
}

fn strftime(format: PyObjectRef, parts: OptionalArg<PyObjectRef>, vm: &VirtualMachine) -> PyResult {
    let parts = match parts {
        OptionalArg::Present(p) => p,
        OptionalArg::Missing => localtime(OptionalArg::Missing, vm)?,
    };
    hidden(vm, "_strftime")?.call((format, parts), vm)
}

/// The time in whole microseconds: a float of seconds would lose some.
fn from_now(class: &PyObjectRef, zone: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let now = wall();
    let start = class
        .get_attr("fromtimestamp", vm)?
        .call((vm.ctx.new_int(now.as_secs()), zone), vm)?;
    let micros = vm.ctx.new_int(now.subsec_micros()).into();
    replace(&start, "microsecond", micros, vm)
}

/// `moment.replace(name=value)`.
fn replace(moment: &PyObjectRef, name: &str, value: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let mut args = FuncArgs::default();
    args.kwargs.insert(name.into(), value);
    moment.get_attr("replace", vm)?.call(args, vm)
}

#[derive(rustpython_vm::FromArgs)]
struct NowArgs {
    #[pyarg(positional)]
    class: PyObjectRef,
    #[pyarg(any, optional)]
    tz: OptionalArg<PyObjectRef>,
}

fn now(args: NowArgs, vm: &VirtualMachine) -> PyResult {
    let zone = args.tz.unwrap_or_else(|| vm.ctx.none());
    from_now(&args.class, zone, vm)
}

fn today(class: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    from_now(&class, vm.ctx.none(), vm)
}

fn utcnow(class: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let utc = vm
        .import("_datetime", 0)?
        .get_attr("timezone", vm)?
        .get_attr("utc", vm)?;
    let aware = from_now(&class, utc, vm)?;
    replace(&aware, "tzinfo", vm.ctx.none(), vm)
}
