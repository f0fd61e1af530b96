//! Arithmetic of moments and durations. A duration is a number of microseconds.
//!
//! `django_format_dtdelta('+', '2024-01-01 00:00:00', 1000000)` → `2024-01-01 00:00:01`
use super::dates::{Moment, time_of_day, timestamp};
use super::{Answer, Arguments, Raised, deterministic};
use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, ToSpan};
use orm_state::temporal::{self, Duration, iso_date};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Result};

pub fn register(db: &Connection) -> Result<()> {
    deterministic(db, "django_time_diff", 2, |a| {
        if a.any_null() {
            return Ok(Sql::Null);
        }
        let at = |i| Ok(micros(time_of_day(a.text(i)?)?.ok_or(Raised)?));
        Ok((at(0)? - at(1)?).into())
    })?;
    deterministic(db, "django_timestamp_diff", 2, |a| {
        if a.any_null() {
            return Ok(Sql::Null);
        }
        let at = |i| timestamp(a.text(i)?)?.ok_or(Raised);
        Ok(i64::try_from(difference(at(0)?, at(1)?)?.micros)
            .map_err(|_| Raised)?
            .into())
    })?;
    deterministic(db, "django_format_dtdelta", 3, format_delta)
}

fn micros(t: Time) -> i64 {
    let seconds = i64::from(t.hour()) * 3600 + i64::from(t.minute()) * 60 + i64::from(t.second());
    seconds * 1_000_000 + i64::from(t.subsec_nanosecond() / 1000)
}

enum Operand {
    Duration(Duration),
    Moment(Moment),
}

fn format_delta(a: &Arguments) -> Answer {
    if a.any_null() {
        return Ok(Sql::Null);
    }
    match a.text(0)?.trim() {
        "*" => arithmetic(a.get(1), a.get(2), false),
        "/" => arithmetic(a.get(1), a.get(2), true),
        sign @ ("+" | "-") => {
            let (Some(l), Some(r)) = (operand(a, 1)?, operand(a, 2)?) else {
                return Ok(Sql::Null);
            };
            let plus = sign == "+";
            use Operand::{Duration as D, Moment as M};
            Ok(match (l, r) {
                (D(l), D(r)) => {
                    let micros = if plus {
                        l.micros + r.micros
                    } else {
                        l.micros - r.micros
                    };
                    Duration { micros }.to_str()
                }
                (M(m), D(d)) => shift(m, if plus { d.micros } else { -d.micros })?,
                (D(d), M(m)) if plus => shift(m, d.micros)?,
                (M(l), M(r)) if !plus => difference(l, r)?.to_str(),
                _ => return Err(Raised),
            }
            .into())
        }
        _ => arithmetic(a.get(1), a.get(2), true),
    }
}

/// `None` for what is neither a duration nor a moment.
fn operand(a: &Arguments, i: usize) -> std::result::Result<Option<Operand>, Raised> {
    match a.get(i) {
        ValueRef::Integer(n) => Ok(Some(Operand::Duration(Duration { micros: n.into() }))),
        ValueRef::Text(_) => match timestamp(a.text(i)?) {
            Ok(Some(m)) => Ok(Some(Operand::Moment(m))),
            Ok(None) => Err(Raised),
            Err(_) => Ok(None),
        },
        _ => Ok(None),
    }
}

fn difference(l: Moment, r: Moment) -> std::result::Result<Duration, Raised> {
    let between = match (l, r) {
        (Moment::Date(l), Moment::Date(r)) => l.duration_since(r),
        (Moment::DateTime(l), Moment::DateTime(r)) => l.duration_since(r),
        _ => return Err(Raised),
    };
    Ok(Duration {
        micros: between.as_micros(),
    })
}

fn shift(moment: Moment, micros: i128) -> std::result::Result<String, Raised> {
    match moment {
        Moment::Date(d) => {
            let (days, _, _) = Duration { micros }.parts();
            let d = d.checked_add(days.days()).map_err(|_| Raised)?;
            in_python_range(d.year())?;
            Ok(iso_date(d))
        }
        Moment::DateTime(d) => {
            let micros = i64::try_from(micros).map_err(|_| Raised)?;
            let d: DateTime = d
                .checked_add(SignedDuration::from_micros(micros))
                .map_err(|_| Raised)?;
            in_python_range(d.year())?;
            Ok(temporal::DateTime::naive(d).isoformat(' '))
        }
    }
}

fn in_python_range(year: i16) -> std::result::Result<(), Raised> {
    if (1..=9999).contains(&year) {
        Ok(())
    } else {
        Err(Raised)
    }
}

fn arithmetic(l: ValueRef, r: ValueRef, divide: bool) -> Answer {
    if let (ValueRef::Integer(l), ValueRef::Integer(r), false) = (l, r, divide) {
        return l.checked_mul(r).map(Sql::from).ok_or(Raised);
    }
    let number = |v: ValueRef| match v {
        ValueRef::Integer(i) => Ok(i as f64),
        ValueRef::Real(f) => Ok(f),
        _ => Err(Raised),
    };
    let (l, r) = (number(l)?, number(r)?);
    match divide {
        false => Ok((l * r).into()),
        true if r == 0.0 => Err(Raised),
        true => Ok((l / r).into()),
    }
}
