//! `django.utils.timezone`. Source: "django.utils.timezone" in Django's utilities reference.
use crate::class::{class, function};
use crate::convert::{classes, zone_object};
use crate::{apps, modules, py};
use orm_state::settings;
use orm_state::temporal::Zone;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;

type Vm = VirtualMachine;
const MODULE: &str = "django.utils.timezone";

thread_local! {
    /// What `activate()` was given.
    static ACTIVE: RefCell<Option<PyObjectRef>> = const { RefCell::new(None) };
}

pub fn reset() {
    ACTIVE.take();
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let f = function(vm, "now", |vm: &Vm| now(vm));
    modules::export(vm, MODULE, "now", f)?;
    let f = function(vm, "get_default_timezone", |vm: &Vm| default_zone(vm));
    modules::export(vm, MODULE, "get_default_timezone", f)?;
    let f = function(vm, "get_current_timezone", |vm: &Vm| current_zone(vm));
    modules::export(vm, MODULE, "get_current_timezone", f)?;
    let f = function(vm, "get_current_timezone_name", |vm: &Vm| {
        zone_name(vm, &*current_zone(vm)?)
    });
    modules::export(vm, MODULE, "get_current_timezone_name", f)?;
    let f = function(vm, "get_default_timezone_name", |vm: &Vm| {
        zone_name(vm, &*default_zone(vm)?)
    });
    modules::export(vm, MODULE, "get_default_timezone_name", f)?;
    let f = function(vm, "get_fixed_timezone", |offset: PyObjectRef, vm: &Vm| {
        fixed(vm, offset)
    });
    modules::export(vm, MODULE, "get_fixed_timezone", f)?;
    let f = function(vm, "activate", |zone: PyObjectRef, vm: &Vm| {
        activate(vm, Some(zone))
    });
    modules::export(vm, MODULE, "activate", f)?;
    let f = function(vm, "deactivate", |vm: &Vm| activate(vm, None));
    modules::export(vm, MODULE, "deactivate", f)?;
    let f = function(vm, "is_aware", |v: PyObjectRef, vm: &Vm| is_aware(vm, &v));
    modules::export(vm, MODULE, "is_aware", f)?;
    let f = function(
        vm,
        "is_naive",
        |v: PyObjectRef, vm: &Vm| -> PyResult<bool> { Ok(!is_aware(vm, &v)?) },
    );
    modules::export(vm, MODULE, "is_naive", f)?;
    let f = function(vm, "localtime", |args: FuncArgs, vm: &Vm| {
        localtime(vm, args)
    });
    modules::export(vm, MODULE, "localtime", f)?;
    let f = function(vm, "localdate", |args: FuncArgs, vm: &Vm| -> PyResult {
        let at = localtime(vm, args)?;
        py::call(vm, &at, "date", vec![])
    });
    modules::export(vm, MODULE, "localdate", f)?;
    let f = function(
        vm,
        "make_aware",
        |value: PyObjectRef, zone: OptionalArg, vm: &Vm| {
            let zone = given_or_current(vm, zone.into_option())?;
            if is_aware(vm, &value)? {
                return Err(vm.new_value_error(format!(
                    "make_aware expects a naive datetime, got {}",
                    py::to_string(vm, &value)?
                )));
            }
            py::call_kw(vm, &value, "replace", vec![], &[("tzinfo", zone)])
        },
    );
    modules::export(vm, MODULE, "make_aware", f)?;
    let f = function(
        vm,
        "make_naive",
        |value: PyObjectRef, zone: OptionalArg, vm: &Vm| {
            let zone = given_or_current(vm, zone.into_option())?;
            if !is_aware(vm, &value)? {
                return Err(
                    vm.new_value_error("make_naive() cannot be applied to a naive datetime")
                );
            }
            let local = py::call(vm, &value, "astimezone", vec![zone])?;
            py::call_kw(vm, &local, "replace", vec![], &[("tzinfo", vm.ctx.none())])
        },
    );
    modules::export(vm, MODULE, "make_naive", f)?;
    let f = class(vm, MODULE, "override", &[], |c| {
        c.method("__init__", |o: PyObjectRef, zone: PyObjectRef, vm: &Vm| {
            py::set_attr(vm, &o, "timezone", zone)
        });
        c.method("__enter__", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let old = vm.unwrap_or_none(ACTIVE.with_borrow(Clone::clone));
            py::set_attr(vm, &o, "old_timezone", old)?;
            let zone = py::attr(vm, &o, "timezone")?;
            activate(vm, Some(zone).filter(|z| !vm.is_none(z)))
        });
        c.method(
            "__exit__",
            |o: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult<()> {
                let old = py::attr(vm, &o, "old_timezone")?;
                activate(vm, Some(old).filter(|z| !vm.is_none(z)))
            },
        );
    })?;
    modules::export(vm, MODULE, "override", f)?;
    // `timezone.utc` and `timezone.timedelta` want `datetime`, imported when first asked for.
    let f = function(vm, "__getattr__", |name: String, vm: &Vm| -> PyResult {
        match name.as_str() {
            "utc" | "UTC" => Ok(classes(vm)?.utc.clone()),
            "datetime" | "timedelta" | "timezone" | "tzinfo" => {
                py::attr(vm, &vm.import("datetime", 0)?, &name)
            }
            _ => {
                Err(vm.new_attribute_error(format!("module '{MODULE}' has no attribute '{name}'")))
            }
        }
    });
    modules::export(vm, MODULE, "__getattr__", f)
}

fn use_tz(vm: &Vm) -> PyResult<bool> {
    match apps::setting(vm, "USE_TZ")? {
        Some(v) => v.is_true(vm),
        None => Ok(settings::settings().use_tz),
    }
}

/// The moment, aware where `USE_TZ` is on.
fn now(vm: &Vm) -> PyResult {
    let c = classes(vm)?;
    let args = if use_tz(vm)? {
        vec![c.utc.clone()]
    } else {
        vec![]
    };
    py::call(vm, &c.datetime, "now", args)
}

fn named_zone(vm: &Vm, name: &str) -> PyResult {
    zone_object(
        vm,
        &Zone {
            offset_seconds: 0,
            name: Some(name.into()),
        },
    )
}

fn default_zone(vm: &Vm) -> PyResult {
    let name = match apps::setting(vm, "TIME_ZONE")?.and_then(|v| py::as_string(&v)) {
        Some(n) => n,
        None => settings::settings().time_zone.to_string(),
    };
    py::attr(vm, &vm.import("zoneinfo", 0)?, "ZoneInfo")?.call((vm.ctx.new_str(name),), vm)
}

fn current_zone(vm: &Vm) -> PyResult {
    match ACTIVE.with_borrow(Clone::clone) {
        Some(z) => Ok(z),
        None => default_zone(vm),
    }
}

fn zone_name(vm: &Vm, zone: &PyObject) -> PyResult<String> {
    let name = py::call(vm, zone, "tzname", vec![vm.ctx.none()])?;
    if vm.is_none(&name) {
        return py::to_string(vm, zone);
    }
    py::to_string(vm, &name)
}

fn fixed(vm: &Vm, offset: PyObjectRef) -> PyResult {
    let c = classes(vm)?;
    let minutes: i64 = if offset.fast_isinstance(&c.timedelta) {
        let seconds: f64 = py::call(vm, &offset, "total_seconds", vec![])?.try_into_value(vm)?;
        (seconds / 60.0).floor() as i64
    } else {
        offset.try_into_value(vm)?
    };
    let sign = if minutes < 0 { '-' } else { '+' };
    let name = format!("{sign}{:02}{:02}", minutes.abs() / 60, minutes.abs() % 60);
    let delta = c.timedelta.as_object().call((0i64, minutes * 60), vm)?;
    c.timezone
        .as_object()
        .call((delta, vm.ctx.new_str(name)), vm)
}

/// Sets or forgets the active zone, for Python and for the ORM.
fn activate(vm: &Vm, zone: Option<PyObjectRef>) -> PyResult<()> {
    let zone = match zone {
        Some(z) => match py::as_string(&z) {
            Some(name) => Some(named_zone(vm, &name)?),
            None => Some(z),
        },
        None => None,
    };
    let name = match &zone {
        Some(z) => Some(
            match py::attr_opt(vm, z, "key")?.and_then(|k| py::as_string(&k)) {
                Some(key) => key,
                None => zone_name(vm, z)?,
            },
        ),
        None => None,
    };
    settings::activate_time_zone(name.map(Into::into));
    ACTIVE.set(zone);
    Ok(())
}

fn is_aware(vm: &Vm, value: &PyObject) -> PyResult<bool> {
    let offset = py::call(vm, value, "utcoffset", vec![])?;
    Ok(!vm.is_none(&offset))
}

fn given_or_current(vm: &Vm, zone: Option<PyObjectRef>) -> PyResult {
    match zone.filter(|z| !vm.is_none(z)) {
        Some(z) => Ok(z),
        None => current_zone(vm),
    }
}

fn localtime(vm: &Vm, mut args: FuncArgs) -> PyResult {
    let value = match args
        .take_positional_keyword("value")
        .filter(|v| !vm.is_none(v))
    {
        Some(v) => v,
        None => now(vm)?,
    };
    let zone = given_or_current(vm, args.take_positional_keyword("timezone"))?;
    if !is_aware(vm, &value)? {
        return Err(vm.new_value_error("localtime() cannot be applied to a naive datetime"));
    }
    py::call(vm, &value, "astimezone", vec![zone])
}
