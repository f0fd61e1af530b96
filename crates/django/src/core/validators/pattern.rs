//! `RegexValidator` and those made of it: slugs, URLs, addresses.
use super::{MODULE, constructor, remember};
use crate::class::{class, function};
use crate::core::validation_error;
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let regex = class(vm, MODULE, "RegexValidator", &[], |c| {
        c.attr("regex", py::str(c.vm, ""));
        c.attr("message", py::str(c.vm, "Enter a valid value."));
        c.attr("code", py::str(c.vm, "invalid"));
        c.attr("inverse_match", py::bool(c.vm, false));
        c.attr("flags", c.vm.ctx.new_int(0));
        c.method("__init__", init);
        c.method("__call__", call);
        c.method("__eq__", eq);
        constructor(c);
        c.method("deconstruct", deconstruct);
    })?;
    modules::export(vm, MODULE, "RegexValidator", regex.clone())?;
    let url = class(
        vm,
        MODULE,
        "URLValidator",
        std::slice::from_ref(&regex),
        |c| {
            c.attr("message", py::str(c.vm, "Enter a valid URL."));
            c.attr("regex", py::str(c.vm, URL));
            c.attr("max_length", c.vm.ctx.new_int(2048));
            let schemes = ["http", "https", "ftp", "ftps"]
                .map(|s| py::str(c.vm, s))
                .to_vec();
            c.attr("schemes", c.vm.ctx.new_list(schemes));
            c.method(
                "__init__",
                |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                    if let Some(s) = args.take_keyword("schemes").filter(|s| !vm.is_none(s)) {
                        py::set_attr(vm, &o, "schemes", s)?;
                    }
                    // URLs are compared without case.
                    args.kwargs
                        .entry("flags".into())
                        .or_insert_with(|| vm.ctx.new_int(2).into());
                    init(o, args, vm)
                },
            );
            c.method(
                "__call__",
                |o: PyObjectRef, value: PyObjectRef, vm: &Vm| -> PyResult<()> {
                    let text = py::as_string(&value).unwrap_or_default();
                    let scheme = text.split("://").next().unwrap_or("").to_lowercase();
                    let schemes = py::list(vm, &py::attr(vm, &o, "schemes")?)?;
                    let known = schemes
                        .iter()
                        .any(|s| py::as_string(s).as_deref() == Some(&*scheme));
                    let unsafe_chars = text.contains(['\t', '\r', '\n']);
                    if !known || unsafe_chars || text.chars().count() > 2048 {
                        return fail(vm, &o, value);
                    }
                    call(o, value, vm)
                },
            );
        },
    )?;
    modules::export(vm, MODULE, "URLValidator", url)?;
    for (name, pattern, message) in [
        (
            "validate_slug",
            r"^[-a-zA-Z0-9_]+\Z",
            "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
        ),
        (
            "validate_unicode_slug",
            r"^[-\w]+\Z",
            "Enter a valid “slug” consisting of Unicode letters, numbers, underscores, or hyphens.",
        ),
        ("validate_integer", r"^-?\d+\Z", "Enter a valid integer."),
        (
            "validate_comma_separated_integer_list",
            r"^\d+(?:,\d+)*\Z",
            "Enter only digits separated by commas.",
        ),
    ] {
        let made = regex.as_object().call(
            (
                py::str(vm, pattern),
                py::str(vm, message),
                py::str(vm, "invalid"),
            ),
            vm,
        )?;
        py::set_attr(vm, &made, "_pattern_given", py::bool(vm, true))?;
        modules::export(vm, MODULE, name, made)?;
    }
    addresses(vm)
}

const URL: &str = r"^(?:[a-z0-9.+-]*)://(?:[^\s:@/]+(?::[^\s:@/]*)?@)?(?:(?:0|25[0-5]|2[0-4][0-9]|1[0-9]?[0-9]?|[1-9][0-9]?)(?:\.(?:0|25[0-5]|2[0-4][0-9]|1[0-9]?[0-9]?|[1-9][0-9]?)){3}|\[[0-9a-f:.]+\]|(?:[a-z¡-￿0-9](?:[a-z¡-￿0-9-]{0,61}[a-z¡-￿0-9])?(?:\.(?!-)[a-z¡-￿0-9-]{1,63}(?<!-))*\.(?!-)(?:[a-z¡-￿-]{2,63}|xn--[a-z0-9]{1,59})(?<!-)\.?|localhost))(?::[0-9]{1,5})?(?:[/?#][^\s]*)?\Z";

fn init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    remember(vm, &o, &args)?;
    for name in ["regex", "message", "code", "inverse_match", "flags"] {
        if let Some(v) = args
            .take_positional_keyword(name)
            .filter(|v| !vm.is_none(v))
        {
            py::set_attr(vm, &o, name, v)?;
        }
    }
    let flags = py::attr(vm, &o, "flags")?;
    let regex = py::attr(vm, &o, "regex")?;
    if flags.is_true(vm)? && py::as_string(&regex).is_none() {
        return Err(
            vm.new_type_error("If the flags are set, regex must be a regular expression string.")
        );
    }
    Ok(())
}

/// How a validator was made. Django's own ones were made of patterns, which are compiled here only
/// when they are needed.
fn deconstruct(o: PyObjectRef, vm: &Vm) -> PyResult {
    let parts = py::list(vm, &super::made_of(vm, &o)?)?;
    if let [path, args, kwargs] = parts.as_slice()
        && py::attr_opt(vm, &o, "_pattern_given")?.is_some()
    {
        let mut args = py::list(vm, args)?;
        if let Some(regex) = args.first_mut() {
            *regex = compiled(vm, &o)?;
        }
        let args = vm.ctx.new_tuple(args).into();
        let parts = vec![path.clone(), args, kwargs.clone()];
        return Ok(vm.ctx.new_tuple(parts).into());
    }
    Ok(vm.ctx.new_tuple(parts).into())
}

/// The compiled pattern, made when first used.
fn compiled(vm: &Vm, o: &PyObject) -> PyResult {
    if let Some(made) = py::attr_opt(vm, o, "_compiled")? {
        return Ok(made);
    }
    let regex = py::attr(vm, o, "regex")?;
    if py::as_string(&regex).is_none() {
        return Ok(regex);
    }
    let flags = py::attr(vm, o, "flags")?;
    let made = py::call(vm, &vm.import("re", 0)?, "compile", vec![regex, flags])?;
    py::set_attr(vm, o, "_compiled", made.clone())?;
    Ok(made)
}

fn fail(vm: &Vm, o: &PyObject, value: PyObjectRef) -> PyResult<()> {
    let params = vm.ctx.new_dict();
    params.set_item("value", value, vm)?;
    let message = py::attr(vm, o, "message")?;
    let code = py::as_string(&py::attr(vm, o, "code")?);
    Err(validation_error::raise(
        vm,
        message,
        code.as_deref(),
        Some(params.into()),
    ))
}

fn call(o: PyObjectRef, value: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let text = py::str(vm, py::to_string(vm, &value)?);
    let found = py::call(vm, &compiled(vm, &o)?, "search", vec![text])?;
    let inverse = py::attr(vm, &o, "inverse_match")?.is_true(vm)?;
    if vm.is_none(&found) != inverse {
        return fail(vm, &o, value);
    }
    Ok(())
}

fn eq(o: PyObjectRef, other: PyObjectRef, vm: &Vm) -> PyResult {
    if !other.fast_isinstance(o.class()) {
        return Ok(vm.ctx.not_implemented());
    }
    let (a, b) = (compiled(vm, &o)?, compiled(vm, &other)?);
    for name in ["pattern", "flags"] {
        if !py::eq(vm, &py::attr(vm, &a, name)?, &py::attr(vm, &b, name)?)? {
            return Ok(py::bool(vm, false));
        }
    }
    super::same_attributes(vm, &o, &other, &["message", "code", "inverse_match"])
}

fn addresses(vm: &Vm) -> PyResult<()> {
    let bad = |vm: &Vm, value: PyObjectRef, protocol: &str| {
        let params = vm.ctx.new_dict();
        params.set_item("protocol", py::str(vm, protocol), vm)?;
        params.set_item("value", value, vm)?;
        let message = py::str(vm, "Enter a valid %(protocol)s address.");
        Err(validation_error::raise(
            vm,
            message,
            Some("invalid"),
            Some(params.into()),
        ))
    };
    let v4 = |s: &str| s.parse::<std::net::Ipv4Addr>().is_ok();
    let v6 = |s: &str| s.parse::<std::net::Ipv6Addr>().is_ok();
    let f = function(
        vm,
        "validate_ipv4_address",
        move |value: PyObjectRef, vm: &Vm| -> PyResult<()> {
            if v4(&py::to_string(vm, &value)?) {
                Ok(())
            } else {
                bad(vm, value, "IPv4")
            }
        },
    );
    modules::export(vm, MODULE, "validate_ipv4_address", f)?;
    let f = function(
        vm,
        "validate_ipv6_address",
        move |value: PyObjectRef, vm: &Vm| -> PyResult<()> {
            if v6(&py::to_string(vm, &value)?) {
                Ok(())
            } else {
                bad(vm, value, "IPv6")
            }
        },
    );
    modules::export(vm, MODULE, "validate_ipv6_address", f)?;
    let f = function(
        vm,
        "validate_ipv46_address",
        move |value: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let text = py::to_string(vm, &value)?;
            if v4(&text) || v6(&text) {
                Ok(())
            } else {
                bad(vm, value, "IPv4 or IPv6")
            }
        },
    );
    modules::export(vm, MODULE, "validate_ipv46_address", f)
}
