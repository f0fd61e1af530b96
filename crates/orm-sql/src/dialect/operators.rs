//! Operators and ranges that dialects share.
use crate::expressions::Arith;
use orm_state::Value;

/// `= %s`, `> %s` …
pub fn common(lookup: &str) -> Option<&'static str> {
    Some(match lookup {
        "exact" => "= %s",
        "gt" => "> %s",
        "gte" => ">= %s",
        "lt" => "< %s",
        "lte" => "<= %s",
        _ => return None,
    })
}

/// The range of an integer column, where the database enforces it.
pub fn integer_range(internal_type: &str) -> (Option<Value>, Option<Value>) {
    let (low, high) = match internal_type {
        "SmallIntegerField" | "SmallAutoField" => (-32_768, 32_767),
        "IntegerField" | "AutoField" => (-2_147_483_648, 2_147_483_647),
        "PositiveBigIntegerField" => (0, i64::MAX),
        "PositiveSmallIntegerField" => (0, 32_767),
        "PositiveIntegerField" => (0, 2_147_483_647),
        _ => (i64::MIN, i64::MAX),
    };
    (Some(low.into()), Some(high.into()))
}

/// What stands before, between and after two operands where the database has the operator.
pub fn combine(arith: Arith) -> [&'static str; 3] {
    use Arith::*;
    let between = match arith {
        Add => " + ",
        Sub => " - ",
        Mul => " * ",
        Div => " / ",
        Pow => " ^ ",
        Mod => " %% ",
        BitAnd => " & ",
        BitOr => " | ",
        BitLeftShift => " << ",
        BitRightShift => " >> ",
        BitXor => " # ",
    };
    ["", between, ""]
}
