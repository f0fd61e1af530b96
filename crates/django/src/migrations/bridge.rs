//! Python's models, fields, indexes and constraints as the ORM crates' own.
use crate::convert::{PyObj, to_value};
use crate::py;
use orm_state::{Clause, Constraint, Deferrable, Field, Index, ModelRef, Value};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// Rust's field inside a Python field.
pub fn field_of(obj: &PyObject) -> Option<Rc<Field>> {
    crate::models::fields::object::field_of(obj)
}

/// A Python field of a new copy, fit for a class body.
pub fn fresh_field(vm: &Vm, field: &Rc<Field>) -> PyResult {
    if is_users(field) {
        let object = super::to_python::field(vm, field)?;
        return crate::py::call(vm, &object, "clone", vec![]);
    }
    let copy = field.duplicate();
    crate::models::fields::object::field_object(vm, &copy)
}

/// Is the field's class a user's own, which may keep more than Rust knows?
pub fn is_users(field: &Field) -> bool {
    field.class.face.get::<PyObj>().is_some()
}

/// The model of a Python class.
pub fn model_of_class(vm: &Vm, obj: &PyObject) -> Option<ModelRef> {
    crate::models::model_of_class(vm, obj)
}

/// Something an index or constraint holds without the ORM looking inside.
pub fn clause(vm: &Vm, obj: &PyObjectRef) -> PyResult<Clause> {
    Ok(match to_value(vm, obj)? {
        Value::Object(o) => o,
        Value::Str(name) => orm_sql::ExprObject::clause(orm_sql::expressions::F::new(&name)),
        _ => Rc::new(PyObj(obj.clone())),
    })
}

fn present(vm: &Vm, obj: &PyObject, name: &str) -> PyResult<Option<PyObjectRef>> {
    Ok(py::attr_opt(vm, obj, name)?.filter(|v| !vm.is_none(v)))
}

fn texts(vm: &Vm, obj: &PyObject, name: &str) -> PyResult<Vec<String>> {
    match present(vm, obj, name)? {
        Some(v) => py::list(vm, &v)?
            .iter()
            .map(|s| py::to_string(vm, s))
            .collect(),
        None => Ok(vec![]),
    }
}

fn text(vm: &Vm, obj: &PyObject, name: &str) -> PyResult<Option<String>> {
    present(vm, obj, name)?
        .map(|v| py::to_string(vm, &v))
        .transpose()
}

fn clauses(vm: &Vm, obj: &PyObject, name: &str) -> PyResult<Vec<Clause>> {
    match present(vm, obj, name)? {
        Some(v) => py::list(vm, &v)?.iter().map(|e| clause(vm, e)).collect(),
        None => Ok(vec![]),
    }
}

/// `models.Index(…)`
pub fn index(vm: &Vm, obj: &PyObject) -> PyResult<Index> {
    let mut fields_orders = vec![];
    if let Some(orders) = present(vm, obj, "fields_orders")? {
        for pair in py::list(vm, &orders)? {
            if let [f, o] = py::list(vm, &pair)?.as_slice() {
                fields_orders.push((py::to_string(vm, f)?, py::to_string(vm, o)?));
            }
        }
    }
    let condition = present(vm, obj, "condition")?
        .map(|c| clause(vm, &c))
        .transpose()?;
    Ok(Index {
        name: text(vm, obj, "name")?.unwrap_or_default(),
        fields_orders,
        expressions: clauses(vm, obj, "expressions")?,
        opclasses: texts(vm, obj, "opclasses")?,
        condition,
        include: texts(vm, obj, "include")?,
        db_tablespace: text(vm, obj, "db_tablespace")?,
        suffix: text(vm, obj, "suffix")?.unwrap_or_else(|| "idx".into()),
        face: crate::models::constraints::own_class(vm, obj)?,
    })
}

/// `models.CheckConstraint(…)`, `models.UniqueConstraint(…)`, or a user's own.
pub fn constraint(vm: &Vm, obj: &PyObject) -> PyResult<Constraint> {
    let name = text(vm, obj, "name")?.unwrap_or_default();
    let code = text(vm, obj, "violation_error_code")?;
    let default = "Constraint \u{201c}%(name)s\u{201d} is violated.";
    let message = text(vm, obj, "violation_error_message")?.filter(|m| m != default);
    let class = obj.class().name().to_string();
    Ok(match class.as_str() {
        "CheckConstraint" => {
            let Some(condition) = present(vm, obj, "condition")? else {
                return Err(vm.new_type_error("A check constraint has a condition."));
            };
            Constraint::Check {
                name,
                condition: clause(vm, &condition)?,
                violation_error_code: code,
                violation_error_message: message,
            }
        }
        "UniqueConstraint" => {
            let deferrable = match present(vm, obj, "deferrable")? {
                Some(d) => match py::to_string(vm, &py::attr(vm, &d, "name")?)?.as_str() {
                    "DEFERRED" => Some(Deferrable::Deferred),
                    _ => Some(Deferrable::Immediate),
                },
                None => None,
            };
            Constraint::Unique {
                name,
                fields: texts(vm, obj, "fields")?,
                expressions: clauses(vm, obj, "expressions")?,
                condition: present(vm, obj, "condition")?
                    .map(|c| clause(vm, &c))
                    .transpose()?,
                deferrable,
                include: texts(vm, obj, "include")?,
                opclasses: texts(vm, obj, "opclasses")?,
                nulls_distinct: present(vm, obj, "nulls_distinct")?
                    .map(|b| b.is_true(vm))
                    .transpose()?,
                violation_error_code: code,
                violation_error_message: message,
            }
        }
        _ => Constraint::Custom {
            name,
            object: Rc::new(PyObj(obj.to_owned())),
        },
    })
}
