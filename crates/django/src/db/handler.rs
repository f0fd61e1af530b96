//! `connections`, and handlers that others make: `ConnectionHandler({"default": {…}})`.
use super::modules::load_backend;
use super::registry::{self, DEFAULT_DB_ALIAS};
use super::wrapper::DatabaseWrapper;
use crate::{error, py};
use rustpython_vm::builtins::{PyDict, PyDictRef, PyListRef, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::PyMappingMethods;
use rustpython_vm::types::{AsMapping, Constructor, Iterable};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, atomic_func,
    pyclass,
};
use std::cell::RefCell;
use std::sync::LazyLock;

type Vm = VirtualMachine;

/// `django.db.utils.ConnectionHandler`
#[pyclass(module = "django.db.utils", name = "ConnectionHandler")]
#[derive(PyPayload)]
pub struct ConnectionHandler {
    /// None: the project's own databases.
    own: Option<Own>,
}

/// The databases of a handler that somebody made.
struct Own {
    given: PyObjectRef,
    configured: RefCell<Option<PyDictRef>>,
    made: PyDictRef,
}

impl std::fmt::Debug for ConnectionHandler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConnectionHandler")
    }
}

impl ConnectionHandler {
    /// `django.db.connections`
    pub fn main() -> ConnectionHandler {
        ConnectionHandler { own: None }
    }
    fn aliases(&self, vm: &Vm) -> PyResult<Vec<String>> {
        match &self.own {
            None => Ok(registry::aliases()),
            Some(own) => {
                let settings = own.settings(vm)?;
                let names = settings
                    .into_iter()
                    .map(|(alias, _)| py::to_string(vm, &alias));
                names.collect()
            }
        }
    }
    fn get(&self, vm: &Vm, alias: &str) -> PyResult {
        let Some(own) = &self.own else {
            return Ok(registry::database(vm, alias)?.into());
        };
        if let Some(made) = own.made.get_item_opt(alias, vm)? {
            return Ok(made);
        }
        let Some(settings) = own.settings(vm)?.get_item_opt(alias, vm)? else {
            let text = format!("The connection '{alias}' doesn't exist.");
            return Err(error::raise(vm, "ConnectionDoesNotExist", text));
        };
        let made = connect(vm, alias, settings)?;
        own.made.set_item(alias, made.clone(), vm)?;
        Ok(made)
    }
}

impl Own {
    /// The settings, completed when they are first asked for.
    fn settings(&self, vm: &Vm) -> PyResult<PyDictRef> {
        if let Some(known) = &*self.configured.borrow() {
            return Ok(known.clone());
        }
        let improper = |text: &str| error::raise(vm, "ImproperlyConfigured", text);
        let out = vm.ctx.new_dict();
        if let Some(given) = self.given.downcast_ref::<PyDict>() {
            for (alias, settings) in given.items_vec() {
                let copy = py::call(vm, &settings, "copy", vec![])?;
                out.set_item(&*alias, copy, vm)?;
            }
        }
        if out.__len__() == 0 {
            out.set_item(DEFAULT_DB_ALIAS, vm.ctx.new_dict().into(), vm)?;
        }
        if !out.contains_key(DEFAULT_DB_ALIAS, vm) {
            return Err(improper("You must define a 'default' database."));
        }
        const DUMMY: &str = "django.db.backends.dummy";
        for (alias, settings) in &out {
            let Ok(settings) = settings.downcast::<PyDict>() else {
                continue;
            };
            let engine = settings.get_item_opt("ENGINE", vm)?;
            let named = match engine {
                Some(engine) => engine.is_true(vm)?,
                None => false,
            };
            if !named {
                let main = py::as_string(&alias).as_deref() == Some(DEFAULT_DB_ALIAS);
                let bare = settings.__len__() == 0;
                if main || bare {
                    settings.set_item("ENGINE", py::str(vm, DUMMY), vm)?;
                }
            }
            if !settings.contains_key("NAME", vm) {
                settings.set_item("NAME", py::str(vm, ""), vm)?;
            }
            registry::defaults(vm, &settings)?;
        }
        *self.configured.borrow_mut() = Some(out.clone());
        Ok(out)
    }
}

/// A connection of the backend that its settings name.
fn connect(vm: &Vm, alias: &str, settings: PyObjectRef) -> PyResult {
    let engine = py::to_string(vm, &settings.get_item("ENGINE", vm)?)?;
    let backend = load_backend(engine, vm)?;
    py::call(
        vm,
        &backend,
        "DatabaseWrapper",
        vec![settings, py::str(vm, alias)],
    )
}

impl Constructor for ConnectionHandler {
    type Args = FuncArgs;
    fn slot_new(class: PyTypeRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let given = args
            .take_positional_keyword("settings")
            .filter(|s| !vm.is_none(s));
        let given = match given {
            Some(given) => given,
            None => crate::conf::get(vm, "DATABASES")?,
        };
        let own = Own {
            given,
            configured: RefCell::default(),
            made: vm.ctx.new_dict(),
        };
        let made = ConnectionHandler { own: Some(own) };
        Ok(made.into_ref_with_type(vm, class)?.into())
    }
    fn py_new(_: &Py<rustpython_vm::builtins::PyType>, _: FuncArgs, vm: &Vm) -> PyResult<Self> {
        Err(vm.new_type_error("slot_new() makes handlers"))
    }
}

#[pyclass(with(AsMapping, Iterable, Constructor), flags(BASETYPE, HAS_DICT))]
impl ConnectionHandler {
    #[pymethod]
    fn all(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult<PyListRef> {
        let opened = match args.take_positional_keyword("initialized_only") {
            Some(only) => only.is_true(vm)?,
            None => false,
        };
        let mut found = vec![];
        for alias in zelf.aliases(vm)? {
            let made = match &zelf.own {
                Some(own) => own.made.contains_key(alias.as_str(), vm),
                None => true,
            };
            if made || !opened {
                found.push(zelf.get(vm, &alias)?);
            }
        }
        Ok(vm.ctx.new_list(found))
    }
    #[pymethod]
    fn close_all(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        for alias in zelf.aliases(vm)? {
            py::call(vm, &zelf.get(vm, &alias)?, "close", vec![])?;
        }
        Ok(())
    }
    #[pygetset]
    fn databases(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        Self::settings(zelf, vm)
    }
    #[pygetset]
    fn settings(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        if let Some(own) = &zelf.own {
            return own.settings(vm);
        }
        let dict = vm.ctx.new_dict();
        for alias in registry::aliases() {
            let database = registry::database(vm, &alias)?;
            dict.set_item(&*alias, database.settings().into(), vm)?;
        }
        Ok(dict)
    }
    #[pymethod]
    fn create_connection(zelf: &Py<Self>, alias: PyObjectRef, vm: &Vm) -> PyResult {
        let alias = py::to_string(vm, &alias)?;
        match Self::settings(zelf, vm)?.get_item_opt(&*alias, vm)? {
            Some(settings) => connect(vm, &alias, settings),
            None => zelf.get(vm, &alias),
        }
    }
}

impl AsMapping for ConnectionHandler {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            length: atomic_func!(|mapping, vm| {
                let handler = ConnectionHandler::mapping_downcast(mapping);
                Ok(handler.aliases(vm)?.len())
            }),
            subscript: atomic_func!(|mapping, key, vm| {
                ConnectionHandler::mapping_downcast(mapping).get(vm, &py::to_string(vm, key)?)
            }),
            ass_subscript: atomic_func!(|mapping, key, value, vm| {
                let handler = ConnectionHandler::mapping_downcast(mapping);
                handler.put(vm, key, value)
            }),
        });
        &METHODS
    }
}

impl ConnectionHandler {
    fn put(&self, vm: &Vm, key: &PyObject, value: Option<PyObjectRef>) -> PyResult<()> {
        let alias = py::to_string(vm, key)?;
        if let Some(own) = &self.own {
            return match value {
                Some(value) => own.made.set_item(&*alias, value, vm),
                None => own.made.del_item(&*alias, vm),
            };
        }
        match value.map(PyObjectRef::downcast::<DatabaseWrapper>) {
            Some(Ok(database)) => registry::replace(&alias, database),
            Some(Err(_)) => return Err(vm.new_type_error("a connection is expected")),
            None => registry::remove(&alias),
        }
        Ok(())
    }
}

impl Iterable for ConnectionHandler {
    fn iter(zelf: PyRef<Self>, vm: &Vm) -> PyResult {
        let names = zelf.aliases(vm)?;
        let names = names.iter().map(|a| py::str(vm, a)).collect();
        let list = vm.ctx.new_list(names);
        Ok(list.as_object().get_iter(vm)?.into())
    }
}
