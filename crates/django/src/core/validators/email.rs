//! `EmailValidator`, `FileExtensionValidator`.
use super::{MODULE, constructor, remember, same_attributes};
use crate::class::class;
use crate::core::validation_error;
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let email = class(vm, MODULE, "EmailValidator", &[], |c| {
        c.attr("message", py::str(c.vm, "Enter a valid email address."));
        c.attr("code", py::str(c.vm, "invalid"));
        c.attr(
            "domain_allowlist",
            c.vm.ctx.new_list(vec![py::str(c.vm, "localhost")]),
        );
        c.method(
            "__init__",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                remember(vm, &o, &args)?;
                for (name, attr) in [
                    ("message", "message"),
                    ("code", "code"),
                    ("allowlist", "domain_allowlist"),
                ] {
                    if let Some(v) = args
                        .take_positional_keyword(name)
                        .filter(|v| !vm.is_none(v))
                    {
                        py::set_attr(vm, &o, attr, v)?;
                    }
                }
                Ok(())
            },
        );
        c.method(
            "__call__",
            |o: PyObjectRef, value: PyObjectRef, vm: &Vm| -> PyResult<()> {
                let text = py::to_string(vm, &value)?;
                if valid(vm, &o, &text)? {
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
            same_attributes(vm, &o, &other, &["domain_allowlist", "message", "code"])
        });
        constructor(c);
    })?;
    modules::export(vm, MODULE, "EmailValidator", email.clone())?;
    let validate = email.as_object().call((), vm)?;
    modules::export(vm, MODULE, "validate_email", validate)?;
    let extension = class(vm, MODULE, "FileExtensionValidator", &[], |c| {
        c.attr("message", py::str(c.vm, "File extension “%(extension)s” is not allowed. Allowed extensions are: %(allowed_extensions)s."));
        c.attr("code", py::str(c.vm, "invalid_extension"));
        c.method(
            "__init__",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                remember(vm, &o, &args)?;
                let allowed = args
                    .take_positional_keyword("allowed_extensions")
                    .unwrap_or_else(|| vm.ctx.none());
                py::set_attr(vm, &o, "allowed_extensions", allowed)?;
                for name in ["message", "code"] {
                    if let Some(v) = args
                        .take_positional_keyword(name)
                        .filter(|v| !vm.is_none(v))
                    {
                        py::set_attr(vm, &o, name, v)?;
                    }
                }
                Ok(())
            },
        );
        c.method(
            "__call__",
            |o: PyObjectRef, value: PyObjectRef, vm: &Vm| -> PyResult<()> {
                let allowed = py::attr(vm, &o, "allowed_extensions")?;
                if vm.is_none(&allowed) {
                    return Ok(());
                }
                let name = py::to_string(vm, &py::attr(vm, &value, "name")?)?;
                let extension = name
                    .rsplit_once('.')
                    .map(|(_, e)| e.to_lowercase())
                    .unwrap_or_default();
                let allowed: Vec<String> = py::list(vm, &allowed)?
                    .iter()
                    .map(|a| Ok(py::to_string(vm, a)?.to_lowercase()))
                    .collect::<PyResult<_>>()?;
                if allowed.contains(&extension) {
                    return Ok(());
                }
                let params = vm.ctx.new_dict();
                params.set_item("extension", py::str(vm, extension), vm)?;
                params.set_item("allowed_extensions", py::str(vm, allowed.join(", ")), vm)?;
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
            same_attributes(vm, &o, &other, &["allowed_extensions", "message", "code"])
        });
        constructor(c);
    })?;
    modules::export(vm, MODULE, "FileExtensionValidator", extension)
}

/// A local part and a domain, as Django's documentation describes them.
fn valid(vm: &Vm, o: &PyObject, text: &str) -> PyResult<bool> {
    if text.is_empty() || text.chars().count() > 320 {
        return Ok(false);
    }
    let Some((user, domain)) = text.rsplit_once('@') else {
        return Ok(false);
    };
    if !valid_user(user) {
        return Ok(false);
    }
    for allowed in py::list(vm, &py::attr(vm, o, "domain_allowlist")?)? {
        if py::as_string(&allowed).as_deref() == Some(domain) {
            return Ok(true);
        }
    }
    Ok(valid_domain(domain))
}

fn valid_user(user: &str) -> bool {
    if user.len() >= 2 && user.starts_with('"') && user.ends_with('"') {
        let inner = &user[1..user.len() - 1];
        let mut escaped = false;
        return inner.chars().all(|c| {
            let ok = escaped || (c != '"' && c != '\\' && c != '\r' && c != '\n');
            let was = escaped;
            escaped = !was && c == '\\';
            ok || escaped
        });
    }
    let atom = |s: &str| {
        !s.is_empty()
            && s.chars()
                .all(|c| c.is_ascii_alphanumeric() || "-!#$%&'*+/=?^_`{}|~".contains(c))
    };
    user.split('.').all(atom)
}

fn valid_domain(domain: &str) -> bool {
    if let Some(address) = domain.strip_prefix('[').and_then(|d| d.strip_suffix(']')) {
        return address.parse::<std::net::IpAddr>().is_ok();
    }
    let labels: Vec<&str> = domain.split('.').collect();
    let word = |s: &str| {
        (1..=63).contains(&s.chars().count())
            && !s.starts_with('-')
            && !s.ends_with('-')
            && s.chars().all(|c| {
                c.is_ascii_alphanumeric() || c == '-' || ('\u{a1}'..='\u{ffff}').contains(&c)
            })
    };
    labels.len() >= 2
        && labels.iter().all(|l| word(l))
        && labels.last().is_some_and(|tld| {
            tld.chars().count() >= 2
                && (tld.starts_with("xn--") || !tld.chars().any(|c| c.is_ascii_digit()))
        })
}
