//! Aggregates: variance and standard deviation (exact until the last step, as Python's
//! `statistics` computes them), `ANY_VALUE`, bits.
use num_bigint::BigInt;
use num_traits::{Signed, ToPrimitive, Zero};
use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Error, Result, ffi};

pub fn register(db: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8;
    db.create_aggregate_function(
        "STDDEV_POP",
        1,
        flags,
        Spread {
            sample: false,
            root: true,
        },
    )?;
    db.create_aggregate_function(
        "STDDEV_SAMP",
        1,
        flags,
        Spread {
            sample: true,
            root: true,
        },
    )?;
    db.create_aggregate_function(
        "VAR_POP",
        1,
        flags,
        Spread {
            sample: false,
            root: false,
        },
    )?;
    db.create_aggregate_function(
        "VAR_SAMP",
        1,
        flags,
        Spread {
            sample: true,
            root: false,
        },
    )?;
    db.create_aggregate_function("ANY_VALUE", 1, flags, AnyValue)?;
    db.create_aggregate_function("BIT_AND", 1, flags, Bits(|a, b| a & b))?;
    db.create_aggregate_function("BIT_OR", 1, flags, Bits(|a, b| a | b))?;
    db.create_aggregate_function("BIT_XOR", 1, flags, Bits(|a, b| a ^ b))
}

#[derive(Debug)]
struct FinalizeRaised;

impl std::fmt::Display for FinalizeRaised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("user-defined aggregate's 'finalize' method raised error")
    }
}
impl std::error::Error for FinalizeRaised {}

fn raised<T>() -> Result<T> {
    Err(Error::UserFunctionError(Box::new(FinalizeRaised)))
}

struct Spread {
    sample: bool,
    root: bool,
}

/// The numbers so far, each an integer times two to a common power.
#[derive(Default)]
struct Numbers {
    values: Vec<(BigInt, i32)>,
    any_float: bool,
    /// A value that is no number: Python would raise.
    invalid: bool,
    /// Infinite or not a number: so is the result.
    not_finite: Option<f64>,
}

impl Aggregate<Numbers, Sql> for Spread {
    fn init(&self, _: &mut Context<'_>) -> Result<Numbers> {
        Ok(Numbers::default())
    }
    fn step(&self, context: &mut Context<'_>, numbers: &mut Numbers) -> Result<()> {
        match context.get_raw(0) {
            ValueRef::Integer(i) => numbers.values.push((i.into(), 0)),
            ValueRef::Real(f) if f.is_finite() => {
                numbers.any_float = true;
                numbers.values.push(dyadic(f));
            }
            ValueRef::Real(_) => numbers.not_finite = Some(f64::NAN),
            _ => numbers.invalid = true,
        }
        Ok(())
    }
    fn finalize(&self, _: &mut Context<'_>, numbers: Option<Numbers>) -> Result<Sql> {
        let Some(numbers) = numbers else {
            return Ok(Sql::Null);
        };
        if numbers.invalid {
            return raised();
        }
        if let Some(f) = numbers.not_finite {
            return Ok(f.into());
        }
        let n = numbers.values.len() as i64;
        let divisor = if self.sample { n - 1 } else { n };
        if divisor < 1 {
            return raised();
        }
        // With x = k·2^e: variance = (n·Σk² − (Σk)²) · 2^2e / (n · divisor).
        let low = numbers.values.iter().map(|(_, e)| *e).min().unwrap_or(0);
        let (mut sum, mut squares) = (BigInt::zero(), BigInt::zero());
        for (k, e) in &numbers.values {
            let k = k << (e - low) as usize;
            sum += &k;
            squares += &k * &k;
        }
        let mut top = squares * n - &sum * &sum;
        let mut bottom = BigInt::from(n) * divisor;
        match low {
            0.. => top <<= 2 * low as usize,
            _ => bottom <<= 2 * low.unsigned_abs() as usize,
        }
        if self.root {
            return Ok(root_of_fraction(top, bottom).into());
        }
        if !numbers.any_float && (&top % &bottom).is_zero() {
            return match (&top / &bottom).to_i64() {
                Some(i) => Ok(i.into()),
                // SQLite has no integer that large.
                None => Err(Error::SqliteFailure(
                    ffi::Error::new(ffi::SQLITE_TOOBIG),
                    Some("string or blob too big".into()),
                )),
            };
        }
        Ok(fraction(top, bottom).into())
    }
}

/// A finite float as `k · 2^e`, exactly.
fn dyadic(f: f64) -> (BigInt, i32) {
    let bits = f.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    let mantissa = bits & ((1 << 52) - 1);
    let (k, e) = match exponent {
        0 => (mantissa, -1074),
        _ => (mantissa | 1 << 52, exponent - 1075),
    };
    let k = BigInt::from(k);
    if k.is_zero() {
        return (k, 0);
    }
    (if f.is_sign_negative() { -k } else { k }, e)
}

/// `top / bottom`, correctly rounded.
fn fraction(top: BigInt, bottom: BigInt) -> f64 {
    if top.is_zero() {
        return 0.0;
    }
    let shift = 66 - (top.bits() as i64 - bottom.bits() as i64);
    let (t, b) = scaled(top, bottom, shift);
    sticky(&t / &b, !(&t % &b).is_zero(), -shift)
}

/// The square root of `top / bottom`, correctly rounded.
fn root_of_fraction(top: BigInt, bottom: BigInt) -> f64 {
    if !top.is_positive() {
        return 0.0;
    }
    let mut shift = 134 - (top.bits() as i64 - bottom.bits() as i64);
    shift += shift & 1;
    let (t, b) = scaled(top, bottom, shift);
    let quotient = &t / &b;
    let root = quotient.sqrt();
    let inexact = !(&t % &b).is_zero() || &root * &root != quotient;
    sticky(root, inexact, -shift / 2)
}

fn scaled(top: BigInt, bottom: BigInt, shift: i64) -> (BigInt, BigInt) {
    if shift >= 0 {
        (top << shift as usize, bottom)
    } else {
        (top, bottom << (-shift) as usize)
    }
}

/// More than 64 bits with a mark for what was cut off, times two to a power.
fn sticky(mut bits: BigInt, inexact: bool, power: i64) -> f64 {
    if inexact {
        bits = (bits << 1usize) | BigInt::from(1);
        return bits.to_f64().unwrap_or(f64::INFINITY) * 2f64.powi(power as i32 - 1);
    }
    bits.to_f64().unwrap_or(f64::INFINITY) * 2f64.powi(power as i32)
}

struct AnyValue;

impl Aggregate<Option<Sql>, Sql> for AnyValue {
    fn init(&self, _: &mut Context<'_>) -> Result<Option<Sql>> {
        Ok(None)
    }
    fn step(&self, context: &mut Context<'_>, first: &mut Option<Sql>) -> Result<()> {
        if first.is_none() {
            *first = Some(context.get_raw(0).try_into()?);
        }
        Ok(())
    }
    fn finalize(&self, _: &mut Context<'_>, first: Option<Option<Sql>>) -> Result<Sql> {
        Ok(first.flatten().unwrap_or(Sql::Null))
    }
}

struct Bits(fn(i64, i64) -> i64);

/// `None` inside: a value that has no bits, which makes the whole NULL.
#[derive(Default)]
struct BitsSoFar {
    value: Option<i64>,
    invalid: bool,
    seen: usize,
}

impl Aggregate<BitsSoFar, Sql> for Bits {
    fn init(&self, _: &mut Context<'_>) -> Result<BitsSoFar> {
        Ok(BitsSoFar::default())
    }
    fn step(&self, context: &mut Context<'_>, so_far: &mut BitsSoFar) -> Result<()> {
        match context.get_raw(0) {
            ValueRef::Null => {}
            ValueRef::Integer(i) => {
                so_far.seen += 1;
                so_far.value = Some(so_far.value.map_or(i, |v| self.0(v, i)));
            }
            _ => {
                so_far.seen += 1;
                so_far.invalid = true;
            }
        }
        Ok(())
    }
    fn finalize(&self, _: &mut Context<'_>, so_far: Option<BitsSoFar>) -> Result<Sql> {
        Ok(match so_far {
            Some(s) if !s.invalid => s.value.map_or(Sql::Null, Sql::from),
            _ => Sql::Null,
        })
    }
}
