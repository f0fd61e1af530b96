//! How Python objects are written into migration files.
use super::py_serializer;
use crate::convert::to_value;
use crate::error::OrForeign;
use crate::py;
use orm_migrations::serializer::Imports;
use orm_state::face::cannot_serialize;
use orm_state::field::deconstruct::Deconstructed;
use orm_state::{Error, Result, Source};
use rustpython_vm::builtins::{PyDict, PyType};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

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
    if py_serializer::is_operation(vm, obj).or_foreign()? {
        let mut lines = Imports::new();
        let code = py_serializer::serialize(vm, obj, &mut lines).or_foreign()?;
        let imports = lines.into_iter().collect();
        return Ok(Source::Text { code, imports });
    }
    let types = &vm.ctx.types;
    let containers = [
        types.dict_type,
        types.list_type,
        types.tuple_type,
        types.set_type,
    ];
    if containers.iter().any(|t| obj.fast_isinstance(t)) {
        let mut lines = Imports::new();
        let code = py_serializer::serialize(vm, obj, &mut lines).or_foreign()?;
        let imports = lines.into_iter().collect();
        return Ok(Source::Text { code, imports });
    }
    if let Some(deconstruct) = py::attr_opt(vm, obj, "deconstruct").or_foreign()? {
        let parts = deconstruct.call((), vm).or_foreign()?;
        return deconstructed(vm, &py::list(vm, &parts).or_foreign()?);
    }
    let mut lines = Imports::new();
    if let Some(code) = py_serializer::unlike_values(vm, obj, &mut lines).or_foreign()? {
        let imports = lines.into_iter().collect();
        return Ok(Source::Text { code, imports });
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

/// The parts of a `functools.partial` or of a compiled expression.
pub fn ingredients(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Option<PyObjectRef>> {
    let is = |module: &'static str, class: &'static str| -> PyResult<bool> {
        let class = vm.import(module, 0)?.get_attr(class, vm)?;
        obj.is_instance(&class, vm)
    };
    let names: &[&str] = if is("functools", "partial")? {
        &["func", "args", "keywords"]
    } else if is("re", "Pattern")? {
        &["pattern", "flags"]
    } else {
        return Ok(None);
    };
    let mut parts = vec![vm.ctx.new_str(obj.class().name().to_string()).into()];
    for name in names {
        parts.push(py::attr(vm, obj, name)?);
    }
    Ok(Some(vm.ctx.new_tuple(parts).into()))
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
    if let Some(noop) = noop(vm, obj) {
        return Ok(noop);
    }
    if name == "<lambda>" {
        return Err(Error::value_error("Cannot serialize function: lambda"));
    }
    let Some(module) = text(obj, "__module__").or_else(|| home(vm, obj, name)) else {
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

/// The module that has a function under its name: some of Python's own do not say.
fn home(vm: &VirtualMachine, obj: &PyObject, name: &str) -> Option<String> {
    let all = vm.sys_module.get_attr("modules", vm).ok()?;
    let all = all.downcast::<PyDict>().ok()?;
    py::dict_items(vm, &all)
        .ok()?
        .into_iter()
        .find_map(|(path, module)| {
            let found = py::attr_opt(vm, &module, name).ok()??;
            found.is(obj).then_some(path)
        })
}

/// `RunPython.noop`, which a native function's name does not say.
fn noop(vm: &VirtualMachine, obj: &PyObject) -> Option<Source> {
    let class = crate::modules::find(vm, "django.db.migrations", "RunPython").ok()?;
    let noop = py::attr(vm, &class, "noop").ok()?;
    obj.is(&noop).then(|| Source::Path {
        module: "django.db.migrations.operations.special".into(),
        name: "RunPython.noop".into(),
    })
}

/// `(path, args, kwargs)`, a field's four parts, or a manager's five.
pub fn deconstructed(vm: &VirtualMachine, parts: &[PyObjectRef]) -> Result<Source> {
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
