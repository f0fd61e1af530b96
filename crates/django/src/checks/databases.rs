//! The databases that a check is asked about, and what they can do.
use crate::{modules, py};
use orm_state::ModelRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// The argument `databases` of `check()`; none where it was not given.
pub fn given(vm: &Vm, args: &FuncArgs) -> PyResult<Option<Vec<PyObjectRef>>> {
    match args.kwargs.get("databases").filter(|v| !vm.is_none(v)) {
        Some(v) => py::list(vm, v).map(Some),
        None => Ok(None),
    }
}

/// A database that the model may be migrated on.
pub struct Place {
    pub alias: PyObjectRef,
    pub connection: PyObjectRef,
}

/// Those of the databases that routers let the model into.
pub fn of_model(vm: &Vm, aliases: &[PyObjectRef], model: &PyObject) -> PyResult<Vec<Place>> {
    let router = modules::find(vm, "django.db", "router")?;
    let connections = modules::find(vm, "django.db", "connections")?;
    let mut out = vec![];
    for alias in aliases {
        let args = vec![alias.clone(), model.to_owned()];
        if py::call(vm, &router, "allow_migrate_model", args)?.is_true(vm)? {
            out.push(Place {
                alias: alias.clone(),
                connection: connections.get_item(&**alias, vm)?,
            });
        }
    }
    Ok(out)
}

/// `connection.features.NAME`
pub fn has(vm: &Vm, connection: &PyObject, feature: &str) -> PyResult<bool> {
    let features = py::attr(vm, connection, "features")?;
    match py::attr_opt(vm, &features, feature)? {
        Some(v) => v.is_true(vm),
        None => Ok(false),
    }
}

/// Does the model say that it only lives where the feature is?
pub fn required(model: Option<&ModelRef>, feature: &str) -> bool {
    model.is_some_and(|m| {
        let options = m.options.borrow();
        options.required_db_features.iter().any(|f| f == feature)
    })
}

impl Place {
    /// The feature is there, or the model requires it.
    pub fn supports(&self, vm: &Vm, feature: &str, model: Option<&ModelRef>) -> PyResult<bool> {
        Ok(required(model, feature) || has(vm, &self.connection, feature)?)
    }
    /// `SQLite`, `MySQL` …
    pub fn name(&self, vm: &Vm) -> PyResult<String> {
        display_name(vm, &self.connection)
    }
    /// The model is for databases of another vendor.
    pub fn foreign_to(&self, vm: &Vm, model: Option<&ModelRef>) -> PyResult<bool> {
        let Some(wanted) = model.and_then(|m| m.options.borrow().required_db_vendor.clone()) else {
            return Ok(false);
        };
        let vendor = py::to_string(vm, &py::attr(vm, &self.connection, "vendor")?)?;
        Ok(wanted != vendor)
    }
}

pub fn display_name(vm: &Vm, connection: &PyObject) -> PyResult<String> {
    py::to_string(vm, &py::attr(vm, connection, "display_name")?)
}
