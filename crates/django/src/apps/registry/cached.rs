//! `apps.get_models` and `apps.get_swappable_settings_name`: methods that remember what they said
//! until the registry changes, with `cache_clear()` and `cache_info()`.
use super::PyApps;
use crate::py;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Callable, GetDescriptor};
use rustpython_vm::{
    Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

type Vm = VirtualMachine;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    Models,
    Swappable,
}

/// Answers, as long as they are true.
#[derive(Default)]
pub struct Answers {
    held: RefCell<HashMap<(Method, String), PyObjectRef>>,
    generation: Cell<u64>,
    hits: Cell<usize>,
    misses: Cell<usize>,
}

impl Answers {
    pub fn clear(&self) {
        self.held.borrow_mut().clear();
    }
    fn clear_of(&self, method: Method) {
        self.held.borrow_mut().retain(|(m, _), _| *m != method);
        self.hits.set(0);
        self.misses.set(0);
    }
    fn len(&self, method: Method) -> usize {
        self.held
            .borrow()
            .keys()
            .filter(|(m, _)| *m == method)
            .count()
    }
}

/// One of the methods: of the class, or bound to a registry.
#[pyclass(module = "django.apps.registry", name = "CachedMethod")]
#[derive(PyPayload)]
pub struct CachedMethod {
    method: Method,
    apps: Option<PyRef<PyApps>>,
}

impl std::fmt::Debug for CachedMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.method)
    }
}

impl CachedMethod {
    pub fn of_class(method: Method) -> CachedMethod {
        CachedMethod { method, apps: None }
    }
    fn registry(&self, vm: &Vm) -> PyResult<PyRef<PyApps>> {
        match &self.apps {
            Some(apps) => Ok(apps.clone()),
            None => Err(vm.new_type_error("a registry's method without a registry")),
        }
    }
}

#[pyclass(with(Callable, GetDescriptor))]
impl CachedMethod {
    #[pymethod]
    fn cache_clear(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        zelf.registry(vm)?.answers.clear_of(zelf.method);
        Ok(())
    }
    #[pymethod]
    fn cache_info(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        let apps = zelf.registry(vm)?;
        apps.fresh_answers();
        let kind = vm.import("functools", 0)?.get_attr("_CacheInfo", vm)?;
        let answers = &apps.answers;
        let args = (
            answers.hits.get(),
            answers.misses.get(),
            vm.ctx.none(),
            answers.len(zelf.method),
        );
        kind.call(args, vm)
    }
}

impl PyApps {
    /// Forgets answers that the registry has outgrown.
    fn fresh_answers(&self) {
        let generation = self.apps.generation();
        if self.answers.generation.replace(generation) != generation {
            self.answers.clear();
        }
    }
}

impl Callable for CachedMethod {
    type Args = FuncArgs;
    fn call(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let apps = match &zelf.apps {
            Some(apps) => apps.clone(),
            None => args
                .take_positional()
                .and_then(|a| a.downcast().ok())
                .ok_or_else(|| vm.new_type_error("a registry is expected"))?,
        };
        let key = match zelf.method {
            Method::Models => {
                let mut flag = |name| match args.take_positional_keyword(name) {
                    Some(v) => v.is_true(vm),
                    None => Ok(false),
                };
                let auto_created = flag("include_auto_created")?;
                format!("{auto_created} {}", flag("include_swapped")?)
            }
            Method::Swappable => match args.take_positional_keyword("to_string") {
                Some(v) => py::to_string(vm, &v)?,
                None => return Err(vm.new_type_error("missing argument 'to_string'")),
            },
        };
        apps.fresh_answers();
        let answers = &apps.answers;
        let key = (zelf.method, key);
        let known = answers.held.borrow().get(&key).cloned();
        if let Some(known) = known {
            answers.hits.set(answers.hits.get() + 1);
            return Ok(known);
        }
        let said: PyObjectRef = match zelf.method {
            Method::Models => {
                let (auto_created, swapped) = key.1.split_once(' ').unwrap_or_default();
                apps.all_models(vm, auto_created == "true", swapped == "true")?
            }
            Method::Swappable => apps.swappable_setting(vm, &key.1),
        };
        answers.misses.set(answers.misses.get() + 1);
        answers.held.borrow_mut().insert(key, said.clone());
        Ok(said)
    }
}

impl GetDescriptor for CachedMethod {
    fn descr_get(
        zelf: &PyObject,
        obj: Option<&PyObject>,
        _cls: Option<&PyObject>,
        vm: &Vm,
    ) -> PyResult {
        let apps = obj.and_then(|o| o.to_owned().downcast::<PyApps>().ok());
        Ok(match (zelf.downcast_ref::<CachedMethod>(), apps) {
            (Some(this), Some(apps)) => CachedMethod {
                method: this.method,
                apps: Some(apps),
            }
            .into_pyobject(vm),
            _ => zelf.to_owned(),
        })
    }
}
