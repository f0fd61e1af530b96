//! `apps.all_models` and `AppConfig.models`: dicts of what a registry holds now. What is put into
//! them or taken out reaches the registry.
//!
//! ```python
//! del apps.all_models["shop"]["book"]
//! apps.get_app_config("shop").models = before
//! ```
use super::registry::PyApps;
use crate::class::{Class, class};
use crate::models::{class_of_model, model_of_class};
use crate::{modules, py};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODULE: &str = "django.apps._contents";

pub fn install(vm: &Vm) -> PyResult<()> {
    let dict: PyTypeRef = vm.ctx.types.dict_type.to_owned();
    let all = class(vm, MODULE, "AllModels", std::slice::from_ref(&dict), |c| {
        c.method("__missing__", |o: PyObjectRef, label: String, vm: &Vm| {
            let apps = registry(vm, &o)?;
            apps.apps.add_app(&label);
            of_app(vm, &apps, &label)
        });
        c.method(
            "__setitem__",
            |o: PyObjectRef, label: String, models: PyObjectRef, vm: &Vm| -> PyResult<()> {
                let apps = registry(vm, &o)?;
                replace_app(vm, &apps, &label, &models)?;
                plainly(vm, "__setitem__", vec![o, py::str(vm, label), models]).map(drop)
            },
        );
        removal(c, |_, apps, label| apps.apps.remove_app(label));
    })?;
    modules::export(vm, MODULE, "AllModels", all)?;
    let one = class(vm, MODULE, "AppModels", &[dict], |c| {
        c.method(
            "__setitem__",
            |o: PyObjectRef, name: PyObjectRef, model: PyObjectRef, vm: &Vm| -> PyResult<()> {
                if let Some(model) = model_of_class(vm, &model) {
                    registry(vm, &o)?.apps.register_model(&model);
                }
                plainly(vm, "__setitem__", vec![o, name, model]).map(drop)
            },
        );
        removal(c, |label, apps, name| {
            apps.apps.unregister_model(label, name);
        });
    })?;
    modules::export(vm, MODULE, "AppModels", one)
}

/// `dict`'s own method.
fn plainly(vm: &Vm, method: &'static str, args: Vec<PyObjectRef>) -> PyResult {
    py::attr(vm, vm.ctx.types.dict_type.as_object(), method)?.call(args, vm)
}

fn registry(vm: &Vm, o: &PyObject) -> PyResult<PyRef<PyApps>> {
    py::attr(vm, o, "_registry")?
        .downcast()
        .map_err(|_| vm.new_type_error("a mapping of models without a registry"))
}

/// `del`, `pop()` and `clear()`, which also do `remove(label of the mapping, registry, key)`.
fn removal(c: &mut Class, remove: fn(&str, &PyApps, &str)) {
    let gone = move |vm: &Vm, o: &PyObject, key: &PyObject| -> PyResult<()> {
        let label = py::to_string(vm, &py::attr(vm, o, "_label")?)?;
        let apps = registry(vm, o)?;
        remove(&label, &apps, &py::to_string(vm, key)?);
        Ok(())
    };
    c.method(
        "__delitem__",
        move |o: PyObjectRef, key: PyObjectRef, vm: &Vm| -> PyResult<()> {
            plainly(vm, "__delitem__", vec![o.clone(), key.clone()])?;
            gone(vm, &o, &key)
        },
    );
    c.method(
        "pop",
        move |o: PyObjectRef, key: PyObjectRef, default: OptionalArg, vm: &Vm| -> PyResult {
            let mut args = vec![o.clone(), key.clone()];
            args.extend(default.into_option());
            let value = plainly(vm, "pop", args)?;
            gone(vm, &o, &key)?;
            Ok(value)
        },
    );
    c.method("clear", move |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
        for key in py::list(vm, &o)? {
            gone(vm, &o, &key)?;
        }
        plainly(vm, "clear", vec![o]).map(drop)
    });
}

fn made(vm: &Vm, class: &str, apps: &Py<PyApps>, label: &str) -> PyResult {
    let made = modules::find(vm, MODULE, class)?.call(FuncArgs::default(), vm)?;
    py::set_attr(vm, &made, "_registry", PyObjectRef::from(apps.to_owned()))?;
    py::set_attr(vm, &made, "_label", py::str(vm, label))?;
    Ok(made)
}

/// The models of an app, by their names in lower case.
pub fn of_app(vm: &Vm, apps: &Py<PyApps>, label: &str) -> PyResult {
    let out = made(vm, "AppModels", apps, label)?;
    for model in apps.apps.app_models(label) {
        let name = py::str(vm, &**model.model_name());
        let class = class_of_model(vm, &model)?;
        plainly(vm, "__setitem__", vec![out.clone(), name, class])?;
    }
    Ok(out)
}

/// Every app's models, by label.
pub fn of_all(vm: &Vm, apps: &Py<PyApps>) -> PyResult {
    let out = made(vm, "AllModels", apps, "")?;
    for label in apps.apps.app_labels() {
        let models = of_app(vm, apps, &label)?;
        plainly(
            vm,
            "__setitem__",
            vec![out.clone(), py::str(vm, label), models],
        )?;
    }
    Ok(out)
}

/// Gives an app these models and no others.
pub fn replace_app(vm: &Vm, apps: &PyApps, label: &str, models: &PyObject) -> PyResult<()> {
    let mut kept = vec![];
    for class in py::list(vm, &py::call(vm, models, "values", vec![])?)? {
        if let Some(model) = model_of_class(vm, &class) {
            kept.push(model);
        }
    }
    apps.apps.set_app_models(label, kept);
    Ok(())
}
