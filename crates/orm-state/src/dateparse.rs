//! Dates, times and durations out of text, as `django.utils.dateparse` reads them.
//!
//! ```
//! use orm_state::dateparse::parse_datetime;
//! let moment = parse_datetime("2024-01-02 03:04:05.6+02:00").unwrap().unwrap();
//! assert_eq!(moment.isoformat('T'), "2024-01-02T03:04:05.600000+02:00");
//! ```
//!
//! `Ok(None)`: not well formatted. `Err`: well formatted but no such date; the text is Python's.
use crate::temporal::{DateTime, Duration, Time, Zone};
use jiff::civil;

/// What a parser gives: a value, nothing, or Python's `ValueError` message.
pub type Parsed<T> = Result<Option<T>, &'static str>;

pub fn parse_date(text: &str) -> Parsed<civil::Date> {
    if let Some(d) = iso_date(text) {
        return Ok(Some(d));
    }
    let mut s = Scan::new(text);
    match loose_date(&mut s) {
        Some((y, m, d)) if s.at_end() => date(y, m, d).map(Some),
        _ => Ok(None),
    }
}

pub fn parse_time(text: &str) -> Parsed<Time> {
    let iso = text.strip_prefix('T').unwrap_or(text);
    if let Some((civil, _)) = iso_time(iso) {
        return Ok(Some(Time { civil, tz: None }));
    }
    let mut s = Scan::new(text);
    match loose_time(&mut s) {
        Some(parts) if s.at_end() => Ok(Some(Time {
            civil: time(parts)?,
            tz: None,
        })),
        _ => Ok(None),
    }
}

pub fn parse_datetime(text: &str) -> Parsed<DateTime> {
    if let Some(v) = iso_datetime(text) {
        return Ok(Some(v));
    }
    let mut s = Scan::new(text);
    let Some((y, m, d)) = loose_date(&mut s) else {
        return Ok(None);
    };
    if !(s.eat('T') || s.eat(' ')) {
        return Ok(None);
    }
    let Some(parts) = loose_time(&mut s) else {
        return Ok(None);
    };
    while s.eat_if(|c| c.is_whitespace()) {}
    let tz = if s.eat('Z') {
        Some(Zone::utc())
    } else if let Some(sign) = s.sign() {
        let Some(hours) = s.digits(2, 2) else {
            return Ok(None);
        };
        let mut minutes = 0;
        if !s.at_end() {
            s.eat(':');
            match s.digits(2, 2) {
                Some(m) => minutes = m,
                None => return Ok(None),
            }
        }
        Some(Zone {
            offset_seconds: (sign * (hours * 3600 + minutes * 60)) as i32,
            name: None,
        })
    } else {
        None
    };
    if !s.at_end() {
        return Ok(None);
    }
    let civil = date(y, m, d)?.to_datetime(time(parts)?);
    Ok(Some(DateTime { civil, tz }))
}

/// `3 04:05:06.7`, ISO 8601 `P3DT4H5M6.7S` or PostgreSQL's `3 days 04:05:06`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    standard_duration(text)
        .or_else(|| iso_duration(text))
        .or_else(|| postgres_duration(text))
}

fn date(y: i64, m: i64, d: i64) -> Result<civil::Date, &'static str> {
    if !(1..=9999).contains(&y) {
        return Err("year 0 is out of range");
    }
    if !(1..=12).contains(&m) {
        return Err("month must be in 1..12");
    }
    civil::Date::new(y as i16, m as i8, d.clamp(0, 99) as i8)
        .map_err(|_| "day is out of range for month")
}

fn time((h, m, s, us): (i64, i64, i64, i64)) -> Result<civil::Time, &'static str> {
    if h > 23 {
        return Err("hour must be in 0..23");
    }
    if m > 59 {
        return Err("minute must be in 0..59");
    }
    if s > 59 {
        return Err("second must be in 0..59");
    }
    civil::Time::new(h as i8, m as i8, s as i8, us as i32 * 1000)
        .map_err(|_| "microsecond must be in 0..999999")
}

fn loose_date(s: &mut Scan) -> Option<(i64, i64, i64)> {
    let y = s.digits(4, 4)?;
    s.expect('-')?;
    let m = s.digits(1, 2)?;
    s.expect('-')?;
    Some((y, m, s.digits(1, 2)?))
}

fn loose_time(s: &mut Scan) -> Option<(i64, i64, i64, i64)> {
    let h = s.digits(1, 2)?;
    s.expect(':')?;
    let m = s.digits(1, 2)?;
    let (mut sec, mut us) = (0, 0);
    if s.eat(':') {
        sec = s.digits(1, 2)?;
        if s.eat('.') || s.eat(',') {
            us = s.micros()?;
        }
    }
    Some((h, m, sec, us))
}

/// `datetime.fromisoformat`: an ISO date, any one separator, an ISO time.
fn iso_datetime(text: &str) -> Option<DateTime> {
    if let Some(d) = iso_date(text) {
        return Some(DateTime::naive(d.to_datetime(civil::Time::midnight())));
    }
    for (at, sep) in text.char_indices().filter(|(i, _)| (7..=10).contains(i)) {
        if sep.is_ascii_digit() && at != 8 && at != 10 {
            continue;
        }
        let rest = text.get(at + sep.len_utf8()..)?;
        if let (Some(d), Some((t, tz))) = (iso_date(text.get(..at)?), iso_time(rest)) {
            return Some(DateTime {
                civil: d.to_datetime(t),
                tz,
            });
        }
    }
    None
}

fn iso_date(text: &str) -> Option<civil::Date> {
    let mut s = Scan::new(text);
    let y = s.digits(4, 4)?;
    let dashed = s.eat('-');
    if s.eat('W') {
        let week = s.digits(2, 2)?;
        let mut day = 1;
        if !s.at_end() {
            if dashed {
                s.expect('-')?;
            }
            day = s.digits(1, 1)?;
        }
        let weekday = jiff::civil::Weekday::from_monday_one_offset(day as i8).ok()?;
        let iso = civil::ISOWeekDate::new(y as i16, week as i8, weekday).ok()?;
        return s.at_end().then(|| iso.date());
    }
    let m = s.digits(2, 2)?;
    if dashed {
        s.expect('-')?;
    }
    let d = s.digits(2, 2)?;
    if !s.at_end() {
        return None;
    }
    date(y, m, d).ok()
}

fn iso_time(text: &str) -> Option<(civil::Time, Option<Zone>)> {
    let mut s = Scan::new(text);
    let parts = iso_clock(&mut s)?;
    let civil = time(parts).ok()?;
    let tz = if s.eat('Z') {
        Some(Zone::utc())
    } else if let Some(sign) = s.sign() {
        let (h, m, sec, _) = iso_clock(&mut s)?;
        let offset = sign * (h * 3600 + m * 60 + sec);
        Some(if offset == 0 {
            Zone::utc()
        } else {
            Zone {
                offset_seconds: offset as i32,
                name: None,
            }
        })
    } else {
        None
    };
    s.at_end().then_some((civil, tz))
}

fn iso_clock(s: &mut Scan) -> Option<(i64, i64, i64, i64)> {
    let h = s.digits(2, 2)?;
    let colon = s.eat(':');
    if !colon && !s.peek().is_some_and(|c| c.is_ascii_digit()) {
        return Some((h, 0, 0, 0));
    }
    let m = s.digits(2, 2)?;
    let more = if colon {
        s.eat(':')
    } else {
        s.peek().is_some_and(|c| c.is_ascii_digit())
    };
    if !more {
        return Some((h, m, 0, 0));
    }
    let sec = s.digits(2, 2)?;
    let us = if s.eat('.') || s.eat(',') {
        s.fraction()?
    } else {
        0
    };
    Some((h, m, sec, us))
}

fn standard_duration(text: &str) -> Option<Duration> {
    let mut s = Scan::new(text);
    let mut days = 0.0;
    let start = s.at;
    let negative = s.eat('-');
    match (s.digits(1, 18), s.eat(' ')) {
        (Some(d), true) => {
            days = if negative { -d } else { d } as f64;
            if s.word("days") || s.word("day") {
                s.eat(',');
                s.expect(' ')?;
            }
        }
        _ => s.at = start,
    }
    let sign = if s.eat('-') { -1.0 } else { 1.0 };
    let mut parts = vec![s.digits(1, 18)?];
    while parts.len() < 3 && s.eat(':') {
        parts.push(s.digits(1, 18)?);
    }
    let us = if s.eat('.') || s.eat(',') {
        s.micros()?
    } else {
        0
    };
    if !s.at_end() {
        return None;
    }
    let mut seconds = 0;
    for p in parts {
        seconds = seconds * 60 + p;
    }
    Some(total(&[
        (days, 86_400e6),
        (sign * seconds as f64, 1e6),
        (sign * us as f64, 1.0),
    ]))
}

fn iso_duration(text: &str) -> Option<Duration> {
    let mut s = Scan::new(text);
    let sign = s.sign().unwrap_or(1) as f64;
    s.expect('P')?;
    let mut parts = vec![];
    let mut units: &[(char, f64)] = &[('W', 604_800e6), ('D', 86_400e6)];
    loop {
        if s.eat('T') {
            units = &[('H', 3_600e6), ('M', 60e6), ('S', 1e6)];
        }
        if s.at_end() {
            return Some(total(&parts));
        }
        let n = s.number()?;
        let at = units.iter().position(|(c, _)| s.eat(*c))?;
        parts.push((sign * n, units[at].1));
        units = &units[at + 1..];
    }
}

fn postgres_duration(text: &str) -> Option<Duration> {
    let mut s = Scan::new(text);
    let mut parts = vec![];
    let start = s.at;
    let negative = s.eat('-');
    match s.digits(1, 18) {
        Some(d) if s.word(" days ") || s.word(" day ") || s.word(" days") || s.word(" day") => {
            parts.push((if negative { -d } else { d } as f64, 86_400e6));
        }
        _ => s.at = start,
    }
    if s.at_end() {
        return Some(total(&parts));
    }
    let sign = s.sign().unwrap_or(1) as f64;
    let h = s.digits(1, 18)?;
    s.expect(':')?;
    let m = s.digits(2, 2)?;
    s.expect(':')?;
    let sec = s.digits(2, 2)?;
    let us = if s.eat('.') { s.micros()? } else { 0 };
    parts.push((sign * (h * 3600 + m * 60 + sec) as f64, 1e6));
    parts.push((sign * us as f64, 1.0));
    s.at_end().then(|| total(&parts))
}

fn total(parts: &[(f64, f64)]) -> Duration {
    let micros: i128 = parts
        .iter()
        .map(|(n, unit)| {
            let whole = n.trunc();
            whole as i128 * *unit as i128 + ((n - whole) * unit).round_ties_even() as i128
        })
        .sum();
    Duration { micros }
}

/// A cursor over the text.
struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Scan { text, at: 0 }
    }
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }
    fn at_end(&self) -> bool {
        self.rest().is_empty() || self.rest() == "\n"
    }
    fn eat_if(&mut self, f: impl Fn(char) -> bool) -> bool {
        match self.peek() {
            Some(c) if f(c) => {
                self.at += c.len_utf8();
                true
            }
            _ => false,
        }
    }
    fn eat(&mut self, c: char) -> bool {
        self.eat_if(|x| x == c)
    }
    fn expect(&mut self, c: char) -> Option<()> {
        self.eat(c).then_some(())
    }
    fn word(&mut self, w: &str) -> bool {
        let found = self.rest().starts_with(w);
        if found {
            self.at += w.len();
        }
        found
    }
    fn sign(&mut self) -> Option<i64> {
        if self.eat('+') {
            Some(1)
        } else if self.eat('-') {
            Some(-1)
        } else {
            None
        }
    }
    /// Between `min` and `max` digits.
    fn digits(&mut self, min: usize, max: usize) -> Option<i64> {
        let n = self
            .rest()
            .bytes()
            .take(max)
            .take_while(u8::is_ascii_digit)
            .count();
        if n < min {
            return None;
        }
        let v = self.rest()[..n].parse().ok()?;
        self.at += n;
        Some(v)
    }
    /// All digits of a fraction of a second, as microseconds.
    fn fraction(&mut self) -> Option<i64> {
        let n = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if n == 0 {
            return None;
        }
        let digits = &self.rest()[..n];
        let v = format!("{:0<6}", &digits[..n.min(6)]).parse().ok()?;
        self.at += n;
        Some(v)
    }
    /// Up to six digits, and up to six more that are dropped.
    fn micros(&mut self) -> Option<i64> {
        let n = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        if n > 12 { None } else { self.fraction() }
    }
    fn number(&mut self) -> Option<f64> {
        let n = self
            .rest()
            .bytes()
            .take_while(|b| b.is_ascii_digit() || matches!(b, b'.' | b','))
            .count();
        let v = self.rest()[..n].replace(',', ".").parse().ok()?;
        self.at += n;
        Some(v)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_python_reads_them() {
        assert_eq!(
            parse_date("2024-2-3").unwrap().unwrap(),
            civil::date(2024, 2, 3)
        );
        assert_eq!(
            parse_date("2024-W01-1").unwrap().unwrap(),
            civil::date(2024, 1, 1)
        );
        assert_eq!(parse_date("2024-13-01"), Err("month must be in 1..12"));
        assert_eq!(
            parse_date("2023-02-30"),
            Err("day is out of range for month")
        );
        assert_eq!(parse_date("soon"), Ok(None));
    }

    #[test]
    fn datetimes_carry_their_offset() {
        let show = |s: &str| parse_datetime(s).unwrap().map(|d| d.isoformat(' '));
        assert_eq!(
            show("2024-01-02T03:04:05Z").as_deref(),
            Some("2024-01-02 03:04:05+00:00")
        );
        assert_eq!(
            show("2024-01-02 3:4").as_deref(),
            Some("2024-01-02 03:04:00")
        );
        assert_eq!(show("2024-01-02").as_deref(), Some("2024-01-02 00:00:00"));
        assert_eq!(show("2024-01-02 03"), Some("2024-01-02 03:00:00".into()));
        assert_eq!(show("x"), None);
    }

    #[test]
    fn durations_come_in_three_spellings() {
        let show = |s: &str| parse_duration(s).map(|d| d.to_str());
        assert_eq!(show("3 04:05:06").as_deref(), Some("3 days, 4:05:06"));
        assert_eq!(show("15:30").as_deref(), Some("0:15:30"));
        assert_eq!(show("-1 00:00:01").as_deref(), Some("-1 day, 0:00:01"));
        assert_eq!(show("P1DT2H").as_deref(), Some("1 day, 2:00:00"));
        assert_eq!(show("1 day -00:00:01").as_deref(), Some("23:59:59"));
        assert_eq!(show("x"), None);
    }
}
