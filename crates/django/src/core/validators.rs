//! `django.core.validators`. Source: "Validators" in Django's documentation.
mod email;
mod numbers;
mod pattern;

use crate::class::{Class, class};
use crate::core::validation_error;
use crate::{modules, py};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
pub const MODULE: &str = "django.core.validators";

pub fn install(vm: &Vm) -> PyResult<()> {
    let empty = vec![
        vm.ctx.none(),
        py::str(vm, ""),
        vm.ctx.new_list(vec![]).into(),
        vm.ctx.new_tuple(vec![]).into(),
        vm.ctx.new_dict().into(),
    ];
    modules::export(vm, MODULE, "EMPTY_VALUES", vm.ctx.new_tuple(empty))?;
    let base = class(vm, MODULE, "BaseValidator", &[], |c| {
        c.attr(
            "message",
            py::str(
                c.vm,
                "Ensure this value is %(limit_value)s (it is %(show_value)s).",
            ),
        );
        c.attr("code", py::str(c.vm, "limit_value"));
        c.method("__init__", limit_init);
        c.method("__call__", limit_call);
        c.method(
            "compare",
            |_: PyObjectRef, a: PyObjectRef, b: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                Ok(!a.is(&b) && !py::eq(vm, &a, &b)?)
            },
        );
        c.method("clean", |_: PyObjectRef, x: PyObjectRef| x);
        c.method("__eq__", |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
            same_attributes(vm, &o, &other, &["limit_value", "message", "code"])
        });
        constructor(c);
    })?;
    modules::export(vm, MODULE, "BaseValidator", base.clone())?;
    for (name, code, message, compare) in LIMITS {
        let made = class(vm, MODULE, name, std::slice::from_ref(&base), |c| {
            c.attr("message", py::str(c.vm, message));
            c.attr("code", py::str(c.vm, code));
            match *compare {
                Compare::More => c.method(
                    "compare",
                    |_: PyObjectRef, a: PyObjectRef, b: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                        a.rich_compare_bool(&b, rustpython_vm::types::PyComparisonOp::Gt, vm)
                    },
                ),
                Compare::Less => c.method(
                    "compare",
                    |_: PyObjectRef, a: PyObjectRef, b: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                        a.rich_compare_bool(&b, rustpython_vm::types::PyComparisonOp::Lt, vm)
                    },
                ),
            }
            if name.ends_with("LengthValidator") {
                c.method("clean", |_: PyObjectRef, x: PyObjectRef, vm: &Vm| {
                    x.length(vm)
                });
            }
        })?;
        modules::export(vm, MODULE, name, made)?;
    }
    numbers::install(vm, &base)?;
    pattern::install(vm)?;
    email::install(vm)
}

#[derive(Clone, Copy)]
enum Compare {
    More,
    Less,
}

type Limit = (&'static str, &'static str, &'static str, Compare);

const LIMITS: &[Limit] = &[
    (
        "MaxValueValidator",
        "max_value",
        "Ensure this value is less than or equal to %(limit_value)s.",
        Compare::More,
    ),
    (
        "MinValueValidator",
        "min_value",
        "Ensure this value is greater than or equal to %(limit_value)s.",
        Compare::Less,
    ),
    ("MinLengthValidator", "min_length", "min", Compare::Less),
    ("MaxLengthValidator", "max_length", "max", Compare::More),
];

/// Remembers how it was made, for `deconstruct()`.
pub fn constructor(c: &mut Class) {
    c.method("deconstruct", |o: PyObjectRef, vm: &Vm| made_of(vm, &o));
    c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
        let class: PyObjectRef = o.class().to_owned().into();
        class.hash(vm)
    });
}

/// The class's path and the arguments it was called with.
fn made_of(vm: &Vm, o: &PyObject) -> PyResult {
    let class = o.class().to_owned();
    let module = py::to_string(vm, &class.as_object().get_attr("__module__", vm)?)?;
    let path = format!("{module}.{}", class.name());
    let args = match py::attr_opt(vm, o, "_constructor_args")? {
        Some(a) => py::list(vm, &a)?,
        None => vec![vm.ctx.new_tuple(vec![]).into(), vm.ctx.new_dict().into()],
    };
    let [args, kwargs] = args.as_slice() else {
        return Err(vm.new_value_error("_constructor_args"));
    };
    Ok(vm
        .ctx
        .new_tuple(vec![py::str(vm, path), args.clone(), kwargs.clone()])
        .into())
}

/// Keeps the arguments given.
pub fn remember(vm: &Vm, o: &PyObject, args: &FuncArgs) -> PyResult<()> {
    let kwargs = vm.ctx.new_dict();
    for (k, v) in &args.kwargs {
        kwargs.set_item(k, v.clone(), vm)?;
    }
    let pair = vec![vm.ctx.new_tuple(args.args.clone()).into(), kwargs.into()];
    py::set_attr(vm, o, "_constructor_args", vm.ctx.new_tuple(pair))
}

fn limit_init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    remember(vm, &o, &args)?;
    let limit = args.take_positional_keyword("limit_value").ok_or_else(|| {
        vm.new_type_error("missing 1 required positional argument: 'limit_value'")
    })?;
    py::set_attr(vm, &o, "limit_value", limit)?;
    if let Some(m) = args.take_positional_keyword("message")
        && m.clone().is_true(vm)?
    {
        py::set_attr(vm, &o, "message", m)?;
    }
    Ok(())
}

fn limit_call(o: PyObjectRef, value: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let cleaned = py::call(vm, &o, "clean", vec![value.clone()])?;
    let mut limit = py::attr(vm, &o, "limit_value")?;
    if py::callable(&limit) {
        limit = limit.call((), vm)?;
    }
    let violated = py::call(vm, &o, "compare", vec![cleaned.clone(), limit.clone()])?;
    if !violated.is_true(vm)? {
        return Ok(());
    }
    let params = vm.ctx.new_dict();
    params.set_item("limit_value", limit.clone(), vm)?;
    params.set_item("show_value", cleaned, vm)?;
    params.set_item("value", value, vm)?;
    let mut message = py::attr(vm, &o, "message")?;
    // Lengths are counted in words: one character, two characters.
    if let Some(short) = py::as_string(&message)
        && (short == "min" || short == "max")
    {
        let one = limit.try_into_value::<i64>(vm).is_ok_and(|n| n == 1);
        let characters = if one { "character" } else { "characters" };
        let bound = if short == "min" { "least" } else { "most" };
        message = py::str(
            vm,
            format!(
                "Ensure this value has at {bound} %(limit_value)d {characters} (it has \
                 %(show_value)d)."
            ),
        );
    }
    let code = py::as_string(&py::attr(vm, &o, "code")?);
    Err(validation_error::raise(
        vm,
        message,
        code.as_deref(),
        Some(params.into()),
    ))
}

/// Equal when both are of one class and these attributes are equal.
pub fn same_attributes(vm: &Vm, o: &PyObject, other: &PyObject, names: &[&str]) -> PyResult {
    if !other.fast_isinstance(o.class()) {
        return Ok(vm.ctx.not_implemented());
    }
    for n in names {
        if !py::eq(vm, &py::attr(vm, o, n)?, &py::attr(vm, other, n)?)? {
            return Ok(py::bool(vm, false));
        }
    }
    Ok(py::bool(vm, true))
}

/// A class of this module.
pub fn find(vm: &Vm, name: &str) -> PyResult<PyTypeRef> {
    modules::find(vm, MODULE, name)?
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))
}
