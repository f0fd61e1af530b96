//! The classes and where they are importable from.
use super::object::PyExpr;
use super::{attributes, identity, init, methods, parts, resolving, tree};
use crate::class::class;
use crate::modules::export_all;
use orm_sql::Expr;
use orm_sql::expressions::aggregate_parts;
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    static BUILTIN: RefCell<HashMap<usize, &'static str>> = RefCell::default();
    static BY_NAME: RefCell<HashMap<&'static str, PyTypeRef>> = RefCell::default();
}

/// Class, base, and whether `django.db.models` exports it.
const EXPRESSIONS: &[(&str, &str, bool)] = &[
    ("BaseExpression", "Combinable", false),
    ("Expression", "BaseExpression", true),
    ("F", "Combinable", true),
    ("OuterRef", "F", true),
    ("ResolvedOuterRef", "F", false),
    ("Sliced", "F", false),
    ("Func", "Expression", true),
    ("Value", "Expression", true),
    ("DatabaseDefault", "Expression", false),
    ("RawSQL", "Expression", false),
    ("Star", "Expression", false),
    ("Col", "Expression", false),
    ("ColPairs", "Expression", false),
    ("Ref", "Expression", false),
    ("CombinedExpression", "Expression", false),
    ("DurationExpression", "CombinedExpression", false),
    ("TemporalSubtraction", "CombinedExpression", false),
    ("ExpressionList", "Func", true),
    ("OrderByList", "ExpressionList", false),
    ("ExpressionWrapper", "Expression", true),
    ("NegatedExpression", "ExpressionWrapper", false),
    ("When", "Expression", true),
    ("Case", "Expression", true),
    ("Subquery", "Expression", true),
    ("Exists", "Subquery", true),
    ("OrderBy", "Expression", true),
    ("Window", "Expression", true),
    ("WindowFrame", "Expression", true),
    ("RowRange", "WindowFrame", true),
    ("ValueRange", "WindowFrame", true),
    ("JSONNull", "Value", true),
];

/// Where each function lives under `django.db.models.functions`.
const FUNCTION_MODULES: &[(&str, &[&str])] = &[
    (
        "comparison",
        &["Cast", "Coalesce", "Collate", "Greatest", "Least", "NullIf"],
    ),
    ("json", &["JSONArray", "JSONObject"]),
    (
        "datetime",
        &[
            "Extract",
            "ExtractDay",
            "ExtractHour",
            "ExtractIsoWeekDay",
            "ExtractIsoYear",
            "ExtractMinute",
            "ExtractMonth",
            "ExtractQuarter",
            "ExtractSecond",
            "ExtractWeek",
            "ExtractWeekDay",
            "ExtractYear",
            "Now",
            "Trunc",
            "TruncDate",
            "TruncDay",
            "TruncHour",
            "TruncMinute",
            "TruncMonth",
            "TruncQuarter",
            "TruncSecond",
            "TruncTime",
            "TruncWeek",
            "TruncYear",
        ],
    ),
    (
        "math",
        &[
            "Abs", "ACos", "ASin", "ATan", "ATan2", "Ceil", "Cos", "Cot", "Degrees", "Exp",
            "Floor", "Ln", "Log", "Mod", "Pi", "Power", "Radians", "Random", "Round", "Sign",
            "Sin", "Sqrt", "Tan",
        ],
    ),
    (
        "text",
        &[
            "Chr",
            "Concat",
            "ConcatPair",
            "Left",
            "Length",
            "Lower",
            "LPad",
            "LTrim",
            "MD5",
            "Ord",
            "Repeat",
            "Replace",
            "Reverse",
            "Right",
            "RPad",
            "RTrim",
            "SHA1",
            "SHA224",
            "SHA256",
            "SHA384",
            "SHA512",
            "StrIndex",
            "Substr",
            "Trim",
            "Upper",
        ],
    ),
    ("uuid", &["UUID4", "UUID7"]),
    (
        "window",
        &[
            "CumeDist",
            "DenseRank",
            "FirstValue",
            "Lag",
            "LastValue",
            "Lead",
            "NthValue",
            "Ntile",
            "PercentRank",
            "Rank",
            "RowNumber",
        ],
    ),
];

/// Was the class made here?
pub fn is_builtin(class: &Py<PyType>) -> bool {
    BUILTIN.with(|b| b.borrow().contains_key(&(class.as_object().get_id())))
}

/// The built-in class that a class is or first descends from.
pub fn builtin_name(class: &Py<PyType>) -> Option<&'static str> {
    BUILTIN.with(|b| {
        let b = b.borrow();
        class
            .mro_collect()
            .iter()
            .find_map(|c| b.get(&c.as_object().get_id()).copied())
    })
}

pub fn find(name: &str) -> Option<PyTypeRef> {
    BY_NAME.with(|n| n.borrow().get(name).cloned())
}

pub fn reset() {
    BUILTIN.with(|b| b.borrow_mut().clear());
    BY_NAME.with(|b| b.borrow_mut().clear());
    super::callback::reset();
}

pub(super) fn remember(name: &'static str, class: &PyTypeRef) {
    BUILTIN.with(|b| b.borrow_mut().insert(class.as_object().get_id(), name));
    BY_NAME.with(|b| b.borrow_mut().insert(name, class.clone()));
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    const MODELS: &str = "django.db.models";
    const EXPRESSIONS_MODULE: &str = "django.db.models.expressions";
    let base = PyExpr::make_static_type();
    remember("Combinable", &base);
    crate::class::fill_class(vm, &base, |c| {
        methods::fill(c);
        identity::fill(c);
        tree::fill(c);
        attributes::fill(c);
        resolving::fill(c);
    })?;
    crate::class::fill_class(vm, &base, init::fill)?;
    export_all(vm, &[EXPRESSIONS_MODULE], "Combinable", base.clone())?;
    for (name, parent, public) in EXPRESSIONS {
        let parent =
            find(parent).ok_or_else(|| vm.new_runtime_error(format!("no class {parent}")))?;
        let made = class(vm, EXPRESSIONS_MODULE, name, &[parent], |_| {})?;
        remember(name, &made);
        export_all(vm, &[EXPRESSIONS_MODULE], name, made.clone())?;
        if *public {
            export_all(vm, &[MODELS], name, made)?;
        }
    }
    super::frame_exclusion::install(vm)?;
    window_frame(vm)?;
    let func = find("Func").ok_or_else(|| vm.new_runtime_error("no class Func"))?;
    func_attributes(vm, &func)?;
    let transform = class(
        vm,
        "django.db.models.lookups",
        "Transform",
        std::slice::from_ref(&func),
        |c| {
            c.attr("bilateral", vm.ctx.new_bool(false));
            c.attr("arity", vm.ctx.new_int(1));
        },
    )?;
    remember("Transform", &transform);
    export_all(
        vm,
        &["django.db.models.lookups", MODELS],
        "Transform",
        transform.clone(),
    )?;

    let aggregates = "django.db.models.aggregates";
    let aggregate = class(
        vm,
        aggregates,
        "Aggregate",
        std::slice::from_ref(&func),
        |_| {},
    )?;
    for spec in aggregate_parts::ALL {
        let made = if spec.name == "Aggregate" {
            aggregate.clone()
        } else {
            class(
                vm,
                aggregates,
                spec.name,
                std::slice::from_ref(&aggregate),
                |c| {
                    if let Some(f) = spec.function {
                        c.attr("function", vm.ctx.new_str(f));
                    }
                    c.attr("name", vm.ctx.new_str(spec.name));
                },
            )?
        };
        remember(spec.name, &made);
        export_all(vm, &[aggregates, MODELS], spec.name, made)?;
    }
    parts::install(vm)?;
    identity::install(vm)?;
    for (module, names) in FUNCTION_MODULES {
        let path = format!("django.db.models.functions.{module}");
        for name in *names {
            let spec = orm_sql::functions::make::spec(name);
            let is_transform = spec.is_some_and(|s| s.lookup_name.is_some())
                || (name.starts_with("Extract")
                    || (name.starts_with("Trunc") && *module == "datetime"));
            let parent = if is_transform { &transform } else { &func };
            let parent = match *name {
                n if n.starts_with("Extract") && n != "Extract" => {
                    find("Extract").unwrap_or_else(|| parent.clone())
                }
                _ => parent.clone(),
            };
            let made = class(vm, &path, name, &[parent], |c| {
                if let Some(s) = spec {
                    if let Some(f) = s.function {
                        c.attr("function", vm.ctx.new_str(f));
                    }
                    if let Some(l) = s.lookup_name {
                        c.attr("lookup_name", vm.ctx.new_str(l));
                    }
                }
                if let Some(part) = extract_part(name) {
                    c.attr("lookup_name", vm.ctx.new_str(part));
                }
            })?;
            remember(name, &made);
            export_all(vm, &[&path, "django.db.models.functions"], name, made)?;
        }
    }
    Ok(())
}

fn extract_part(name: &str) -> Option<String> {
    Some(match name {
        "ExtractIsoWeekDay" => "iso_week_day".into(),
        "ExtractIsoYear" => "iso_year".into(),
        "ExtractWeekDay" => "week_day".into(),
        "TruncDate" => "date".into(),
        "TruncTime" => "time".into(),
        n => n
            .strip_prefix("Extract")
            .filter(|p| !p.is_empty())?
            .to_lowercase(),
    })
}

fn func_attributes(vm: &VirtualMachine, func: &PyTypeRef) -> PyResult<()> {
    crate::class::fill_class(vm, func, |c| {
        c.attr("function", vm.ctx.none());
        c.attr("template", vm.ctx.new_str("%(function)s(%(expressions)s)"));
        c.attr("arg_joiner", vm.ctx.new_str(", "));
        c.attr("arity", vm.ctx.none());
    })
}

fn window_frame(vm: &VirtualMachine) -> PyResult<()> {
    let Some(class) = find("WindowFrame") else {
        return Ok(());
    };
    crate::class::fill_class(vm, &class, |c| {
        c.method(
            "window_frame_start_end",
            |_: PyObjectRef, _: rustpython_vm::function::FuncArgs, vm: &VirtualMachine| {
                PyResult::<()>::Err(vm.new_not_implemented_error(
                    "Subclasses must implement window_frame_start_end().",
                ))
            },
        );
    })
}

/// A Python object for an expression made by the ORM.
pub fn wrap(vm: &VirtualMachine, expr: &Expr) -> PyResult {
    if let Some(called) = expr.as_any().downcast_ref::<super::callback::Called>() {
        return Ok(called.object.clone());
    }
    if let Some(made) = crate::queries::bridge::wrap_node(vm, expr)? {
        return Ok(made);
    }
    let name = expr.name();
    let class = find(&name)
        .or_else(|| find("Expression"))
        .ok_or_else(|| vm.new_runtime_error("expressions are not installed"))?;
    PyExpr::object(vm, class, expr.clone())
}
