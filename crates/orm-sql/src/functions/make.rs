//! One way to make any built-in function: by its class's name, with the arguments as the user
//! gave them.
//!
//! ```
//! use orm_sql::functions::make::{Call, make};
//! use orm_sql::Expression;
//! let call = Call { args: vec!["title".into(), 1.into()], ..Call::default() };
//! let substr = make("Substr", call).unwrap();
//! assert_eq!(substr.repr(), "Substr(F(title), Value(1))");
//! ```
use super::{comparison, extract::Extract, json, math, now, text, trunc, trunc::Trunc, window};
use crate::expression::{Expr, Sources, value_expr};
use crate::expressions::aggregate::AggregateOptions;
use crate::expressions::aggregate_parts;
use crate::expressions::func::{Custom, FUNC, Func, FuncSpec};
use crate::expressions::{Aggregate, Val, arg};
use orm_state::{Error, Field, Result, Value};
use std::rc::Rc;

/// A call as the user wrote it.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// Set for a user's subclass.
    pub custom: Option<Rc<Custom>>,
    pub args: Vec<Value>,
    /// Without `output_field`, `tzinfo` and `filter`.
    pub kwargs: Vec<(String, Value)>,
    /// `output_field`, positional or by keyword.
    pub output: Option<Rc<Field>>,
    /// The name of `tzinfo`.
    pub tzinfo: Option<Rc<str>>,
    /// An aggregate's `filter`: a conditional expression or a `QExpr`.
    pub filter: Option<Expr>,
}

/// Every function that is data, by class name.
pub static SPECS: &[&FuncSpec] = &[
    &FUNC,
    &comparison::CAST,
    &comparison::COALESCE,
    &comparison::COLLATE,
    &comparison::GREATEST,
    &comparison::LEAST,
    &comparison::NULL_IF,
    &json::JSON_ARRAY,
    &json::JSON_OBJECT,
    &math::ABS,
    &math::ACOS,
    &math::ASIN,
    &math::ATAN,
    &math::ATAN2,
    &math::CEIL,
    &math::COS,
    &math::COT,
    &math::DEGREES,
    &math::EXP,
    &math::FLOOR,
    &math::LN,
    &math::LOG,
    &math::MOD,
    &math::PI,
    &math::POWER,
    &math::RADIANS,
    &math::RANDOM,
    &math::ROUND,
    &math::SIGN,
    &math::SIN,
    &math::SQRT,
    &math::TAN,
    &now::NOW,
    &now::UUID4,
    &now::UUID7,
    &text::CHR,
    &text::CONCAT,
    &text::CONCAT_PAIR,
    &text::LEFT,
    &text::LENGTH,
    &text::LOWER,
    &text::LPAD,
    &text::LTRIM,
    &text::MD5,
    &text::ORD,
    &text::REPEAT,
    &text::REPLACE,
    &text::REVERSE,
    &text::RIGHT,
    &text::RPAD,
    &text::RTRIM,
    &text::SHA1,
    &text::SHA224,
    &text::SHA256,
    &text::SHA384,
    &text::SHA512,
    &text::STR_INDEX,
    &text::SUBSTR,
    &text::TRIM,
    &text::UPPER,
    &window::CUME_DIST,
    &window::DENSE_RANK,
    &window::FIRST_VALUE,
    &window::LAG,
    &window::LAST_VALUE,
    &window::LEAD,
    &window::NTH_VALUE,
    &window::NTILE,
    &window::PERCENT_RANK,
    &window::RANK,
    &window::ROW_NUMBER,
];

/// The entry of a class.
pub fn spec(class: &str) -> Option<&'static FuncSpec> {
    SPECS.iter().copied().find(|s| s.name == class)
}

/// The parameters that have names: name, and the value that stands for one not given (`None`: it
/// must be given; `Some(Null)`: it is left out).
fn parameters(class: &str) -> &'static [(&'static str, Option<Value>)] {
    const LEFT_OUT: Option<Value> = Some(Value::Null);
    match class {
        "Left" | "Right" => &[("expression", None), ("length", None)],
        "LPad" | "RPad" => &[
            ("expression", None),
            ("length", None),
            ("fill_text", LEFT_OUT),
        ],
        "Repeat" => &[("expression", None), ("number", None)],
        "Replace" => &[
            ("expression", None),
            ("text", None),
            ("replacement", LEFT_OUT),
        ],
        "Substr" => &[("expression", None), ("pos", None), ("length", LEFT_OUT)],
        "Round" => &[("expression", None), ("precision", Some(Value::Int(0)))],
        "Lag" | "Lead" => &[
            ("expression", None),
            ("offset", Some(Value::Int(1))),
            ("default", LEFT_OUT),
        ],
        "NthValue" => &[("expression", None), ("nth", Some(Value::Int(1)))],
        "Ntile" => &[("num_buckets", Some(Value::Int(1)))],
        "UUID7" => &[("shift", LEFT_OUT)],
        "Cast" => &[("expression", None)],
        "Collate" => &[("expression", None), ("collation", None)],
        "Extract" => &[("expression", None), ("lookup_name", LEFT_OUT)],
        "Trunc" => &[("expression", None), ("kind", None)],
        _ => &[],
    }
}

/// Puts keyword arguments into their places; what has none stays in `kwargs`.
fn place(class: &str, call: &mut Call) -> Result<()> {
    let params = parameters(class);
    if params.is_empty() {
        return Ok(());
    }
    let shown = call.custom.as_ref().map_or(class, |c| &c.name).to_string();
    if call.args.len() > params.len() {
        let required = params.iter().filter(|(_, d)| d.is_none()).count();
        let least = match required == params.len() {
            true => String::new(),
            false => format!("from {} to ", required + 1),
        };
        return Err(Error::type_error(format!(
            "{shown}.__init__() takes {least}{} positional arguments but {} were given",
            params.len() + 1,
            call.args.len() + 1
        )));
    }
    for (name, default) in &params[call.args.len()..] {
        match call.kwargs.iter().position(|(k, _)| k == name) {
            Some(at) => {
                let (_, v) = call.kwargs.remove(at);
                call.args.push(v);
            }
            None => match default {
                Some(v) => call.args.push(v.clone()),
                None => {
                    return Err(Error::type_error(format!(
                        "{shown}.__init__() missing 1 required positional argument: '{name}'"
                    )));
                }
            },
        }
    }
    Ok(())
}

/// An argument that is text and not a name.
fn text_arg(value: &Value) -> Expr {
    value_expr(value).unwrap_or_else(|| Val::new(value.clone()))
}

/// Makes `Class(*args, **kwargs)` of a built-in function, aggregate or date function.
pub fn make(class: &str, mut call: Call) -> Result<Expr> {
    if let Some(aggregate) = aggregate_parts::ALL.iter().find(|s| s.name == class) {
        return make_aggregate(aggregate, call);
    }
    place(class, &mut call)?;
    let first = || call.args.first().cloned().map(arg);
    let missing = || {
        Error::type_error(format!(
            "{class}.__init__() missing 1 required positional argument: 'expression'"
        ))
    };
    if let Some((_, part)) = super::extract::CLASSES.iter().find(|(c, _)| *c == class) {
        return Ok(Extract::part(
            first().ok_or_else(missing)?,
            part,
            call.tzinfo,
        ));
    }
    if let Some((_, kind)) = trunc::CLASSES.iter().find(|(c, _)| *c == class) {
        let lhs = first().ok_or_else(missing)?;
        return Ok(Trunc::of(lhs, kind, call.output, call.tzinfo));
    }
    match class {
        "Extract" => {
            let name = call.args.get(1).and_then(Value::as_str);
            return Extract::new(first().ok_or_else(missing)?, name, call.tzinfo);
        }
        "Trunc" => {
            let kind = call.args.get(1).map(Value::to_str).unwrap_or_default();
            let lhs = first().ok_or_else(missing)?;
            return Ok(Trunc::new(lhs, &kind, call.output, call.tzinfo));
        }
        "JSONObject" => {
            let fields = call.kwargs.into_iter().map(|(k, v)| (k, arg(v))).collect();
            return Ok(json::json_object(fields));
        }
        "Collate" => {
            let collation = call.args.get(1).cloned().unwrap_or_default();
            return Ok(Rc::new(comparison::collate(
                first().ok_or_else(missing)?,
                &collation,
            )?));
        }
        "Concat" => {
            let args: Sources = call.args.into_iter().map(arg).collect();
            return Ok(Rc::new(text::concat(args, call.output)?));
        }
        "Cast" if call.output.is_none() => {
            return Err(Error::type_error(
                "Cast.__init__() missing 1 required positional argument: 'output_field'",
            ));
        }
        _ => {}
    }
    let spec = spec(class)
        .ok_or_else(|| Error::not_implemented(format!("the database function {class}")))?;
    let mut args = Sources::new();
    for (i, v) in call.args.into_iter().enumerate() {
        match (class, i, &v) {
            ("LPad" | "RPad", 2, Value::Null) => args.push(Val::new(" ".into())),
            ("Replace", 2, Value::Null) => args.push(Val::new("".into())),
            ("Substr" | "Lag" | "Lead", 2, Value::Null) | ("UUID7", 0, Value::Null) => {}
            _ => args.push(arg(v)),
        }
    }
    Ok(Rc::new(Func::new(
        spec,
        call.custom,
        args,
        call.output,
        call.kwargs,
    )?))
}

fn take(kwargs: &mut Vec<(String, Value)>, name: &str) -> Option<Value> {
    let at = kwargs.iter().position(|(k, _)| k == name)?;
    Some(kwargs.remove(at).1)
}

fn make_aggregate(spec: &'static aggregate_parts::AggregateSpec, mut call: Call) -> Result<Expr> {
    let kwargs = &mut call.kwargs;
    for name in ["expression", "delimiter"] {
        if let Some(v) = take(kwargs, name) {
            call.args.push(v);
        }
    }
    let mut sample = take(kwargs, "sample").is_some_and(|v| v.truthy());
    // `StdDev("x", True)`: the sample flag is the second parameter.
    if matches!(spec.name, "StdDev" | "Variance") && call.args.len() == 2 {
        sample = call.args.pop().is_some_and(|v| v.truthy());
    }
    // `Count("x", Q(…))`: so is its filter.
    if spec.name == "Count" && call.args.len() == 2 && call.filter.is_none() {
        call.filter = call.args.pop().map(arg);
    }
    if spec.name == "StringAgg" && call.args.len() < 2 {
        let class = call
            .custom
            .as_ref()
            .map_or("StringAgg", |c| c.name.as_str());
        return Err(Error::type_error(format!(
            "{class}.__init__() missing 1 required positional argument: 'delimiter'"
        )));
    }
    if spec.name == "StringAgg"
        && let Some(delimiter) = call.args.get_mut(1)
        && value_expr(delimiter).is_none()
        && delimiter.as_str().is_none()
    {
        *delimiter = crate::expression::ExprObject::value(text_arg(delimiter));
    }
    let options = AggregateOptions {
        distinct: take(kwargs, "distinct").is_some_and(|v| v.truthy()),
        default: take(kwargs, "default").unwrap_or_default(),
        order_by: take(kwargs, "order_by").unwrap_or_default(),
        filter: call.filter,
        sample,
        output: call.output,
        extra: call.kwargs,
    };
    Ok(Rc::new(Aggregate::new(
        spec,
        call.custom,
        call.args,
        options,
    )?))
}
