//! From what the driver gives to Python values.
//!
//! A selected expression's value passes the database's converter for its output field, then the
//! expression's own, then the field's (`from_db_value`).
use crate::dialect::Dialect;
use crate::expression::{Converter, Expr};
use crate::expressions::Col;
use crate::lookups::json::KeyTransform;
use bigdecimal::rounding::RoundingMode;
use bigdecimal::{BigDecimal, FromPrimitive};
use num_bigint::BigInt;
use orm_state::dateparse::{parse_date, parse_datetime, parse_time};
use orm_state::settings::settings;
use orm_state::temporal::Zone;
use orm_state::{Clause, Duration, Error, ErrorKind, Field, Result, Value};
use std::rc::Rc;
use std::str::FromStr;

/// The converters of a selected expression, in order; empty for most columns.
pub fn converters(expr: &Expr, _dialect: &dyn Dialect) -> Result<Vec<Converter>> {
    let Some(mut field) = expr.output_field_or_none()? else {
        return Ok(expr.convert_value().into_iter().collect());
    };
    let is_column = expr
        .as_any()
        .downcast_ref::<Col>()
        .is_some_and(|c| Rc::ptr_eq(&c.target, &field));
    // A generated column has values of the field it gives.
    let output = field.options.borrow().generated_output_field.clone();
    if let Some(output) = output {
        field = output;
    }
    let kind = field.internal_type()?;
    let mut found: Vec<Converter> = vec![];
    match kind.as_str() {
        "DateTimeField" => found.push(Rc::new(datetime)),
        "DateField" => found.push(Rc::new(date)),
        "TimeField" => found.push(Rc::new(time)),
        "DecimalField" => found.push(decimal(&field, expr.as_any().is::<Col>())),
        "UUIDField" => found.push(Rc::new(to_uuid)),
        "BooleanField" => found.push(Rc::new(boolean)),
        "DurationField" => found.push(Rc::new(duration)),
        _ => {}
    }
    if let Some(own) = expr.convert_value() {
        found.push(own);
    } else if !is_column {
        match kind.as_str() {
            "FloatField" => found.push(Rc::new(float)),
            k if k.ends_with("IntegerField") => found.push(Rc::new(integer)),
            _ => {}
        }
    }
    if field.overrides().from_db_value {
        let field = field.clone();
        found.push(Rc::new(move |v| match &field.class.hooks {
            Some(h) => h.from_db_value(&field, v),
            None => Ok(v),
        }));
    } else if kind == "JSONField" {
        // The database reads a key's number itself.
        if !expr.as_any().is::<KeyTransform>() {
            found.push(Rc::new(document));
        }
        let decoder = field.options.borrow().decoder.clone();
        found.push(match decoder {
            Some(decoder) => Rc::new(move |v| decoded(v, &decoder)),
            None => Rc::new(json),
        });
    }
    Ok(found)
}

fn bad(message: &'static str) -> Error {
    Error::value_error(message)
}

/// Of a number no date is read.
fn no_text() -> Error {
    Error::type_error("fromisoformat: argument must be str")
}

fn datetime(value: Value) -> Result<Value> {
    let value = match value {
        Value::Str(s) => parse_datetime(&s).map_err(bad)?.into(),
        v @ (Value::Null | Value::DateTime(_)) => v,
        _ => return Err(no_text()),
    };
    Ok(match value {
        Value::DateTime(mut d) if settings().use_tz && !d.is_aware() => {
            d.tz = Some(Zone::utc());
            Value::DateTime(d)
        }
        v => v,
    })
}

fn date(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Str(s) => parse_date(&s).map_err(bad)?.into(),
        v @ (Value::Null | Value::Date(_) | Value::DateTime(_)) => v,
        _ => return Err(no_text()),
    })
}

fn time(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Str(s) => parse_time(&s).map_err(bad)?.into(),
        v @ (Value::Null | Value::Time(_)) => v,
        _ => return Err(no_text()),
    })
}

fn to_uuid(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Str(s) => match uuid_of(&s) {
            Some(u) => Value::Uuid(u),
            None => return Err(bad("badly formed hexadecimal UUID string")),
        },
        v @ (Value::Null | Value::Uuid(_)) => v,
        Value::Bytes(_) => {
            return Err(Error::type_error(
                "a bytes-like object is required, not 'str'",
            ));
        }
        // A sum or an average of keys is no key.
        v => return Err(v.no_attribute("replace")),
    })
}

fn boolean(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Int(1) => Value::Bool(true),
        Value::Int(0) => Value::Bool(false),
        Value::Float(1.0) => Value::Bool(true),
        Value::Float(0.0) => Value::Bool(false),
        v => v,
    })
}

fn duration(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Int(micros) => Value::Duration(Duration {
            micros: micros.into(),
        }),
        Value::Float(f) => Value::Duration(Duration {
            micros: f.round_ties_even() as i128,
        }),
        v @ (Value::Null | Value::Duration(_)) => v,
        v => {
            return Err(Error::type_error(format!(
                "unsupported type for timedelta microseconds component: {}",
                v.type_name()
            )));
        }
    })
}

fn float(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Null => Value::Null,
        Value::Str(s) => match s.trim().parse() {
            Ok(f) => Value::Float(f),
            Err(_) => {
                return Err(Error::value_error(format!(
                    "could not convert string to float: {}",
                    Value::Str(s).repr()
                )));
            }
        },
        v => v.as_float().map_or(v, Value::Float),
    })
}

fn integer(value: Value) -> Result<Value> {
    Ok(match value {
        Value::Float(f) if f.is_infinite() => {
            return Err(Error::new(
                ErrorKind::OverflowError,
                "cannot convert float infinity to integer",
            ));
        }
        Value::Float(f) if f.is_finite() => match BigInt::from_f64(f.trunc()) {
            Some(i) => i.into(),
            None => Value::Float(f),
        },
        Value::Str(s) => match BigInt::from_str(s.trim()) {
            Ok(i) => i.into(),
            Err(_) => {
                return Err(Error::value_error(format!(
                    "invalid literal for int() with base 10: {}",
                    Value::Str(s).repr()
                )));
            }
        },
        Value::Bool(b) => Value::Int(b.into()),
        v => v,
    })
}

/// SQLite keeps 15 significant digits; a column's value is brought to its decimal places.
fn decimal(field: &Rc<Field>, is_col: bool) -> Converter {
    let (places, digits) = {
        let options = field.options.borrow();
        (
            options.decimal_places.filter(|_| is_col),
            options.max_digits,
        )
    };
    Rc::new(move |value| {
        if let (Value::Float(f), Some(places)) = (&value, places)
            && let Some(short) = short_decimal(*f, places, digits)
        {
            return Ok(short.into());
        }
        let exact = match value {
            Value::Null => return Ok(Value::Null),
            Value::Float(f) => match from_float(f) {
                Some(d) => d,
                None => return Ok(Value::Float(f)),
            },
            Value::Str(ref s) => match BigDecimal::from_str(s) {
                Ok(d) => d,
                Err(_) => return Ok(value),
            },
            ref v => match v.as_decimal() {
                Some(d) => d,
                None => return Ok(value),
            },
        };
        let Some(places) = places else {
            return Ok(exact.into());
        };
        let quantized = exact.with_scale_round(places, RoundingMode::HalfEven);
        if digits.is_some_and(|d| quantized.digits() as i64 > d) {
            return Err(Error::new(
                orm_state::ErrorKind::InvalidOperation,
                "[<class 'decimal.InvalidOperation'>]",
            ));
        }
        Ok(quantized.into())
    })
}

/// A float that stands for a decimal with so many places and at most 15 digits: it
/// is what rounding to 15 digits, then to the places, would give. Nothing for
/// others, which take the long way.
fn short_decimal(f: f64, places: i64, max_digits: Option<i64>) -> Option<BigDecimal> {
    // Powers of ten up to 22 are exact as floats, and so is a division by one.
    let power = 10_f64.powi(
        i32::try_from(places)
            .ok()
            .filter(|p| (0..=15).contains(p))?,
    );
    let limit = 10_f64.powi(max_digits.unwrap_or(15).clamp(0, 15) as i32);
    let whole = (f * power).round();
    (whole.abs() < limit && whole / power == f)
        .then(|| BigDecimal::new((whole as i64).into(), places))
}

/// `Context(prec=15).create_decimal_from_float(f)`
fn from_float(f: f64) -> Option<BigDecimal> {
    if !f.is_finite() {
        return None;
    }
    let bits = f.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i64;
    let fraction = bits & ((1 << 52) - 1);
    let (mut m, mut e) = if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, exponent - 1075)
    };
    if m == 0 {
        return Some(BigDecimal::from(0));
    }
    let zeros = i64::from(m.trailing_zeros());
    m >>= zeros;
    e += zeros;
    let mut k = BigInt::from(m);
    if f.is_sign_negative() {
        k = -k;
    }
    let exact = if e >= 0 {
        BigDecimal::new(k << e as usize, 0)
    } else {
        BigDecimal::new(k * BigInt::from(5).pow(-e as u32), -e)
    };
    let digits = exact.digits() as i64;
    if digits <= 15 {
        return Some(exact);
    }
    let scale = exact.fractional_digit_count() - (digits - 15);
    Some(exact.with_scale_round(scale, RoundingMode::HalfEven))
}

/// Refuses what no document is read from.
fn document(value: Value) -> Result<Value> {
    match value {
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) => Err(Error::type_error(format!(
            "the JSON object must be str, bytes or bytearray, not {}",
            value.type_name()
        ))),
        v => Ok(v),
    }
}

fn json(value: Value) -> Result<Value> {
    match value {
        Value::Str(s) => match serde_json::from_str::<serde_json::Value>(&s) {
            Ok(v) => Ok(from_json(v)),
            // A key's own text, for instance, is no document.
            Err(_) => Ok(Value::Str(s)),
        },
        v => Ok(v),
    }
}

/// `json.loads(value, cls=decoder)`; what is no document stays text.
fn decoded(value: Value, decoder: &Clause) -> Result<Value> {
    match (&value, crate::prep::json_decoder()) {
        (Value::Str(text), Some(decode)) => decode(text, decoder),
        _ => json(value),
    }
}

/// A JSON document as Python's `json.loads` gives it.
pub fn from_json(value: serde_json::Value) -> Value {
    use serde_json::Value as J;
    match value {
        J::Null => Value::Null,
        J::Bool(b) => Value::Bool(b),
        J::Number(n) => {
            let text = n.to_string();
            if text.contains(['.', 'e', 'E']) {
                Value::Float(text.parse().unwrap_or(f64::NAN))
            } else {
                BigInt::from_str(&text).map_or(Value::Null, Value::from)
            }
        }
        J::String(s) => s.into(),
        J::Array(items) => Value::List(items.into_iter().map(from_json).collect()),
        J::Object(pairs) => Value::Dict(
            pairs
                .into_iter()
                .map(|(k, v)| (k.into(), from_json(v)))
                .collect(),
        ),
    }
}

/// As Python reads one: 32 digits, whatever hyphens, braces or prefix they come with.
fn uuid_of(text: &str) -> Option<uuid::Uuid> {
    let digits = text
        .replace("urn:", "")
        .replace("uuid:", "")
        .trim_matches(['{', '}'])
        .replace('-', "");
    (digits.len() == 32)
        .then(|| uuid::Uuid::try_parse(&digits).ok())
        .flatten()
}
