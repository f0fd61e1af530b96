//! `ValidationError`: one error, a list of them, or a dictionary of lists by field.
use crate::class::class;
use crate::{error, modules, py};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyDict, PyDictRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Raises one: `ValidationError(message, code, params)`.
pub fn raise(
    vm: &Vm,
    message: PyObjectRef,
    code: Option<&str>,
    params: Option<PyObjectRef>,
) -> PyBaseExceptionRef {
    let args = vec![message, py::opt_str(vm, code), vm.unwrap_or_none(params)];
    error::new(vm, error::class(vm, "ValidationError"), args)
}

pub fn is_one(vm: &Vm, e: &PyBaseExceptionRef) -> bool {
    error::is_a(vm, e, "ValidationError")
}

fn is_error(vm: &Vm, o: &PyObject) -> bool {
    o.fast_isinstance(&error::class(vm, "ValidationError"))
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let base = vm.ctx.exceptions.exception_type.to_owned();
    let made = class(
        vm,
        "django.core.exceptions",
        "ValidationError",
        &[base],
        |c| {
            c.method("__init__", init);
            c.getter("message_dict", |o, vm| {
                // Only errors by field have it.
                py::attr(vm, &o, "error_dict")?;
                let out = vm.ctx.new_dict();
                for (k, v) in entries(vm, &o)? {
                    out.set_item(&*k, v, vm)?;
                }
                Ok(out.into())
            });
            c.getter("messages", |o, vm| {
                messages(vm, &o).map(|m| vm.ctx.new_list(m).into())
            });
            c.method(
                "update_error_dict",
                |o: PyObjectRef, errors: PyObjectRef, vm: &Vm| -> PyResult {
                    let add = |key: &PyObject, list: PyObjectRef| -> PyResult<()> {
                        let there = match errors.get_item(key, vm) {
                            Ok(l) => l,
                            Err(_) => {
                                let l: PyObjectRef = vm.ctx.new_list(vec![]).into();
                                errors.set_item(key, l.clone(), vm)?;
                                l
                            }
                        };
                        py::call(vm, &there, "extend", vec![list]).map(drop)
                    };
                    match error_dict(vm, &o)? {
                        Some(dict) => {
                            for (k, list) in &dict {
                                add(&k, list)?;
                            }
                        }
                        None => {
                            let list = py::attr(vm, &o, "error_list")?;
                            add(&py::str(vm, "__all__"), list)?;
                        }
                    }
                    Ok(errors)
                },
            );
            c.method("__iter__", |o: PyObjectRef, vm: &Vm| -> PyResult {
                let items = match error_dict(vm, &o)? {
                    Some(_) => entries(vm, &o)?
                        .into_iter()
                        .map(|(k, v)| vm.ctx.new_tuple(vec![k, v]).into())
                        .collect(),
                    None => texts(vm, &o)?,
                };
                let list: PyObjectRef = vm.ctx.new_list(items).into();
                list.get_iter(vm).map(Into::into)
            });
            c.method("__str__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
                shown(vm, &o)
            });
            c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
                Ok(format!("ValidationError({})", shown(vm, &o)?))
            });
            c.method(
                "__eq__",
                |o: PyObjectRef, other: PyObjectRef, vm: &Vm| -> PyResult {
                    if !is_error(vm, &other) {
                        return Ok(vm.ctx.not_implemented());
                    }
                    Ok(py::bool(vm, same(vm, &o, &other)?))
                },
            );
            c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
                let text = shown(vm, &o)?;
                py::str(vm, text).hash(vm)
            });
        },
    )?;
    error::define("ValidationError", made.clone());
    modules::export(vm, "django.core.exceptions", "ValidationError", made)?;
    modules::export(
        vm,
        "django.core.exceptions",
        "NON_FIELD_ERRORS",
        py::str(vm, "__all__"),
    )
}

fn error_dict(vm: &Vm, o: &PyObject) -> PyResult<Option<PyDictRef>> {
    let found = match o.dict() {
        Some(d) => d.get_item_opt("error_dict", vm)?,
        None => None,
    };
    Ok(found.and_then(|f| f.downcast::<PyDict>().ok()))
}

fn init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let mut message = args.take_positional_keyword("message").ok_or_else(|| {
        vm.new_type_error(
            "ValidationError.__init__() missing 1 required positional argument: 'message'",
        )
    })?;
    let code = args
        .take_positional_keyword("code")
        .unwrap_or_else(|| vm.ctx.none());
    let params = args
        .take_positional_keyword("params")
        .unwrap_or_else(|| vm.ctx.none());
    let set = |name: &str, v: PyObjectRef| py::set_attr(vm, &o, name, v);
    let args_tuple = vec![message.clone(), code.clone(), params.clone()];
    set("args", vm.ctx.new_tuple(args_tuple).into())?;
    let class: PyObjectRef = error::class(vm, "ValidationError").into();
    if is_error(vm, &message) {
        if let Some(dict) = error_dict(vm, &message)? {
            message = dict.into();
        } else if py::attr_opt(vm, &message, "message")?.is_none() {
            message = py::attr(vm, &message, "error_list")?;
        } else {
            let inner = message.clone();
            set("message", py::attr(vm, &inner, "message")?)?;
            set("code", py::attr(vm, &inner, "code")?)?;
            set("params", py::attr(vm, &inner, "params")?)?;
            return set("error_list", vm.ctx.new_list(vec![o.clone()]).into());
        }
    }
    let wrap = |m: PyObjectRef| -> PyResult {
        if is_error(vm, &m) {
            Ok(m)
        } else {
            class.call((m,), vm)
        }
    };
    if let Some(given) = message.downcast_ref::<PyDict>() {
        let dict = vm.ctx.new_dict();
        for (field, m) in &given.to_owned() {
            let list = py::attr(vm, &wrap(m)?, "error_list")?;
            dict.set_item(&*field, list, vm)?;
        }
        return set("error_dict", dict.into());
    }
    if message.fast_isinstance(vm.ctx.types.list_type) {
        let mut list = vec![];
        for m in py::list(vm, &message)? {
            let m = wrap(m)?;
            match error_dict(vm, &m)? {
                Some(dict) => {
                    for (_, l) in &dict {
                        list.extend(py::list(vm, &l)?);
                    }
                }
                None => list.extend(py::list(vm, &py::attr(vm, &m, "error_list")?)?),
            }
        }
        return set("error_list", vm.ctx.new_list(list).into());
    }
    set("message", message)?;
    set("code", code)?;
    set("params", params)?;
    set("error_list", vm.ctx.new_list(vec![o.clone()]).into())
}

/// The texts of a list of errors, parameters filled in.
fn texts(vm: &Vm, o: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    let mut out = vec![];
    for e in py::list(vm, &py::attr(vm, o, "error_list")?)? {
        let mut message = py::attr(vm, &e, "message")?;
        let params = py::attr(vm, &e, "params")?;
        if params.clone().is_true(vm)? {
            message = vm._mod(&message, &params)?;
        }
        out.push(py::str(vm, py::to_string(vm, &message)?));
    }
    Ok(out)
}

fn entries(vm: &Vm, o: &PyObject) -> PyResult<Vec<(PyObjectRef, PyObjectRef)>> {
    let class: PyObjectRef = error::class(vm, "ValidationError").into();
    let mut out = vec![];
    if let Some(dict) = error_dict(vm, o)? {
        for (field, errors) in &dict {
            let list = class.call((errors,), vm)?;
            out.push((field, vm.ctx.new_list(texts(vm, &list)?).into()));
        }
    }
    Ok(out)
}

fn messages(vm: &Vm, o: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    if error_dict(vm, o)?.is_some() {
        let mut out = vec![];
        for (_, list) in entries(vm, o)? {
            out.extend(py::list(vm, &list)?);
        }
        return Ok(out);
    }
    texts(vm, o)
}

fn shown(vm: &Vm, o: &PyObject) -> PyResult<String> {
    if error_dict(vm, o)?.is_some() {
        let dict = vm.ctx.new_dict();
        for (k, v) in entries(vm, o)? {
            dict.set_item(&*k, v, vm)?;
        }
        return py::repr(vm, dict.as_object());
    }
    py::repr(vm, vm.ctx.new_list(texts(vm, o)?).as_object())
}

fn same(vm: &Vm, a: &PyObject, b: &PyObject) -> PyResult<bool> {
    let (x, y) = (error_dict(vm, a)?, error_dict(vm, b)?);
    match (x, y) {
        (Some(x), Some(y)) => py::eq(vm, x.as_object(), y.as_object()),
        (None, None) => {
            let message = |o: &PyObject| py::attr_opt(vm, o, "message");
            match (message(a)?, message(b)?) {
                (Some(m), Some(n)) => Ok(py::eq(vm, &m, &n)?
                    && py::eq(vm, &py::attr(vm, a, "code")?, &py::attr(vm, b, "code")?)?
                    && py::eq(vm, &py::attr(vm, a, "params")?, &py::attr(vm, b, "params")?)?),
                (None, None) => {
                    let (l, r) = (messages(vm, a)?, messages(vm, b)?);
                    let (l, r) = (vm.ctx.new_list(l), vm.ctx.new_list(r));
                    py::eq(vm, l.as_object(), r.as_object())
                }
                _ => Ok(false),
            }
        }
        _ => Ok(false),
    }
}
