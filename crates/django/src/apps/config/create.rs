//! An `AppConfig` out of an entry of `INSTALLED_APPS`.
//!
//! ```text
//! "shop"                  shop/apps.py has one configuration, or one says `default = True`; else AppConfig itself
//! "shop.apps.ShopConfig"  that class
//! ```
use super::improper;
use crate::{modules, py};
use rustpython_vm::builtins::{PyBaseExceptionRef, PyTypeRef};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// `AppConfig.create(entry)`
pub fn create(vm: &Vm, entry: PyObjectRef) -> PyResult {
    let base: PyTypeRef = modules::find(vm, "django.apps", "AppConfig")?
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))?;
    if entry.fast_isinstance(&base) {
        return Ok(entry);
    }
    let path = py::to_string(vm, &entry)?;
    // The entry may not be a module at all: why it could not be imported is said at the end.
    let module = import_module(vm, &path);
    let mut class: Option<PyObjectRef> = None;
    let mut name = None;
    if module.is_ok() {
        class = Some(match import(vm, &format!("{path}.apps"))? {
            Some(apps) => {
                default_of(vm, &path, &apps, &base)?.unwrap_or_else(|| base.clone().into())
            }
            None => base.clone().into(),
        });
        if class.as_ref().is_some_and(|c| c.is(&base)) {
            name = Some(path.clone());
        }
    } else if let Some((holder, last)) = path.rsplit_once('.')
        && let Ok(holder) = import_module(vm, holder)
    {
        class = py::attr_opt(vm, &holder, last)?;
    }
    let Some(class) = class else {
        return Err(missing(vm, &path, &base)?);
    };
    if !py::as_class(&class).is_some_and(|c| c.fast_issubclass(&base)) {
        return Err(improper(
            vm,
            format!("'{path}' isn't a subclass of AppConfig."),
        ));
    }
    let name = match name {
        Some(name) => name,
        None => match py::attr_opt(vm, &class, "name")? {
            Some(name) => py::to_string(vm, &name)?,
            None => {
                return Err(improper(
                    vm,
                    format!("'{path}' must supply a name attribute."),
                ));
            }
        },
    };
    let module = match import_module(vm, &name) {
        Ok(module) => module,
        Err(e) if e.fast_isinstance(vm.ctx.exceptions.import_error) => {
            let raised = improper(
                vm,
                format!(
                    "Cannot import '{name}'. Check that '{}.{}.name' is correct.",
                    py::to_string(vm, &py::attr(vm, &class, "__module__")?)?,
                    py::to_string(vm, &py::attr(vm, &class, "__qualname__")?)?
                ),
            );
            crate::error::set_cause(vm, &raised, Some(e));
            return Err(raised);
        }
        Err(e) => return Err(e),
    };
    class.call((name, module), vm)
}

/// Configurations that a module declares, in the order of their names.
fn declared(vm: &Vm, module: &PyObject, base: &PyTypeRef) -> PyResult<Vec<(String, PyTypeRef)>> {
    let dict = py::attr(vm, module, "__dict__")?;
    let mut found = vec![];
    for pair in py::list(vm, &py::call(vm, &dict, "items", vec![])?)? {
        let pair = py::list(vm, &pair)?;
        if let [name, value] = pair.as_slice()
            && let Some(class) = py::as_class(value)
            && class.fast_issubclass(base)
            && !class.is(base)
        {
            found.push((py::to_string(vm, name)?, class));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn quoted(names: &[(String, PyTypeRef)]) -> String {
    let names: Vec<String> = names.iter().map(|(n, _)| format!("'{n}'")).collect();
    names.join(", ")
}

/// The configuration that an `apps.py` chooses for its package.
fn default_of(
    vm: &Vm,
    path: &str,
    module: &PyObject,
    base: &PyTypeRef,
) -> PyResult<Option<PyObjectRef>> {
    let mut willing = vec![];
    let mut chosen = vec![];
    for (name, class) in declared(vm, module, base)? {
        let default = py::attr_opt(vm, class.as_object(), "default")?;
        let says = match &default {
            Some(d) => Some(d.clone().is_true(vm)?),
            None => None,
        };
        if says != Some(false) {
            willing.push((name.clone(), class.clone()));
        }
        if says == Some(true) {
            chosen.push((name, class));
        }
    }
    if let [(_, only)] = willing.as_slice() {
        return Ok(Some(only.clone().into()));
    }
    match chosen.as_slice() {
        [] => Ok(None),
        [(_, class)] => Ok(Some(class.clone().into())),
        several => Err(vm.new_runtime_error(format!(
            "'{path}.apps' declares more than one default AppConfig: {}.",
            quoted(several)
        ))),
    }
}

/// What to say of an entry that is neither a module nor a class.
fn missing(vm: &Vm, path: &str, base: &PyTypeRef) -> PyResult<PyBaseExceptionRef> {
    if let Some((holder, class)) = path.rsplit_once('.')
        && class.starts_with(char::is_uppercase)
    {
        let module = import_module(vm, holder)?;
        let mut text = format!("Module '{holder}' does not contain a '{class}' class.");
        let choices = declared(vm, &module, base)?;
        if !choices.is_empty() {
            text.push_str(&format!(" Choices are: {}.", quoted(&choices)));
        }
        return Ok(vm.new_import_error(text, vm.ctx.new_str(path)));
    }
    Ok(match import_module(vm, path) {
        Ok(_) => vm.new_import_error(format!("No module named '{path}'"), vm.ctx.new_str(path)),
        Err(e) => e,
    })
}

/// `importlib.import_module(name)`
fn import_module(vm: &Vm, name: &str) -> PyResult {
    let importlib = vm.import("importlib", 0)?;
    py::call(vm, &importlib, "import_module", vec![py::str(vm, name)])
}

/// A module that need not be there; what is wrong inside it is an error all the same.
pub(super) fn import(vm: &Vm, name: &str) -> PyResult<Option<PyObjectRef>> {
    match import_module(vm, name) {
        Ok(module) => Ok(Some(module)),
        Err(e) if e.fast_isinstance(vm.ctx.exceptions.import_error) => {
            let which = py::attr_opt(vm, e.as_object(), "name")?;
            match which.and_then(|n| py::as_string(&n)) {
                Some(which) if which == name => Ok(None),
                _ => Err(e),
            }
        }
        Err(e) => Err(e),
    }
}
