//! Parts of dates and times, truncation, and casts between them.
//!
//! `django_date_trunc('month', '2024-05-17', NULL, NULL)` → `2024-05-01`
use super::{Answer, Arguments, Raised, deterministic, zone};
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan};
use orm_state::dateparse::parse_time;
use orm_state::temporal::{self, iso_date};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Result};

pub fn register(db: &Connection) -> Result<()> {
    deterministic(db, "django_date_extract", 2, |a| extract(a, None, None))?;
    deterministic(db, "django_date_trunc", 4, date_trunc)?;
    deterministic(db, "django_datetime_cast_date", 3, |a| {
        Ok(match zoned(a, 0, 1)? {
            None => Sql::Null,
            Some(Moment::DateTime(d)) => iso_date(d.date()).into(),
            Some(Moment::Date(_)) => return Err(Raised),
        })
    })?;
    deterministic(db, "django_datetime_cast_time", 3, |a| {
        Ok(match zoned(a, 0, 1)? {
            None => Sql::Null,
            Some(Moment::DateTime(d)) => iso_time(d.time()).into(),
            Some(Moment::Date(_)) => return Err(Raised),
        })
    })?;
    deterministic(db, "django_datetime_extract", 4, |a| {
        extract(a, optional(a, 2)?, optional(a, 3)?)
    })?;
    deterministic(db, "django_datetime_trunc", 4, datetime_trunc)?;
    deterministic(db, "django_time_extract", 2, |a| {
        Ok(match clock(a, 1)? {
            None => Sql::Null,
            Some(t) => match a.text(0)? {
                "hour" => i64::from(t.hour()).into(),
                "minute" => i64::from(t.minute()).into(),
                "second" => i64::from(t.second()).into(),
                "microsecond" => i64::from(t.subsec_nanosecond() / 1000).into(),
                _ => return Err(Raised),
            },
        })
    })?;
    deterministic(db, "django_time_trunc", 4, time_trunc)
}

/// What a timestamp's text holds: a bare date, or a date with a time.
#[derive(Clone, Copy)]
pub enum Moment {
    Date(Date),
    DateTime(DateTime),
}

impl Moment {
    pub fn date(self) -> Date {
        match self {
            Moment::Date(d) => d,
            Moment::DateTime(d) => d.date(),
        }
    }
    fn datetime(self) -> std::result::Result<DateTime, Raised> {
        match self {
            Moment::Date(_) => Err(Raised),
            Moment::DateTime(d) => Ok(d),
        }
    }
}

/// Reads `2005-07-29` or `2005-07-29 15:48:00.590358-05` (the offset is dropped).
/// `None`: empty; `Err`: not a moment.
pub fn timestamp(text: &str) -> std::result::Result<Option<Moment>, Raised> {
    if text.is_empty() {
        return Ok(None);
    }
    if !text.contains(' ') {
        return Ok(Some(Moment::Date(date(text)?)));
    }
    let mut words = text.split_whitespace();
    let (Some(d), Some(t), None) = (words.next(), words.next(), words.next()) else {
        return Err(Raised);
    };
    let t = t.split(['-', '+']).next().unwrap_or_default();
    let mut parts = t.split(':');
    let (Some(h), Some(m), Some(s)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Raised);
    };
    Ok(Some(Moment::DateTime(date(d)?.to_datetime(time(h, m, s)?))))
}

fn date(text: &str) -> std::result::Result<Date, Raised> {
    let mut parts = text.split('-');
    let (Some(y), Some(m), Some(d)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(Raised);
    };
    Date::new(int(y)? as i16, int(m)? as i8, int(d)? as i8).map_err(|_| Raised)
}

fn time(h: &str, m: &str, s: &str) -> std::result::Result<Time, Raised> {
    let (s, fraction) = match s.split_once('.') {
        Some((s, f)) => (s, f),
        None => (s, "0"),
    };
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Time::new(
        int(h)? as i8,
        int(m)? as i8,
        int(s)? as i8,
        int(&micros)? as i32 * 1000,
    )
    .map_err(|_| Raised)
}

fn int(s: &str) -> std::result::Result<i64, Raised> {
    let n: i64 = s.trim().parse().map_err(|_| Raised)?;
    if (0..=999_999).contains(&n) {
        Ok(n)
    } else {
        Err(Raised)
    }
}

/// Reads `15:48:00.590358`. `None`: empty.
pub fn time_of_day(text: &str) -> std::result::Result<Option<Time>, Raised> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut parts = text.split(':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(h), Some(m), Some(s), None) => time(h, m, s).map(Some),
        _ => Err(Raised),
    }
}

/// A time argument; what is no time gives `None`, an empty text raises.
fn clock(a: &Arguments, i: usize) -> std::result::Result<Option<Time>, Raised> {
    match a.get(i) {
        ValueRef::Null => Ok(None),
        ValueRef::Text(_) => match time_of_day(a.text(i)?) {
            Ok(Some(t)) => Ok(Some(t)),
            Ok(None) => Err(Raised),
            Err(_) => Ok(None),
        },
        _ => Err(Raised),
    }
}

fn optional<'a>(a: &Arguments<'a>, i: usize) -> std::result::Result<Option<&'a str>, Raised> {
    if a.is_null(i) {
        Ok(None)
    } else {
        a.text(i).map(Some)
    }
}

fn zoned(a: &Arguments, value: usize, zones: usize) -> std::result::Result<Option<Moment>, Raised> {
    parse(a, value, optional(a, zones)?, optional(a, zones + 1)?)
}

/// The moment in argument `i`, moved from the connection's zone to `tzname`'s clock.
fn parse(
    a: &Arguments,
    i: usize,
    tzname: Option<&str>,
    conn_tzname: Option<&str>,
) -> std::result::Result<Option<Moment>, Raised> {
    let parsed = match a.get(i) {
        ValueRef::Null => return Ok(None),
        ValueRef::Text(_) => match timestamp(a.text(i)?) {
            Ok(p) => p,
            Err(_) => return Ok(None),
        },
        // `" " not in 5` is a TypeError, caught; 0 and 0.0 are falsy.
        ValueRef::Integer(0) => None,
        _ => return Ok(None),
    };
    let conn = conn_tzname.filter(|c| !c.is_empty());
    let Some(moment) = parsed else {
        return if conn.is_some() || tzname.is_some() {
            Err(Raised)
        } else {
            Ok(None)
        };
    };
    let (Some(tz), true) = (tzname, tzname != conn_tzname) else {
        if conn.is_some() {
            moment.datetime()?;
        }
        return Ok(Some(moment));
    };
    let mut wall = moment.datetime()?;
    let (name, delta) = split_offset(tz);
    if let Some(delta) = delta {
        wall = wall.checked_add(delta).map_err(|_| Raised)?;
    }
    let conn = conn.ok_or(Raised)?;
    let name = if name.is_empty() { conn } else { name };
    Ok(Some(Moment::DateTime(zone::convert(wall, conn, name)?)))
}

/// `Asia/Tokyo+05:00` → the name and the shift.
fn split_offset(tzname: &str) -> (&str, Option<Span>) {
    for (sign, factor) in [('+', 1), ('-', -1)] {
        if let Some((name, offset)) = tzname.rsplit_once(sign)
            && !offset.is_empty()
            && matches!(parse_time(offset), Ok(Some(_)))
        {
            let (h, m) = offset.split_once(':').unwrap_or((offset, "00"));
            let m = m.split(':').next().unwrap_or("0");
            if let (Ok(h), Ok(m)) = (h.parse::<i64>(), m.parse::<i64>()) {
                return (name, Some((factor * (h * 60 + m)).minutes()));
            }
        }
    }
    (tzname, None)
}

fn extract(a: &Arguments, tzname: Option<&str>, conn: Option<&str>) -> Answer {
    let Some(moment) = parse(a, 1, tzname, conn)? else {
        return Ok(Sql::Null);
    };
    let d = moment.date();
    let weekday = i64::from(d.weekday().to_monday_one_offset());
    Ok(match a.text(0)? {
        "week_day" => weekday % 7 + 1,
        "iso_week_day" => weekday,
        "week" => d.iso_week_date().week().into(),
        "iso_year" => d.iso_week_date().year().into(),
        "quarter" => ((d.month() + 2) / 3).into(),
        "year" => d.year().into(),
        "month" => d.month().into(),
        "day" => d.day().into(),
        "hour" => moment.datetime()?.hour().into(),
        "minute" => moment.datetime()?.minute().into(),
        "second" => moment.datetime()?.second().into(),
        "microsecond" => (moment.datetime()?.subsec_nanosecond() / 1000).into(),
        _ => return Err(Raised),
    }
    .into())
}

/// The first day of the year, quarter, month, week or day.
fn floor(unit: &str, d: Date) -> std::result::Result<Option<Date>, Raised> {
    let first = |m: i8| Date::new(d.year(), m, 1).map_err(|_| Raised);
    Ok(Some(match unit {
        "year" => first(1)?,
        "quarter" => first(d.month() - (d.month() - 1) % 3)?,
        "month" => first(d.month())?,
        "week" => d
            .checked_sub(i64::from(d.weekday().to_monday_zero_offset()).days())
            .map_err(|_| Raised)?,
        "day" => d,
        _ => return Ok(None),
    }))
}

fn date_trunc(a: &Arguments) -> Answer {
    match zoned(a, 1, 2)? {
        None => Ok(Sql::Null),
        Some(m) => match floor(a.text(0)?, m.date())? {
            Some(d) => Ok(iso_date(d).into()),
            None => Err(Raised),
        },
    }
}

fn datetime_trunc(a: &Arguments) -> Answer {
    let Some(moment) = zoned(a, 1, 2)? else {
        return Ok(Sql::Null);
    };
    let unit = a.text(0)?;
    if let Some(d) = floor(unit, moment.date())? {
        return Ok(format!("{} 00:00:00", iso_date(d)).into());
    }
    let d = moment.datetime()?;
    Ok(format!("{} {}", iso_date(d.date()), clock_floor(unit, d.time())?).into())
}

fn time_trunc(a: &Arguments) -> Answer {
    if a.is_null(1) {
        return Ok(Sql::Null);
    }
    let time = match zoned(a, 1, 2)? {
        Some(m) => m.datetime()?.time(),
        None => match clock(a, 1)? {
            Some(t) => t,
            None => return Ok(Sql::Null),
        },
    };
    Ok(clock_floor(a.text(0)?, time)?.into())
}

fn clock_floor(unit: &str, t: Time) -> std::result::Result<String, Raised> {
    Ok(match unit {
        "hour" => format!("{:02}:00:00", t.hour()),
        "minute" => format!("{:02}:{:02}:00", t.hour(), t.minute()),
        "second" => format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second()),
        _ => return Err(Raised),
    })
}

fn iso_time(civil: Time) -> String {
    temporal::Time { civil, tz: None }.isoformat()
}
