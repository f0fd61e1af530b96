//! `StateApps`: the registry that holds the classes made of a state.
use super::model_state::PyModelState;
use super::{historical, live, project_state};
use crate::class::{Class, class};
use crate::{modules, py};
use orm_migrations::state::{label_key, relation_label};
use orm_migrations::{ModelState, ProjectState};
use orm_state::Field;
use rustpython_vm::builtins::{PyDict, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

const MODULE: &str = "django.db.migrations.state";

fn base_class(vm: &Vm, module: &str, name: &str) -> PyResult<PyTypeRef> {
    modules::find(vm, module, name)?
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let config = base_class(vm, "django.apps.config", "AppConfig")?;
    let stub = class(vm, MODULE, "AppConfigStub", &[config], |c| {
        c.method(
            "__init__",
            |o: PyObjectRef, label: PyObjectRef, vm: &Vm| -> PyResult<()> {
                for name in ["name", "label", "verbose_name"] {
                    py::set_attr(vm, &o, name, label.clone())?;
                }
                py::set_attr(vm, &o, "path", py::str(vm, ""))?;
                py::set_attr(vm, &o, "apps", vm.ctx.none())?;
                py::set_attr(vm, &o, "module", vm.ctx.none())?;
                py::set_attr(vm, &o, "models_module", vm.ctx.none())
            },
        );
        c.method("import_models", |_: PyObjectRef| {});
    })?;
    modules::export(vm, MODULE, "AppConfigStub", stub)?;
    let bulk = class(vm, MODULE, "_BulkUpdate", &[], bulk_update)?;
    modules::export(vm, MODULE, "_BulkUpdate", bulk)?;
    let apps = base_class(vm, "django.apps.registry", "Apps")?;
    let made = class(vm, MODULE, "StateApps", &[apps], |c| {
        c.method("__init__", init);
        c.method("bulk_update", |o: PyObjectRef, vm: &Vm| {
            modules::find(vm, MODULE, "_BulkUpdate")?.call((o,), vm)
        });
        c.method(
            "render_multiple",
            |o: PyObjectRef, states: PyObjectRef, vm: &Vm| -> PyResult<()> {
                let states = py::list(vm, &states)?
                    .iter()
                    .map(|s| PyModelState::of(vm, s)?.read(vm))
                    .collect::<PyResult<Vec<_>>>()?;
                historical::render_multiple(vm, &o, states)
            },
        );
    })?;
    modules::export(vm, MODULE, "StateApps", made)?;
    related_functions(vm)
}

/// `with apps.bulk_update():` the registry is not ready, and forgets what it knew afterwards.
fn bulk_update(c: &mut Class) {
    c.method(
        "__init__",
        |o: PyObjectRef, apps: PyObjectRef, vm: &Vm| -> PyResult<()> {
            py::set_attr(vm, &o, "ready", py::attr(vm, &apps, "ready")?)?;
            py::set_attr(vm, &o, "apps", apps)
        },
    );
    c.method("__enter__", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
        py::set_attr(vm, &py::attr(vm, &o, "apps")?, "ready", py::bool(vm, false))
    });
    c.method(
        "__exit__",
        |o: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult<()> {
            let apps = py::attr(vm, &o, "apps")?;
            py::set_attr(vm, &apps, "ready", py::attr(vm, &o, "ready")?)?;
            py::call(vm, &apps, "clear_cache", vec![]).map(drop)
        },
    );
}

fn init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let real = args.take_positional_keyword("real_apps");
    let models = args.take_positional_keyword("models");
    let ignore = match args.take_positional_keyword("ignore_swappable") {
        Some(i) => i.is_true(vm)?,
        None => false,
    };
    let mut state = ProjectState::default();
    if let Some(real) = real.filter(|r| !vm.is_none(r)) {
        for label in py::list(vm, &real)? {
            state.real_apps.push(py::to_string(vm, &label)?);
        }
    }
    if let Some(models) = models.and_then(|m| m.downcast::<PyDict>().ok()) {
        for (_, m) in models.into_iter() {
            let m = PyModelState::of(vm, &m)?.read(vm)?;
            state.models.insert(m.key(), m);
        }
    }
    fill(vm, &o, &state)?;
    check(vm, &o, ignore)
}

/// A registry with the classes of a state.
pub fn new(vm: &Vm, state: &ProjectState) -> PyResult {
    let class = modules::find(vm, MODULE, "StateApps")?;
    let made = class.call((vm.ctx.new_list(vec![]), vm.ctx.new_dict()), vm)?;
    fill(vm, &made, state)?;
    check(vm, &made, false)?;
    Ok(made)
}

/// The registry with the classes of another state in place of its own.
pub fn refill(vm: &Vm, apps: &PyObjectRef, state: &ProjectState) -> PyResult<()> {
    if let Some(rust) = crate::apps::rust_apps(apps) {
        for label in rust.app_labels() {
            rust.remove_app(&label);
        }
    }
    py::call(vm, &*py::attr(vm, apps, "app_configs")?, "clear", vec![])?;
    fill(vm, apps, state)
}

fn fill(vm: &Vm, apps: &PyObjectRef, state: &ProjectState) -> PyResult<()> {
    let mut models: Vec<Rc<ModelState>> = vec![];
    for label in &state.real_apps {
        if !state.models.keys().any(|k| k.0 == *label) {
            let real = live::state(vm, Some(std::slice::from_ref(label)))?;
            for m in real.models.values() {
                let mut m = (**m).clone();
                m.fields.retain(|_, f| f.remote.is_none());
                models.push(Rc::new(m));
            }
        }
    }
    for model in state.models.values() {
        // What a real app's models lead to may be no part of the state.
        let key = model.key();
        let leads_out = |f: &Rc<Field>| {
            f.remote.as_ref().is_some_and(|rel| {
                let to = label_key(&relation_label(&rel.target(), &key));
                !state.models.contains_key(&to)
            })
        };
        let real = state.real_apps.contains(&model.app_label);
        if !real || !model.fields.values().any(leads_out) {
            models.push(model.clone());
            continue;
        }
        let mut alone = (**model).clone();
        alone.fields.retain(|_, f| !leads_out(f));
        for option in ["unique_together", "order_with_respect_to"] {
            alone.options.shift_remove(option);
        }
        models.push(Rc::new(alone));
    }
    let stub = modules::find(vm, MODULE, "AppConfigStub")?;
    let configs = py::attr(vm, apps, "app_configs")?;
    let mut labels: Vec<String> = models.iter().map(|m| m.app_label.clone()).collect();
    labels.extend(state.real_apps.iter().cloned());
    labels.sort();
    labels.dedup();
    for label in labels {
        let config = stub.call((vm.ctx.new_str(label.as_str()),), vm)?;
        py::set_attr(vm, &config, "apps", apps.clone())?;
        configs.set_item(&*label, config, vm)?;
    }
    historical::render_multiple(vm, apps, models)
}

/// References to models that are in no part of the state.
fn check(vm: &Vm, apps: &PyObject, ignore_swappable: bool) -> PyResult<()> {
    let ignore = if ignore_swappable {
        let user = crate::apps::setting(vm, "AUTH_USER_MODEL")?;
        let label = match user {
            Some(u) => py::to_string(vm, &u)?,
            None => String::new(),
        };
        let key = orm_migrations::state::label_key(&label);
        vm.ctx
            .new_list(vec![super::to_python::key(vm, &key)])
            .into()
    } else {
        vm.ctx.none()
    };
    let found = crate::checks::lazy::lazy_references(apps.to_owned(), ignore, vm)?;
    let messages = py::list(vm, &found)?
        .iter()
        .map(|f| py::to_string(vm, &py::attr(vm, f, "msg")?))
        .collect::<PyResult<Vec<_>>>()?;
    if messages.is_empty() {
        return Ok(());
    }
    Err(vm.new_value_error(messages.join("\n")))
}

/// `get_related_models_tuples(model)`, `get_related_models_recursive(model)`: by app label and name.
fn related_functions(vm: &Vm) -> PyResult<()> {
    let direct = vm.new_function("get_related_models_tuples", |m: PyObjectRef, vm: &Vm| {
        let keys = related(vm, &m)?.iter().map(|(k, _)| key(vm, k)).collect();
        key_set(vm, keys)
    });
    modules::export(vm, MODULE, "get_related_models_tuples", direct)?;
    let all = vm.new_function("get_related_models_recursive", |m: PyObjectRef, vm: &Vm| {
        let own = crate::models::model_of_class(vm, &m)
            .ok_or_else(|| vm.new_type_error("not a model"))?;
        let own = (own.app_label().to_string(), own.model_name().to_string());
        let mut seen: Vec<(String, String)> = vec![];
        let mut queue = related(vm, &m)?;
        while let Some((k, class)) = queue.pop() {
            if !seen.contains(&k) {
                seen.push(k);
                queue.extend(related(vm, &class)?);
            }
        }
        let keys = seen.iter().filter(|k| **k != own).map(|k| key(vm, k));
        key_set(vm, keys.collect())
    });
    modules::export(vm, MODULE, "get_related_models_recursive", all)
}

fn key(vm: &Vm, key: &(String, String)) -> PyObjectRef {
    super::to_python::key(vm, key)
}

fn key_set(vm: &Vm, keys: Vec<PyObjectRef>) -> PyResult {
    let list = vm.ctx.new_list(keys);
    vm.ctx.types.set_type.as_object().call((list,), vm)
}

type Named = ((String, String), PyObjectRef);

/// Subclasses, and what relations lead to, from either side. Relations to a proxy are also its
/// concrete model's.
fn related(vm: &Vm, class: &PyObject) -> PyResult<Vec<Named>> {
    let subclasses = py::call(vm, class, "__subclasses__", vec![])?;
    let mut found = py::list(vm, &subclasses)?;
    let mut has_own = false;
    let meta = py::attr(vm, class, "_meta")?;
    let args = [
        ("include_parents", py::bool(vm, true)),
        ("include_hidden", py::bool(vm, true)),
    ];
    for field in py::list(vm, &py::call_kw(vm, &meta, "get_fields", vec![], &args)?)? {
        let Some(m) = py::attr_opt(vm, &field, "related_model")? else {
            continue;
        };
        if crate::models::model_of_class(vm, &m).is_some() {
            has_own |= py::attr(vm, &field, "model")?.is(class);
            found.push(m);
        }
    }
    if has_own && py::attr(vm, &meta, "proxy")?.is_true(vm)? {
        found.push(py::attr(vm, &meta, "concrete_model")?);
    }
    let mut out = vec![];
    for class in found {
        if let Some(m) = crate::models::model_of_class(vm, &class) {
            let key = (m.app_label().to_string(), m.model_name().to_string());
            out.push((key, class));
        }
    }
    Ok(out)
}

/// The state of a registry, for `ProjectState.from_apps`.
pub fn state_of(vm: &Vm, apps: &PyObject) -> PyResult<PyObjectRef> {
    let swapped = [("include_swapped", py::bool(vm, true))];
    let mut state = ProjectState::default();
    for class in py::list(vm, &py::call_kw(vm, apps, "get_models", vec![], &swapped)?)? {
        if let Some(model) = crate::models::model_of_class(vm, &class) {
            state.add_model(live::model_state(vm, &model)?);
        }
    }
    Ok(project_state::new(vm, state))
}
