//! `django.apps`: the registry of models as Python sees it, and app configurations.
pub mod config;
mod contents;
pub mod registry;

use crate::error::OrRaise;
use crate::{models, modules, py};
use orm_state::{Apps, ModelRef};
use registry::PyApps;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::rc::{Rc, Weak};

type Vm = VirtualMachine;

thread_local! {
    /// Every registry that has a Python face, weakly.
    static FACES: RefCell<Vec<(Weak<Apps>, PyObjectRef)>> = const { RefCell::new(vec![]) };
    /// The app that modules outside every app belong to.
    static FALLBACK: RefCell<Option<String>> = const { RefCell::new(None) };
}

pub fn install(vm: &Vm) -> PyResult<()> {
    config::install(vm)?;
    contents::install(vm)?;
    registry::install(vm)?;
    let apps: PyObjectRef = PyApps::new(vm).into_ref(&vm.ctx).into();
    remember_face(&apps, vm)?;
    modules::export_all(
        vm,
        &["django.apps", "django.apps.registry"],
        "apps",
        apps.clone(),
    )?;
    let start = vm.new_function("setup", |_: FuncArgs, vm: &Vm| setup(vm));
    modules::export(vm, "django", "setup", start)?;
    let options = crate::models::options::PyOptions::class(&vm.ctx);
    options.set_attr(vm.ctx.intern_str("default_apps"), apps);
    Ok(())
}

/// Forgets all models of the main registry and of others still alive.
pub fn reset() {
    let faces = FACES.with_borrow_mut(std::mem::take);
    for (apps, _) in &faces {
        if let Some(apps) = apps.upgrade() {
            crate::models::related::lazy::forget(&apps);
            apps.clear();
        }
    }
    FALLBACK.with_borrow_mut(Option::take);
}

/// Forgets the project's models, keeps the registry: for the next run.
pub fn clear(vm: &Vm) -> PyResult<()> {
    let main = modules::find(vm, "django.apps", "apps")?;
    let faces = FACES.with_borrow_mut(std::mem::take);
    for (apps, face) in faces {
        if let Some(rust) = apps.upgrade() {
            let models = rust.models();
            let classes: Vec<PyObjectRef> = models
                .iter()
                .filter_map(|model| models::class_of_model(vm, model).ok())
                .collect();
            if !classes.is_empty() && classes.iter().all(|c| is_lasting(vm, c)) {
                FACES.with_borrow_mut(|f| f.push((apps, face)));
                continue;
            }
            crate::models::related::lazy::forget(&rust);
            rust.clear();
            for class in classes {
                models::empty(vm, &class)?;
            }
        }
        if face.is(&main) {
            FACES.with_borrow_mut(|f| f.push((apps, face)));
        }
    }
    if let Some(main) = main.downcast_ref::<PyApps>() {
        main.forget(vm);
    }
    Ok(())
}

/// Whether a model is Django's own and of no app: the one that tells which migrations are
/// applied. It stays with its module, registry and all.
fn is_lasting(vm: &Vm, class: &PyObject) -> bool {
    crate::py::attr(vm, class, "__module__")
        .and_then(|m| crate::py::to_string(vm, &m))
        .is_ok_and(|module| module == "django.db.migrations.recorder")
}

/// Models in modules outside every app belong to this one (`playground`).
pub fn set_fallback_app(label: Option<&str>) {
    FALLBACK.with_borrow_mut(|f| *f = label.map(Into::into));
}

/// Is it the app of the modules outside every app?
pub fn is_fallback_app(label: &str) -> bool {
    FALLBACK.with_borrow(|f| f.as_deref() == Some(label))
}

/// The registry inside a Python `Apps`.
pub fn rust_apps(obj: &PyObject) -> Option<Rc<Apps>> {
    obj.downcast_ref::<PyApps>().map(|a| a.apps.clone())
}

/// Says that a query runs while apps are still being loaded.
pub fn warn_of_early_query(vm: &Vm) -> PyResult<()> {
    let main = modules::find(vm, "django.apps", "apps")?;
    if main
        .downcast_ref::<PyApps>()
        .is_none_or(|apps| apps.may_query())
    {
        return Ok(());
    }
    let text = "Accessing the database during app initialization is discouraged. To fix this \
                warning, avoid executing queries in AppConfig.ready() or when your app modules \
                are imported.";
    orm_state::settings::warn("RuntimeWarning", text).or_raise(vm)
}

/// `django.setup()`
fn setup(vm: &Vm) -> PyResult<()> {
    let installed = crate::conf::get(vm, "INSTALLED_APPS")?;
    let main = modules::find(vm, "django.apps", "apps")?;
    py::call(vm, &main, "populate", vec![installed]).map(drop)
}

/// Every registry that is alive.
pub fn registries() -> Vec<Rc<Apps>> {
    FACES.with_borrow(|faces| faces.iter().filter_map(|(a, _)| a.upgrade()).collect())
}

/// Keeps the Python object of a registry, so that models find it.
pub fn remember_face(obj: &PyObject, _vm: &Vm) -> PyResult<()> {
    if let Some(apps) = rust_apps(obj) {
        FACES.with_borrow_mut(|faces| {
            if !faces
                .iter()
                .any(|(a, _)| std::ptr::eq(a.as_ptr(), Rc::as_ptr(&apps)))
            {
                faces.push((Rc::downgrade(&apps), obj.to_owned()));
            }
        });
    }
    Ok(())
}

/// The Python registry that a model is in.
pub fn face_of(vm: &Vm, model: &ModelRef) -> PyResult {
    let found = model.apps().and_then(|apps| {
        FACES.with_borrow(|faces| {
            faces
                .iter()
                .find(|(a, _)| std::ptr::eq(a.as_ptr(), Rc::as_ptr(&apps)))
                .map(|(_, f)| f.clone())
        })
    });
    match found {
        Some(f) => Ok(f),
        None => modules::find(vm, "django.apps", "apps"),
    }
}

/// The label of the app that a module belongs to.
pub fn containing_label(vm: &Vm, module: &str) -> PyResult<Option<String>> {
    let apps = modules::find(vm, "django.apps", "apps")?;
    let config = py::call(
        vm,
        &apps,
        "get_containing_app_config",
        vec![py::str(vm, module)],
    )?;
    if vm.is_none(&config) {
        return Ok(FALLBACK.with_borrow(Clone::clone));
    }
    py::to_string(vm, &py::attr(vm, &config, "label")?).map(Some)
}

/// A setting, if there is one.
pub fn setting(vm: &Vm, name: &'static str) -> PyResult<Option<PyObjectRef>> {
    match modules::find(vm, "django.conf", "settings") {
        Ok(settings) => Ok(py::attr_opt(vm, &settings, name).unwrap_or(None)),
        Err(_) => Ok(None),
    }
}

/// For callers with any object.
pub fn is_apps(obj: &PyObject) -> bool {
    obj.as_object().downcast_ref::<PyApps>().is_some()
}
