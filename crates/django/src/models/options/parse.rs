//! `class Meta` as options.
use super::PyOptions;
use crate::models::constraints;
use crate::{convert, py};
use orm_state::{Apps, Model, ModelOptions};
use rustpython_vm::builtins::PyType;
use rustpython_vm::{PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

type Vm = VirtualMachine;

/// What `class Meta` may hold. Source: "Model Meta options" in Django's documentation.
pub const NAMES: &[&str] = &[
    "verbose_name",
    "verbose_name_plural",
    "db_table",
    "db_table_comment",
    "ordering",
    "unique_together",
    "permissions",
    "get_latest_by",
    "order_with_respect_to",
    "app_label",
    "db_tablespace",
    "abstract",
    "managed",
    "proxy",
    "swappable",
    "auto_created",
    "apps",
    "default_permissions",
    "select_on_save",
    "default_related_name",
    "required_db_features",
    "required_db_vendor",
    "base_manager_name",
    "default_manager_name",
    "indexes",
    "constraints",
];

/// Reads `Meta` and makes the model's options.
pub fn make(
    vm: &Vm,
    meta: Option<&PyObject>,
    apps: &Rc<Apps>,
    app_label: &str,
    name: &str,
    module: &str,
) -> PyResult<PyObjectRef> {
    let original = vm.ctx.new_dict();
    let mut parts: HashMap<&'static str, PyObjectRef> = HashMap::new();
    if let Some(meta) = meta {
        for option in NAMES {
            if let Some(v) = py::attr_opt(vm, meta, option)? {
                parts.insert(option, v.clone());
                original.set_item(*option, v, vm)?;
            }
        }
        refuse_others(vm, meta)?;
    }
    let options = options(vm, &mut parts, app_label, name)?;
    let model = Model::new(apps, app_label, name, module, options);
    if parts.contains_key("unique_together") {
        let normal = parts["unique_together"].clone();
        // What is no list at all stays as it is: the checks complain of it.
        let kept = as_set(vm, &normal).unwrap_or(normal);
        original.set_item("unique_together", kept, vm)?;
    }
    let made = PyOptions {
        model,
        parts: RefCell::new(parts),
        original,
        local_managers: RefCell::default(),
        managers: RefCell::default(),
        base_manager: RefCell::default(),
        default_manager: RefCell::default(),
        plan: RefCell::default(),
    };
    Ok(made.into_ref(&vm.ctx).into())
}

fn as_set(vm: &Vm, items: &PyObject) -> PyResult {
    use rustpython_vm::AsObject;
    vm.ctx
        .types
        .set_type
        .as_object()
        .call((items.to_owned(),), vm)
}

fn refuse_others(vm: &Vm, meta: &PyObject) -> PyResult<()> {
    let Some(class) = meta.downcast_ref::<PyType>() else {
        return Ok(());
    };
    let mut bad = vec![];
    for name in class.attributes().interned_names(&vm.ctx) {
        let name = name.to_string();
        if !name.starts_with('_') && !NAMES.contains(&name.as_str()) {
            bad.push(name);
        }
    }
    if bad.is_empty() {
        return Ok(());
    }
    Err(vm.new_type_error(format!(
        "'class Meta' got invalid attribute(s): {}",
        bad.join(",")
    )))
}

fn options(
    vm: &Vm,
    parts: &mut HashMap<&'static str, PyObjectRef>,
    app_label: &str,
    name: &str,
) -> PyResult<ModelOptions> {
    let text = |parts: &HashMap<&'static str, PyObjectRef>, n: &str| -> PyResult<Option<String>> {
        match parts.get(n).filter(|v| !vm.is_none(v)) {
            Some(v) => py::to_string(vm, v).map(Some),
            None => Ok(None),
        }
    };
    let flag =
        |parts: &HashMap<&'static str, PyObjectRef>, n: &str, default: bool| -> PyResult<bool> {
            match parts.get(n) {
                Some(v) => v.clone().is_true(vm),
                None => Ok(default),
            }
        };
    let strings = |v: &PyObjectRef| -> PyResult<Vec<String>> {
        py::list(vm, v)?
            .iter()
            .map(|s| py::to_string(vm, s))
            .collect()
    };
    let mut o = ModelOptions {
        db_table: text(parts, "db_table")?.unwrap_or_default(),
        db_table_comment: text(parts, "db_table_comment")?.unwrap_or_default(),
        db_tablespace: text(parts, "db_tablespace")?,
        order_with_respect_to: text(parts, "order_with_respect_to")?,
        abstract_: flag(parts, "abstract", false)?,
        proxy: flag(parts, "proxy", false)?,
        managed: flag(parts, "managed", true)?,
        swappable: text(parts, "swappable")?,
        auto_created: flag(parts, "auto_created", false)?,
        default_related_name: text(parts, "default_related_name")?,
        default_manager_name: text(parts, "default_manager_name")?,
        base_manager_name: text(parts, "base_manager_name")?,
        verbose_name: text(parts, "verbose_name")?,
        verbose_name_plural: text(parts, "verbose_name_plural")?,
        select_on_save: flag(parts, "select_on_save", false)?,
        required_db_vendor: text(parts, "required_db_vendor")?,
        default_permissions: ["add", "change", "delete", "view"]
            .map(String::from)
            .to_vec(),
        ..ModelOptions::default()
    };
    if let Some(v) = parts.get("ordering") {
        o.ordering = match py::as_string(v) {
            Some(_) => vec![],
            None => py::list(vm, v)?
                .iter()
                .map(|i| convert::to_value(vm, i))
                .collect::<PyResult<_>>()?,
        };
    }
    if let Some(v) = parts.get("get_latest_by").filter(|v| !vm.is_none(v)) {
        o.get_latest_by = Some(match py::as_string(v) {
            Some(s) => vec![s],
            None => strings(v)?,
        });
    }
    if let Some(v) = parts.get("default_permissions") {
        o.default_permissions = strings(v)?;
    }
    if let Some(v) = parts.get("required_db_features") {
        o.required_db_features = strings(v)?;
    }
    if let Some(v) = parts.get("permissions") {
        for pair in py::list(vm, v)? {
            if let [a, b] = py::list(vm, &pair)?.as_slice() {
                o.permissions
                    .push((py::to_string(vm, a)?, py::to_string(vm, b)?));
            }
        }
    }
    if let Some(v) = parts.get("unique_together") {
        let normal = normalize_together(vm, v)?;
        for group in py::list(vm, &normal).unwrap_or_default() {
            o.unique_together.push(strings(&group).unwrap_or_default());
        }
        parts.insert("unique_together", normal);
    }
    let fill = |objects: &PyObjectRef| -> PyResult<Vec<PyObjectRef>> {
        let mut out = vec![];
        for object in py::list(vm, objects)? {
            out.push(if o.abstract_ {
                object
            } else {
                constraints::with_names_filled(vm, &object, app_label, name)?
            });
        }
        Ok(out)
    };
    if let Some(v) = parts.get("constraints").cloned() {
        let filled = fill(&v)?;
        parts.insert("constraints", vm.ctx.new_list(filled).into());
    }
    if let Some(v) = parts.get("indexes").cloned() {
        let filled = fill(&v)?;
        parts.insert("indexes", vm.ctx.new_list(filled).into());
    }
    Ok(o)
}

/// `unique_together` as a tuple of tuples; one pair may be given without the outer one.
pub fn normalize_together(vm: &Vm, given: &PyObject) -> PyResult {
    let Ok(items) = py::list(vm, given) else {
        return Ok(given.to_owned());
    };
    if py::as_string(given).is_some() {
        return Ok(given.to_owned());
    }
    let Some(first) = items.first() else {
        return Ok(vm.ctx.new_tuple(vec![]).into());
    };
    let groups = if py::as_string(first).is_some() {
        vec![vm.ctx.new_tuple(items).into()]
    } else {
        items
    };
    let mut out: Vec<PyObjectRef> = vec![];
    for g in groups {
        match py::list(vm, &g) {
            Ok(names) if py::as_string(&g).is_none() => out.push(vm.ctx.new_tuple(names).into()),
            _ => return Ok(given.to_owned()),
        }
    }
    Ok(vm.ctx.new_tuple(out).into())
}
