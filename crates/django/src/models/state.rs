//! `ModelState`: where an instance came from, its cached relations, how it fetches more.
use crate::db::registry::DEFAULT_DB_ALIAS;
use crate::db::router;
use crate::gc::Held;
use crate::{modules, py};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};

type Vm = VirtualMachine;

/// `django.db.models.base.ModelState`
#[pyclass(
    module = "django.db.models.base",
    name = "ModelState",
    traverse = "manual"
)]
#[derive(Debug, PyPayload)]
pub struct PyModelState {
    pub db: RefCell<Option<PyObjectRef>>,
    pub adding: Cell<bool>,
    pub fields_cache: Held<Option<PyDictRef>>,
    pub related_managers_cache: Held<Option<PyDictRef>>,
    pub fetch_mode: Held<Option<PyObjectRef>>,
    pub peers: Held<Option<PyObjectRef>>,
}

// SAFETY: shows each object that the state owns, once, and clones nothing.
unsafe impl Traverse for PyModelState {
    fn traverse(&self, see: &mut TraverseFn<'_>) {
        self.fields_cache.traverse(see);
        self.related_managers_cache.traverse(see);
        self.fetch_mode.traverse(see);
        self.peers.traverse(see);
    }
}

impl Default for PyModelState {
    fn default() -> Self {
        PyModelState {
            db: RefCell::default(),
            adding: Cell::new(true),
            fields_cache: Held::default(),
            related_managers_cache: Held::default(),
            fetch_mode: Held::default(),
            peers: Held::default(),
        }
    }
}

impl PyModelState {
    /// `fields_cache`, made when first asked for.
    pub fn cache_dict(&self, vm: &Vm) -> PyDictRef {
        self.fields_cache
            .borrow_mut()
            .get_or_insert_with(|| vm.ctx.new_dict())
            .clone()
    }
}

impl Constructor for PyModelState {
    type Args = FuncArgs;
    fn py_new(_: &Py<rustpython_vm::builtins::PyType>, _: FuncArgs, _: &Vm) -> PyResult<Self> {
        Ok(PyModelState::default())
    }
}

fn value(v: PySetterValue) -> Option<PyObjectRef> {
    match v {
        PySetterValue::Assign(v) => Some(v),
        PySetterValue::Delete => None,
    }
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl PyModelState {
    #[pygetset]
    fn db(zelf: &Py<Self>, vm: &Vm) -> PyObjectRef {
        vm.unwrap_or_none(zelf.db.borrow().clone())
    }
    #[pygetset(setter)]
    fn set_db(zelf: &Py<Self>, v: PySetterValue) {
        *zelf.db.borrow_mut() = value(v);
    }
    #[pygetset]
    fn adding(zelf: &Py<Self>) -> bool {
        zelf.adding.get()
    }
    #[pygetset(setter)]
    fn set_adding(zelf: &Py<Self>, v: PySetterValue, vm: &Vm) -> PyResult<()> {
        zelf.adding.set(match value(v) {
            Some(v) => v.is_true(vm)?,
            None => true,
        });
        Ok(())
    }
    #[pygetset(name = "fields_cache")]
    fn cache(zelf: &Py<Self>, vm: &Vm) -> PyDictRef {
        zelf.cache_dict(vm)
    }
    #[pygetset(name = "fields_cache", setter)]
    fn set_cache(zelf: &Py<Self>, v: PyDictRef) {
        *zelf.fields_cache.borrow_mut() = Some(v);
    }
    #[pygetset]
    fn related_managers_cache(zelf: &Py<Self>, vm: &Vm) -> PyDictRef {
        zelf.related_managers_cache
            .borrow_mut()
            .get_or_insert_with(|| vm.ctx.new_dict())
            .clone()
    }
    #[pygetset(setter)]
    fn set_related_managers_cache(zelf: &Py<Self>, v: PyDictRef) {
        *zelf.related_managers_cache.borrow_mut() = Some(v);
    }
    #[pygetset]
    fn fetch_mode(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        if let Some(mode) = &*zelf.fetch_mode.borrow() {
            return Ok(mode.clone());
        }
        Ok(modules::find(vm, "django.db.models", "FETCH_ONE").unwrap_or_else(|_| vm.ctx.none()))
    }
    #[pygetset(setter)]
    fn set_fetch_mode(zelf: &Py<Self>, v: PySetterValue) {
        *zelf.fetch_mode.borrow_mut() = value(v);
    }
    #[pygetset]
    fn peers(zelf: &Py<Self>, vm: &Vm) -> PyObjectRef {
        match &*zelf.peers.borrow() {
            Some(p) => p.clone(),
            None => vm.ctx.new_tuple(vec![]).into(),
        }
    }
    #[pygetset(setter)]
    fn set_peers(zelf: &Py<Self>, v: PySetterValue) {
        *zelf.peers.borrow_mut() = value(v);
    }
    /// State that travels with a pickle.
    #[pymethod]
    fn __getstate__(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        let out = vm.ctx.new_dict();
        out.set_item("db", PyModelState::db(zelf, vm), vm)?;
        out.set_item("adding", py::bool(vm, zelf.adding.get()), vm)?;
        out.set_item(
            "fields_cache",
            vm.call_method(zelf.cache_dict(vm).as_object(), "copy", ())?,
            vm,
        )?;
        // Peers stay behind: weak references do not travel.
        if let Some(mode) = &*zelf.fetch_mode.borrow() {
            out.set_item("fetch_mode", mode.clone(), vm)?;
        }
        Ok(out)
    }
    #[pymethod]
    fn __setstate__(zelf: &Py<Self>, state: PyDictRef, vm: &Vm) -> PyResult<()> {
        if let Some(db) = state.get_item_opt("db", vm)? {
            *zelf.db.borrow_mut() = Some(db).filter(|d| !vm.is_none(d));
        }
        if let Some(adding) = state.get_item_opt("adding", vm)? {
            zelf.adding.set(adding.is_true(vm)?);
        }
        if let Some(mode) = state.get_item_opt("fetch_mode", vm)? {
            *zelf.fetch_mode.borrow_mut() = Some(mode);
        }
        if let Some(cache) = state.get_item_opt("fields_cache", vm)?
            && let Ok(cache) = cache.downcast()
        {
            *zelf.fields_cache.borrow_mut() = Some(cache);
        }
        Ok(())
    }
    #[pymethod]
    fn __reduce__(zelf: PyRef<Self>, vm: &Vm) -> PyResult<PyObjectRef> {
        let state = PyModelState::__getstate__(&zelf, vm)?;
        let class: PyObjectRef = zelf.class().to_owned().into();
        let args = vm.ctx.new_tuple(vec![]);
        Ok(vm
            .ctx
            .new_tuple(vec![class, args.into(), state.into()])
            .into())
    }
}

/// A state for an instance read from a database, or for a new one.
pub fn new_state(vm: &Vm, db: Option<PyObjectRef>, adding: bool) -> PyObjectRef {
    let state = PyModelState {
        db: RefCell::new(db),
        adding: Cell::new(adding),
        ..PyModelState::default()
    };
    state.into_ref(&vm.ctx).into()
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let class_ = PyModelState::make_static_type();
    modules::export(vm, "django.db.models.base", "ModelState", class_)?;
    Ok(())
}

/// The `ModelState` of an instance.
pub fn state_of(vm: &Vm, instance: &PyObject) -> PyResult<PyRef<PyModelState>> {
    let found = match instance.dict() {
        Some(d) => d.get_item_opt(vm.ctx.intern_str("_state"), vm)?,
        None => None,
    };
    let found = match found {
        Some(f) => f,
        None => py::attr(vm, instance, "_state")?,
    };
    found
        .downcast()
        .map_err(|_| vm.new_type_error("_state is not a ModelState"))
}

/// `instance._state.fields_cache`
pub fn fields_cache(vm: &Vm, instance: &PyObject) -> PyResult<PyDictRef> {
    Ok(state_of(vm, instance)?.cache_dict(vm))
}

/// Fetches what a descriptor misses, as the instance's fetch mode says.
pub fn fetch(vm: &Vm, instance: &PyObject, descriptor: &PyObject) -> PyResult<()> {
    let state = state_of(vm, instance)?;
    let mode = state.fetch_mode.borrow().clone();
    match mode {
        Some(mode) if !vm.is_none(&mode) => {
            let args = vec![descriptor.to_owned(), instance.to_owned()];
            py::call(vm, &mode, "fetch", args).map(drop)
        }
        _ => py::call(vm, descriptor, "fetch_one", vec![instance.to_owned()]).map(drop),
    }
}

/// Two instances that are related must live in the same database.
pub fn settle_db(vm: &Vm, instance: &PyObject, value: &PyObject) -> PyResult<()> {
    let (ours, theirs) = (state_of(vm, instance)?, state_of(vm, value)?);
    let none = |d: &RefCell<Option<PyObjectRef>>| d.borrow().as_ref().is_none_or(|d| vm.is_none(d));
    if none(&ours.db) {
        let db = route(vm, "db_for_write", instance.class().as_object(), value)?;
        *ours.db.borrow_mut() = Some(db);
    }
    if none(&theirs.db) {
        let db = route(vm, "db_for_write", value.class().as_object(), instance)?;
        *theirs.db.borrow_mut() = Some(db);
    }
    let allowed = if router::is_silent() {
        // Two databases are the only thing that could keep them apart.
        match (&*ours.db.borrow(), &*theirs.db.borrow()) {
            (Some(ours), Some(theirs)) => ours.is(theirs) || vm.bool_eq(ours, theirs)?,
            _ => true,
        }
    } else {
        let router = modules::find(vm, "django.db", "router")?;
        let args = vec![value.to_owned(), instance.to_owned()];
        py::call(vm, &router, "allow_relation", args)?.is_true(vm)?
    };
    if allowed {
        return Ok(());
    }
    Err(vm.new_value_error(format!(
        "Cannot assign \"{}\": the current database router prevents this relation.",
        py::repr(vm, value)?
    )))
}

/// The database that something lives in, else the default one.
fn default_or(vm: &Vm, state: &PyModelState) -> PyObjectRef {
    let db = state.db.borrow().clone().filter(|db| !vm.is_none(db));
    db.unwrap_or_else(|| vm.ctx.intern_str(DEFAULT_DB_ALIAS).to_owned().into())
}

fn route(vm: &Vm, method: &str, class: &PyObject, instance: &PyObject) -> PyResult {
    if router::is_silent()
        && let Ok(state) = state_of(vm, instance)
    {
        return Ok(default_or(vm, &state));
    }
    match modules::find(vm, "django.db", "router") {
        Ok(router) => py::call_kw(
            vm,
            &router,
            method,
            vec![class.to_owned()],
            &[("instance", instance.to_owned())],
        ),
        Err(_) => Ok(py::str(vm, "default")),
    }
}

/// `router.db_for_read(model, instance=instance)`
pub fn db_for_read(vm: &Vm, class: &PyObject, instance: &PyObject) -> PyResult {
    route(vm, "db_for_read", class, instance)
}

/// `router.db_for_write(model, instance=instance)`
pub fn db_for_write(vm: &Vm, class: &PyObject, instance: &PyObject) -> PyResult {
    route(vm, "db_for_write", class, instance)
}

/// An object made from another's values is as saved as that one.
pub fn copy_origin(vm: &Vm, from: &PyObject, to: &PyObject) -> PyResult<()> {
    let (from, to) = (state_of(vm, from)?, state_of(vm, to)?);
    to.adding.set(from.adding.get());
    *to.db.borrow_mut() = from.db.borrow().clone();
    Ok(())
}

/// An instance and, up to the one whose table `owner` has, the parents that it was reached through.
pub fn with_ancestors(
    vm: &VirtualMachine,
    instance: &PyObject,
    owner: &orm_state::ModelRef,
) -> PyResult<Vec<PyObjectRef>> {
    let mut found = vec![instance.to_owned()];
    let mut current = instance.to_owned();
    while let Some(model) = crate::models::model_of_instance(&current)
        && let Some(link) = model.ancestor_link(owner)
    {
        let parent = fields_cache(vm, &current)?.get_item_opt(&*link.name(), vm)?;
        match parent.filter(|p| !vm.is_none(p)) {
            Some(parent) => current = parent,
            None => break,
        }
        found.push(current.clone());
    }
    Ok(found)
}
