//! From a Python value to what a column takes: `get_prep_value`, `get_db_prep_value`,
//! `get_db_prep_save`. Source: "Converting Python objects to query values" in Django's documentation.
use super::{Field, FieldKind};
use crate::dateparse;
use crate::error::{Error, ErrorKind, Result};
use crate::face::Object;
use crate::settings::{settings, warn};
use crate::temporal::{DateTime, Zone};
use crate::value::Value;
use bigdecimal::BigDecimal;
use num_bigint::BigInt;
use num_traits::FromPrimitive;
use std::rc::Rc;
use std::str::FromStr;

impl Field {
    /// The value in the field's own type (`get_prep_value`); expressions pass unchanged.
    ///
    /// # Errors
    /// `ValueError`, `TypeError` or `ValidationError` with Django's message.
    pub fn get_prep_value(self: &Rc<Self>, value: Value) -> Result<Value> {
        if let Some(hooks) = &self.class.hooks
            && hooks.overrides().get_prep_value
        {
            return hooks.get_prep_value(self, value);
        }
        self.builtin_prep_value(value)
    }
    /// `get_prep_value` without asking a user's override (what `super()` gives).
    pub fn builtin_prep_value(self: &Rc<Self>, value: Value) -> Result<Value> {
        use FieldKind::*;
        if value.is_null() {
            return Ok(value);
        }
        match self.kind {
            k if k.is_integer() => self.prep_int(value),
            Float => self.prep_float(value),
            Boolean => self.to_bool(value),
            Char | Email | Slug | Url | Text | File | Image | FilePath => Ok(match value {
                Value::Str(_) => value,
                v => Value::from(v.to_str()),
            }),
            GenericIpAddress => Ok(self.prep_ip_address(&value)),
            Date => self.to_date(value),
            DateTime => self.prep_datetime(value),
            Time => self.to_time(value),
            Decimal => self.to_decimal(value),
            Uuid => self.to_uuid(value),
            ForeignKey | OneToOne => self.target_field()?.get_prep_value(value),
            Generated => match &self.options.borrow().generated_output_field {
                Some(f) => f.get_prep_value(value),
                None => Ok(value),
            },
            _ => Ok(value),
        }
    }
    /// What is bound as a parameter (`get_db_prep_value`), for SQLite-like databases without
    /// native types; `prepared` says that `get_prep_value` ran.
    pub fn get_db_prep_value(self: &Rc<Self>, value: Value, prepared: bool) -> Result<Value> {
        if let Some(hooks) = &self.class.hooks
            && hooks.overrides().get_db_prep_value
        {
            return hooks.get_db_prep_value(self, value, prepared);
        }
        self.builtin_db_prep_value(value, prepared)
    }
    /// `get_db_prep_value` without asking a user's override.
    pub fn builtin_db_prep_value(self: &Rc<Self>, value: Value, prepared: bool) -> Result<Value> {
        use FieldKind::*;
        if matches!(self.kind, ForeignKey | OneToOne) {
            return self.target_field()?.get_db_prep_value(value, prepared);
        }
        let value = if prepared {
            value
        } else {
            self.get_prep_value(value)?
        };
        Ok(match (self.kind, value) {
            (_, Value::Null) if self.kind != Json => Value::Null,
            (_, v @ Value::Object(_)) if self.kind != Json => v,
            (Date, v) => Value::from(v.to_str()),
            (DateTime, Value::DateTime(d)) => adapt_datetime(&d)?,
            (Time, v) if is_aware(&v)? => {
                return Err(Error::value_error(
                    "SQLite backend does not support timezone-aware times.",
                ));
            }
            (Time, v) => Value::from(v.to_str()),
            (DateTime, v) if !is_aware(&v)? => Value::from(v.to_str()),
            (Duration, Value::Duration(d)) => Value::from(BigInt::from(d.micros)),
            (Duration, v) => return Err(v.no_attribute("days")),
            // What was prepared by nobody.
            (Uuid, v) if prepared && !matches!(v, Value::Uuid(_)) => {
                return Err(v.no_attribute("hex"));
            }
            (Uuid, v) => match self.to_uuid(v)? {
                Value::Uuid(u) => Value::from(u.simple().to_string()),
                v => v,
            },
            (Decimal, v) => self.to_decimal(v)?,
            (GenericIpAddress, Value::Str(s)) if s.is_empty() => Value::Null,
            (Binary, Value::Str(s)) => Value::Bytes(s.as_bytes().into()),
            (_, v) => v,
        })
    }
    /// What is bound when a row is saved (`get_db_prep_save`).
    pub fn get_db_prep_save(self: &Rc<Self>, value: Value) -> Result<Value> {
        if let Some(hooks) = &self.class.hooks
            && hooks.overrides().get_db_prep_save
        {
            return hooks.get_db_prep_save(self, value);
        }
        if matches!(self.kind, FieldKind::ForeignKey | FieldKind::OneToOne) {
            return match value {
                Value::Null => Ok(Value::Null),
                v => self.target_field()?.get_db_prep_save(v),
            };
        }
        if self.kind == FieldKind::Json && value.is_null() {
            return Ok(value);
        }
        self.get_db_prep_value(value, false)
    }

    fn expected(&self, error: fn(String) -> Error, value: &Value) -> Error {
        let name = self.name();
        error(format!(
            "Field '{}' expected a number but got {}.",
            if name.is_empty() { "None" } else { &*name },
            value.repr()
        ))
    }
    /// What `int()` or `float()` did not take, said in the field's words.
    fn no_number(&self, error: Error, value: &Value) -> Error {
        match error.kind() {
            ErrorKind::TypeError => self.expected(Error::type_error, value),
            ErrorKind::ValueError => self.expected(Error::value_error, value),
            _ => error,
        }
    }
    fn prep_int(&self, value: Value) -> Result<Value> {
        Ok(match value {
            Value::Int(_) | Value::BigInt(_) => value,
            Value::Object(ref o) => match o.number(false) {
                None => value,
                Some(Ok(number)) => number,
                Some(Err(e)) => return Err(self.no_number(e, &value)),
            },
            Value::Bytes(_) => return Err(self.expected(Error::value_error, &value)),
            Value::Bool(b) => Value::Int(i64::from(b)),
            Value::Uuid(u) => Value::from(BigInt::from(u.as_u128())),
            Value::Float(f) if f.is_finite() => match BigInt::from_f64(f.trunc()) {
                Some(i) => Value::from(i),
                None => return Err(self.expected(Error::value_error, &Value::Float(f))),
            },
            Value::Float(f) if f.is_infinite() => {
                return Err(Error::new(
                    ErrorKind::OverflowError,
                    "cannot convert float infinity to integer",
                ));
            }
            Value::Decimal(ref d) => Value::from(
                d.with_scale_round(0, bigdecimal::RoundingMode::Down)
                    .into_bigint_and_exponent()
                    .0,
            ),
            Value::Str(ref s) => match parse_python_int(s) {
                Some(i) => Value::from(i),
                None => return Err(self.expected(Error::value_error, &value)),
            },
            Value::Float(_) => return Err(self.expected(Error::value_error, &value)),
            v => return Err(self.expected(Error::type_error, &v)),
        })
    }
    fn prep_float(&self, value: Value) -> Result<Value> {
        Ok(match value {
            Value::Float(_) => value,
            Value::Object(ref o) => match o.number(true) {
                None => value,
                Some(Ok(number)) => number,
                Some(Err(e)) => return Err(self.no_number(e, &value)),
            },
            Value::Bytes(_) => return Err(self.expected(Error::value_error, &value)),
            Value::Str(ref s) => match parse_python_float(s) {
                Some(f) => Value::Float(f),
                None => return Err(self.expected(Error::value_error, &value)),
            },
            v => match v.as_float() {
                Some(f) => Value::Float(f),
                None => return Err(self.expected(Error::type_error, &v)),
            },
        })
    }
    fn prep_ip_address(&self, value: &Value) -> Value {
        let text = value.to_str();
        let unpack = self.options.borrow().unpack_ipv4;
        let clean = text
            .contains(':')
            .then(|| clean_ipv6(&text, unpack))
            .flatten();
        Value::from(clean.unwrap_or_else(|| text.trim().to_owned()))
    }
    fn invalid(&self, value: &Value, says: &str) -> Error {
        Error::new(
            ErrorKind::ValidationError,
            format!("“{}” {says}", value.to_str()),
        )
    }
    /// `BooleanField.to_python`
    pub fn to_bool(&self, value: Value) -> Result<Value> {
        if self.null.get() && (value.is_null() || value.as_str() == Some("")) {
            return Ok(Value::Null);
        }
        match &value {
            Value::Bool(_) => Ok(value),
            Value::Object(o) if !is_plain(&**o) => Ok(value),
            Value::Str(s) if matches!(&**s, "t" | "True" | "1") => Ok(Value::Bool(true)),
            Value::Str(s) if matches!(&**s, "f" | "False" | "0") => Ok(Value::Bool(false)),
            v if *v == Value::Int(1) => Ok(Value::Bool(true)),
            v if *v == Value::Int(0) => Ok(Value::Bool(false)),
            v => Err(self.invalid(
                v,
                if self.null.get() {
                    "value must be either True, False, or None."
                } else {
                    "value must be either True or False."
                },
            )),
        }
    }
    /// `DateField.to_python`
    pub fn to_date(&self, value: Value) -> Result<Value> {
        Ok(match &value {
            Value::Date(_) | Value::Null => value,
            Value::Object(o) if !is_plain(&**o) => value,
            Value::DateTime(d) => {
                let local = match (&d.tz, settings().use_tz) {
                    (Some(_), true) => in_zone(d, &settings().time_zone),
                    _ => d.civil,
                };
                Value::Date(local.date())
            }
            v => {
                let text = iso_text(v)?;
                match dateparse::parse_date(&text) {
                    Ok(Some(d)) => Value::Date(d),
                    Err(_) => {
                        return Err(self.invalid(
                            v,
                            "value has the correct format (YYYY-MM-DD) but it is an invalid date.",
                        ));
                    }
                    Ok(None) => {
                        return Err(self.invalid(
                            v,
                            "value has an invalid date format. It must be in YYYY-MM-DD format.",
                        ));
                    }
                }
            }
        })
    }
    /// `DateTimeField.to_python`
    pub fn to_datetime(&self, value: Value) -> Result<Value> {
        Ok(match &value {
            Value::DateTime(_) | Value::Null => value,
            Value::Object(o) if !is_plain(&**o) => value,
            Value::Date(d) => {
                let mut at = DateTime::naive(d.at(0, 0, 0, 0));
                if settings().use_tz {
                    self.warn_of_naive(&at)?;
                    at = make_aware(&at, &settings().time_zone);
                }
                Value::DateTime(at)
            }
            v => {
                let text = iso_text(v)?;
                match dateparse::parse_datetime(&text) {
                    Ok(Some(d)) => return Ok(Value::DateTime(d)),
                    Err(_) => {
                        return Err(self.invalid(
                            v,
                            "value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is an \
                             invalid date/time.",
                        ));
                    }
                    Ok(None) => {}
                }
                match dateparse::parse_date(&text) {
                    Ok(Some(d)) => Value::DateTime(DateTime::naive(d.at(0, 0, 0, 0))),
                    Err(_) => {
                        return Err(self.invalid(
                            v,
                            "value has the correct format (YYYY-MM-DD) but it is an invalid date.",
                        ));
                    }
                    Ok(None) => {
                        return Err(self.invalid(
                            v,
                            "value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] \
                             format.",
                        ));
                    }
                }
            }
        })
    }
    /// Says that a moment without a time zone is taken for a local one.
    fn warn_of_naive(&self, moment: &DateTime) -> Result<()> {
        let name = match self.model() {
            Some(m) => format!("{}.{}", m.object_name(), self.name()),
            None => "(unbound)".into(),
        };
        let text = format!(
            "DateTimeField {name} received a naive datetime ({}) while time zone support is \
             active.",
            moment.isoformat(' ')
        );
        warn("RuntimeWarning", &text)
    }
    fn prep_datetime(&self, value: Value) -> Result<Value> {
        match self.to_datetime(value)? {
            Value::DateTime(d) if d.tz.is_none() && settings().use_tz => {
                self.warn_of_naive(&d)?;
                Ok(Value::DateTime(make_aware(&d, &settings().time_zone)))
            }
            v => Ok(v),
        }
    }
    /// `TimeField.to_python`
    pub fn to_time(&self, value: Value) -> Result<Value> {
        Ok(match &value {
            Value::Time(_) | Value::Null => value,
            Value::Object(o) if !is_plain(&**o) => value,
            Value::DateTime(d) => Value::Time(crate::temporal::Time {
                civil: d.civil.time(),
                tz: None,
            }),
            v => match dateparse::parse_time(&iso_text(v)?) {
                Ok(Some(t)) => Value::Time(t),
                Err(_) => {
                    return Err(self.invalid(
                        v,
                        "value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid time.",
                    ));
                }
                Ok(None) => {
                    return Err(self.invalid(
                        v,
                        "value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format.",
                    ));
                }
            },
        })
    }
    /// `DecimalField.to_python`
    pub fn to_decimal(&self, value: Value) -> Result<Value> {
        Ok(match &value {
            Value::Decimal(_) | Value::Null => value,
            Value::Object(o) if !is_plain(&**o) => value,
            Value::Float(f) if f.is_finite() => {
                let digits = self
                    .options
                    .borrow()
                    .max_digits
                    .and_then(|d| u64::try_from(d).ok());
                match BigDecimal::try_from(*f) {
                    // Exactly the float's value, rounded to the field's digits where it has more.
                    Ok(d) => Value::from(from_float(d, digits.unwrap_or(28))),
                    Err(_) => return Err(self.invalid(&value, "value must be a decimal number.")),
                }
            }
            Value::Int(_) | Value::BigInt(_) | Value::Bool(_) => {
                Value::from(value.as_decimal().unwrap_or_default())
            }
            Value::Str(s) => match BigDecimal::from_str(s.trim().replace('_', "").as_str()) {
                Ok(d) => Value::from(d),
                Err(_) => return Err(self.invalid(&value, "value must be a decimal number.")),
            },
            v => return Err(self.invalid(v, "value must be a decimal number.")),
        })
    }
    /// `UUIDField.to_python`
    pub fn to_uuid(&self, value: Value) -> Result<Value> {
        let bad = |v: &Value| self.invalid(v, "is not a valid UUID.");
        Ok(match &value {
            Value::Uuid(_) | Value::Null => value,
            // No key is made of it.
            Value::Object(o) if is_plain(&**o) => return Err(bad(&value)),
            Value::Object(_) => value,
            // Their `replace` takes other arguments than a text's.
            Value::Bytes(_) => {
                return Err(Error::type_error(
                    "a bytes-like object is required, not 'str'",
                ));
            }
            Value::Date(_) | Value::Time(_) | Value::DateTime(_) => {
                return Err(Error::type_error(
                    "'str' object cannot be interpreted as an integer",
                ));
            }
            Value::Int(_) | Value::BigInt(_) | Value::Bool(_) => {
                match u128::from_str(&value.as_decimal().unwrap_or_default().to_string()) {
                    Ok(i) => Value::Uuid(uuid::Uuid::from_u128(i)),
                    Err(_) => return Err(bad(&value)),
                }
            }
            v => {
                let text: String = v
                    .to_str()
                    .replace("urn:", "")
                    .replace("uuid:", "")
                    .trim_matches(['{', '}'])
                    .replace('-', "");
                match uuid::Uuid::try_parse(&text) {
                    Ok(u) if text.len() == 32 => Value::Uuid(u),
                    _ => return Err(bad(v)),
                }
            }
        })
    }
}

/// An IPv6 address in its shortest form; nothing for what is none.
pub fn clean_ipv6(text: &str, unpack_ipv4: bool) -> Option<String> {
    let address: std::net::Ipv6Addr = text.trim().parse().ok()?;
    Some(match address.to_ipv4_mapped() {
        Some(v4) if unpack_ipv4 => v4.to_string(),
        Some(v4) => format!("::ffff:{v4}"),
        None => address.to_string(),
    })
}

/// `int(text)`: spaces around and single underscores between digits are allowed.
pub fn parse_python_int(text: &str) -> Option<BigInt> {
    let t = text.trim();
    if t.starts_with('_')
        || t.ends_with('_')
        || t.contains("__")
        || t.contains("+_")
        || t.contains("-_")
    {
        return None;
    }
    BigInt::from_str(&t.replace('_', "")).ok()
}

/// `float(text)`
pub fn parse_python_float(text: &str) -> Option<f64> {
    let t = text.trim().replace('_', "").to_lowercase();
    match t.trim_start_matches(['+', '-']) {
        "inf" | "infinity" => Some(if t.starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        }),
        "nan" => Some(f64::NAN),
        _ => t.parse().ok(),
    }
}

/// `create_decimal_from_float`: 1.5 stays `1.5`, 1.1 (which no float is) fills the digits.
fn from_float(exact: BigDecimal, digits: u64) -> BigDecimal {
    let plain = exact.normalized();
    let plain = if plain.as_bigint_and_exponent().1 < 0 {
        plain.with_scale(0)
    } else {
        plain
    };
    match std::num::NonZeroU64::new(digits) {
        Some(p) if plain.digits() > digits => {
            exact.with_precision_round(p, bigdecimal::RoundingMode::HalfEven)
        }
        _ => plain,
    }
}

/// A naive wall-clock value in the zone `name`; ambiguous times take the first offset.
pub fn make_aware(value: &DateTime, name: &str) -> DateTime {
    let offset = match jiff::tz::TimeZone::get(name) {
        Ok(tz) => tz
            .to_zoned(value.civil)
            .map(|z| z.offset().seconds())
            .unwrap_or(0),
        Err(_) => 0,
    };
    DateTime {
        civil: value.civil,
        tz: Some(Zone {
            offset_seconds: offset,
            name: Some(name.into()),
        }),
    }
}

/// The wall clock of an aware value in the zone `name`.
pub fn in_zone(value: &DateTime, name: &str) -> jiff::civil::DateTime {
    let utc = value.to_utc();
    if name == "UTC" {
        return utc;
    }
    match (
        jiff::tz::TimeZone::get(name),
        utc.to_zoned(jiff::tz::TimeZone::UTC),
    ) {
        (Ok(tz), Ok(z)) => z.timestamp().to_zoned(tz).datetime(),
        _ => utc,
    }
}

/// Neither an expression nor an instance of a model, nor a text that is not yet known.
fn is_plain(object: &dyn Object) -> bool {
    object.model().is_none() && object.number(false).is_some() && object.type_name() != "__proxy__"
}

/// The text that a date or time is read from; nothing else is read.
fn iso_text(value: &Value) -> Result<Rc<str>> {
    match value {
        Value::Str(text) => Ok(text.clone()),
        _ => Err(Error::type_error("fromisoformat: argument must be str")),
    }
}

/// Whether it has an offset; what is no time at all was prepared by nobody.
fn is_aware(value: &Value) -> Result<bool> {
    match value {
        Value::DateTime(d) => Ok(d.is_aware()),
        Value::Time(t) => Ok(t.tz.is_some()),
        v => Err(v.no_attribute("utcoffset")),
    }
}

/// SQLite keeps datetimes as naive text in the connection's zone (UTC).
pub fn adapt_datetime(d: &DateTime) -> Result<Value> {
    if d.is_aware() {
        if !settings().use_tz {
            return Err(Error::value_error(
                "SQLite backend does not support timezone-aware datetimes when USE_TZ is False.",
            ));
        }
        return Ok(Value::from(DateTime::naive(d.to_utc()).isoformat(' ')));
    }
    Ok(Value::from(d.isoformat(' ')))
}
