//! One Python value on its way to or from the database.
use crate::error::{Error, ErrorKind};
use crate::face::Object;
use crate::temporal::{DateTime, Duration, Time, iso_date};
use bigdecimal::BigDecimal;
use jiff::civil;
use num_bigint::BigInt;
use std::fmt;
use std::rc::Rc;
use uuid::Uuid;

/// A Python value the ORM understands; everything else is [`Value::Object`].
///
/// ```
/// use orm_state::Value;
/// assert_eq!(Value::from("it's").repr(), "\"it's\"");
/// assert_eq!(Value::from(3).to_str(), "3");
/// ```
#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Int(i64),
    BigInt(Rc<BigInt>),
    Float(f64),
    /// `decimal.Decimal` (finite; the scale is kept: `1.10` stays `1.10`).
    Decimal(Rc<BigDecimal>),
    Str(Rc<str>),
    Bytes(Rc<[u8]>),
    Date(civil::Date),
    Time(Time),
    DateTime(DateTime),
    Duration(Duration),
    Uuid(Uuid),
    List(Rc<[Value]>),
    Tuple(Rc<[Value]>),
    /// `set` or `frozenset`, in iteration order.
    Set(Rc<[Value]>),
    /// `dict`, in insertion order.
    Dict(Rc<[(Value, Value)]>),
    /// A model instance, an expression, or a user's own object.
    Object(Rc<dyn Object>),
}

impl Value {
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }
    pub fn as_object(&self) -> Option<&Rc<dyn Object>> {
        match self {
            Value::Object(o) => Some(o),
            _ => None,
        }
    }
    /// The items of a list, tuple or set.
    pub fn items(&self) -> Option<&Rc<[Value]>> {
        match self {
            Value::List(v) | Value::Tuple(v) | Value::Set(v) => Some(v),
            _ => None,
        }
    }
    /// Python's name of its type.
    pub fn type_name(&self) -> String {
        match self {
            Value::Null => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::BigInt(_) => "int",
            Value::Float(_) => "float",
            Value::Decimal(_) => "Decimal",
            Value::Str(_) => "str",
            Value::Bytes(_) => "bytes",
            Value::Date(_) => "date",
            Value::Time(_) => "time",
            Value::DateTime(_) => "datetime",
            Value::Duration(_) => "timedelta",
            Value::Uuid(_) => "UUID",
            Value::List(_) => "list",
            Value::Tuple(_) => "tuple",
            Value::Set(_) => "set",
            Value::Dict(_) => "dict",
            Value::Object(o) => return o.type_name(),
        }
        .to_string()
    }
    /// The type as Python's messages have it: those written in C are called by their modules too.
    #[must_use]
    pub fn full_type_name(&self) -> String {
        let module = match self {
            Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Duration(_) => {
                "datetime."
            }
            Value::Decimal(_) => "decimal.",
            _ => "",
        };
        format!("{module}{}", self.type_name())
    }
    /// What Python says of an attribute that the value has not.
    #[must_use]
    pub fn no_attribute(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::AttributeError,
            format!(
                "'{}' object has no attribute '{name}'",
                self.full_type_name()
            ),
        )
    }
    /// Python's truth value.
    pub fn truthy(&self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(b) => *b,
            Value::Int(i) => *i != 0,
            Value::BigInt(_) => true,
            Value::Float(f) => *f != 0.0,
            Value::Decimal(d) => !num_traits::Zero::is_zero(&**d),
            Value::Str(s) => !s.is_empty(),
            Value::Bytes(b) => !b.is_empty(),
            Value::Duration(d) => d.micros != 0,
            Value::List(v) | Value::Tuple(v) | Value::Set(v) => !v.is_empty(),
            Value::Dict(v) => !v.is_empty(),
            _ => true,
        }
    }
    /// Python's `str(value)`.
    pub fn to_str(&self) -> String {
        match self {
            Value::Str(s) => s.to_string(),
            Value::Decimal(d) => decimal_str(d),
            Value::Date(d) => iso_date(*d),
            Value::Time(t) => t.isoformat(),
            Value::DateTime(d) => d.isoformat(' '),
            Value::Duration(d) => d.to_str(),
            Value::Uuid(u) => u.to_string(),
            Value::Object(o) => o.to_str(),
            _ => self.repr(),
        }
    }
    /// Python's `repr(value)`.
    pub fn repr(&self) -> String {
        let join = |items: &[Value]| items.iter().map(Value::repr).collect::<Vec<_>>().join(", ");
        match self {
            Value::Null => "None".into(),
            Value::Bool(true) => "True".into(),
            Value::Bool(false) => "False".into(),
            Value::Int(i) => i.to_string(),
            Value::BigInt(i) => i.to_string(),
            Value::Float(f) => float_repr(*f),
            Value::Decimal(d) => format!("Decimal('{}')", decimal_str(d)),
            Value::Str(s) => str_repr(s),
            Value::Bytes(b) => bytes_repr(b),
            Value::Date(d) => format!("datetime.date({}, {}, {})", d.year(), d.month(), d.day()),
            Value::Time(t) => format!("datetime.time({})", time_args(t.civil)),
            Value::DateTime(d) => {
                let date = d.civil.date();
                let tz = match &d.tz {
                    None => String::new(),
                    Some(z) if z.offset_seconds == 0 && z.name.is_none() => {
                        ", tzinfo=datetime.timezone.utc".into()
                    }
                    Some(z) => match &z.name {
                        Some(key) => format!(", tzinfo=zoneinfo.ZoneInfo(key='{key}')"),
                        None => format!(
                            ", tzinfo=datetime.timezone({})",
                            Value::Duration(Duration::from_parts(0, z.offset_seconds.into(), 0))
                                .repr()
                        ),
                    },
                };
                format!(
                    "datetime.datetime({}, {}, {}, {}{tz})",
                    date.year(),
                    date.month(),
                    date.day(),
                    time_args(d.civil.time())
                )
            }
            Value::Duration(d) => {
                let (days, seconds, micros) = d.parts();
                let parts: Vec<String> = [
                    ("days", days),
                    ("seconds", seconds),
                    ("microseconds", micros),
                ]
                .iter()
                .filter(|(_, v)| *v != 0)
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
                let inner = if parts.is_empty() {
                    "0".to_string()
                } else {
                    parts.join(", ")
                };
                format!("datetime.timedelta({inner})")
            }
            Value::Uuid(u) => format!("UUID('{u}')"),
            Value::List(v) => format!("[{}]", join(v)),
            Value::Tuple(v) if v.len() == 1 => format!("({},)", v[0].repr()),
            Value::Tuple(v) => format!("({})", join(v)),
            Value::Set(v) if v.is_empty() => "set()".into(),
            Value::Set(v) => format!("{{{}}}", join(v)),
            Value::Dict(v) => {
                let items: Vec<String> = v
                    .iter()
                    .map(|(k, v)| format!("{}: {}", k.repr(), v.repr()))
                    .collect();
                format!("{{{}}}", items.join(", "))
            }
            Value::Object(o) => o.repr(),
        }
    }
}

fn time_args(t: civil::Time) -> String {
    let micros = t.subsec_nanosecond() / 1000;
    let mut s = format!("{}, {}", t.hour(), t.minute());
    if t.second() != 0 || micros != 0 {
        s.push_str(&format!(", {}", t.second()));
    }
    if micros != 0 {
        s.push_str(&format!(", {micros}"));
    }
    s
}

/// Python's `str(Decimal)`: the coefficient with its exponent, scientific where Python is.
pub fn decimal_str(d: &BigDecimal) -> String {
    let (digits, scale) = d.as_bigint_and_exponent();
    let negative = digits.sign() == num_bigint::Sign::Minus;
    let digits = digits.magnitude().to_string();
    let exponent = -scale;
    let left = exponent + digits.len() as i64;
    let sign = if negative { "-" } else { "" };
    if exponent <= 0 && left > -6 {
        if exponent == 0 {
            format!("{sign}{digits}")
        } else if left <= 0 {
            format!("{sign}0.{}{digits}", "0".repeat((-left) as usize))
        } else {
            let (int, frac) = digits.split_at(left as usize);
            format!("{sign}{int}.{frac}")
        }
    } else {
        let (head, tail) = digits.split_at(1);
        let point = if tail.is_empty() {
            String::new()
        } else {
            format!(".{tail}")
        };
        format!("{sign}{head}{point}E{:+}", left - 1)
    }
}

/// Python's `repr(float)`: shortest round-trip, scientific below 1e-4 and from 1e16.
pub fn float_repr(f: f64) -> String {
    if f.is_nan() {
        return "nan".into();
    }
    if f.is_infinite() {
        return if f > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let abs = f.abs();
    if abs != 0.0 && !(1e-4..1e16).contains(&abs) {
        let s = format!("{f:e}");
        let (mantissa, exponent) = s.split_once('e').unwrap_or((&s, "0"));
        let (sign, digits) = match exponent.strip_prefix('-') {
            Some(d) => ('-', d),
            None => ('+', exponent),
        };
        return format!("{mantissa}e{sign}{digits:0>2}");
    }
    let s = format!("{f}");
    if s.contains('.') { s } else { format!("{s}.0") }
}

/// Python's `repr(str)`.
pub fn str_repr(s: &str) -> String {
    let quote = if s.contains('\'') && !s.contains('"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::with_capacity(s.len() + 2);
    out.push(quote);
    for c in s.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if (c as u32) < 0x20 || (0x7f..0xa1).contains(&(c as u32)) || c == '\u{ad}' => {
                out.push_str(&format!("\\x{:02x}", c as u32))
            }
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200f}' => {
                out.push_str(&format!("\\u{:04x}", c as u32))
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn bytes_repr(b: &[u8]) -> String {
    let quote = if b.contains(&b'\'') && !b.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut out = format!("b{quote}");
    for &c in b {
        match c {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            c if c as char == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(c as char),
            c => out.push_str(&format!("\\x{c:02x}")),
        }
    }
    out.push(quote);
    out
}

/// Python's `==`, numbers compared across types.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        use Value::*;
        match (self, other) {
            (Null, Null) => true,
            (Str(a), Str(b)) => a == b,
            (Bytes(a), Bytes(b)) => a == b,
            (Float(a), Float(b)) => a == b,
            (Date(a), Date(b)) => a == b,
            (Time(a), Time(b)) => a.civil == b.civil && a.tz == b.tz,
            (DateTime(a), DateTime(b)) => a.is_aware() == b.is_aware() && a.to_utc() == b.to_utc(),
            (Duration(a), Duration(b)) => a == b,
            (Uuid(a), Uuid(b)) => a == b,
            (List(a), List(b)) | (Tuple(a), Tuple(b)) | (Set(a), Set(b)) => a == b,
            (Dict(a), Dict(b)) => {
                a.len() == b.len()
                    && a.iter()
                        .all(|(k, v)| b.iter().any(|(k2, v2)| k == k2 && v == v2))
            }
            (Object(a), Object(b)) => a.equals(&**b),
            _ => match (self.as_decimal(), other.as_decimal()) {
                (Some(a), Some(b)) => a == b,
                _ => match (self.as_float(), other.as_float()) {
                    (Some(a), Some(b)) => a == b,
                    _ => false,
                },
            },
        }
    }
}

impl Eq for Value {}

/// Agrees with `==`: equal numbers hash alike whatever their type.
impl std::hash::Hash for Value {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        use Value::*;
        match self {
            Null => 0u8.hash(state),
            Str(s) => s.hash(state),
            Bytes(b) => b.hash(state),
            Date(d) => d.hash(state),
            Time(t) => t.civil.hash(state),
            DateTime(d) => d.to_utc().hash(state),
            Duration(d) => d.hash(state),
            Uuid(u) => u.hash(state),
            List(v) | Tuple(v) | Set(v) => v.hash(state),
            Dict(v) => v.len().hash(state),
            Object(o) => o.hash().hash(state),
            Bool(b) => (f64::from(u8::from(*b))).to_bits().hash(state),
            _ => self.as_float().unwrap_or(0.0).to_bits().hash(state),
        }
    }
}

impl Value {
    /// Any finite exact number as a decimal (`True` is 1).
    pub fn as_decimal(&self) -> Option<BigDecimal> {
        match self {
            Value::Bool(b) => Some(BigDecimal::from(i64::from(*b))),
            Value::Int(i) => Some(BigDecimal::from(*i)),
            Value::BigInt(i) => Some(BigDecimal::from((**i).clone())),
            Value::Decimal(d) => Some((**d).clone()),
            _ => None,
        }
    }
    /// Any number as a float.
    pub fn as_float(&self) -> Option<f64> {
        use num_traits::ToPrimitive;
        match self {
            Value::Bool(b) => Some(f64::from(u8::from(*b))),
            Value::Int(i) => Some(*i as f64),
            Value::BigInt(i) => i.to_f64(),
            Value::Float(f) => Some(*f),
            Value::Decimal(d) => d.to_f64(),
            _ => None,
        }
    }
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Bool(b) => Some(i64::from(*b)),
            Value::Int(i) => Some(*i),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str())
    }
}

macro_rules! value_from {
    ($($t:ty => |$v:ident| $e:expr),* $(,)?) => {
        $(impl From<$t> for Value { fn from($v: $t) -> Value { $e } })*
    };
}
value_from! {
    bool => |v| Value::Bool(v),
    i32 => |v| Value::Int(v.into()),
    i64 => |v| Value::Int(v),
    f64 => |v| Value::Float(v),
    &str => |v| Value::Str(v.into()),
    String => |v| Value::Str(v.into()),
    Rc<str> => |v| Value::Str(v),
    Vec<Value> => |v| Value::List(v.into()),
    Uuid => |v| Value::Uuid(v),
    civil::Date => |v| Value::Date(v),
    DateTime => |v| Value::DateTime(v),
    Time => |v| Value::Time(v),
    Duration => |v| Value::Duration(v),
    BigDecimal => |v| Value::Decimal(Rc::new(v)),
    Rc<dyn Object> => |v| Value::Object(v),
}
impl From<BigInt> for Value {
    fn from(v: BigInt) -> Value {
        i64::try_from(&v)
            .map(Value::Int)
            .unwrap_or_else(|_| Value::BigInt(Rc::new(v)))
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Value {
        v.map_or(Value::Null, Into::into)
    }
}
