//! Padding, repeating, reversing.
use super::{Answer, Arguments, Raised, deterministic};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Result};

pub fn register(db: &Connection) -> Result<()> {
    deterministic(db, "LPAD", 3, lpad)?;
    deterministic(db, "RPAD", 3, rpad)?;
    deterministic(db, "REPEAT", 2, repeat)?;
    deterministic(db, "REVERSE", 1, |a| match a.get(0) {
        ValueRef::Null => Ok(Sql::Null),
        ValueRef::Text(_) => Ok(a.text(0)?.chars().rev().collect::<String>().into()),
        _ => Err(Raised),
    })
}

/// Longer texts than this are refused, as SQLite itself would.
const MAX: i64 = 1_000_000_000;

fn lpad(a: &Arguments) -> Answer {
    if a.any_null() {
        return Ok(Sql::Null);
    }
    let (text, length, fill) = (a.text(0)?, a.int(1)?, a.text(2)?);
    let delta = length - text.chars().count() as i64;
    if delta <= 0 {
        return Ok(head(text, length).into());
    }
    Ok((filler(fill, length, delta)? + text).into())
}

fn rpad(a: &Arguments) -> Answer {
    if a.any_null() {
        return Ok(Sql::Null);
    }
    let (text, length, fill) = (a.text(0)?, a.int(1)?, a.text(2)?);
    let missing = (length - text.chars().count() as i64).max(0);
    let padded = format!("{text}{}", filler(fill, length, missing)?);
    Ok(head(&padded, length).into())
}

/// The first `count` characters of `fill` repeated `times` times.
fn filler(fill: &str, times: i64, count: i64) -> std::result::Result<String, Raised> {
    if times > MAX {
        return Err(Raised);
    }
    let available = (fill.chars().count() as i64).saturating_mul(times.max(0));
    Ok(fill
        .chars()
        .cycle()
        .take(count.min(available).max(0) as usize)
        .collect())
}

/// `text[:length]`, counting from the end where `length` is negative.
fn head(text: &str, length: i64) -> String {
    let keep = if length < 0 {
        (text.chars().count() as i64 + length).max(0)
    } else {
        length
    };
    text.chars().take(keep as usize).collect()
}

fn repeat(a: &Arguments) -> Answer {
    if a.any_null() {
        return Ok(Sql::Null);
    }
    match (a.get(0), a.get(1)) {
        (ValueRef::Text(_), ValueRef::Integer(n)) => {
            let text = a.text(0)?;
            if (text.len() as i64).saturating_mul(n) > MAX {
                return Err(Raised);
            }
            Ok(text.repeat(n.max(0) as usize).into())
        }
        (ValueRef::Integer(l), ValueRef::Integer(r)) => {
            l.checked_mul(r).map(Sql::from).ok_or(Raised)
        }
        (ValueRef::Integer(i), ValueRef::Real(f)) | (ValueRef::Real(f), ValueRef::Integer(i)) => {
            Ok((f * i as f64).into())
        }
        _ => Err(Raised),
    }
}
