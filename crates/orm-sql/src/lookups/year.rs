//! `pub_date__year=2024`: a range of dates, so that an index on the column helps.
//!
//! ```text
//! pub_date__year=2024       →  "t"."pub_date" BETWEEN %s AND %s   ['2024-01-01', '2024-12-31']
//! pub_date__year__gt=2024   →  "t"."pub_date" > %s                ['2024-12-31']
//! ```
use super::build::with_operator;
use super::kind::{Builtin, Op};
use super::sides;
use crate::compiler::Compiler;
use crate::dialect::Vendor;
use crate::expression::Expr;
use crate::functions::extract::Extract;
use crate::lookup::{Lookup, Rhs};
use crate::writer::SqlWriter;
use jiff::civil;
use orm_state::field::prep::{adapt_datetime, make_aware};
use orm_state::settings::{current_time_zone, settings};
use orm_state::temporal::iso_date;
use orm_state::{DateTime, Error, ErrorKind, Result, Value};

pub fn as_sql(
    kind: Builtin,
    lookup: &Lookup,
    compiler: &Compiler,
    out: &mut SqlWriter,
) -> Result<()> {
    let (Some(source), Rhs::Value(value)) = (source_of(&lookup.lhs), &lookup.rhs) else {
        return Err(Error::field_error("A year lookup needs an extracted year."));
    };
    sides::process_lhs(kind, &source, compiler, out)?;
    let year = match value {
        Value::Int(y) => *y,
        Value::Bool(b) => i64::from(*b),
        v => {
            return Err(Error::type_error(format!(
                "'{}' object cannot be interpreted as an integer",
                v.type_name()
            )));
        }
    };
    let iso = is_iso(&lookup.lhs);
    // PostgreSQL takes dates as such.
    let native = compiler.dialect().kind() == Vendor::Postgresql;
    let (first, last) = if source.output_field()?.class.is_a("DateTimeField") {
        datetime_bounds(year, iso, native)?
    } else {
        let (a, b) = date_bounds(year, iso)?;
        if native {
            (a.into(), b.into())
        } else {
            (iso_date(a).into(), iso_date(b).into())
        }
    };
    let bound = match kind.op {
        Op::Exact => {
            out.push(" BETWEEN ");
            out.param(first);
            out.push(" AND ");
            out.param(last);
            return Ok(());
        }
        Op::Gt | Op::Lte => last,
        _ => first,
    };
    let mut rhs = SqlWriter::default();
    rhs.param(bound);
    with_operator(kind, rhs, compiler, out)
}

fn source_of(lhs: &Expr) -> Option<Expr> {
    crate::expression::Expression::sources(&**lhs)
        .into_iter()
        .next()
}

fn is_iso(lhs: &Expr) -> bool {
    lhs.as_any()
        .downcast_ref::<Extract>()
        .is_some_and(|e| &*e.lookup_name == "iso_year")
}

fn out_of_range(year: i64) -> Error {
    Error::value_error(format!("year {year} is out of range"))
}

fn new_year(year: i64, iso: bool) -> Result<civil::Date> {
    let y = i16::try_from(year)
        .ok()
        .filter(|y| (1..=9999).contains(y))
        .ok_or_else(|| {
            if iso {
                Error::value_error(format!("Year is out of range: {year}"))
            } else {
                out_of_range(year)
            }
        })?;
    if !iso {
        return civil::Date::new(y, 1, 1).map_err(|_| out_of_range(year));
    }
    civil::ISOWeekDate::new(y, 1, civil::Weekday::Monday)
        .map(|w| w.date())
        .map_err(|_| out_of_range(year))
}

/// First and last day of a year.
fn date_bounds(year: i64, iso: bool) -> Result<(civil::Date, civil::Date)> {
    let first = new_year(year, iso)?;
    if iso {
        let last = new_year(year + 1, true)?
            .yesterday()
            .map_err(|e| Error::new(ErrorKind::OverflowError, e.to_string()))?;
        return Ok((first, last));
    }
    let last = civil::Date::new(first.year(), 12, 31).map_err(|_| out_of_range(year))?;
    Ok((first, last))
}

/// First and last microsecond of a year, on the current zone's clock.
fn datetime_bounds(year: i64, iso: bool, native: bool) -> Result<(Value, Value)> {
    let (first, last) = date_bounds(year, iso)?;
    let moments = [first.at(0, 0, 0, 0), last.at(23, 59, 59, 999_999_000)];
    let mut bounds = moments.into_iter().map(|civil| {
        let naive = DateTime::naive(civil);
        let bound = if settings().use_tz {
            make_aware(&naive, &current_time_zone())
        } else {
            naive
        };
        if native {
            Ok(bound.into())
        } else {
            adapt_datetime(&bound)
        }
    });
    match (bounds.next(), bounds.next()) {
        (Some(a), Some(b)) => Ok((a?, b?)),
        _ => Err(out_of_range(year)),
    }
}
