//! `AppConfig`: one installed application.
//!
//! ```text
//! AppConfig.create("shop")   →  create.rs: shop/apps.py, a class's path, or the bare package
//! config.import_models()     →  shop.models
//! config.get_model("Book")   →  the registry that the configuration belongs to
//! ```
mod create;

pub use create::create;

use super::contents;
use super::registry::PyApps;
use crate::class::{Class, class};
use crate::{error, modules, py};
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, "django.apps.config", "AppConfig", &[], |c| {
        c.method("__init__", init);
        c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
            Ok(format!("<{}: {label}>", o.class().name()))
        });
        c.method("ready", |_: PyObjectRef| {});
        c.classmethod("create", |_: PyObjectRef, entry: PyObjectRef, vm: &Vm| {
            create(vm, entry)
        });
        c.method(
            "_path_from_module",
            |_: PyObjectRef, m: PyObjectRef, vm: &Vm| path_of(vm, &m),
        );
        auto_field(c);
        models(c);
    })?;
    modules::export_all(
        vm,
        &["django.apps", "django.apps.config"],
        "AppConfig",
        made,
    )
}

fn init(o: PyObjectRef, name: String, module: PyObjectRef, vm: &Vm) -> PyResult<()> {
    py::set_attr(vm, &o, "name", py::str(vm, &name))?;
    py::set_attr(vm, &o, "module", module.clone())?;
    py::set_attr(vm, &o, "apps", vm.ctx.none())?;
    if py::attr_opt(vm, &o, "label")?.is_none() {
        let last = name.rsplit('.').next().unwrap_or(&name);
        py::set_attr(vm, &o, "label", py::str(vm, last))?;
    }
    let label = py::attr(vm, &o, "label")?;
    if !py::call(vm, &label, "isidentifier", vec![])?.is_true(vm)? {
        return Err(improper(
            vm,
            format!(
                "The app label '{}' is not a valid Python identifier.",
                py::to_string(vm, &label)?
            ),
        ));
    }
    if py::attr_opt(vm, &o, "verbose_name")?.is_none() {
        py::set_attr(
            vm,
            &o,
            "verbose_name",
            py::call(vm, &label, "title", vec![])?,
        )?;
    }
    if py::attr_opt(vm, &o, "path")?.is_none() {
        let path = py::call(vm, &o, "_path_from_module", vec![module])?;
        py::set_attr(vm, &o, "path", path)?;
    }
    py::set_attr(vm, &o, "models_module", vm.ctx.none())
}

/// The folder of an app's package: it has one, or `AppConfig.path` says which.
fn path_of(vm: &Vm, module: &PyObject) -> PyResult<String> {
    let mut paths: Vec<String> = vec![];
    if let Some(listed) = py::attr_opt(vm, module, "__path__")? {
        for path in py::list(vm, &listed)? {
            paths.push(py::to_string(vm, &path)?);
        }
    }
    if paths.len() != 1 {
        let file = py::attr_opt(vm, module, "__file__")?.filter(|f| !vm.is_none(f));
        if let Some(file) = file {
            let file = py::to_string(vm, &file)?;
            return Ok(file
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .into());
        }
        let mut seen: Vec<String> = vec![];
        for path in paths {
            if !seen.contains(&path) {
                seen.push(path);
            }
        }
        paths = seen;
    }
    let shown = py::repr(vm, module)?;
    let remedy =
        "you must configure this app with an AppConfig subclass with a 'path' class attribute.";
    match paths.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(improper(
            vm,
            format!("The app module {shown} has no filesystem location, {remedy}"),
        )),
        several => {
            let several: Vec<PyObjectRef> = several.iter().map(|p| py::str(vm, p)).collect();
            let several = py::repr(vm, vm.ctx.new_list(several).as_object())?;
            Err(improper(
                vm,
                format!(
                    "The app module {shown} has multiple filesystem locations ({several}); {remedy}"
                ),
            ))
        }
    }
}

pub(super) fn improper(vm: &Vm, message: String) -> PyBaseExceptionRef {
    error::raise(vm, "ImproperlyConfigured", message)
}

const AUTO_FIELD: &str = "default_auto_field";

fn auto_field(c: &mut Class) {
    c.getter(AUTO_FIELD, |_, vm| {
        crate::conf::get(vm, "DEFAULT_AUTO_FIELD")
    });
    c.getter("_is_default_auto_field_overridden", |o, vm| {
        Ok(py::bool(vm, overrides_auto_field(vm, &o)?))
    });
}

/// Whether a configuration's class says which field primary keys are.
pub fn overrides_auto_field(vm: &Vm, config: &PyObject) -> PyResult<bool> {
    let name = vm.ctx.intern_str(AUTO_FIELD);
    let base = modules::find(vm, "django.apps", "AppConfig")?;
    let base = py::as_class(&base).and_then(|b| b.get_attr(name));
    let own = config.class().get_attr(name);
    Ok(match (base, own) {
        (Some(base), Some(own)) => !base.is(&own),
        _ => false,
    })
}

/// The registry that a configuration belongs to.
fn registry_of(vm: &Vm, config: &PyObject) -> PyResult<PyRef<PyApps>> {
    let own = py::attr_opt(vm, config, "apps")?.filter(|a| !vm.is_none(a));
    let apps = match own {
        Some(apps) => apps,
        None => modules::find(vm, "django.apps", "apps")?,
    };
    apps.downcast()
        .map_err(|_| vm.new_type_error("AppConfig.apps is no registry"))
}

fn models(c: &mut Class) {
    c.property(
        "models",
        |o, vm| {
            let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
            let apps = registry_of(vm, &o)?;
            contents::of_app(vm, &apps, &label)
        },
        |o, v, vm| {
            let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
            match v {
                PySetterValue::Assign(v) if vm.is_none(&v) => Ok(()),
                PySetterValue::Assign(v) => {
                    let apps = registry_of(vm, &o)?;
                    contents::replace_app(vm, &apps, &label, &v)
                }
                PySetterValue::Delete => Err(vm.new_attribute_error("can't delete attribute")),
            }
        },
    );
    c.method("get_models", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        let apps = registry_of(vm, &o)?;
        let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
        let models = apps.models_of(vm, &label, args)?;
        let models = vm.ctx.new_list(models);
        models.as_object().get_iter(vm).map(PyObjectRef::from)
    });
    c.method(
        "get_model",
        |o: PyObjectRef, name: String, mut args: FuncArgs, vm: &Vm| {
            let apps = registry_of(vm, &o)?;
            let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
            let ready = match args.take_positional_keyword("require_ready") {
                Some(r) => r.is_true(vm)?,
                None => true,
            };
            apps.model_of(vm, &label, &name, ready)
        },
    );
    c.method("import_models", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
        let name = py::to_string(vm, &py::attr(vm, &o, "name")?)?;
        let label = py::to_string(vm, &py::attr(vm, &o, "label")?)?;
        registry_of(vm, &o)?.apps.add_app(&label);
        if let Some(module) = create::import(vm, &format!("{name}.models"))? {
            py::set_attr(vm, &o, "models_module", module)?;
        }
        Ok(())
    });
}
