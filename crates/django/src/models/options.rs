//! `Model._meta`.
pub mod api;
pub mod immutable;
pub mod managers;
pub mod parse;
pub mod relations;
pub mod swapped;

use crate::models::base::making::Plan;
use crate::{modules, py};
use orm_state::{Field, ModelRef};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// `django.db.models.options.Options`
#[pyclass(module = "django.db.models.options", name = "Options")]
#[derive(PyPayload)]
pub struct PyOptions {
    pub model: ModelRef,
    /// What the user's `Meta` gave, as it was given.
    pub parts: RefCell<HashMap<&'static str, PyObjectRef>>,
    pub original: PyDictRef,
    pub local_managers: RefCell<Vec<PyObjectRef>>,
    pub managers: RefCell<Option<Vec<PyObjectRef>>>,
    pub base_manager: RefCell<Option<PyObjectRef>>,
    pub default_manager: RefCell<Option<PyObjectRef>>,
    /// How instances are made.
    pub plan: RefCell<Option<Rc<Plan>>>,
}

impl std::fmt::Debug for PyOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.model)
    }
}

#[pyclass(flags(BASETYPE, HAS_DICT))]
impl PyOptions {}

impl PyOptions {
    pub fn part(&self, name: &str) -> Option<PyObjectRef> {
        self.parts.borrow().get(name).cloned()
    }
    pub fn part_or_none(&self, vm: &VirtualMachine, name: &str) -> PyObjectRef {
        vm.unwrap_or_none(self.part(name))
    }
}

/// The model that a `_meta` describes.
pub fn model_of_options(meta: &PyObject) -> Option<ModelRef> {
    meta.downcast_ref::<PyOptions>().map(|o| o.model.clone())
}

/// `_meta.add_field(field, private)`
pub fn add_field(
    vm: &VirtualMachine,
    meta: &PyObject,
    field: &Rc<Field>,
    private: bool,
) -> PyResult<()> {
    let Some(model) = model_of_options(meta) else {
        return Err(vm.new_type_error("not a model's _meta"));
    };
    model.add_field(field, private);
    Ok(())
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = PyOptions::make_static_type();
    crate::class::fill_class(vm, &class, |c| {
        api::fill(c);
        managers::fill(c);
    })?;
    modules::export(vm, "django.db.models.options", "Options", class)?;
    immutable::install(vm)?;
    modules::export(
        vm,
        "django.db.models.options",
        "EMPTY_RELATION_TREE",
        vm.ctx.empty_tuple.clone(),
    )?;
    let names = parse::NAMES.iter().map(|n| py::str(vm, n)).collect();
    modules::export(
        vm,
        "django.db.models.options",
        "DEFAULT_NAMES",
        vm.ctx.new_tuple(names),
    )?;
    let normalize = vm.new_function(
        "normalize_together",
        |v: PyObjectRef, vm: &VirtualMachine| parse::normalize_together(vm, &v),
    );
    modules::export(
        vm,
        "django.db.models.options",
        "normalize_together",
        normalize,
    )
}

/// The registry that new models join (`Options.default_apps`).
pub fn default_apps(vm: &VirtualMachine) -> PyResult {
    let class: PyObjectRef = PyOptions::class(&vm.ctx).to_owned().into();
    class.as_object().get_attr("default_apps", vm)
}
