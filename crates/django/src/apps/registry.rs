//! `Apps`. Source: "Applications" in Django's documentation.
pub mod cached;
pub mod populate;

use super::{contents, remember_face};
use crate::error::OrRaise;
use crate::models::options::relations;
use crate::models::related::lazy;
use crate::models::{class_of_model, model_of_class};
use crate::{error, modules, py};
use cached::{Answers, CachedMethod, Method};
use orm_state::{Apps, ModelRef};
use populate::Progress;
use rustpython_vm::builtins::{PyDictRef, PyListRef, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg, PySetterValue};
use rustpython_vm::types::{Constructor, Initializer};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Vm = VirtualMachine;

/// `django.apps.registry.Apps`
#[pyclass(module = "django.apps.registry", name = "Apps")]
#[derive(PyPayload)]
pub struct PyApps {
    pub apps: Rc<Apps>,
    configs: RefCell<PyDictRef>,
    /// Configurations that wait until others have had their while.
    stored: RefCell<Option<PyListRef>>,
    progress: Cell<Progress>,
    /// What user code has put others in place of, until it deletes them again.
    before: Cell<Option<Progress>>,
    configs_before: RefCell<Option<PyDictRef>>,
    /// A registry that nobody populates is as ready as it will be.
    populated: Cell<bool>,
    answers: Answers,
}

impl std::fmt::Debug for PyApps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Apps")
    }
}

impl PyApps {
    pub fn new(vm: &Vm) -> PyApps {
        PyApps {
            apps: Apps::new(),
            configs: RefCell::new(vm.ctx.new_dict()),
            stored: RefCell::default(),
            progress: Cell::new(Progress::DONE),
            before: Cell::default(),
            configs_before: RefCell::default(),
            populated: Cell::new(false),
            answers: Answers::default(),
        }
    }
    fn configs(&self) -> PyDictRef {
        self.configs.borrow().clone()
    }
    fn stored(&self, vm: &Vm) -> PyListRef {
        self.stored
            .borrow_mut()
            .get_or_insert_with(|| vm.ctx.new_list(vec![]))
            .clone()
    }
    /// No apps any more.
    pub fn forget(&self, vm: &Vm) {
        *self.configs.borrow_mut() = vm.ctx.new_dict();
        self.stored.take();
        self.progress.set(Progress::DONE);
        self.populated.set(false);
        self.answers.clear();
    }
    /// User code says how far the registry is; deleting what it said brings back what was.
    fn say(&self, value: PySetterValue<bool>, of: fn(&mut Progress) -> &mut bool) {
        let mut now = self.progress.get();
        match value {
            PySetterValue::Assign(value) => {
                self.before.set(self.before.get().or(Some(now)));
                *of(&mut now) = value;
            }
            PySetterValue::Delete => {
                let mut before = self.before.get().unwrap_or(Progress::DONE);
                *of(&mut now) = *of(&mut before);
            }
        }
        self.progress.set(now);
    }
    /// Whether queries are nothing to wonder about: all apps are there, or others for a while.
    pub fn may_query(&self) -> bool {
        let aside = self.stored.borrow();
        let aside = aside.as_ref().is_some_and(|s| !s.borrow_vec().is_empty());
        self.progress.get().all || aside
    }
    fn expire_caches(&self) {
        self.answers.clear();
        self.apps.expire();
    }
    fn need_apps(&self, vm: &Vm) -> PyResult<()> {
        match self.progress.get().apps {
            true => Ok(()),
            false => Err(not_ready(vm, "Apps aren't loaded yet.")),
        }
    }
    fn need_models(&self, vm: &Vm) -> PyResult<()> {
        match self.progress.get().models {
            true => Ok(()),
            false => Err(not_ready(vm, "Models aren't loaded yet.")),
        }
    }
    /// Whether models of an app count: it is installed, or the registry knows of no apps.
    fn knows(&self, vm: &Vm, label: &str) -> PyResult<bool> {
        let configs = self.configs();
        Ok(!self.populated.get() && configs.__len__() == 0
            || configs.get_item_opt(label, vm)?.is_some()
            || super::is_fallback_app(label))
    }
    /// `AppConfig.get_models()`
    pub fn models_of(
        &self,
        vm: &Vm,
        label: &str,
        mut args: FuncArgs,
    ) -> PyResult<Vec<PyObjectRef>> {
        self.need_models(vm)?;
        let mut flag = |name| match args.take_positional_keyword(name) {
            Some(v) => v.is_true(vm),
            None => Ok(false),
        };
        let auto_created = flag("include_auto_created")?;
        let swapped = flag("include_swapped")?;
        self.visible_of(vm, label, auto_created, swapped)
    }
    fn visible_of(
        &self,
        vm: &Vm,
        label: &str,
        auto_created: bool,
        swapped: bool,
    ) -> PyResult<Vec<PyObjectRef>> {
        self.apps
            .app_models(label)
            .iter()
            .filter(|m| visible(m, auto_created, swapped))
            .map(|m| class_of_model(vm, m))
            .collect()
    }
    /// `apps.get_models()`: in the order of the apps.
    fn all_models(&self, vm: &Vm, auto_created: bool, swapped: bool) -> PyResult {
        self.need_models(vm)?;
        let mut labels: Vec<String> = vec![];
        for (label, _) in &self.configs() {
            labels.push(py::to_string(vm, &label)?);
        }
        for label in self.apps.app_labels() {
            if !labels.contains(&label) && self.knows(vm, &label)? {
                labels.push(label);
            }
        }
        let mut out = vec![];
        for label in labels {
            out.extend(self.visible_of(vm, &label, auto_created, swapped)?);
        }
        Ok(vm.ctx.new_list(out).into())
    }
    /// The setting by which a model is swapped that is named like that, or put in its place.
    fn swappable_setting(&self, vm: &Vm, to: &str) -> PyObjectRef {
        for m in self.apps.models() {
            let swappable = m.options.borrow().swappable.clone();
            if let Some(setting) = swappable {
                let swapped = m.swapped.borrow().clone();
                let names = swapped.iter().any(|s| s.eq_ignore_ascii_case(to))
                    || m.label_lower() == to.to_lowercase();
                if names {
                    return py::str(vm, setting);
                }
            }
        }
        vm.ctx.none()
    }
    /// `AppConfig.get_model(name)`
    pub fn model_of(&self, vm: &Vm, label: &str, name: &str, require_ready: bool) -> PyResult {
        match require_ready {
            true => self.need_models(vm)?,
            false => self.need_apps(vm)?,
        }
        match self.apps.find_model(label, name) {
            Some(model) => class_of_model(vm, &model),
            None => {
                Err(vm.new_lookup_error(format!("App '{label}' doesn't have a '{name}' model.")))
            }
        }
    }
}

fn not_ready(vm: &Vm, message: &str) -> rustpython_vm::builtins::PyBaseExceptionRef {
    error::raise(vm, "AppRegistryNotReady", message)
}

impl Constructor for PyApps {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let installed = args.take_positional_keyword("installed_apps");
        if installed.as_ref().is_some_and(|i| vm.is_none(i)) {
            return Err(vm.new_runtime_error("You must supply an installed_apps argument."));
        }
        let made: PyObjectRef = PyApps::new(vm).into_ref_with_type(vm, cls)?.into();
        remember_face(&made, vm)?;
        if let Some(installed) = installed {
            py::call(vm, &made, "populate", vec![installed])?;
        }
        Ok(made)
    }
    fn py_new(_: &Py<rustpython_vm::builtins::PyType>, _: FuncArgs, vm: &Vm) -> PyResult<Self> {
        Ok(PyApps::new(vm))
    }
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let _ = CachedMethod::make_static_type();
    let class = PyApps::make_static_type();
    crate::class::fill_class(vm, &class, |c| {
        for (name, method) in [
            ("get_models", Method::Models),
            ("get_swappable_settings_name", Method::Swappable),
        ] {
            c.attr(name, CachedMethod::of_class(method).into_pyobject(vm));
        }
    })?;
    modules::export(vm, "django.apps.registry", "Apps", class)
}

fn visible(m: &ModelRef, auto_created: bool, swapped: bool) -> bool {
    (auto_created || !m.options.borrow().auto_created) && (swapped || m.swapped.borrow().is_none())
}

impl Initializer for PyApps {
    type Args = FuncArgs;
    fn init(_zelf: &Py<Self>, _args: FuncArgs, _vm: &Vm) -> PyResult<()> {
        Ok(())
    }
}

#[pyclass(with(Constructor, Initializer), flags(BASETYPE, HAS_DICT))]
impl PyApps {
    #[pygetset]
    fn app_configs(zelf: &Py<Self>) -> PyDictRef {
        zelf.configs.borrow().clone()
    }
    #[pygetset(setter)]
    fn set_app_configs(zelf: &Py<Self>, value: PySetterValue<PyDictRef>) {
        match value {
            PySetterValue::Assign(configs) => {
                let old = zelf.configs.replace(configs);
                zelf.configs_before.borrow_mut().get_or_insert(old);
            }
            PySetterValue::Delete => {
                if let Some(old) = zelf.configs_before.take() {
                    *zelf.configs.borrow_mut() = old;
                }
            }
        }
        zelf.answers.clear();
    }
    #[pygetset]
    fn stored_app_configs(zelf: &Py<Self>, vm: &Vm) -> PyListRef {
        zelf.stored(vm)
    }
    #[pygetset(setter)]
    fn set_stored_app_configs(zelf: &Py<Self>, stored: PyListRef) {
        *zelf.stored.borrow_mut() = Some(stored);
    }
    #[pygetset]
    fn ready(zelf: &Py<Self>) -> bool {
        zelf.progress.get().all
    }
    #[pygetset(setter)]
    fn set_ready(zelf: &Py<Self>, value: PySetterValue<bool>) {
        zelf.say(value, |progress| &mut progress.all);
    }
    #[pygetset]
    fn apps_ready(zelf: &Py<Self>) -> bool {
        zelf.progress.get().apps
    }
    #[pygetset(setter)]
    fn set_apps_ready(zelf: &Py<Self>, value: PySetterValue<bool>) {
        zelf.say(value, |progress| &mut progress.apps);
    }
    #[pygetset]
    fn models_ready(zelf: &Py<Self>) -> bool {
        zelf.progress.get().models
    }
    #[pygetset(setter)]
    fn set_models_ready(zelf: &Py<Self>, value: PySetterValue<bool>) {
        zelf.say(value, |progress| &mut progress.models);
    }
    #[pygetset]
    fn loading(zelf: &Py<Self>) -> bool {
        zelf.progress.get().loading
    }
    #[pygetset(setter)]
    fn set_loading(zelf: &Py<Self>, value: PySetterValue<bool>) {
        zelf.say(value, |progress| &mut progress.loading);
    }
    /// Something to wait on, as `threading.Event` is.
    #[pygetset]
    fn ready_event(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        let event = vm
            .import("threading", 0)?
            .get_attr("Event", vm)?
            .call((), vm)?;
        if zelf.progress.get().all {
            py::call(vm, &event, "set", vec![])?;
        }
        Ok(event)
    }
    #[pymethod]
    fn populate(zelf: &Py<Self>, installed: OptionalArg, vm: &Vm) -> PyResult<()> {
        match installed {
            OptionalArg::Present(installed) if !vm.is_none(&installed) => {
                populate::populate(zelf, installed, vm)
            }
            _ => Ok(()),
        }
    }
    #[pymethod]
    fn check_apps_ready(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        zelf.need_apps(vm)
    }
    #[pymethod]
    fn check_models_ready(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        zelf.need_models(vm)
    }
    #[pymethod]
    fn get_app_configs(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        zelf.need_apps(vm)?;
        py::call(vm, zelf.configs().as_object(), "values", vec![])
    }
    #[pymethod]
    fn get_app_config(zelf: &Py<Self>, app_label: PyObjectRef, vm: &Vm) -> PyResult {
        zelf.need_apps(vm)?;
        let text = py::to_string(vm, &app_label)?;
        if let Some(c) = zelf.configs().get_item_opt(&*text, vm)? {
            return Ok(c);
        }
        let mut message = format!("No installed app with label '{text}'.");
        for (_, config) in &zelf.configs() {
            if py::as_string(&py::attr(vm, &config, "name")?).as_deref() == Some(&*text) {
                let label = py::to_string(vm, &py::attr(vm, &config, "label")?)?;
                message.push_str(&format!(" Did you mean '{label}'?"));
                break;
            }
        }
        Err(vm.new_lookup_error(message))
    }
    #[pymethod]
    fn is_installed(zelf: &Py<Self>, name: String, vm: &Vm) -> PyResult<bool> {
        zelf.need_apps(vm)?;
        for (_, config) in &zelf.configs() {
            if py::as_string(&py::attr(vm, &config, "name")?).as_deref() == Some(&*name) {
                return Ok(true);
            }
        }
        Ok(false)
    }
    #[pymethod]
    fn get_containing_app_config(zelf: &Py<Self>, module: String, vm: &Vm) -> PyResult {
        zelf.need_apps(vm)?;
        let mut best: Option<(usize, PyObjectRef)> = None;
        for (_, config) in &zelf.configs() {
            let name = py::to_string(vm, &py::attr(vm, &config, "name")?)?;
            if let Some(rest) = module.strip_prefix(&name)
                && (rest.is_empty() || rest.starts_with('.'))
                && best.as_ref().is_none_or(|(n, _)| *n < name.len())
            {
                best = Some((name.len(), config));
            }
        }
        Ok(vm.unwrap_or_none(best.map(|(_, c)| c)))
    }
    #[pymethod]
    fn get_model(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let label = args
            .take_positional_keyword("app_label")
            .ok_or_else(|| vm.new_type_error("get_model() missing argument 'app_label'"))?;
        let label = py::to_string(vm, &label)?;
        let name = args
            .take_positional_keyword("model_name")
            .filter(|n| !vm.is_none(n));
        let ready = match args.take_positional_keyword("require_ready") {
            Some(r) => r.is_true(vm)?,
            None => true,
        };
        match ready {
            true => zelf.need_models(vm)?,
            false => zelf.need_apps(vm)?,
        }
        let (label, name) = match name {
            Some(n) => (label, py::to_string(vm, &n)?),
            None => match label.split_once('.') {
                Some((a, m)) if !m.contains('.') => (a.to_string(), m.to_string()),
                Some(_) => return Err(vm.new_value_error("too many values to unpack (expected 2)")),
                None => {
                    return Err(
                        vm.new_value_error("not enough values to unpack (expected 2, got 1)")
                    );
                }
            },
        };
        let named = zelf.apps.app_labels().contains(&label);
        if !zelf.knows(vm, &label)? || !named {
            let config = Self::get_app_config(zelf, py::str(vm, &label), vm)?;
            let named = vec![py::str(vm, name), py::bool(vm, ready)];
            return py::call(vm, &config, "get_model", named);
        }
        zelf.model_of(vm, &label, &name, ready)
    }
    #[pymethod]
    fn get_registered_model(zelf: &Py<Self>, label: String, name: String, vm: &Vm) -> PyResult {
        match zelf.apps.find_model(&label, &name) {
            Some(m) => class_of_model(vm, &m),
            None => Err(vm.new_lookup_error(format!("Model '{label}.{name}' not registered."))),
        }
    }
    #[pygetset(name = "all_models")]
    fn py_all_models(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        contents::of_all(vm, zelf)
    }
    #[pymethod]
    fn register_model(zelf: &Py<Self>, label: String, class: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let Some(model) = model_of_class(vm, &class) else {
            return Err(vm.new_type_error("register_model() needs a model"));
        };
        let name = model.model_name().to_string();
        if let Some(old) = zelf.apps.find_model(&label, &name)
            && !Rc::ptr_eq(&old, &model)
        {
            let show = |m: &ModelRef| format!("<class '{}.{}'>", m.module, m.object_name());
            if old.object_name() == model.object_name() && old.module == model.module {
                let text = format!(
                    "Model '{label}.{name}' was already registered. Reloading models is not \
                     advised as it can lead to inconsistencies, most notably with related models."
                );
                orm_state::settings::warn("RuntimeWarning", &text).or_raise(vm)?;
            } else {
                return Err(vm.new_runtime_error(format!(
                    "Conflicting '{name}' models in application '{label}': {} and {}.",
                    show(&old),
                    show(&model)
                )));
            }
        }
        zelf.apps.register_model(&model);
        relations::forget(vm, &zelf.apps)?;
        lazy::model_registered(vm, &zelf.apps, &(label, name))
    }
    #[pymethod]
    fn clear_cache(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        zelf.expire_caches();
        relations::forget(vm, &zelf.apps)
    }
    #[pymethod]
    fn lazy_model_operation(zelf: &Py<Self>, args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let mut given = args.args.into_iter();
        let Some(work) = given.next() else {
            return Err(vm.new_type_error("lazy_model_operation() needs a function"));
        };
        let mut keys = vec![];
        for key in given {
            if let [a, m] = py::list(vm, &key)?.as_slice() {
                keys.push((py::to_string(vm, a)?, py::to_string(vm, m)?.to_lowercase()));
            }
        }
        let mut function = work.clone();
        while let Some(inner) = py::attr_opt(vm, &function, "func")? {
            function = inner;
        }
        lazy::when_ready(
            vm,
            &zelf.apps,
            keys,
            lazy::Waiting::Function(function),
            Box::new(move |vm, models| work.call(lazy::classes(vm, models)?, vm).map(drop)),
        )
    }
    #[pygetset]
    fn _pending_operations(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        let out = vm.ctx.new_dict();
        for ((a, m), _) in lazy::pending(&zelf.apps) {
            let key = vm.ctx.new_tuple(vec![py::str(vm, a), py::str(vm, m)]);
            out.set_item(key.as_object(), vm.ctx.new_list(vec![]).into(), vm)?;
        }
        Ok(out)
    }
    #[pymethod]
    fn set_installed_apps(zelf: &Py<Self>, installed: PyObjectRef, vm: &Vm) -> PyResult<()> {
        populate::set_installed_apps(zelf, installed, vm)
    }
    #[pymethod]
    fn unset_installed_apps(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        populate::restore(zelf, vm)
    }
    #[pymethod]
    fn set_available_apps(zelf: &Py<Self>, available: PyObjectRef, vm: &Vm) -> PyResult<()> {
        populate::set_available_apps(zelf, available, vm)
    }
    #[pymethod]
    fn unset_available_apps(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        populate::restore(zelf, vm)
    }
    #[pymethod]
    fn do_pending_operations(zelf: &Py<Self>, class: PyObjectRef, vm: &Vm) -> PyResult<()> {
        match model_of_class(vm, &class) {
            Some(m) => {
                let key = (m.app_label().to_string(), m.model_name().to_string());
                lazy::model_registered(vm, &zelf.apps, &key)
            }
            None => Ok(()),
        }
    }
    #[pymethod]
    fn __reduce__(zelf: PyRef<Self>, vm: &Vm) -> PyResult {
        let _ = zelf;
        Err(vm.new_not_implemented_error("pickling a registry"))
    }
}
