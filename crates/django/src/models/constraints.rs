//! `Index`, `UniqueConstraint`, `CheckConstraint`: Python objects, and the data they stand for.
pub mod classes;
pub mod sql;
pub mod validate;

use crate::convert::PyObj;
use crate::models::fields::construct::clause;
use crate::models::options::PyOptions;
use crate::{modules, py};
use orm_state::{Clause, Constraint, Deferrable, Index};
use rustpython_vm::{AsObject, PyObject, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    classes::install(vm)
}

/// `%(class)s` and `%(app_label)s` in a name are filled.
pub fn with_names_filled(vm: &Vm, object: &PyObject, app: &str, model: &str) -> PyResult {
    let Some(name) = py::attr_opt(vm, object, "name")?.and_then(|n| py::as_string(&n)) else {
        return Ok(object.to_owned());
    };
    if !name.contains("%(") {
        return Ok(object.to_owned());
    }
    let filled = name
        .replace("%(class)s", &model.to_lowercase())
        .replace("%(app_label)s", &app.to_lowercase());
    let copy = py::call(vm, object, "clone", vec![])?;
    py::set_attr(vm, &copy, "name", py::str(vm, filled))?;
    Ok(copy)
}

/// Brings the model's data up to what its `_meta` shows.
pub fn refresh(vm: &Vm, meta: &PyOptions) -> PyResult<()> {
    if let Some(all) = meta.part("constraints") {
        let made = py::list(vm, &all)?
            .iter()
            .map(|c| constraint(vm, c))
            .collect::<PyResult<Vec<_>>>()?;
        meta.model.options.borrow_mut().constraints = made;
    }
    if let Some(all) = meta.part("indexes") {
        let made = py::list(vm, &all)?
            .iter()
            .map(|i| index(vm, i))
            .collect::<PyResult<Vec<_>>>()?;
        meta.model.options.borrow_mut().indexes = made;
    }
    Ok(())
}

fn text(vm: &Vm, o: &PyObject, name: &str) -> PyResult<Option<String>> {
    Ok(py::attr_opt(vm, o, name)?.and_then(|v| py::as_string(&v)))
}

fn texts(vm: &Vm, o: &PyObject, name: &str) -> PyResult<Vec<String>> {
    match py::attr_opt(vm, o, name)?.filter(|v| !vm.is_none(v)) {
        Some(v) => py::list(vm, &v)?
            .iter()
            .map(|s| py::to_string(vm, s))
            .collect(),
        None => Ok(vec![]),
    }
}

fn clauses(vm: &Vm, o: &PyObject, name: &str) -> PyResult<Vec<Clause>> {
    match py::attr_opt(vm, o, name)?.filter(|v| !vm.is_none(v)) {
        Some(v) => py::list(vm, &v)?.iter().map(|e| clause(vm, e)).collect(),
        None => Ok(vec![]),
    }
}

fn condition(vm: &Vm, o: &PyObject) -> PyResult<Option<Clause>> {
    match py::attr_opt(vm, o, "condition")?.filter(|v| !vm.is_none(v)) {
        Some(v) => clause(vm, &v).map(Some),
        None => Ok(None),
    }
}

/// A constraint object as data.
pub fn constraint(vm: &Vm, o: &PyObject) -> PyResult<Constraint> {
    let name = text(vm, o, "name")?.unwrap_or_default();
    let is = |class: &str| -> PyResult<bool> {
        let class = modules::find(vm, "django.db.models", class)?;
        o.is_instance(&class, vm)
    };
    let violation_error_code = text(vm, o, "violation_error_code")?;
    let violation_error_message = match text(vm, o, "violation_error_message")? {
        Some(m) if m == "Constraint “%(name)s” is violated." => None,
        other => other,
    };
    if is("CheckConstraint")?
        && let Some(condition) = condition(vm, o)?
    {
        return Ok(Constraint::Check {
            name,
            condition,
            violation_error_code,
            violation_error_message,
        });
    }
    if is("UniqueConstraint")? {
        let deferrable = match py::attr_opt(vm, o, "deferrable")?.filter(|v| !vm.is_none(v)) {
            Some(v) => Some(match text(vm, &v, "name")?.as_deref() {
                Some("DEFERRED") => Deferrable::Deferred,
                _ => Deferrable::Immediate,
            }),
            None => None,
        };
        let nulls_distinct = match py::attr_opt(vm, o, "nulls_distinct")?.filter(|v| !vm.is_none(v))
        {
            Some(v) => Some(v.is_true(vm)?),
            None => None,
        };
        return Ok(Constraint::Unique {
            name,
            fields: texts(vm, o, "fields")?,
            expressions: clauses(vm, o, "expressions")?,
            condition: condition(vm, o)?,
            deferrable,
            include: texts(vm, o, "include")?,
            opclasses: texts(vm, o, "opclasses")?,
            nulls_distinct,
            violation_error_code,
            violation_error_message,
        });
    }
    Ok(Constraint::Custom {
        name,
        object: Rc::new(PyObj(o.to_owned())),
    })
}

/// The object itself, where its class is not `models.Index`.
pub fn own_class(vm: &Vm, o: &PyObject) -> PyResult<Option<Clause>> {
    let plain = modules::find(vm, "django.db.models", "Index")?;
    Ok(if o.class().as_object().is(&plain) {
        None
    } else {
        Some(Rc::new(PyObj(o.to_owned())))
    })
}

/// An index object as data.
pub fn index(vm: &Vm, o: &PyObject) -> PyResult<Index> {
    let mut fields_orders = vec![];
    if let Some(pairs) = py::attr_opt(vm, o, "fields_orders")? {
        for pair in py::list(vm, &pairs)? {
            if let [a, b] = py::list(vm, &pair)?.as_slice() {
                fields_orders.push((py::to_string(vm, a)?, py::to_string(vm, b)?));
            }
        }
    }
    Ok(Index {
        name: text(vm, o, "name")?.unwrap_or_default(),
        fields_orders,
        expressions: clauses(vm, o, "expressions")?,
        opclasses: texts(vm, o, "opclasses")?,
        condition: condition(vm, o)?,
        include: texts(vm, o, "include")?,
        db_tablespace: text(vm, o, "db_tablespace")?,
        suffix: text(vm, o, "suffix")?.unwrap_or_else(|| "idx".into()),
        face: crate::models::constraints::own_class(vm, o)?,
    })
}

/// A unique constraint over fields, without condition.
pub fn is_total_unique(vm: &Vm, o: &PyObject) -> PyResult<bool> {
    Ok(match constraint(vm, o)? {
        Constraint::Unique {
            condition,
            expressions,
            nulls_distinct,
            ..
        } => condition.is_none() && expressions.is_empty() && nulls_distinct != Some(false),
        _ => false,
    })
}

/// For callers with any object.
pub fn same_object(a: &PyObject, b: &PyObject) -> bool {
    a.as_object().is(b)
}
