//! Functions for `Window`: `RowNumber`, `Rank`, `Lag` …
//!
//! ```text
//! Window(Lag("pages", 2), order_by="id")   →  LAG("t"."pages", %s) OVER (ORDER BY "t"."id")
//! ```
use crate::expression::Sources;
use crate::expressions::Val;
use crate::expressions::func::FuncSpec;
use orm_state::{Error, FieldKind, Result, Value};

pub static CUME_DIST: FuncSpec = FuncSpec::call("CumeDist", "CUME_DIST", None)
    .gives(FieldKind::Float)
    .windowed();
pub static DENSE_RANK: FuncSpec = FuncSpec::call("DenseRank", "DENSE_RANK", None)
    .gives(FieldKind::Integer)
    .windowed();
pub static FIRST_VALUE: FuncSpec = FuncSpec::call("FirstValue", "FIRST_VALUE", Some(1)).windowed();
pub static LAG: FuncSpec = FuncSpec::call("Lag", "LAG", None)
    .like_first()
    .windowed()
    .checked(lag_check);
pub static LAST_VALUE: FuncSpec = FuncSpec::call("LastValue", "LAST_VALUE", Some(1)).windowed();
pub static LEAD: FuncSpec = FuncSpec::call("Lead", "LEAD", None)
    .like_first()
    .windowed()
    .checked(lead_check);
pub static NTH_VALUE: FuncSpec = FuncSpec::call("NthValue", "NTH_VALUE", None)
    .like_first()
    .windowed()
    .checked(nth_check);
pub static NTILE: FuncSpec = FuncSpec::call("Ntile", "NTILE", None)
    .gives(FieldKind::Integer)
    .windowed()
    .checked(ntile_check);
pub static PERCENT_RANK: FuncSpec = FuncSpec::call("PercentRank", "PERCENT_RANK", None)
    .gives(FieldKind::Float)
    .windowed();
pub static RANK: FuncSpec = FuncSpec::call("Rank", "RANK", None)
    .gives(FieldKind::Integer)
    .windowed();
pub static ROW_NUMBER: FuncSpec = FuncSpec::call("RowNumber", "ROW_NUMBER", None)
    .gives(FieldKind::Integer)
    .windowed();

fn plain(args: &Sources, i: usize) -> Option<Value> {
    args.get(i)
        .and_then(|a| a.as_any().downcast_ref::<Val>())
        .map(|v| v.value.clone())
}

/// `None`, or a number that is not positive.
fn not_positive(v: Option<Value>) -> bool {
    v.is_some_and(|v| v.is_null() || v.as_float().is_some_and(|n| n <= 0.0))
}

fn lag_lead(class: &str, args: &Sources) -> Result<()> {
    if plain(args, 0).is_some_and(|v| v.is_null()) {
        return Err(Error::value_error(format!(
            "{class} requires a non-null source expression."
        )));
    }
    if not_positive(plain(args, 1)) {
        return Err(Error::value_error(format!(
            "{class} requires a positive integer for the offset."
        )));
    }
    Ok(())
}
fn lag_check(args: &Sources) -> Result<()> {
    lag_lead("Lag", args)
}
fn lead_check(args: &Sources) -> Result<()> {
    lag_lead("Lead", args)
}
fn nth_check(args: &Sources) -> Result<()> {
    if plain(args, 0).is_some_and(|v| v.is_null()) {
        return Err(Error::value_error(
            "NthValue requires a non-null source expression.",
        ));
    }
    if not_positive(plain(args, 1)) {
        return Err(Error::value_error(
            "NthValue requires a positive integer as for nth.",
        ));
    }
    Ok(())
}
fn ntile_check(args: &Sources) -> Result<()> {
    if not_positive(plain(args, 0)) {
        return Err(Error::value_error("num_buckets must be greater than 0."));
    }
    Ok(())
}
