//! Python's `datetime` values: microsecond resolution, optional time zone.
use jiff::civil;
use std::rc::Rc;

/// `datetime.datetime`: a wall-clock moment, aware when `tz` is set.
#[derive(Clone, Debug)]
pub struct DateTime {
    pub civil: civil::DateTime,
    pub tz: Option<Zone>,
}

/// The time zone of an aware value: its UTC offset at that moment and its name, if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub offset_seconds: i32,
    /// IANA key (`Europe/Paris`, `UTC`) of a `ZoneInfo`; none for a fixed offset, which
    /// `timezone.utc` is, too.
    pub name: Option<Rc<str>>,
}

impl Zone {
    pub fn utc() -> Self {
        Zone {
            offset_seconds: 0,
            name: None,
        }
    }
}

/// `datetime.time`; aware times exist in Python but no database keeps them.
#[derive(Clone, Debug)]
pub struct Time {
    pub civil: civil::Time,
    pub tz: Option<Zone>,
}

/// `datetime.timedelta`, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Duration {
    pub micros: i128,
}

impl DateTime {
    pub fn naive(civil: civil::DateTime) -> Self {
        DateTime { civil, tz: None }
    }
    pub fn is_aware(&self) -> bool {
        self.tz.is_some()
    }
    /// The same moment on UTC's wall clock; a naive value is returned as it is.
    pub fn to_utc(&self) -> civil::DateTime {
        match &self.tz {
            None => self.civil,
            Some(zone) => self
                .civil
                .checked_sub(jiff::SignedDuration::from_secs(i64::from(
                    zone.offset_seconds,
                )))
                .unwrap_or(self.civil),
        }
    }
    /// `isoformat(sep)`: `2024-01-02T03:04:05[.ffffff][+00:00]`.
    pub fn isoformat(&self, sep: char) -> String {
        let d = self.civil.date();
        let mut s = format!("{:04}-{:02}-{:02}{sep}", d.year(), d.month(), d.day());
        s.push_str(&iso_time(self.civil.time()));
        if let Some(zone) = &self.tz {
            s.push_str(&iso_offset(zone.offset_seconds));
        }
        s
    }
}

impl Time {
    pub fn isoformat(&self) -> String {
        let mut s = iso_time(self.civil);
        if let Some(zone) = &self.tz {
            s.push_str(&iso_offset(zone.offset_seconds));
        }
        s
    }
}

/// `date.isoformat()`.
pub fn iso_date(d: civil::Date) -> String {
    format!("{:04}-{:02}-{:02}", d.year(), d.month(), d.day())
}

fn iso_time(t: civil::Time) -> String {
    let micros = t.subsec_nanosecond() / 1000;
    if micros == 0 {
        format!("{:02}:{:02}:{:02}", t.hour(), t.minute(), t.second())
    } else {
        format!(
            "{:02}:{:02}:{:02}.{micros:06}",
            t.hour(),
            t.minute(),
            t.second()
        )
    }
}

fn iso_offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let s = seconds.abs();
    if s % 60 == 0 {
        format!("{sign}{:02}:{:02}", s / 3600, s / 60 % 60)
    } else {
        format!("{sign}{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    }
}

impl Duration {
    pub fn from_parts(days: i64, seconds: i64, micros: i64) -> Self {
        Duration {
            micros: (i128::from(days) * 86_400 + i128::from(seconds)) * 1_000_000
                + i128::from(micros),
        }
    }
    /// Normalised like `timedelta`: days of any sign, seconds in 0..86400, microseconds in 0..10⁶.
    pub fn parts(&self) -> (i64, i64, i64) {
        const DAY: i128 = 86_400_000_000;
        let days = self.micros.div_euclid(DAY);
        let rest = self.micros.rem_euclid(DAY);
        (
            days as i64,
            (rest / 1_000_000) as i64,
            (rest % 1_000_000) as i64,
        )
    }
    /// Python's `str(timedelta)`: `1 day, 0:00:01`.
    pub fn to_str(&self) -> String {
        let (days, seconds, micros) = self.parts();
        let mut s = String::new();
        if days != 0 {
            let plural = if days.abs() == 1 { "" } else { "s" };
            s.push_str(&format!("{days} day{plural}, "));
        }
        s.push_str(&format!(
            "{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ));
        if micros != 0 {
            s.push_str(&format!(".{micros:06}"));
        }
        s
    }
}
