//! Historical models: Python classes made of a state, for `RunPython`.
use super::bridge;
use crate::convert::to_py;
use crate::modules;
use crate::py;
use orm_migrations::{Base, ModelState, ProjectState};
use orm_state::{Error, ErrorKind, Value};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// An `Apps` of its own with a class for each model of a state.
pub fn render(vm: &Vm, state: &ProjectState) -> PyResult {
    let apps = modules::find(vm, "django.apps.registry", "Apps")?.call((), vm)?;
    configure(vm, &apps, state)?;
    let mut waiting: Vec<Rc<ModelState>> = state.models.values().cloned().collect();
    let mut made: Vec<(String, PyObjectRef)> = vec![];
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut left = vec![];
        for model in waiting {
            match bases(vm, &model, &made)? {
                Some(bases) => {
                    let class = class(vm, &apps, &model, bases)?;
                    made.push((format!("{}.{}", model.app_label, model.name_lower()), class));
                }
                None => left.push(model),
            }
        }
        if left.len() == before {
            let names: Vec<String> = left
                .iter()
                .map(|m| format!("<ModelState: '{}.{}'>", m.app_label, m.name))
                .collect();
            let error = Error::new(
                ErrorKind::InvalidBasesError,
                format!(
                    "Cannot resolve bases for [{}]\nThis can happen if you are inheriting models from an app with \
                     migrations (e.g. contrib.auth)\n in an app with no migrations; see \
                     https://docs.djangoproject.com/en/6.1/topics/migrations/#dependencies for more",
                    names.join(", ")
                ),
            );
            return Err(crate::error::to_py(vm, error));
        }
        waiting = left;
    }
    Ok(apps)
}

/// An `AppConfig` for every app of the state: receivers of `post_migrate` ask for it.
fn configure(vm: &Vm, apps: &PyObjectRef, state: &ProjectState) -> PyResult<()> {
    const MODULE: &str = "django.db.migrations.state";
    let stub = match modules::find(vm, MODULE, "AppConfigStub") {
        Ok(stub) => stub,
        Err(_) => {
            let base = py::as_class(&modules::find(vm, "django.apps", "AppConfig")?);
            let bases: Vec<_> = base.into_iter().collect();
            let made = crate::class::class(vm, MODULE, "AppConfigStub", &bases, |c| {
                c.attr("path", py::str(vm, ""));
            })?;
            modules::export(vm, MODULE, "AppConfigStub", made.clone())?;
            made.into()
        }
    };
    let configs = py::attr(vm, apps, "app_configs")?;
    let labels = state.models.keys().map(|(label, _)| label);
    let mut seen: Vec<&String> = vec![];
    for label in labels.chain(&state.real_apps) {
        if seen.contains(&label) {
            continue;
        }
        seen.push(label);
        let config = stub.call((py::str(vm, label), vm.ctx.none()), vm)?;
        py::set_attr(vm, &config, "apps", apps.clone())?;
        configs.set_item(&*vm.ctx.new_str(label.as_str()), config, vm)?;
    }
    Ok(())
}

/// The base classes, once all of them are made.
fn bases(
    vm: &Vm,
    model: &ModelState,
    made: &[(String, PyObjectRef)],
) -> PyResult<Option<Vec<PyObjectRef>>> {
    let mut out = vec![];
    for base in &model.bases {
        match base {
            Base::Model(label) => match made.iter().find(|(l, _)| l == label) {
                Some((_, class)) => out.push(class.clone()),
                None => return Ok(None),
            },
            Base::Class(v) if v.as_object().and_then(|o| o.import_path()).is_some() => {
                out.push(modules::find(vm, "django.db.models", "Model")?);
            }
            Base::Class(v) => out.push(to_py(vm, v)?),
        }
    }
    if out.is_empty() {
        out.push(modules::find(vm, "django.db.models", "Model")?);
    }
    Ok(Some(out))
}

fn class(vm: &Vm, apps: &PyObjectRef, model: &ModelState, bases: Vec<PyObjectRef>) -> PyResult {
    let meta = vm.ctx.new_dict();
    for (name, value) in &model.options {
        if name == "db_table" && matches!(value, Value::Null) {
            continue;
        }
        meta.set_item(name.as_str(), to_py(vm, value)?, vm)?;
    }
    meta.set_item("app_label", py::str(vm, &model.app_label), vm)?;
    meta.set_item("apps", apps.clone(), vm)?;
    let type_type: PyObjectRef = vm.ctx.types.type_type.to_owned().into();
    let meta = type_type.call((vm.ctx.new_str("Meta"), vm.ctx.new_tuple(vec![]), meta), vm)?;
    let body = vm.ctx.new_dict();
    body.set_item("__module__", py::str(vm, "__fake__"), vm)?;
    body.set_item("__qualname__", py::str(vm, &model.name), vm)?;
    body.set_item("Meta", meta, vm)?;
    for (i, (name, field)) in model.fields.iter().enumerate() {
        let copy = field.duplicate();
        copy.creation_counter.set(i as i64);
        body.set_item(name.as_str(), bridge::fresh_field(vm, &copy)?, vm)?;
    }
    let copy = vm.import("copy", 0)?.get_attr("copy", vm)?;
    for (name, manager) in &model.managers {
        let manager = to_py(vm, &Value::Object(manager.clone()))?;
        body.set_item(name.as_str(), copy.call((manager,), vm)?, vm)?;
    }
    let metaclass = modules::find(vm, "django.db.models.base", "ModelBase")?;
    metaclass.call(
        (
            vm.ctx.new_str(model.name.as_str()),
            vm.ctx.new_tuple(bases),
            body,
        ),
        vm,
    )
}
