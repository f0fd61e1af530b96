//! Mathematics. Where SQLite was built without its own math functions, ours answer as those do:
//! NULL outside the domain.
use super::{Answer, Arguments, Raised, deterministic};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Result};

pub fn register(db: &Connection) -> Result<()> {
    deterministic(db, "BITXOR", 2, |a| {
        if a.any_null() {
            return Ok(Sql::Null);
        }
        Ok((a.int(0)? ^ a.int(1)?).into())
    })?;
    deterministic(db, "COT", 1, |a| {
        if a.any_null() {
            return Ok(Sql::Null);
        }
        let t = number(a, 0)?.ok_or(Raised)?.tan();
        if t == 0.0 {
            Err(Raised)
        } else {
            Ok((1.0 / t).into())
        }
    })?;
    deterministic(db, "SIGN", 1, |a| match a.get(0) {
        ValueRef::Null => Ok(Sql::Null),
        ValueRef::Integer(i) => Ok(i.signum().into()),
        ValueRef::Real(f) => Ok((i64::from(f > 0.0) - i64::from(f < 0.0)).into()),
        _ => Err(Raised),
    })?;
    let built_in: bool = db.query_row(
        "SELECT sqlite_compileoption_used('ENABLE_MATH_FUNCTIONS')",
        [],
        |row| row.get(0),
    )?;
    if built_in {
        Ok(())
    } else {
        register_missing(db)
    }
}

/// A numeric argument; numeric text counts, other values are `None`.
fn number(a: &Arguments, i: usize) -> std::result::Result<Option<f64>, Raised> {
    Ok(match a.get(i) {
        ValueRef::Integer(n) => Some(n as f64),
        ValueRef::Real(f) => Some(f),
        ValueRef::Text(t) => std::str::from_utf8(t)
            .ok()
            .and_then(|t| t.trim().parse().ok()),
        _ => None,
    })
}

fn one(a: &Arguments, f: fn(f64) -> f64) -> Answer {
    Ok(match number(a, 0)?.map(f) {
        Some(v) if !v.is_nan() => v.into(),
        _ => Sql::Null,
    })
}

fn two(a: &Arguments, f: fn(f64, f64) -> f64) -> Answer {
    Ok(match (number(a, 0)?, number(a, 1)?) {
        (Some(x), Some(y)) => match f(x, y) {
            v if v.is_nan() => Sql::Null,
            v => v.into(),
        },
        _ => Sql::Null,
    })
}

fn rounded(a: &Arguments, f: fn(f64) -> f64) -> Answer {
    match a.get(0) {
        ValueRef::Integer(i) => Ok(i.into()),
        _ => one(a, f),
    }
}

fn log(a: &Arguments, f: fn(f64) -> f64) -> Answer {
    match number(a, 0)? {
        Some(x) if x > 0.0 => Ok(f(x).into()),
        _ => Ok(Sql::Null),
    }
}

fn register_missing(db: &Connection) -> Result<()> {
    deterministic(db, "ACOS", 1, |a| one(a, f64::acos))?;
    deterministic(db, "ACOSH", 1, |a| one(a, f64::acosh))?;
    deterministic(db, "ASIN", 1, |a| one(a, f64::asin))?;
    deterministic(db, "ASINH", 1, |a| one(a, f64::asinh))?;
    deterministic(db, "ATAN", 1, |a| one(a, f64::atan))?;
    deterministic(db, "ATANH", 1, |a| one(a, f64::atanh))?;
    deterministic(db, "ATAN2", 2, |a| two(a, f64::atan2))?;
    deterministic(db, "CEIL", 1, |a| rounded(a, f64::ceil))?;
    deterministic(db, "CEILING", 1, |a| rounded(a, f64::ceil))?;
    deterministic(db, "COS", 1, |a| one(a, f64::cos))?;
    deterministic(db, "COSH", 1, |a| one(a, f64::cosh))?;
    deterministic(db, "DEGREES", 1, |a| {
        one(a, |x| x * (180.0 / std::f64::consts::PI))
    })?;
    deterministic(db, "EXP", 1, |a| one(a, f64::exp))?;
    deterministic(db, "FLOOR", 1, |a| rounded(a, f64::floor))?;
    deterministic(db, "LN", 1, |a| log(a, f64::ln))?;
    deterministic(db, "LOG10", 1, |a| log(a, f64::log10))?;
    deterministic(db, "LOG2", 1, |a| log(a, f64::log2))?;
    deterministic(db, "LOG", 1, |a| log(a, f64::log10))?;
    deterministic(db, "LOG", 2, |a| match (number(a, 0)?, number(a, 1)?) {
        (Some(base), Some(x)) if base > 0.0 && x > 0.0 && base.ln() > 0.0 => {
            Ok((x.ln() / base.ln()).into())
        }
        _ => Ok(Sql::Null),
    })?;
    deterministic(db, "MOD", 2, |a| two(a, |x, y| x % y))?;
    deterministic(db, "PI", 0, |_| Ok(std::f64::consts::PI.into()))?;
    deterministic(db, "POW", 2, |a| two(a, f64::powf))?;
    deterministic(db, "POWER", 2, |a| two(a, f64::powf))?;
    deterministic(db, "RADIANS", 1, |a| {
        one(a, |x| x * (std::f64::consts::PI / 180.0))
    })?;
    deterministic(db, "SIN", 1, |a| one(a, f64::sin))?;
    deterministic(db, "SINH", 1, |a| one(a, f64::sinh))?;
    deterministic(db, "SQRT", 1, |a| one(a, f64::sqrt))?;
    deterministic(db, "TAN", 1, |a| one(a, f64::tan))?;
    deterministic(db, "TANH", 1, |a| one(a, f64::tanh))?;
    deterministic(db, "TRUNC", 1, |a| rounded(a, f64::trunc))
}
