//! What the constructors of expressions take, where that is more than a row of expressions.
use crate::signature::Signature;

const CAST: Signature = Signature::of("Cast.__init__", &["expression", "output_field"]);
const COUNT: Signature = Signature::of("Count.__init__", &["expression", "filter"])
    .required(1)
    .any_keyword();
const F: Signature = Signature::of("F.__init__", &["name"]);
const JSON_OBJECT: Signature = Signature::of("JSONObject.__init__", &[]).any_keyword();
const LAG_LEAD: Signature = Signature::of(
    "LagLeadFunction.__init__",
    &["expression", "offset", "default"],
)
.required(1)
.any_keyword();
const SUBSTR: Signature = Signature::of("Substr.__init__", &["expression", "pos", "length"])
    .required(2)
    .any_keyword();
const TRUNC: Signature = Signature::of(
    "Trunc.__init__",
    &["expression", "kind", "output_field", "tzinfo"],
)
.required(2)
.any_keyword();
const TRUNC_BASE: Signature = Signature::of(
    "TruncBase.__init__",
    &["expression", "output_field", "tzinfo"],
)
.required(1)
.any_keyword();
const VALUE: Signature = Signature::of("Value.__init__", &["value", "output_field"]).required(1);
const WINDOW_FRAME: Signature =
    Signature::of("WindowFrame.__init__", &["start", "end", "exclusion"]).required(0);
const WRAPPER: Signature = Signature::of(
    "ExpressionWrapper.__init__",
    &["expression", "output_field"],
);
/// What `asc()` and `desc()` give their keywords to.
pub const ORDER_BY: Signature =
    Signature::of("OrderBy.__init__", &[]).keyword_only(&["nulls_first", "nulls_last"]);

/// `asc()` or `desc()`, of a name or of any other expression.
pub const fn direction(name: bool, descending: bool) -> Signature {
    let called = match (name, descending) {
        (true, false) => "F.asc",
        (true, true) => "F.desc",
        (false, false) => "BaseExpression.asc",
        (false, true) => "BaseExpression.desc",
    };
    Signature::of(called, &[]).any_keyword()
}

/// The constructor of a built-in class.
pub fn of(builtin: &str) -> Option<&'static Signature> {
    Some(match builtin {
        "Cast" => &CAST,
        "Count" => &COUNT,
        "F" | "OuterRef" => &F,
        "JSONObject" => &JSON_OBJECT,
        "Lag" | "Lead" => &LAG_LEAD,
        "Substr" => &SUBSTR,
        "Trunc" => &TRUNC,
        "TruncYear" | "TruncQuarter" | "TruncMonth" | "TruncWeek" | "TruncDay" | "TruncDate"
        | "TruncTime" | "TruncHour" | "TruncMinute" | "TruncSecond" => &TRUNC_BASE,
        "Value" => &VALUE,
        "WindowFrame" | "RowRange" | "ValueRange" => &WINDOW_FRAME,
        "ExpressionWrapper" => &WRAPPER,
        _ => return None,
    })
}
