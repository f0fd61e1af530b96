//! `_prepare`: the primary key, ordering by a relation, managers, names of indexes, the signal.
use super::add_to_class;
use crate::error::OrRaise;
use crate::models::fields::contribute::partial_method;
use crate::models::fields::field_object;
use crate::models::options::PyOptions;
use crate::models::{model_of_class, ordered};
use crate::{modules, py};
use orm_state::{ModelRef, Value};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn prepare(vm: &Vm, class: &PyObject) -> PyResult<()> {
    let Some(model) = model_of_class(vm, class) else {
        return Ok(());
    };
    let meta = py::attr(vm, class, "_meta")?;
    let with_respect_to = model.options.borrow().order_with_respect_to.clone();
    if let Some(name) = &with_respect_to {
        order_with_respect_to(vm, class, &meta, &model, name)?;
    }
    primary_key(vm, class, &model)?;
    if with_respect_to.is_some() {
        for (name, is_next) in [
            ("get_next_in_order", true),
            ("get_previous_in_order", false),
        ] {
            let parts = [("is_next", py::bool(vm, is_next))];
            let method = partial_method(vm, class, "_get_next_or_previous_in_order", &parts)?;
            py::set_attr(vm, class, name, method)?;
        }
        ordered::order_accessors(vm, class, &model)?;
    }
    if py::attr_opt(vm, class, "__doc__")?.is_none_or(|d| vm.is_none(&d)) {
        let names: Vec<String> = model
            .fields()
            .iter()
            .map(|f| f.name().to_string())
            .collect();
        let doc = format!("{}({})", model.object_name(), names.join(", "));
        py::set_attr(vm, class, "__doc__", py::str(vm, doc))?;
    }
    absolute_url(vm, class, &model)?;
    default_manager(vm, class, &meta, &model)?;
    name_indexes(vm, class, &meta)?;
    if let Ok(signal) = modules::find(vm, "django.db.models.signals", "class_prepared") {
        py::call_kw(vm, &signal, "send", vec![], &[("sender", class.to_owned())])?;
    }
    Ok(())
}

fn primary_key(vm: &Vm, class: &PyObject, model: &ModelRef) -> PyResult<()> {
    if model.pk().is_some() {
        return Ok(());
    }
    if let Some((_, Some(link))) = model.parents().first() {
        // The first parent's link is the key.
        let local = model
            .local_fields()
            .into_iter()
            .find(|f| f.name() == link.name())
            .unwrap_or_else(|| link.clone());
        local.primary_key.set(true);
        model.set_pk(&local);
        model.expire();
        return Ok(());
    }
    let auto = default_auto_field(vm, model)?;
    let made = auto.call(
        py::with_kwargs(
            vec![],
            &[
                ("verbose_name", py::str(vm, "ID")),
                ("primary_key", py::bool(vm, true)),
                ("auto_created", py::bool(vm, true)),
            ],
        ),
        vm,
    )?;
    add_to_class(vm, class, "id", made)
}

/// The class of automatic primary keys: the app's `default_auto_field`, else the setting's.
fn default_auto_field(vm: &Vm, model: &ModelRef) -> PyResult {
    let apps = crate::models::base::apps_of(vm, model)?;
    let configs = py::attr(vm, &apps, "app_configs")?;
    let config = py::call(vm, &configs, "get", vec![py::str(vm, &**model.app_label())])?;
    let own = !vm.is_none(&config)
        && py::attr(vm, &config, "_is_default_auto_field_overridden")?.is_true(vm)?;
    let (given, whose) = if own {
        let class = config.class();
        let whose = format!(
            "{}.{}.default_auto_field",
            py::to_string(vm, &py::attr(vm, class.as_object(), "__module__")?)?,
            py::to_string(vm, &py::attr(vm, class.as_object(), "__qualname__")?)?
        );
        (py::attr(vm, &config, "default_auto_field")?, whose)
    } else {
        let given = crate::conf::get(vm, "DEFAULT_AUTO_FIELD")?;
        (given, "DEFAULT_AUTO_FIELD".into())
    };
    let improper = |text: String| crate::error::raise(vm, "ImproperlyConfigured", text);
    if !given.clone().is_true(vm)? {
        return Err(improper(format!("{whose} must not be empty.")));
    }
    let path = py::to_string(vm, &given)?;
    let class = match named_class(vm, &path) {
        Ok(class) => class,
        Err(e) => {
            let raised = improper(format!(
                "{whose} refers to the module '{path}' that could not be imported."
            ));
            crate::error::set_cause(vm, &raised, Some(e));
            return Err(raised);
        }
    };
    let is_auto = py::as_class(&class).is_some_and(|c| {
        crate::models::fields::classes::field_class(vm, &c).is_ok_and(|f| f.kind.is_auto())
    });
    if !is_auto {
        return Err(vm.new_value_error(format!(
            "Primary key '{path}' referred by {whose} must subclass AutoField."
        )));
    }
    Ok(class)
}

fn named_class(vm: &Vm, path: &str) -> PyResult {
    let (module, name) = path.rsplit_once('.').unwrap_or(("", path));
    let importlib = vm.import("importlib", 0)?;
    let module = py::call(vm, &importlib, "import_module", vec![py::str(vm, module)])?;
    py::attr(vm, &module, name)
}

/// `order_with_respect_to`: an `_order` column, and ordering by it.
fn order_with_respect_to(
    vm: &Vm,
    class: &PyObject,
    meta: &PyObject,
    model: &ModelRef,
    name: &str,
) -> PyResult<()> {
    let query = field_object(vm, &model.field(name).or_raise(vm)?)?;
    if let Some(this) = meta.downcast_ref::<PyOptions>() {
        this.parts.borrow_mut().insert("order_wrt", query);
        this.parts.borrow_mut().insert(
            "ordering",
            vm.ctx.new_tuple(vec![py::str(vm, "_order")]).into(),
        );
    }
    model.options.borrow_mut().ordering = vec![Value::from("_order")];
    if !model.local_fields().iter().any(|f| &*f.name() == "_order") {
        let order = modules::find(vm, "django.db.models.fields.proxy", "OrderWrt")?;
        let made = order.call(
            py::with_kwargs(
                vec![],
                &[
                    ("name", py::str(vm, "_order")),
                    ("editable", py::bool(vm, false)),
                ],
            ),
            vm,
        )?;
        add_to_class(vm, class, "_order", made)?;
    }
    Ok(())
}

/// `ABSOLUTE_URL_OVERRIDES` may give a model another `get_absolute_url()`.
fn absolute_url(vm: &Vm, class: &PyObject, model: &ModelRef) -> PyResult<()> {
    let Some(all) = crate::apps::setting(vm, "ABSOLUTE_URL_OVERRIDES")? else {
        return Ok(());
    };
    let label = py::str(vm, model.label_lower());
    let own = py::call(vm, &all, "get", vec![label])?;
    match own.clone().is_true(vm)? {
        true => py::set_attr(vm, class, "get_absolute_url", own),
        false => Ok(()),
    }
}

fn default_manager(vm: &Vm, class: &PyObject, meta: &PyObject, model: &ModelRef) -> PyResult<()> {
    let managers = py::attr(vm, meta, "managers")?;
    if managers.is_true(vm)? {
        return Ok(());
    }
    if model.fields().iter().any(|f| &*f.name() == "objects") {
        return Err(vm.new_value_error(format!(
            "Model {} must specify a custom Manager, because it has a field named 'objects'.",
            model.object_name()
        )));
    }
    let Ok(manager) = modules::find(vm, "django.db.models.manager", "Manager") else {
        return Ok(());
    };
    let made = manager.call((), vm)?;
    py::set_attr(vm, &made, "auto_created", py::bool(vm, true))?;
    add_to_class(vm, class, "objects", made)
}

fn name_indexes(vm: &Vm, class: &PyObject, meta: &PyObject) -> PyResult<()> {
    let indexes = py::attr(vm, meta, "indexes")?;
    let mut out = vec![];
    for index in py::list(vm, &indexes)? {
        let copy = vm.import("copy", 0)?.get_attr("copy", vm)?;
        let index = copy.call((index,), vm)?;
        let name = py::attr(vm, &index, "name")?;
        if !name.is_true(vm)? {
            py::call(vm, &index, "set_name_with_model", vec![class.to_owned()])?;
        }
        out.push(index);
    }
    if out.is_empty() {
        return Ok(());
    }
    py::set_attr(vm, meta.as_object(), "indexes", vm.ctx.new_list(out))
}
