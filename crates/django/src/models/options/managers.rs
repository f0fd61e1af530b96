//! Managers of a model: its own, inherited ones, the default and the base manager.
use super::PyOptions;
use crate::class::Class;
use crate::models::class_of_model;
use crate::{modules, py};
use rustpython_vm::builtins::PyType;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

fn this<'a>(o: &'a PyObject, vm: &Vm) -> PyResult<&'a Py<PyOptions>> {
    o.downcast_ref::<PyOptions>()
        .ok_or_else(|| vm.new_type_error("not a model's _meta"))
}

pub fn fill(c: &mut Class) {
    c.method(
        "add_manager",
        |o: PyObjectRef, manager: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let this = this(&o, vm)?;
            this.local_managers.borrow_mut().push(manager);
            expire(this);
            Ok(())
        },
    );
    c.getter("local_managers", |o, vm| {
        Ok(vm
            .ctx
            .new_list(this(&o, vm)?.local_managers.borrow().clone())
            .into())
    });
    c.getter("managers", |o, vm| {
        Ok(vm.ctx.new_tuple(managers(vm, this(&o, vm)?)?).into())
    });
    c.getter("managers_map", |o, vm| {
        let out = vm.ctx.new_dict();
        for m in managers(vm, this(&o, vm)?)? {
            let name = py::attr(vm, &m, "name")?;
            out.set_item(&*name, m, vm)?;
        }
        Ok(out.into())
    });
    c.getter("base_manager", |o, vm| base_manager(vm, this(&o, vm)?));
    c.getter("default_manager", |o, vm| {
        default_manager(vm, this(&o, vm)?)
    });
}

/// Forgets computed managers.
pub fn expire(this: &PyOptions) {
    this.managers.borrow_mut().take();
    this.base_manager.borrow_mut().take();
    this.default_manager.borrow_mut().take();
}

fn bases(vm: &Vm, this: &PyOptions) -> PyResult<Vec<(PyObjectRef, PyObjectRef)>> {
    let class = class_of_model(vm, &this.model)?;
    let Some(class) = class.downcast_ref::<PyType>() else {
        return Ok(vec![]);
    };
    let mut out = vec![];
    for base in class.mro_collect() {
        if let Some(meta) = base.get_attr(vm.ctx.intern_str("_meta"))
            && meta.downcast_ref::<PyOptions>().is_some()
        {
            out.push((base.into(), meta));
        }
    }
    Ok(out)
}

/// All managers, nearest class first, in the order they were written.
pub fn managers(vm: &Vm, this: &PyOptions) -> PyResult<Vec<PyObjectRef>> {
    if let Some(m) = &*this.managers.borrow() {
        return Ok(m.clone());
    }
    let class = class_of_model(vm, &this.model)?;
    let copy = vm.import("copy", 0)?.get_attr("copy", vm)?;
    let mut seen: Vec<String> = vec![];
    let mut found: Vec<(usize, i64, PyObjectRef)> = vec![];
    for (depth, (_, meta)) in bases(vm, this)?.iter().enumerate() {
        let Some(meta) = meta.downcast_ref::<PyOptions>() else {
            continue;
        };
        let local = meta.local_managers.borrow().clone();
        for manager in local {
            let name = py::to_string(vm, &py::attr(vm, &manager, "name")?)?;
            if seen.contains(&name) {
                continue;
            }
            seen.push(name);
            let manager = copy.call((manager,), vm)?;
            py::set_attr(vm, &manager, "model", class.clone())?;
            let counter: i64 = py::attr(vm, &manager, "creation_counter")?.try_into_value(vm)?;
            found.push((depth, counter, manager));
        }
    }
    found.sort_by_key(|(depth, counter, _)| (*depth, *counter));
    let found: Vec<PyObjectRef> = found.into_iter().map(|(_, _, m)| m).collect();
    *this.managers.borrow_mut() = Some(found.clone());
    Ok(found)
}

fn named(vm: &Vm, this: &PyOptions, name: &str) -> PyResult {
    for m in managers(vm, this)? {
        if py::as_string(&py::attr(vm, &m, "name")?).as_deref() == Some(name) {
            return Ok(m);
        }
    }
    Err(vm.new_value_error(format!(
        "{} has no manager named '{name}'",
        this.model.object_name()
    )))
}

/// `_meta.base_manager`: plain, unless `base_manager_name` says otherwise.
pub fn base_manager(vm: &Vm, this: &PyOptions) -> PyResult {
    if let Some(m) = &*this.base_manager.borrow() {
        return Ok(m.clone());
    }
    let mut name = this.model.options.borrow().base_manager_name.clone();
    if name.is_none() {
        // The first parent that has a special one decides.
        for (_, meta) in bases(vm, this)?.iter().skip(1) {
            let Some(meta) = meta.downcast_ref::<PyOptions>() else {
                continue;
            };
            if let Some(theirs) = meta.model.options.borrow().base_manager_name.clone() {
                name = Some(theirs);
                break;
            }
        }
    }
    let made = match name {
        Some(name) => named(vm, this, &name)?,
        None => {
            let class = modules::find(vm, "django.db.models.manager", "Manager")?;
            let manager = class.call((), vm)?;
            py::set_attr(vm, &manager, "name", py::str(vm, "_base_manager"))?;
            py::set_attr(vm, &manager, "model", class_of_model(vm, &this.model)?)?;
            py::set_attr(vm, &manager, "auto_created", py::bool(vm, true))?;
            manager
        }
    };
    *this.base_manager.borrow_mut() = Some(made.clone());
    Ok(made)
}

/// `_meta.default_manager`: the named one, else the first.
pub fn default_manager(vm: &Vm, this: &PyOptions) -> PyResult {
    if let Some(m) = &*this.default_manager.borrow() {
        return Ok(m.clone());
    }
    let mut name = this.model.options.borrow().default_manager_name.clone();
    if name.is_none()
        && this.local_managers.borrow().is_empty()
        && let Some((_, meta)) = bases(vm, this)?.get(1)
        && let Some(meta) = meta.downcast_ref::<PyOptions>()
    {
        name = meta.model.options.borrow().default_manager_name.clone();
    }
    let found = match name {
        Some(name) => named(vm, this, &name)?,
        None => match managers(vm, this)?.first() {
            Some(m) => m.clone(),
            None => return Ok(vm.ctx.none()),
        },
    };
    *this.default_manager.borrow_mut() = Some(found.clone());
    Ok(found)
}
