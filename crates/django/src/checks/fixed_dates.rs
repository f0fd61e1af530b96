//! Dates and times: options that exclude each other, and a default that was "now" once.
use super::report::Report;
use crate::models::fields::properties::{inner, this};
use crate::{convert, modules};
use jiff::SignedDuration;
use jiff::civil;
use orm_state::{FieldKind, Value};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};

pub fn check(r: &mut Report, o: &PyObject, kind: FieldKind) -> PyResult<()> {
    let field = inner(o, r.vm)?;
    let enabled = {
        let options = field.options.borrow();
        [options.auto_now, options.auto_now_add, field.has_default()]
    };
    if enabled.iter().filter(|on| **on).count() > 1 {
        r.error(
            "fields.E160",
            "The options auto_now, auto_now_add, and default are mutually exclusive. Only one of \
             these options may be present.",
        )?;
    }
    if is_fixed_now(r.vm, o, kind)? {
        r.warning_hint(
            "fields.W161",
            "Fixed default value provided.",
            "It seems you set a fixed date / time / datetime value as default for this field. \
             This may not be what you want. If you want to have the current date as default, use \
             `django.utils.timezone.now`",
        )?;
    }
    Ok(())
}

/// Is the default a value within ten seconds of this moment?
fn is_fixed_now(vm: &VirtualMachine, o: &PyObject, kind: FieldKind) -> PyResult<bool> {
    let Some(default) = this(o, vm)?.part("default") else {
        return Ok(false);
    };
    let default = convert::to_value(vm, &default)?;
    let now = modules::find(vm, "django.utils.timezone", "now")?.call((), vm)?;
    let Value::DateTime(now) = convert::to_value(vm, &now)? else {
        return Ok(false);
    };
    let now = naive(&now);
    let (Ok(lower), Ok(upper)) = (
        now.checked_sub(SignedDuration::from_secs(10)),
        now.checked_add(SignedDuration::from_secs(10)),
    ) else {
        return Ok(false);
    };
    let by_day = |day: civil::Date| lower.date() <= day && day <= upper.date();
    let by_moment = |moment: civil::DateTime| lower <= moment && moment <= upper;
    Ok(match (kind, default) {
        (FieldKind::Date, Value::DateTime(d)) => by_day(naive(&d).date()),
        (FieldKind::Date | FieldKind::DateTime, Value::Date(d)) => by_day(d),
        (FieldKind::DateTime | FieldKind::Time, Value::DateTime(d)) => by_moment(naive(&d)),
        (FieldKind::Time, Value::Time(t)) => by_moment(now.date().to_datetime(t.civil)),
        _ => false,
    })
}

/// The moment in UTC, where its zone is known.
fn naive(d: &orm_state::DateTime) -> civil::DateTime {
    let offset = d.tz.as_ref().map_or(0, |z| i64::from(z.offset_seconds));
    d.civil
        .checked_sub(SignedDuration::from_secs(offset))
        .unwrap_or(d.civil)
}
