//! How Python objects are written into migration files.
use crate::convert::to_value;
use crate::error::OrForeign;
use crate::py;
use orm_state::face::cannot_serialize;
use orm_state::field::deconstruct::Deconstructed;
use orm_state::{Error, Result, Source, Value};
use rustpython_vm::builtins::{PyDict, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, VirtualMachine};

/// What it takes to write an object.
///
/// # Errors
/// `ValueError` for lambdas, local functions and objects that say nothing about themselves.
pub fn source_of(vm: &VirtualMachine, obj: &PyObject) -> Result<Source> {
    let text = |o: &PyObject, name: &str| -> Option<String> {
        py::attr_opt(vm, o, name)
            .ok()
            .flatten()
            .and_then(|v| py::as_string(&v))
    };
    if obj.downcast_ref::<PyType>().is_some() {
        let module = text(obj, "__module__").unwrap_or_else(|| "builtins".into());
        let name = text(obj, "__qualname__").unwrap_or_default();
        return Ok(Source::Path { module, name });
    }
    if let Some(deconstruct) = py::attr_opt(vm, obj, "deconstruct").or_foreign()? {
        let parts = deconstruct.call((), vm).or_foreign()?;
        return deconstructed(vm, &py::list(vm, &parts).or_foreign()?);
    }
    let class = obj.class().to_owned();
    let is = |module: &str, name: &str| -> bool {
        vm.import(vm.ctx.intern_str(module), 0)
            .and_then(|m| py::attr(vm, &m, name))
            .ok()
            .and_then(|c| py::as_class(&c))
            .is_some_and(|c| obj.fast_isinstance(&c))
    };
    if is("enum", "Enum") {
        let choices = class.mro_collect().iter().any(|c| &*c.name() == "Choices");
        if choices {
            let value = py::attr(vm, obj, "value").or_foreign()?;
            return Ok(Source::Value(to_value(vm, &value).or_foreign()?));
        }
        let module = text(class.as_object(), "__module__").unwrap_or_default();
        let qualname = text(class.as_object(), "__qualname__").unwrap_or_default();
        let name = text(obj, "name").unwrap_or_default();
        return Ok(Source::Text {
            code: format!("{module}.{qualname}[{}]", Value::from(name).repr()),
            imports: vec![format!("import {module}")],
        });
    }
    if is("functools", "partial") {
        let value = |name: &str| -> Result<Value> {
            to_value(vm, &*py::attr(vm, obj, name).or_foreign()?).or_foreign()
        };
        let mut args = vec![value("func")?];
        if let Value::Tuple(more) = value("args")? {
            args.extend(more.iter().cloned());
        }
        let kwargs = match value("keywords")? {
            Value::Dict(pairs) => pairs.iter().map(|(k, v)| (k.to_str(), v.clone())).collect(),
            _ => vec![],
        };
        return Ok(Source::Call(Deconstructed {
            path: "functools.partial".into(),
            args,
            kwargs,
        }));
    }
    if is("re", "Pattern") {
        let pattern = py::attr(vm, obj, "pattern").or_foreign()?;
        let flags: i64 = py::attr(vm, obj, "flags")
            .and_then(|f| f.try_into_value(vm))
            .or_foreign()?;
        let flags = flags ^ 32;
        let pattern = to_value(vm, &pattern).or_foreign()?.repr();
        let code = if flags == 0 {
            format!("re.compile({pattern})")
        } else {
            format!("re.compile({pattern}, {flags})")
        };
        return Ok(Source::Text {
            code,
            imports: vec!["import re".into()],
        });
    }
    if let (Some(name), true) = (text(obj, "__name__"), obj.is_callable()) {
        return function(vm, obj, &name);
    }
    if obj.fast_isinstance(vm.ctx.types.range_type) {
        let code = py::repr(vm, obj).or_foreign()?;
        return Ok(Source::Text {
            code,
            imports: vec![],
        });
    }
    Err(cannot_serialize(&py::repr(vm, obj).or_foreign()?))
}

fn function(vm: &VirtualMachine, obj: &PyObject, name: &str) -> Result<Source> {
    let text = |o: &PyObject, name: &str| -> Option<String> {
        py::attr_opt(vm, o, name)
            .ok()
            .flatten()
            .and_then(|v| py::as_string(&v))
    };
    if let Some(owner) = py::attr_opt(vm, obj, "__self__").or_foreign()?
        && owner.downcast_ref::<PyType>().is_some()
    {
        let module = text(&owner, "__module__").unwrap_or_default();
        let qualname = text(&owner, "__qualname__").unwrap_or_default();
        return Ok(Source::Path {
            module,
            name: format!("{qualname}.{name}"),
        });
    }
    if name == "<lambda>" {
        return Err(Error::value_error("Cannot serialize function: lambda"));
    }
    let Some(module) = text(obj, "__module__") else {
        let shown = py::repr(vm, obj).or_foreign()?;
        return Err(Error::value_error(format!(
            "Cannot serialize function {shown}: No module"
        )));
    };
    let qualname = text(obj, "__qualname__").unwrap_or_else(|| name.to_string());
    if qualname.contains('<') {
        return Err(Error::value_error(format!(
            "Could not find function {name} in {module}.\n"
        )));
    }
    Ok(Source::Path {
        module,
        name: qualname,
    })
}

/// `(path, args, kwargs)`, a field's four parts, or a manager's five.
fn deconstructed(vm: &VirtualMachine, parts: &[PyObjectRef]) -> Result<Source> {
    let (path, args, kwargs) = match parts {
        [path, args, kwargs] | [_, path, args, kwargs] => (path, args, kwargs),
        [as_manager, manager, queryset, args, kwargs] => {
            if as_manager.clone().is_true(vm).or_foreign()? {
                let path = py::to_string(vm, queryset).or_foreign()?;
                let module = path
                    .rsplit_once('.')
                    .map(|(m, _)| m.to_string())
                    .unwrap_or_default();
                return Ok(Source::Text {
                    code: format!("{path}.as_manager()"),
                    imports: vec![format!("import {module}")],
                });
            }
            (manager, args, kwargs)
        }
        _ => return Err(Error::type_error("deconstruct() must return three values")),
    };
    let mut out = Deconstructed {
        path: py::to_string(vm, path).or_foreign()?,
        args: vec![],
        kwargs: vec![],
    };
    for a in py::list(vm, args).or_foreign()? {
        out.args.push(to_value(vm, &a).or_foreign()?);
    }
    if let Some(kwargs) = kwargs.downcast_ref::<PyDict>() {
        for (k, v) in kwargs.items_vec() {
            let key = py::to_string(vm, &k).or_foreign()?;
            out.kwargs.push((key, to_value(vm, &v).or_foreign()?));
        }
    }
    Ok(Source::Call(out))
}
