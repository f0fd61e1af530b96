//! `StepValueValidator`, `DecimalValidator`, `int_list_validator`.
use super::{MODULE, constructor, remember, same_attributes};
use crate::class::{class, function};
use crate::core::validation_error;
use crate::utils::translation;
use crate::{modules, py};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Code, message for one and for many.
const DECIMAL_MESSAGES: &[(&str, &str, &str)] = &[
    (
        "max_digits",
        "Ensure that there are no more than %(max)s digit in total.",
        "Ensure that there are no more than %(max)s digits in total.",
    ),
    (
        "max_decimal_places",
        "Ensure that there are no more than %(max)s decimal place.",
        "Ensure that there are no more than %(max)s decimal places.",
    ),
    (
        "max_whole_digits",
        "Ensure that there are no more than %(max)s digit before the decimal point.",
        "Ensure that there are no more than %(max)s digits before the decimal point.",
    ),
];

pub fn install(vm: &Vm, base: &PyTypeRef) -> PyResult<()> {
    let step = class(
        vm,
        MODULE,
        "StepValueValidator",
        std::slice::from_ref(base),
        |c| {
            c.attr(
                "message",
                py::str(
                    c.vm,
                    "Ensure this value is a multiple of step size %(limit_value)s.",
                ),
            );
            c.attr("code", py::str(c.vm, "step_size"));
            c.method(
                "compare",
                |_: PyObjectRef, a: PyObjectRef, b: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                    let rest = py::call(vm, &vm.import("math", 0)?, "remainder", vec![a, b])?;
                    let rest: f64 = rest.try_into_value(vm)?;
                    Ok(rest.abs() > 1e-9)
                },
            );
        },
    )?;
    modules::export(vm, MODULE, "StepValueValidator", step)?;
    let messages = vm.ctx.new_dict();
    messages.set_item("invalid", py::str(vm, "Enter a number."), vm)?;
    for (code, one, many) in DECIMAL_MESSAGES {
        let (one, many) = (py::str(vm, *one), py::str(vm, *many));
        let message = translation::late_plural(vm, one, many, py::str(vm, "max"))?;
        messages.set_item(*code, message, vm)?;
    }
    let decimal = class(vm, MODULE, "DecimalValidator", &[], |c| {
        c.attr("messages", messages);
        c.method(
            "__init__",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                remember(vm, &o, &args)?;
                for name in ["max_digits", "decimal_places"] {
                    let v = args
                        .take_positional_keyword(name)
                        .unwrap_or_else(|| vm.ctx.none());
                    py::set_attr(vm, &o, name, v)?;
                }
                Ok(())
            },
        );
        c.method("__call__", check_decimal);
        c.method("__eq__", |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
            same_attributes(vm, &o, &other, &["max_digits", "decimal_places"])
        });
        constructor(c);
    })?;
    modules::export(vm, MODULE, "DecimalValidator", decimal)?;
    let null = class(vm, MODULE, "ProhibitNullCharactersValidator", &[], |c| {
        c.attr("message", py::str(c.vm, "Null characters are not allowed."));
        c.attr("code", py::str(c.vm, "null_characters_not_allowed"));
        c.method("__init__", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            remember(vm, &o, &args)
        });
        c.method(
            "__call__",
            |o: PyObjectRef, value: PyObjectRef, vm: &Vm| -> PyResult<()> {
                if !py::to_string(vm, &value)?.contains('\0') {
                    return Ok(());
                }
                let params = vm.ctx.new_dict();
                params.set_item("value", value, vm)?;
                let message = py::attr(vm, &o, "message")?;
                let code = py::as_string(&py::attr(vm, &o, "code")?);
                Err(validation_error::raise(
                    vm,
                    message,
                    code.as_deref(),
                    Some(params.into()),
                ))
            },
        );
        c.method("__eq__", |o: PyObjectRef, other: PyObjectRef, vm: &Vm| {
            same_attributes(vm, &o, &other, &["message", "code"])
        });
        constructor(c);
    })?;
    modules::export(vm, MODULE, "ProhibitNullCharactersValidator", null)?;
    let list = function(
        vm,
        "int_list_validator",
        |mut args: FuncArgs, vm: &Vm| -> PyResult {
            let sep = match args.take_positional_keyword("sep") {
                Some(s) => py::to_string(vm, &s)?,
                None => ",".into(),
            };
            let message = args
                .take_positional_keyword("message")
                .filter(|m| !vm.is_none(m));
            let code = args
                .take_positional_keyword("code")
                .unwrap_or_else(|| py::str(vm, "invalid"));
            let negative = match args.take_positional_keyword("allow_negative") {
                Some(v) => v.is_true(vm)?,
                None => false,
            };
            let sign = if negative { "(?:-)?" } else { "" };
            let sep = py::call(vm, &vm.import("re", 0)?, "escape", vec![py::str(vm, sep)])?;
            let sep = py::to_string(vm, &sep)?;
            let pattern = format!(r"^{sign}\d+(?:{sep}{sign}\d+)*\Z");
            let message =
                message.unwrap_or_else(|| py::str(vm, "Enter only digits separated by commas."));
            let class = super::find(vm, "RegexValidator")?;
            let parts = [("message", message), ("code", code)];
            rustpython_vm::AsObject::as_object(&class)
                .call(py::with_kwargs(vec![py::str(vm, pattern)], &parts), vm)
        },
    );
    modules::export(vm, MODULE, "int_list_validator", list)
}

/// Digits in all, after and before the point.
fn check_decimal(o: PyObjectRef, value: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let raise = |code: &str, max: Option<i64>| {
        let params = vm.ctx.new_dict();
        if let Some(max) = max {
            params.set_item("max", vm.ctx.new_int(max).into(), vm)?;
        }
        params.set_item("value", value.clone(), vm)?;
        let message = py::attr(vm, &o, "messages")?.get_item(code, vm)?;
        Err(validation_error::raise(
            vm,
            message,
            Some(code),
            Some(params.into()),
        ))
    };
    let parts = py::call(vm, &value, "as_tuple", vec![])?;
    let exponent = py::attr(vm, &parts, "exponent")?;
    if py::as_string(&exponent).is_some() {
        return raise("invalid", None);
    }
    let exponent: i64 = exponent.try_into_value(vm)?;
    let count = py::list(vm, &py::attr(vm, &parts, "digits")?)?.len() as i64;
    let zero = value.clone().is_true(vm).is_ok_and(|t| !t);
    let (digits, decimals) = if exponent >= 0 {
        (if zero { count } else { count + exponent }, 0)
    } else if exponent.abs() > count {
        (exponent.abs(), exponent.abs())
    } else {
        (count, exponent.abs())
    };
    let whole = digits - decimals;
    let limit = |n: &str| -> PyResult<Option<i64>> {
        let v = py::attr(vm, &o, n)?;
        if vm.is_none(&v) {
            Ok(None)
        } else {
            v.try_into_value(vm).map(Some)
        }
    };
    let (max_digits, places) = (limit("max_digits")?, limit("decimal_places")?);
    if let Some(max) = max_digits
        && digits > max
    {
        return raise("max_digits", Some(max));
    }
    if let Some(max) = places
        && decimals > max
    {
        return raise("max_decimal_places", Some(max));
    }
    if let (Some(max), Some(places)) = (max_digits, places)
        && whole > max - places
    {
        let max = max - places;
        return raise("max_whole_digits", Some(max));
    }
    Ok(())
}
