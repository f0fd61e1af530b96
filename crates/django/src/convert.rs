//! Python objects as [`Value`]s and back.
mod members;
mod slots;

use crate::error::OrForeign;
use bigdecimal::BigDecimal;
use jiff::civil;
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use orm_state::temporal::Zone;
use orm_state::value::decimal_str;
use orm_state::{DateTime, Duration, Error, ErrorKind, Model, Object, Result, Time, Value};
use rustpython_vm::builtins::{
    PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyStr, PyTuple, PyType, PyTypeRef,
};
use rustpython_vm::function::ArgBytesLike;
use rustpython_vm::vm::thread::{try_with_current_vm, with_current_vm};
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyResult, TryFromBorrowedObject, VirtualMachine,
};
use slots::Slots;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::str::FromStr;

/// A Python object carried by the ORM without looking inside.
#[derive(Clone)]
pub struct PyObj(pub PyObjectRef);

impl fmt::Debug for PyObj {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repr())
    }
}

thread_local! {
    static MODEL_OF: Cell<Option<fn(&PyObject) -> Option<Rc<Model>>>> = const { Cell::new(None) };
    static UNWRAP: Cell<Option<fn(&PyObject) -> Option<Rc<dyn Object>>>> = const { Cell::new(None) };
    static WRAP: Cell<Option<fn(&VirtualMachine, &Rc<dyn Object>) -> Option<PyObjectRef>>> =
        const { Cell::new(None) };
    static CLASSES: RefCell<Option<Rc<Classes>>> = const { RefCell::new(None) };
}

/// How to tell which model an instance belongs to.
pub fn set_model_of(f: fn(&PyObject) -> Option<Rc<Model>>) {
    MODEL_OF.set(Some(f));
}

/// How expressions (and other native payloads) become ORM objects, and come back.
pub fn set_expression_bridge(
    unwrap: fn(&PyObject) -> Option<Rc<dyn Object>>,
    wrap: fn(&VirtualMachine, &Rc<dyn Object>) -> Option<PyObjectRef>,
) {
    UNWRAP.set(Some(unwrap));
    WRAP.set(Some(wrap));
}

impl Object for PyObj {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        try_with_current_vm(|vm| match self.0.repr(vm) {
            Ok(s) => s.to_string_lossy().into_owned(),
            Err(_) => format!("<{} object>", self.0.class().name()),
        })
        .unwrap_or_default()
    }
    fn to_str(&self) -> String {
        try_with_current_vm(|vm| match self.0.str(vm) {
            Ok(s) => s.to_string_lossy().into_owned(),
            Err(_) => self.repr(),
        })
        .unwrap_or_default()
    }
    fn type_name(&self) -> String {
        self.0.class().name().to_string()
    }
    fn model(&self) -> Option<Rc<Model>> {
        MODEL_OF.get().and_then(|f| f(&self.0))
    }
    fn items(&self) -> Option<Result<Vec<Value>>> {
        with_current_vm(|vm| {
            let iter = self.0.get_iter(vm).ok()?;
            let items = iter.iter::<PyObjectRef>(vm).and_then(|items| {
                items
                    .map(|item: PyResult| to_value(vm, &*item?))
                    .collect::<PyResult<Vec<_>>>()
            });
            Some(items.or_foreign())
        })
    }
    fn ingredients(&self) -> Option<Value> {
        try_with_current_vm(|vm| {
            let made = crate::migrations::source::ingredients(vm, &self.0).ok()??;
            to_value(vm, &made).ok()
        })
        .flatten()
    }
    fn source(&self) -> Result<orm_state::Source> {
        with_current_vm(|vm| crate::migrations::source::source_of(vm, &self.0))
    }
    fn attr(&self, name: &str) -> Result<Value> {
        with_current_vm(|vm| {
            let found = self
                .0
                .get_attr(&*vm.ctx.new_utf8_str(name), vm)
                .map_err(|e| {
                    let missing = e.fast_isinstance(vm.ctx.exceptions.attribute_error);
                    let raised = crate::error::from_py(e);
                    match raised.payload() {
                        // Some callers go on without it: they have to tell it from others.
                        Some(payload) if missing => {
                            let message = raised.message().to_string();
                            Error::new(ErrorKind::AttributeError, message)
                                .with_payload(payload.clone())
                        }
                        _ => raised,
                    }
                })?;
            to_value(vm, &found).or_foreign()
        })
    }
    fn number(&self, float: bool) -> Option<Result<Value>> {
        with_current_vm(|vm| {
            let has = |name: &'static str| self.0.get_attr(name, vm).is_ok();
            if has("resolve_expression") || has("as_sql") {
                return None;
            }
            let types = &vm.ctx.types;
            let class = if float {
                types.float_type
            } else {
                types.int_type
            };
            let made = class.as_object().call((self.0.clone(),), vm);
            Some(match made {
                Ok(number) => to_value(vm, &number).or_foreign(),
                Err(e) if e.fast_isinstance(vm.ctx.exceptions.type_error) => {
                    Err(orm_state::Error::type_error(""))
                }
                Err(e) if e.fast_isinstance(vm.ctx.exceptions.value_error) => {
                    Err(orm_state::Error::value_error(""))
                }
                Err(e) => Err(e).or_foreign(),
            })
        })
    }
    fn equals(&self, other: &dyn Object) -> bool {
        let Some(other) = other.as_any().downcast_ref::<PyObj>() else {
            return false;
        };
        self.0.is(&other.0)
            || try_with_current_vm(|vm| vm.bool_eq(&self.0, &other.0).unwrap_or(false))
                .unwrap_or(false)
    }
    fn hash(&self) -> u64 {
        try_with_current_vm(|vm| self.0.hash(vm).ok())
            .flatten()
            .map_or(self.0.get_id() as u64, |h| h as u64)
    }
}

/// The classes of Python's own library whose values we know.
pub struct Classes {
    pub date: PyTypeRef,
    pub datetime: PyTypeRef,
    pub time: PyTypeRef,
    pub timedelta: PyTypeRef,
    pub timezone: PyTypeRef,
    pub utc: PyObjectRef,
    pub decimal: PyTypeRef,
    pub uuid: PyTypeRef,
    date_slots: Option<Slots>,
    datetime_slots: Option<Slots>,
    time_slots: Option<Slots>,
    timedelta_slots: Option<Slots>,
    decimal_slots: Option<Slots>,
    uuid_slots: Option<Slots>,
    /// `SafeUUID.unknown`
    uuid_safety: PyObjectRef,
}

/// Imported once an interpreter.
pub fn classes(vm: &VirtualMachine) -> PyResult<Rc<Classes>> {
    if let Some(c) = CLASSES.with_borrow(Clone::clone) {
        return Ok(c);
    }
    let find = |module: &'static str, name: &'static str| -> PyResult<PyObjectRef> {
        vm.import(module, 0)?.get_attr(name, vm)
    };
    let class = |module: &'static str, name: &'static str| -> PyResult<PyTypeRef> {
        find(module, name)?
            .downcast::<PyType>()
            .map_err(|_| vm.new_type_error(format!("{module}.{name} is not a class")))
    };
    let timezone = class("datetime", "timezone")?;
    let date = class("datetime", "date")?;
    let datetime = class("datetime", "datetime")?;
    let time = class("datetime", "time")?;
    let timedelta = class("datetime", "timedelta")?;
    let decimal = class("decimal", "Decimal")?;
    let uuid = class("uuid", "UUID")?;
    let of_date = ["_year", "_month", "_day", "_hashcode"];
    let of_time = [
        "_hour",
        "_minute",
        "_second",
        "_microsecond",
        "_tzinfo",
        "_fold",
    ];
    let mut of_datetime = of_date.to_vec();
    of_datetime.extend(of_time);
    let mut of_time = of_time.to_vec();
    of_time.push("_hashcode");
    let of_timedelta = ["_days", "_seconds", "_microseconds", "_hashcode"];
    let of_decimal = ["_sign", "_int", "_exp", "_is_special"];
    let made = Rc::new(Classes {
        date_slots: Slots::of(vm, &date, &of_date),
        datetime_slots: Slots::of(vm, &datetime, &of_datetime),
        time_slots: Slots::of(vm, &time, &of_time),
        timedelta_slots: Slots::of(vm, &timedelta, &of_timedelta),
        decimal_slots: Slots::of(vm, &decimal, &of_decimal),
        uuid_slots: Slots::of(vm, &uuid, &["int", "is_safe"]),
        uuid_safety: find("uuid", "SafeUUID")?.get_attr("unknown", vm)?,
        date,
        datetime,
        time,
        timedelta,
        utc: timezone.as_object().get_attr("utc", vm)?,
        timezone,
        decimal,
        uuid,
    });
    CLASSES.set(Some(made.clone()));
    Ok(made)
}

/// Forgets what belonged to an interpreter that ends.
pub fn reset() {
    CLASSES.set(None);
    members::reset();
}

/// Forgets the project's own: its enumerations.
pub fn forget_project() {
    members::reset();
}

/// A Python object as a value. What we do not know stays a [`Value::Object`].
pub fn to_value(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Value> {
    if vm.is_none(obj) {
        return Ok(Value::Null);
    }
    let types = &vm.ctx.types;
    if let Some(s) = obj.downcast_ref::<PyStr>() {
        if !obj.class().is(types.str_type)
            && let Some(text) = members::text(vm, obj, s)
        {
            return Ok(Value::Str(text));
        }
        return Ok(Value::Str(s.to_string_lossy().into()));
    }
    if let Some(i) = obj.downcast_ref::<PyInt>() {
        if obj.fast_isinstance(types.bool_type) {
            return Ok(Value::Bool(obj.to_owned().is_true(vm)?));
        }
        return Ok(match i.try_to_primitive::<i64>(vm) {
            Ok(i) => Value::Int(i),
            Err(_) => match BigInt::from_str(&i.to_str_radix_10()) {
                Ok(b) => Value::BigInt(Rc::new(b)),
                Err(_) => opaque(obj),
            },
        });
    }
    if let Some(f) = obj.downcast_ref::<PyFloat>() {
        return Ok(Value::Float(f.to_f64()));
    }
    if let Some(object) = UNWRAP.get().and_then(|f| f(obj)) {
        return Ok(Value::Object(object));
    }
    if let Some(items) = obj.downcast_ref::<PyList>() {
        let items = items.borrow_vec().to_vec();
        return Ok(Value::List(values(vm, &items)?));
    }
    if let Some(items) = obj.downcast_ref::<PyTuple>() {
        return Ok(Value::Tuple(values(vm, items.as_slice())?));
    }
    if let Some(items) = obj.downcast_ref::<PySet>() {
        return Ok(Value::Set(values(vm, &items.elements())?));
    }
    if let Some(items) = obj.downcast_ref::<PyFrozenSet>() {
        return Ok(Value::Set(values(vm, &items.elements())?));
    }
    if let Some(items) = obj.downcast_ref::<PyDict>() {
        let mut pairs = Vec::with_capacity(items.__len__());
        for (k, v) in items.items_vec() {
            pairs.push((to_value(vm, &k)?, to_value(vm, &v)?));
        }
        return Ok(Value::Dict(pairs.into()));
    }
    if let Some(b) = obj.downcast_ref::<PyBytes>() {
        return Ok(Value::Bytes(b.as_bytes().into()));
    }
    special(vm, obj)
}

fn opaque(obj: &PyObject) -> Value {
    Value::Object(Rc::new(PyObj(obj.to_owned())))
}

fn values(vm: &VirtualMachine, items: &[PyObjectRef]) -> PyResult<Rc<[Value]>> {
    items.iter().map(|i| to_value(vm, i)).collect()
}

/// Dates, decimals, UUIDs.
fn special(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Value> {
    let c = classes(vm)?;
    if obj.fast_isinstance(&c.datetime) {
        let slots = c.datetime_slots.is_some();
        let civil = date_of(vm, obj, slots)?.to_datetime(time_of(vm, obj, slots)?);
        return Ok(Value::DateTime(DateTime {
            civil,
            tz: zone_of(vm, obj)?,
        }));
    }
    if obj.fast_isinstance(&c.date) {
        return Ok(Value::Date(date_of(vm, obj, c.date_slots.is_some())?));
    }
    if obj.fast_isinstance(&c.timedelta) {
        let days = int_attr(vm, obj, "days")?;
        let seconds = int_attr(vm, obj, "seconds")?;
        let micros = int_attr(vm, obj, "microseconds")?;
        return Ok(Value::Duration(Duration::from_parts(days, seconds, micros)));
    }
    if obj.fast_isinstance(&c.decimal) {
        if c.decimal_slots.is_some()
            && let Some(decimal) = decimal_of(vm, obj)?
        {
            return Ok(Value::Decimal(Rc::new(decimal)));
        }
        let text = obj.str(vm)?;
        return Ok(match BigDecimal::from_str(&text.to_string_lossy()) {
            Ok(d) => Value::Decimal(Rc::new(d)),
            Err(_) => opaque(obj),
        });
    }
    if obj.fast_isinstance(&c.time) {
        return Ok(Value::Time(Time {
            civil: time_of(vm, obj, c.time_slots.is_some())?,
            tz: zone_of(vm, obj)?,
        }));
    }
    if obj.fast_isinstance(&c.uuid) {
        let number = obj.get_attr("int", vm)?;
        if let Some(number) = number.downcast_ref::<PyInt>()
            && let Ok(number) = number.try_to_primitive::<u128>(vm)
        {
            return Ok(Value::Uuid(uuid::Uuid::from_u128(number)));
        }
        let text = obj.str(vm)?;
        return Ok(match uuid::Uuid::parse_str(&text.to_string_lossy()) {
            Ok(u) => Value::Uuid(u),
            Err(_) => opaque(obj),
        });
    }
    if let Some(wrapped) = behind_lazy(vm, obj)? {
        return to_value(vm, &wrapped);
    }
    // `bytearray`, `memoryview`: their bytes as they are now.
    if let Ok(bytes) = ArgBytesLike::try_from_borrowed_object(vm, obj) {
        return Ok(bytes.with_ref(|b| Value::Bytes(b.into())));
    }
    Ok(opaque(obj))
}

/// The object that a `SimpleLazyObject` stands for; it is made now.
fn behind_lazy(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Option<PyObjectRef>> {
    let lazy = |class: &PyTypeRef| {
        &*class.name() == "LazyObject"
            && class
                .as_object()
                .get_attr("__module__", vm)
                .ok()
                .and_then(|m| crate::py::as_string(&m))
                .is_some_and(|m| m == "django.utils.functional")
    };
    if !obj.class().mro_collect().iter().any(lazy) {
        return Ok(None);
    }
    // Asking for its class makes it.
    obj.get_attr("__class__", vm)?;
    obj.get_attr("_wrapped", vm).map(Some)
}

fn int_attr(vm: &VirtualMachine, obj: &PyObject, name: &'static str) -> PyResult<i64> {
    obj.get_attr(name, vm)?.try_to_value(vm)
}

/// Its properties are functions of Python; the slots behind them are not.
fn date_of(vm: &VirtualMachine, obj: &PyObject, slots: bool) -> PyResult<civil::Date> {
    let [year, month, day] = if slots {
        ["_year", "_month", "_day"]
    } else {
        ["year", "month", "day"]
    };
    civil::Date::new(
        int_attr(vm, obj, year)? as i16,
        int_attr(vm, obj, month)? as i8,
        int_attr(vm, obj, day)? as i8,
    )
    .map_err(|e| vm.new_value_error(e.to_string()))
}

fn time_of(vm: &VirtualMachine, obj: &PyObject, slots: bool) -> PyResult<civil::Time> {
    let [hour, minute, second, microsecond] = if slots {
        ["_hour", "_minute", "_second", "_microsecond"]
    } else {
        ["hour", "minute", "second", "microsecond"]
    };
    civil::Time::new(
        int_attr(vm, obj, hour)? as i8,
        int_attr(vm, obj, minute)? as i8,
        int_attr(vm, obj, second)? as i8,
        int_attr(vm, obj, microsecond)? as i32 * 1000,
    )
    .map_err(|e| vm.new_value_error(e.to_string()))
}

/// A finite decimal; nothing for NaN and infinity.
fn decimal_of(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Option<BigDecimal>> {
    let (digits, exponent) = (obj.get_attr("_int", vm)?, obj.get_attr("_exp", vm)?);
    let (Some(digits), Some(exponent)) = (
        digits.downcast_ref::<PyStr>(),
        exponent.downcast_ref::<PyInt>(),
    ) else {
        return Ok(None);
    };
    let digits = digits.to_string_lossy();
    let number = match digits.parse::<i64>() {
        Ok(small) => BigInt::from(small),
        Err(_) => match BigInt::from_str(&digits) {
            Ok(large) => large,
            Err(_) => return Ok(None),
        },
    };
    let negative = int_attr(vm, obj, "_sign")? == 1;
    let Ok(exponent) = exponent.try_to_primitive::<i64>(vm) else {
        return Ok(None);
    };
    let number = if negative { -number } else { number };
    Ok(Some(BigDecimal::new(number, -exponent)))
}

fn zone_of(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Option<Zone>> {
    let tzinfo = obj.get_attr("tzinfo", vm)?;
    if vm.is_none(&tzinfo) {
        return Ok(None);
    }
    let offset = vm.call_method(obj, "utcoffset", ())?;
    if vm.is_none(&offset) {
        return Ok(None);
    }
    let offset_seconds =
        (int_attr(vm, &offset, "days")? * 86_400 + int_attr(vm, &offset, "seconds")?) as i32;
    let c = classes(vm)?;
    let name = if tzinfo.is(&c.utc) {
        None
    } else {
        match tzinfo.get_attr("key", vm) {
            Ok(key) if !vm.is_none(&key) => Some(Rc::from(&*key.str(vm)?.to_string_lossy())),
            _ => None,
        }
    };
    Ok(Some(Zone {
        offset_seconds,
        name,
    }))
}

/// A value as a Python object.
pub fn to_py(vm: &VirtualMachine, value: &Value) -> PyResult<PyObjectRef> {
    let ctx = &vm.ctx;
    Ok(match value {
        Value::Null => ctx.none(),
        Value::Bool(b) => ctx.new_bool(*b).into(),
        Value::Int(i) => ctx.new_int(*i).into(),
        Value::BigInt(i) => {
            let text = ctx.new_str(i.to_string());
            ctx.types.int_type.as_object().call((text,), vm)?
        }
        Value::Float(f) => ctx.new_float(*f).into(),
        Value::Str(s) => members::member(s).unwrap_or_else(|| ctx.new_str(&**s).into()),
        Value::Bytes(b) => ctx.new_bytes(b.to_vec()).into(),
        Value::List(v) => ctx.new_list(objects(vm, v)?).into(),
        Value::Tuple(v) => ctx.new_tuple(objects(vm, v)?).into(),
        Value::Set(v) => {
            let set = PySet::default();
            for item in objects(vm, v)? {
                set.add(item, vm)?;
            }
            use rustpython_vm::PyPayload;
            set.into_ref(ctx).into()
        }
        Value::Dict(pairs) => {
            let dict = ctx.new_dict();
            for (k, v) in pairs.iter() {
                dict.set_item(&*to_py(vm, k)?, to_py(vm, v)?, vm)?;
            }
            dict.into()
        }
        Value::Date(d) => date_object(vm, *d)?,
        Value::Time(t) => {
            let zone = t.tz.as_ref().map(|z| zone_object(vm, z)).transpose()?;
            let c = classes(vm)?;
            let mut parts = time_parts(vm, t.civil, zone);
            match &c.time_slots {
                Some(slots) => {
                    // Not fold: an hour that comes twice is the first one.
                    parts.extend([ctx.new_int(0).into(), ctx.new_int(-1).into()]);
                    slots.make(vm, parts)?
                }
                None => c.time.as_object().call(parts, vm)?,
            }
        }
        Value::DateTime(d) => {
            let zone = d.tz.as_ref().map(|z| zone_object(vm, z)).transpose()?;
            let c = classes(vm)?;
            let mut parts = date_parts(vm, d.civil.date());
            match &c.datetime_slots {
                Some(slots) if d.civil.year() > 0 => {
                    parts.push(ctx.new_int(-1).into());
                    parts.extend(time_parts(vm, d.civil.time(), zone));
                    parts.push(ctx.new_int(0).into());
                    slots.make(vm, parts)?
                }
                _ => {
                    parts.extend(time_parts(vm, d.civil.time(), zone));
                    c.datetime.as_object().call(parts, vm)?
                }
            }
        }
        Value::Duration(d) => {
            let (days, seconds, micros) = d.parts();
            let c = classes(vm)?;
            match &c.timedelta_slots {
                Some(slots) if days.unsigned_abs() <= 999_999_999 => slots.make(
                    vm,
                    [days, seconds, micros, -1].map(|n| ctx.new_int(n).into()),
                )?,
                _ => c.timedelta.as_object().call((days, seconds, micros), vm)?,
            }
        }
        Value::Decimal(d) => {
            let c = classes(vm)?;
            match &c.decimal_slots {
                Some(slots) => {
                    let (number, scale) = d.as_bigint_and_scale();
                    let negative = number.sign() == num_bigint::Sign::Minus;
                    let digits = match number.to_i64() {
                        Some(small) => small.unsigned_abs().to_string(),
                        None => number.magnitude().to_string(),
                    };
                    slots.make(
                        vm,
                        [
                            ctx.new_int(i32::from(negative)).into(),
                            ctx.new_str(digits).into(),
                            ctx.new_int(-scale).into(),
                            ctx.new_bool(false).into(),
                        ],
                    )?
                }
                None => c
                    .decimal
                    .as_object()
                    .call((ctx.new_str(decimal_str(d)),), vm)?,
            }
        }
        Value::Uuid(u) => {
            let c = classes(vm)?;
            match &c.uuid_slots {
                Some(slots) => {
                    slots.make(vm, [ctx.new_int(u.as_u128()).into(), c.uuid_safety.clone()])?
                }
                None => c.uuid.as_object().call((ctx.new_str(u.to_string()),), vm)?,
            }
        }
        Value::Object(o) => match o.as_any().downcast_ref::<PyObj>() {
            Some(obj) => obj.0.clone(),
            None => match WRAP.get().and_then(|f| f(vm, o)) {
                Some(obj) => obj,
                None => {
                    return Err(
                        vm.new_type_error(format!("cannot show a {} to Python", o.type_name()))
                    );
                }
            },
        },
    })
}

fn objects(vm: &VirtualMachine, items: &[Value]) -> PyResult<Vec<PyObjectRef>> {
    items.iter().map(|i| to_py(vm, i)).collect()
}

fn date_object(vm: &VirtualMachine, date: civil::Date) -> PyResult<PyObjectRef> {
    let c = classes(vm)?;
    let mut parts = date_parts(vm, date);
    match &c.date_slots {
        // Python's years begin with 1.
        Some(slots) if date.year() > 0 => {
            parts.push(vm.ctx.new_int(-1).into());
            slots.make(vm, parts)
        }
        _ => c.date.as_object().call(parts, vm),
    }
}

fn date_parts(vm: &VirtualMachine, date: civil::Date) -> Vec<PyObjectRef> {
    [
        i64::from(date.year()),
        i64::from(date.month()),
        i64::from(date.day()),
    ]
    .into_iter()
    .map(|n| vm.ctx.new_int(n).into())
    .collect()
}

fn time_parts(vm: &VirtualMachine, t: civil::Time, zone: Option<PyObjectRef>) -> Vec<PyObjectRef> {
    [
        i64::from(t.hour()),
        i64::from(t.minute()),
        i64::from(t.second()),
        i64::from(t.subsec_nanosecond() / 1000),
    ]
    .into_iter()
    .map(|n| vm.ctx.new_int(n).into())
    .chain([vm.unwrap_or_none(zone)])
    .collect()
}

/// `timezone.utc`, `ZoneInfo(key)` or a fixed offset.
pub fn zone_object(vm: &VirtualMachine, zone: &Zone) -> PyResult<PyObjectRef> {
    let c = classes(vm)?;
    match zone.name.as_deref() {
        None if zone.offset_seconds == 0 => Ok(c.utc.clone()),
        Some(key) => vm
            .import("zoneinfo", 0)?
            .get_attr("ZoneInfo", vm)?
            .call((vm.ctx.new_str(key),), vm),
        None => {
            let offset = c
                .timedelta
                .as_object()
                .call((0i64, i64::from(zone.offset_seconds)), vm)?;
            c.timezone.as_object().call((offset,), vm)
        }
    }
}
