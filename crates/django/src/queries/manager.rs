//! Managers: `Book.objects`, `BaseManager.from_queryset()`, `QuerySet.as_manager()`.
use super::hints;
use super::queryset::PyQuerySet;
use crate::modules;
use crate::signature::Signature;
use rustpython_vm::builtins::{PyBoundMethod, PyDictRef, PyFunction, PyStr, PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::function::{FuncArgs, PyComparisonValue};
use rustpython_vm::types::{
    Callable, Comparable, Constructor, GetDescriptor, Hashable, PyComparisonOp,
};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const MODULE: &str = "django.db.models.manager";

thread_local! {
    /// Managers order themselves by when they were made.
    static COUNTER: Cell<i64> = const { Cell::new(0) };
}

#[pyclass(module = "django.db.models.manager", name = "BaseManager")]
#[derive(PyPayload)]
pub struct PyManager {
    pub model: RefCell<Option<PyTypeRef>>,
    pub name: RefCell<Option<String>>,
    pub using: RefCell<Option<Rc<str>>>,
    pub hints: RefCell<Option<PyDictRef>>,
    creation_counter: Cell<i64>,
    constructor_args: RefCell<Option<FuncArgs>>,
}

impl std::fmt::Debug for PyManager {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Manager({:?})", self.name.borrow())
    }
}

impl PyManager {
    /// A manager that was not made by calling its class.
    pub fn blank() -> PyManager {
        PyManager::new()
    }
    fn new() -> PyManager {
        let counter = COUNTER.get();
        COUNTER.set(counter + 1);
        PyManager {
            model: RefCell::default(),
            name: RefCell::default(),
            using: RefCell::default(),
            hints: RefCell::default(),
            creation_counter: Cell::new(counter),
            constructor_args: RefCell::default(),
        }
    }
    /// A copy, as `copy.copy` makes it.
    pub fn copy(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyManager>> {
        let copy = PyManager {
            model: RefCell::new(zelf.model.borrow().clone()),
            name: RefCell::new(zelf.name.borrow().clone()),
            using: RefCell::new(zelf.using.borrow().clone()),
            hints: RefCell::new(zelf.hints.borrow().clone()),
            creation_counter: zelf.creation_counter.clone(),
            constructor_args: RefCell::new(zelf.constructor_args.borrow().clone()),
        };
        let made = copy.into_ref_with_type(vm, zelf.class().to_owned())?;
        if let (Some(from), Some(to)) = (zelf.as_object().dict(), made.as_object().dict()) {
            for (k, v) in from {
                to.set_item(&*k, v, vm)?;
            }
        }
        Ok(made)
    }
    /// The plain `get_queryset()`.
    pub fn fresh(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        let class = zelf.as_object().get_attr("_queryset_class", vm)?;
        let class = class
            .downcast::<PyType>()
            .map_err(|_| vm.new_type_error("_queryset_class must be a class"))?;
        let model = zelf.model.borrow().clone();
        let plain = class.is(PyQuerySet::static_class()) || {
            let init = vm.ctx.intern_str("__init__");
            match (
                class.get_attr(init),
                PyQuerySet::static_class().get_attr(init),
            ) {
                (Some(a), Some(b)) => a.is(&b),
                _ => true,
            }
        };
        match model {
            Some(model) if plain && class.fast_issubclass(PyQuerySet::static_class()) => {
                let using = zelf.using.borrow().clone();
                let hints = zelf.hints.borrow().clone();
                Ok(PyQuerySet::of_model(vm, class, &model, using, hints)?.into())
            }
            model => {
                let mut args = FuncArgs::default();
                let model = model.map_or_else(|| vm.ctx.none(), Into::into);
                args.kwargs.insert("model".into(), model);
                let using = zelf.using.borrow().clone();
                let using = using.map_or_else(|| vm.ctx.none(), |u| vm.ctx.new_str(&*u).into());
                args.kwargs.insert("using".into(), using);
                let hints = zelf.hints.borrow().clone();
                args.kwargs.insert(
                    "hints".into(),
                    hints.map_or_else(|| vm.ctx.none(), Into::into),
                );
                class.as_object().call(args, vm)
            }
        }
    }
    pub fn db(&self, vm: &VirtualMachine) -> PyResult<Rc<str>> {
        if let Some(u) = &*self.using.borrow() {
            return Ok(u.clone());
        }
        let class = self.model.borrow().clone();
        let class = class.map_or_else(|| vm.ctx.none(), Into::into);
        hints::route(vm, false, class, self.hints.borrow().clone())
    }
}

impl Constructor for PyManager {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let manager = PyManager::new();
        *manager.constructor_args.borrow_mut() = Some(args);
        manager.into_ref_with_type(vm, cls).map(Into::into)
    }
    fn py_new(_cls: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(PyManager::new())
    }
}

fn label(vm: &VirtualMachine, class: &PyTypeRef) -> PyResult<String> {
    Ok(hints::model_of_class(vm, class.as_object())?.label())
}

#[pyclass(
    with(Constructor, Comparable, Hashable),
    flags(BASETYPE, HAS_DICT, HAS_WEAKREF)
)]
impl PyManager {
    #[pygetset(name = "model")]
    fn py_model(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyObjectRef {
        let model = zelf.model.borrow().clone();
        model.map_or_else(|| vm.ctx.none(), Into::into)
    }
    #[pygetset(setter)]
    fn set_model(zelf: &Py<PyManager>, value: PyObjectRef) {
        *zelf.model.borrow_mut() = value.downcast().ok();
    }
    #[pygetset(name = "name")]
    fn py_name(zelf: &Py<PyManager>) -> Option<String> {
        zelf.name.borrow().clone()
    }
    #[pygetset(setter)]
    fn set_name(zelf: &Py<PyManager>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        *zelf.name.borrow_mut() = if vm.is_none(&value) {
            None
        } else {
            Some(value.str(vm)?.to_string_lossy().into_owned())
        };
        Ok(())
    }
    #[pygetset]
    fn _db(zelf: &Py<PyManager>) -> Option<String> {
        zelf.using.borrow().as_ref().map(|u| u.to_string())
    }
    #[pygetset(setter)]
    fn set__db(zelf: &Py<PyManager>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        *zelf.using.borrow_mut() = if vm.is_none(&value) {
            None
        } else {
            Some((&*value.str(vm)?.to_string_lossy()).into())
        };
        Ok(())
    }
    #[pygetset]
    fn _hints(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyObjectRef {
        let hints = zelf.hints.borrow().clone();
        hints.unwrap_or_else(|| vm.ctx.new_dict()).into()
    }
    #[pygetset(setter)]
    fn set__hints(zelf: &Py<PyManager>, value: PyObjectRef) {
        *zelf.hints.borrow_mut() = value.downcast().ok();
    }
    /// The next place among all managers.
    #[pymethod]
    fn _set_creation_counter(zelf: &Py<PyManager>) {
        zelf.creation_counter
            .set(PyManager::new().creation_counter.get());
    }
    #[pygetset]
    fn creation_counter(zelf: &Py<PyManager>) -> i64 {
        zelf.creation_counter.get()
    }
    #[pygetset(setter)]
    fn set_creation_counter(zelf: &Py<PyManager>, value: i64) {
        zelf.creation_counter.set(value);
    }
    #[pygetset]
    fn _constructor_args(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyResult {
        let (args, kwargs) = constructor_args(zelf, vm)?;
        Ok(vm.ctx.new_tuple(vec![args, kwargs.into()]).into())
    }
    #[pygetset(name = "db")]
    fn py_db(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyResult<String> {
        Ok(zelf.db(vm)?.to_string())
    }
    #[pymethod]
    fn __str__(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyResult<String> {
        let model = zelf.model.borrow().clone();
        let label = match &model {
            Some(m) => label(vm, m)?,
            None => {
                return Err(vm.new_attribute_error("'NoneType' object has no attribute '_meta'"));
            }
        };
        Ok(format!(
            "{label}.{}",
            zelf.name.borrow().as_deref().unwrap_or("None")
        ))
    }
    #[pymethod]
    fn __copy__(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyResult<PyRef<PyManager>> {
        PyManager::copy(zelf, vm)
    }
    /// Its class and arguments; the model it belongs to, its name and its database.
    #[pymethod]
    fn __reduce__(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyResult {
        let (args, kwargs) = constructor_args(zelf, vm)?;
        let rebuild = modules::find(vm, MODULE, "_rebuild_manager")?;
        let class = zelf.class().to_owned().into();
        let state = match zelf.as_object().dict() {
            Some(dict) => dict.copy().into_ref(&vm.ctx),
            None => vm.ctx.new_dict(),
        };
        for name in ["model", "name", "_db", "_hints"] {
            let value = zelf.as_object().get_attr(name, vm)?;
            state.set_item(name, value, vm)?;
        }
        let made = vm.ctx.new_tuple(vec![class, args, kwargs.into()]);
        Ok(vm
            .ctx
            .new_tuple(vec![rebuild, made.into(), state.into()])
            .into())
    }
    #[pymethod]
    fn __setstate__(zelf: &Py<PyManager>, state: PyDictRef, vm: &VirtualMachine) -> PyResult<()> {
        for (name, value) in &state {
            let name = name.str(vm)?;
            zelf.as_object()
                .set_attr(vm.ctx.intern_str(&*name.to_string_lossy()), value, vm)?;
        }
        Ok(())
    }
    #[pymethod]
    fn get_queryset(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyResult {
        PyManager::fresh(zelf, vm)
    }
    #[pymethod]
    fn all(zelf: &Py<PyManager>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        Signature::of("BaseManager.all", &[]).check(vm, &args)?;
        let _scope = super::origins::calling_plain(vm);
        vm.call_method(zelf.as_object(), "get_queryset", ())
    }
    #[pymethod]
    fn db_manager(
        zelf: &Py<PyManager>,
        mut args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<PyManager>> {
        let copy = PyManager::copy(zelf, vm)?;
        let using = args
            .take_positional()
            .or_else(|| args.take_keyword("using"));
        let hints = args
            .take_positional()
            .or_else(|| args.take_keyword("hints"));
        if let Some(u) = using.filter(|u| !vm.is_none(u)) {
            PyManager::set__db(&copy, u, vm)?;
        }
        if let Some(h) = hints.filter(|h| !vm.is_none(h)) {
            *copy.hints.borrow_mut() = h.downcast().ok();
        }
        Ok(copy)
    }
    #[pymethod]
    fn contribute_to_class(
        zelf: PyRef<PyManager>,
        cls: PyTypeRef,
        name: String,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        if zelf.name.borrow().is_none() {
            *zelf.name.borrow_mut() = Some(name.clone());
        }
        *zelf.model.borrow_mut() = Some(cls.clone());
        let descriptor = ManagerDescriptor {
            manager: zelf.clone(),
        }
        .into_pyobject(vm);
        cls.as_object()
            .set_attr(vm.ctx.intern_str(name.as_str()), descriptor, vm)?;
        let meta = cls.as_object().get_attr("_meta", vm)?;
        vm.call_method(&meta, "add_manager", (zelf,))?;
        Ok(())
    }
    #[pymethod]
    fn check(_zelf: &Py<PyManager>, _args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.new_list(vec![]).into()
    }
    #[pymethod]
    fn deconstruct(zelf: &Py<PyManager>, vm: &VirtualMachine) -> PyResult {
        let none = || vm.ctx.none();
        let text = |s: String| -> PyObjectRef { vm.ctx.new_str(s).into() };
        if vm
            .get_attribute_opt(zelf.as_object(), "_built_with_as_manager")?
            .is_some()
        {
            let class = zelf.as_object().get_attr("_queryset_class", vm)?;
            let path = path_of(vm, &class)?;
            return Ok(vm
                .ctx
                .new_tuple(vec![
                    vm.ctx.new_bool(true).into(),
                    none(),
                    text(path),
                    none(),
                    none(),
                ])
                .into());
        }
        let class: PyObjectRef = zelf.class().to_owned().into();
        let module = class
            .get_attr("__module__", vm)?
            .str(vm)?
            .to_string_lossy()
            .into_owned();
        let name = zelf.class().name().to_string();
        let all = vm.sys_module.get_attr("modules", vm)?;
        let known = match all.get_item(module.as_str(), vm) {
            Ok(m) => vm
                .get_attribute_opt(&m, vm.ctx.intern_str(name.as_str()))?
                .is_some(),
            Err(_) => false,
        };
        if !known {
            return Err(vm.new_value_error(format!(
                "Could not find manager {name} in {module}.\nPlease note that you need to inherit from managers you dynamically generated with 'from_queryset()'."
            )));
        }
        let (args, kwargs) = constructor_args(zelf, vm)?;
        Ok(vm
            .ctx
            .new_tuple(vec![
                vm.ctx.new_bool(false).into(),
                text(format!("{module}.{name}")),
                none(),
                args,
                kwargs.into(),
            ])
            .into())
    }
    #[pyclassmethod]
    fn from_queryset(cls: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let mut args = args;
        let queryset = args
            .take_positional_keyword("queryset_class")
            .and_then(|q| q.downcast::<PyType>().ok())
            .ok_or_else(|| vm.new_type_error("from_queryset() takes a QuerySet class"))?;
        let name = match args.take_positional_keyword("class_name") {
            Some(n) if !vm.is_none(&n) => n.str(vm)?.to_string_lossy().into_owned(),
            _ => format!("{}From{}", cls.name(), queryset.name()),
        };
        Ok(from_queryset(vm, cls, queryset, &name)?.into())
    }
    #[pyclassmethod]
    fn _get_queryset_methods(cls: PyTypeRef, queryset: PyTypeRef, vm: &VirtualMachine) -> PyResult {
        let found = vm.ctx.new_dict();
        for (name, method) in queryset_methods(vm, &cls, &queryset)? {
            found.set_item(name.as_str(), method, vm)?;
        }
        Ok(found.into())
    }
    #[pyclassmethod]
    fn __class_getitem__(cls: PyTypeRef, _item: PyObjectRef) -> PyTypeRef {
        cls
    }
}

fn constructor_args(
    zelf: &Py<PyManager>,
    vm: &VirtualMachine,
) -> PyResult<(PyObjectRef, PyDictRef)> {
    let given = zelf.constructor_args.borrow().clone().unwrap_or_default();
    let kwargs = vm.ctx.new_dict();
    for (k, v) in given.kwargs.iter() {
        kwargs.set_item(&*vm.ctx.new_str(k.clone()), v.clone(), vm)?;
    }
    Ok((vm.ctx.new_tuple(given.args).into(), kwargs))
}

fn path_of(vm: &VirtualMachine, class: &PyObjectRef) -> PyResult<String> {
    let module = class.get_attr("__module__", vm)?.str(vm)?;
    let name = class.get_attr("__name__", vm)?.str(vm)?;
    Ok(format!(
        "{}.{}",
        module.to_string_lossy(),
        name.to_string_lossy()
    ))
}

impl Comparable for PyManager {
    fn cmp(
        zelf: &Py<Self>,
        other: &PyObject,
        op: PyComparisonOp,
        vm: &VirtualMachine,
    ) -> PyResult<PyComparisonValue> {
        let same = match other.downcast_ref::<PyManager>() {
            Some(o) if other.fast_isinstance(zelf.class()) => {
                let a = PyManager::_constructor_args(zelf, vm)?;
                let b = PyManager::_constructor_args(o, vm)?;
                vm.bool_eq(&a, &b)?
            }
            _ => false,
        };
        Ok(match op {
            PyComparisonOp::Eq => PyComparisonValue::Implemented(same),
            PyComparisonOp::Ne => PyComparisonValue::Implemented(!same),
            _ => PyComparisonValue::NotImplemented,
        })
    }
}

impl Hashable for PyManager {
    fn hash(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyHash> {
        Ok(zelf.as_object().get_id() as PyHash)
    }
}

/// A queryset's method on its manager.
#[pyclass(module = "builtins", name = "function")]
#[derive(Debug, PyPayload)]
pub struct ManagerMethod {
    name: String,
    method: PyObjectRef,
}

#[pyclass(with(Callable, GetDescriptor))]
impl ManagerMethod {
    #[pygetset]
    fn __name__(zelf: &Py<ManagerMethod>) -> String {
        zelf.name.clone()
    }
    #[pygetset]
    fn __wrapped__(zelf: &Py<ManagerMethod>) -> PyObjectRef {
        zelf.method.clone()
    }
    #[pygetset]
    fn __doc__(zelf: &Py<ManagerMethod>, vm: &VirtualMachine) -> PyResult {
        zelf.method.get_attr("__doc__", vm)
    }
}

impl Callable for ManagerMethod {
    type Args = FuncArgs;
    fn call(zelf: &Py<Self>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let Some(manager) = args.take_positional() else {
            return Err(vm.new_type_error(format!("{}() needs a manager", zelf.name)));
        };
        let _scope = super::origins::calling(vm, &args);
        let queryset = vm.call_method(&manager, "get_queryset", ())?;
        queryset
            .get_attr(vm.ctx.intern_str(zelf.name.as_str()), vm)?
            .call(args, vm)
    }
}

impl GetDescriptor for ManagerMethod {
    fn descr_get(
        zelf: &PyObject,
        obj: Option<&PyObject>,
        _cls: Option<&PyObject>,
        vm: &VirtualMachine,
    ) -> PyResult {
        Ok(match obj {
            Some(o) if !vm.is_none(o) => {
                PyBoundMethod::new(o.to_owned(), zelf.to_owned()).into_pyobject(vm)
            }
            _ => zelf.to_owned(),
        })
    }
}

/// `Book.objects` on the class.
#[pyclass(module = "django.db.models.manager", name = "ManagerDescriptor")]
#[derive(Debug, PyPayload)]
pub struct ManagerDescriptor {
    pub manager: PyRef<PyManager>,
}

#[pyclass(with(GetDescriptor))]
impl ManagerDescriptor {
    #[pygetset]
    fn manager(zelf: &Py<ManagerDescriptor>) -> PyObjectRef {
        zelf.manager.clone().into()
    }
}

impl GetDescriptor for ManagerDescriptor {
    fn descr_get(
        zelf: &PyObject,
        obj: Option<&PyObject>,
        cls: Option<&PyObject>,
        vm: &VirtualMachine,
    ) -> PyResult {
        let Some(descriptor) = zelf.downcast_ref::<ManagerDescriptor>() else {
            return Err(vm.new_type_error("not a manager descriptor"));
        };
        if let Some(o) = obj
            && !vm.is_none(o)
        {
            return Err(vm.new_attribute_error(format!(
                "Manager isn't accessible via {} instances",
                o.class().name()
            )));
        }
        let Some(cls) = cls else {
            return Ok(descriptor.manager.clone().into());
        };
        let model = hints::model_of_class(vm, cls)?;
        if model.is_abstract() {
            return Err(vm.new_attribute_error(format!(
                "Manager isn't available; {} is abstract",
                model.object_name()
            )));
        }
        if let Some(swapped) = &*model.swapped.borrow() {
            return Err(vm.new_attribute_error(format!(
                "Manager isn't available; '{}' has been swapped for '{swapped}'",
                model.label()
            )));
        }
        let own = descriptor.manager.model.borrow().clone();
        if own.is_some_and(|m| m.as_object().is(cls)) {
            return Ok(descriptor.manager.clone().into());
        }
        let name = descriptor.manager.name.borrow().clone().unwrap_or_default();
        let meta = cls.get_attr("_meta", vm)?;
        meta.get_attr("managers_map", vm)?
            .get_item(name.as_str(), vm)
    }
}

/// Names of a queryset that its managers do not have.
const QUERYSET_ONLY: &[&str] = &["delete", "adelete", "as_manager", "resolve_expression"];
/// Private names that they have.
const PRIVATE: &[&str] = &["_insert", "_update"];

fn from_queryset(
    vm: &VirtualMachine,
    base: PyTypeRef,
    queryset: PyTypeRef,
    name: &str,
) -> PyResult<PyTypeRef> {
    let dict = vm.ctx.new_dict();
    dict.set_item("_queryset_class", queryset.clone().into(), vm)?;
    dict.set_item("__module__", vm.ctx.new_str(MODULE).into(), vm)?;
    for (name, method) in queryset_methods(vm, &base, &queryset)? {
        dict.set_item(name.as_str(), method, vm)?;
    }
    let meta: PyObjectRef = base.class().to_owned().into();
    let bases = vm.ctx.new_tuple(vec![base.into()]);
    meta.call((vm.ctx.new_str(name), bases, dict), vm)?
        .downcast()
        .map_err(|_| vm.new_type_error("a metaclass returned something else than a class"))
}

/// The methods of a queryset that a manager gets, which its base has not.
fn queryset_methods(
    vm: &VirtualMachine,
    base: &PyTypeRef,
    queryset: &PyTypeRef,
) -> PyResult<Vec<(String, PyObjectRef)>> {
    let mut found: Vec<(String, PyObjectRef)> = vec![];
    for class in queryset.mro_collect() {
        if class.is(vm.ctx.types.object_type) {
            continue;
        }
        for (key, value) in class.attributes().entries() {
            let Some(key) = key.downcast_ref::<PyStr>() else {
                continue;
            };
            let key = key.to_string_lossy().into_owned();
            if found.iter().any(|(k, _)| *k == key) || !copied(vm, base, &key, &value)? {
                continue;
            }
            let method = ManagerMethod {
                name: key.clone(),
                method: value,
            };
            found.push((key, method.into_pyobject(vm)));
        }
    }
    Ok(found)
}

/// Is the attribute a method that managers get?
fn copied(vm: &VirtualMachine, base: &PyTypeRef, key: &str, value: &PyObjectRef) -> PyResult<bool> {
    if key.starts_with("__") || QUERYSET_ONLY.contains(&key) {
        return Ok(false);
    }
    let class_name = value.class().name().to_string();
    let is_method = value.downcast_ref::<PyFunction>().is_some()
        || class_name == "method_descriptor"
        || class_name == "function";
    if !is_method || base.has_attr(vm.ctx.intern_str(key)) {
        return Ok(false);
    }
    let only = match vm.get_attribute_opt(value, "queryset_only") {
        Ok(Some(flag)) => Some(flag.is_true(vm)?),
        _ => None,
    };
    Ok(match only {
        Some(only) => !only,
        None => !key.starts_with('_') || PRIVATE.contains(&key),
    })
}

/// `QuerySet.as_manager()`
pub fn as_manager(vm: &VirtualMachine, queryset: PyTypeRef) -> PyResult {
    let base = manager_class(vm)?;
    let name = format!("{}From{}", base.name(), queryset.name());
    let class = from_queryset(vm, base, queryset, &name)?;
    let manager = class.as_object().call((), vm)?;
    manager.set_attr("_built_with_as_manager", vm.ctx.new_bool(true), vm)?;
    Ok(manager)
}

/// `Manager`
pub fn manager_class(vm: &VirtualMachine) -> PyResult<PyTypeRef> {
    modules::find(vm, MODULE, "Manager")?
        .downcast()
        .map_err(|_| vm.new_type_error("Manager is not a class"))
}

/// The manager behind an object, if it is one.
pub fn of(obj: &PyObject) -> Option<&Py<PyManager>> {
    obj.downcast_ref::<PyManager>()
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let _ = [
        ManagerMethod::make_static_type(),
        ManagerDescriptor::make_static_type(),
    ];
    let base = PyManager::make_static_type();
    let rebuild = crate::class::function(
        vm,
        "_rebuild_manager",
        |class: PyObjectRef, args: PyObjectRef, kwargs: PyDictRef, vm: &VirtualMachine| {
            let mut given = FuncArgs::from(args.try_to_value::<Vec<PyObjectRef>>(vm)?);
            for (name, value) in &kwargs {
                let name = name.str(vm)?;
                given.kwargs.insert(name.as_wtf8().to_owned(), value);
            }
            class.call(given, vm)
        },
    );
    modules::export(vm, MODULE, "_rebuild_manager", rebuild)?;
    base.set_attr(
        vm.ctx.intern_str("auto_created"),
        vm.ctx.new_bool(false).into(),
    );
    base.set_attr(
        vm.ctx.intern_str("use_in_migrations"),
        vm.ctx.new_bool(false).into(),
    );
    modules::export(vm, MODULE, "BaseManager", base.clone())?;
    let queryset = PyQuerySet::static_class().to_owned();
    let from = from_queryset(vm, base, queryset, "BaseManagerFromQuerySet")?;
    let class = crate::class::class(vm, MODULE, "Manager", &[from], |_| {})?;
    modules::export_all(vm, &[MODULE, "django.db.models"], "Manager", class.clone())?;
    let empty = crate::class::class(vm, MODULE, "EmptyManager", &[class], |c| {
        c.method("__init__", |zelf: PyRef<PyManager>, model: PyTypeRef| {
            *zelf.model.borrow_mut() = Some(model);
        });
        c.method(
            "get_queryset",
            |zelf: PyRef<PyManager>, vm: &VirtualMachine| -> PyResult {
                let qs = PyManager::fresh(&zelf, vm)?;
                vm.call_method(&qs, "none", ())
            },
        );
    })?;
    modules::export(vm, MODULE, "EmptyManager", empty)?;
    modules::export(
        vm,
        MODULE,
        "ManagerDescriptor",
        ManagerDescriptor::make_static_type(),
    )
}
