//! `Apps`. Source: "Applications" in Django's documentation.
use super::remember_face;
use crate::error::OrRaise;
use crate::models::related::lazy;
use crate::models::{class_of_model, model_of_class};
use crate::{error, modules, py};
use orm_state::{Apps, ModelRef};
use rustpython_vm::builtins::{PyDictRef, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg};
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
    stored: RefCell<Vec<PyDictRef>>,
    ready: Cell<bool>,
    /// User code may say otherwise for a while.
    models_ready: Cell<bool>,
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
            ready: Cell::new(true),
            models_ready: Cell::new(true),
        }
    }
    fn configs(&self) -> PyDictRef {
        self.configs.borrow().clone()
    }
    /// No apps any more.
    pub fn forget(&self, vm: &Vm) {
        *self.configs.borrow_mut() = vm.ctx.new_dict();
    }
}

impl Constructor for PyApps {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let installed = args.take_positional_keyword("installed_apps");
        let made: PyObjectRef = PyApps::new(vm).into_ref_with_type(vm, cls)?.into();
        remember_face(&made, vm)?;
        if let Some(installed) = installed
            && !vm.is_none(&installed)
        {
            py::call(vm, &made, "populate", vec![installed])?;
        }
        Ok(made)
    }
    fn py_new(_: &Py<rustpython_vm::builtins::PyType>, _: FuncArgs, vm: &Vm) -> PyResult<Self> {
        Ok(PyApps::new(vm))
    }
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let class = PyApps::make_static_type();
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
    #[pygetset]
    fn ready(zelf: &Py<Self>) -> bool {
        zelf.ready.get()
    }
    #[pygetset]
    fn apps_ready(zelf: &Py<Self>) -> bool {
        zelf.ready.get()
    }
    #[pygetset]
    fn models_ready(zelf: &Py<Self>) -> bool {
        zelf.models_ready.get()
    }
    #[pygetset(setter)]
    fn set_models_ready(zelf: &Py<Self>, value: bool) {
        zelf.models_ready.set(value);
    }
    /// Adds configurations for apps named by strings or given as `AppConfig`s.
    #[pymethod]
    fn populate(zelf: &Py<Self>, installed: OptionalArg, vm: &Vm) -> PyResult<()> {
        let OptionalArg::Present(installed) = installed else {
            return Ok(());
        };
        let configs = zelf.configs();
        for entry in py::list(vm, &installed)? {
            let config = super::config::create(vm, entry)?;
            let label = py::attr(vm, &config, "label")?;
            if configs.get_item_opt(&*label, vm)?.is_some() {
                return Err(error::raise(
                    vm,
                    "ImproperlyConfigured",
                    format!(
                        "Application labels aren't unique, duplicates: {}",
                        py::to_string(vm, &label)?
                    ),
                ));
            }
            zelf.apps.add_app(&py::to_string(vm, &label)?);
            configs.set_item(&*label, config, vm)?;
        }
        Ok(())
    }
    #[pymethod]
    fn check_apps_ready(_zelf: &Py<Self>) {}
    #[pymethod]
    fn check_models_ready(_zelf: &Py<Self>) {}
    #[pymethod]
    fn get_app_configs(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        py::call(vm, zelf.configs().as_object(), "values", vec![])
    }
    #[pymethod]
    fn get_app_config(zelf: &Py<Self>, label: PyObjectRef, vm: &Vm) -> PyResult {
        let text = py::to_string(vm, &label)?;
        if let Some(c) = zelf.configs().get_item_opt(&*text, vm)? {
            return Ok(c);
        }
        let mut message = format!("No installed app with label '{text}'.");
        for (_, config) in &zelf.configs() {
            if py::as_string(&py::attr(vm, &config, "name")?).as_deref() == Some(&*text) {
                let label = py::to_string(vm, &py::attr(vm, &config, "label")?)?;
                message.push_str(&format!(" Did you mean '{label}'?"));
            }
        }
        Err(vm.new_lookup_error(message))
    }
    #[pymethod]
    fn is_installed(zelf: &Py<Self>, name: String, vm: &Vm) -> PyResult<bool> {
        for (_, config) in &zelf.configs() {
            if py::as_string(&py::attr(vm, &config, "name")?).as_deref() == Some(&*name) {
                return Ok(true);
            }
        }
        Ok(false)
    }
    #[pymethod]
    fn get_containing_app_config(zelf: &Py<Self>, module: String, vm: &Vm) -> PyResult {
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
    fn get_models(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let auto = match args.take_positional_keyword("include_auto_created") {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let swapped = match args.take_positional_keyword("include_swapped") {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let mut out = vec![];
        let has_configs = zelf.configs().__len__() > 0;
        for m in zelf.apps.models() {
            let known = !has_configs
                || zelf.configs().get_item_opt(&**m.app_label(), vm)?.is_some()
                || super::FALLBACK.with_borrow(|f| f.as_deref() == Some(&**m.app_label()));
            if known && visible(&m, auto, swapped) {
                out.push(class_of_model(vm, &m)?);
            }
        }
        Ok(vm.ctx.new_list(out).into())
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
        if zelf.apps.find_model(&label, &name).is_none()
            && zelf.configs().get_item_opt(&*label, vm)?.is_some()
        {
            return Err(
                vm.new_lookup_error(format!("App '{label}' doesn't have a '{name}' model."))
            );
        }
        let model = zelf.apps.get_model(&label, &name).or_raise(vm)?;
        class_of_model(vm, &model)
    }
    #[pymethod]
    fn get_registered_model(zelf: &Py<Self>, label: String, name: String, vm: &Vm) -> PyResult {
        match zelf.apps.find_model(&label, &name) {
            Some(m) => class_of_model(vm, &m),
            None => Err(vm.new_lookup_error(format!("Model '{label}.{name}' not registered."))),
        }
    }
    #[pygetset]
    fn all_models(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        let out = vm.ctx.new_dict();
        for label in zelf.apps.app_labels() {
            let models = vm.ctx.new_dict();
            for m in zelf.apps.app_models(&label) {
                models.set_item(&**m.model_name(), class_of_model(vm, &m)?, vm)?;
            }
            out.set_item(&*label, models.into(), vm)?;
        }
        Ok(out)
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
        lazy::model_registered(vm, &zelf.apps, &(label, name))
    }
    #[pymethod]
    fn clear_cache(zelf: &Py<Self>) {
        zelf.apps.expire();
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
    fn get_swappable_settings_name(zelf: &Py<Self>, to: String, vm: &Vm) -> PyResult {
        for m in zelf.apps.models() {
            let swappable = m.options.borrow().swappable.clone();
            if let Some(setting) = swappable {
                let swapped = m.swapped.borrow().clone();
                let names = swapped.iter().any(|s| s.eq_ignore_ascii_case(&to))
                    || m.label_lower() == to.to_lowercase();
                if names {
                    return Ok(py::str(vm, setting));
                }
            }
        }
        Ok(vm.ctx.none())
    }
    /// `override_settings(INSTALLED_APPS=…)`: other configurations for a while.
    #[pymethod]
    fn set_installed_apps(zelf: &Py<Self>, installed: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let old = zelf.configs.replace(vm.ctx.new_dict());
        zelf.stored.borrow_mut().push(old);
        Self::populate(zelf, OptionalArg::Present(installed), vm)
    }
    #[pymethod]
    fn unset_installed_apps(zelf: &Py<Self>) {
        if let Some(old) = zelf.stored.borrow_mut().pop() {
            *zelf.configs.borrow_mut() = old;
        }
    }
    #[pymethod]
    fn set_available_apps(zelf: &Py<Self>, available: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let names: Vec<String> = py::list(vm, &available)?
            .iter()
            .map(|n| py::to_string(vm, n))
            .collect::<PyResult<_>>()?;
        let kept = vm.ctx.new_dict();
        for (label, config) in &zelf.configs() {
            let name = py::to_string(vm, &py::attr(vm, &config, "name")?)?;
            if names.contains(&name) {
                kept.set_item(&*label, config, vm)?;
            }
        }
        let old = zelf.configs.replace(kept);
        zelf.stored.borrow_mut().push(old);
        Ok(())
    }
    #[pymethod]
    fn unset_available_apps(zelf: &Py<Self>) {
        Self::unset_installed_apps(zelf);
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
