//! Rust's operations, indexes, constraints and migrations as Python objects.
//!
//! ```text
//! Operation::AddField { … } ──▶ migrations.AddField(model_name="author", name="age", field=…)
//! ```
use crate::convert::{self, PyObj};
use crate::error::OrRaise;
use crate::{modules, py};
use orm_migrations::deconstruct::{self, OperationObject, Written};
use orm_migrations::{Base, Dependency, Migration, Operation};
use orm_state::field::deconstruct::{Deconstructed, FieldObject, SettingsReference};
use orm_state::{Clause, Constraint, Field, Index, Value};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// A field of a state: the same object every time it is asked for.
pub fn field(vm: &Vm, field: &Rc<Field>) -> PyResult {
    let object = crate::models::fields::object::field_object(vm, field)?;
    if let Some(face) = object.downcast_ref::<crate::models::fields::object::PyField>() {
        crate::models::fields::object::bind_face(face);
    }
    Ok(object)
}

/// A value that may hold parts of models.
pub fn value(vm: &Vm, v: &Value) -> PyResult {
    let list = |items: &[Value]| -> PyResult<Vec<PyObjectRef>> {
        items.iter().map(|i| value(vm, i)).collect()
    };
    match v {
        Value::List(items) => Ok(vm.ctx.new_list(list(items)?).into()),
        Value::Tuple(items) => Ok(vm.ctx.new_tuple(list(items)?).into()),
        Value::Dict(pairs) => {
            let dict = vm.ctx.new_dict();
            for (k, v) in pairs.iter() {
                dict.set_item(&*value(vm, k)?, value(vm, v)?, vm)?;
            }
            Ok(dict.into())
        }
        Value::Object(o) => object(vm, o),
        _ => convert::to_py(vm, v),
    }
}

fn object(vm: &Vm, o: &Clause) -> PyResult {
    let any = o.as_any();
    if let Some(f) = any.downcast_ref::<FieldObject>() {
        return field(vm, &f.0);
    }
    if let Some(w) = any.downcast_ref::<Written>() {
        return call(vm, &w.0);
    }
    if let Some(op) = any.downcast_ref::<OperationObject>() {
        return operation(vm, &op.0);
    }
    if let Some(s) = any.downcast_ref::<SettingsReference>() {
        return Ok(py::str(vm, &s.value));
    }
    if any.downcast_ref::<PyObj>().is_none()
        && let Some((module, name)) = o.import_path()
    {
        let mut found: PyObjectRef = modules::module(vm, &module)?.into();
        for part in name.split('.') {
            found = py::attr(vm, &found, part)?;
        }
        return Ok(found);
    }
    convert::to_py(vm, &Value::Object(o.clone()))
}

/// Makes again what was taken apart.
pub fn call(vm: &Vm, d: &Deconstructed) -> PyResult {
    let (module, name) = d.path.rsplit_once('.').unwrap_or(("builtins", &d.path));
    let class = vm
        .import("importlib", 0)?
        .get_attr("import_module", vm)?
        .call((vm.ctx.new_str(module),), vm)?;
    let class = py::attr(vm, &class, name)?;
    let args = d
        .args
        .iter()
        .map(|a| value(vm, a))
        .collect::<PyResult<Vec<_>>>()?;
    let mut kwargs = vec![];
    for (k, v) in &d.kwargs {
        kwargs.push((k.as_str(), value(vm, v)?));
    }
    class.call(py::with_kwargs(args, &kwargs), vm)
}

/// `models.Index(…)`
pub fn index(vm: &Vm, index: &Index) -> PyResult {
    if let Some(face) = &index.face
        && let Some(o) = face.as_any().downcast_ref::<PyObj>()
    {
        let named = py::attr_opt(vm, &o.0, "name")?.and_then(|n| py::as_string(&n));
        if named.as_deref() == Some(index.name.as_str()) {
            return Ok(o.0.clone());
        }
        let copy = py::call(vm, &o.0, "clone", vec![])?;
        py::set_attr(vm, &copy, "name", py::str(vm, &index.name))?;
        return Ok(copy);
    }
    call(vm, &deconstruct::index(index))
}

/// `models.CheckConstraint(…)` and its kin.
pub fn constraint(vm: &Vm, c: &Constraint) -> PyResult {
    match c {
        Constraint::Custom { object: o, .. } => object(vm, o),
        _ => call(vm, &deconstruct::constraint(c).or_raise(vm)?),
    }
}

/// A base of a model: a label, or a class.
pub fn base(vm: &Vm, base: &Base) -> PyResult {
    match base {
        Base::Model(label) => Ok(py::str(vm, label)),
        Base::Class(v) => value(vm, v),
    }
}

/// An operation; users' own are the objects they were.
pub fn operation(vm: &Vm, op: &Operation) -> PyResult {
    if let Operation::Custom(c) = op
        && let Some(o) = c.object().as_any().downcast_ref::<PyObj>()
    {
        return Ok(o.0.clone());
    }
    let parts = deconstruct::operation(op).or_raise(vm)?;
    let class = modules::find(vm, "django.db.migrations.operations", &parts.name)?;
    let mut kwargs = vec![];
    for (name, v) in &parts.args {
        let v = match (name.as_str(), op) {
            ("index", Operation::AddIndex { index: i, .. }) => index(vm, i)?,
            _ => value(vm, v)?,
        };
        kwargs.push((name.as_str(), v));
    }
    if let Operation::CreateModel { options, .. } = op
        && options.get("proxy").is_some_and(Value::truthy)
        && let Some((_, shown)) = kwargs.iter().find(|(k, _)| *k == "options")
    {
        // A proxy keeps all of its options, empty ones too.
        for part in ["indexes", "constraints"] {
            if shown.get_item(part, vm).is_err() {
                shown.set_item(part, vm.ctx.new_list(vec![]).into(), vm)?;
            }
        }
    }
    if let Operation::CreateModel { indexes, .. } = op
        && !indexes.is_empty()
        && let Some((_, options)) = kwargs.iter().find(|(k, _)| *k == "options")
    {
        let made = indexes
            .iter()
            .map(|i| index(vm, i))
            .collect::<PyResult<Vec<_>>>()?;
        options.set_item("indexes", vm.ctx.new_list(made).into(), vm)?;
    }
    class.call(py::with_kwargs(vec![], &kwargs), vm)
}

pub fn operations(vm: &Vm, ops: &[Operation]) -> PyResult<PyObjectRef> {
    let made = ops
        .iter()
        .map(|o| operation(vm, o))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_list(made).into())
}

/// `("app", "0001_initial")`
pub fn key(vm: &Vm, key: &(String, String)) -> PyObjectRef {
    vm.ctx
        .new_tuple(vec![py::str(vm, &key.0), py::str(vm, &key.1)])
        .into()
}

fn dependency(vm: &Vm, d: &Dependency) -> PyResult {
    match d {
        Dependency::Migration(a, n) => Ok(key(vm, &(a.clone(), n.clone()))),
        Dependency::Swappable { setting, .. } => {
            Ok(key(vm, &("__setting__".into(), setting.clone())))
        }
    }
}

/// A list of dependencies.
pub fn dependencies(vm: &Vm, all: &[Dependency]) -> PyResult {
    let mut out = vec![];
    for d in all {
        out.push(dependency(vm, d)?);
    }
    Ok(vm.ctx.new_list(out).into())
}

/// A migration made by the autodetector.
pub fn migration(vm: &Vm, m: &Migration) -> PyResult {
    let base = modules::find(vm, "django.db.migrations.migration", "Migration")?;
    let type_type: PyObjectRef = vm.ctx.types.type_type.to_owned().into();
    let body = vm.ctx.new_dict();
    body.set_item("operations", operations(vm, &m.operations)?, vm)?;
    body.set_item("dependencies", dependencies(vm, &m.dependencies)?, vm)?;
    let replaces = m.replaces.iter().map(|k| key(vm, k)).collect();
    body.set_item("replaces", vm.ctx.new_list(replaces).into(), vm)?;
    let bases = vm.ctx.new_tuple(vec![base]);
    let class = type_type.call((vm.ctx.new_str("Migration"), bases, body), vm)?;
    let made = class.call(
        (
            vm.ctx.new_str(m.name.as_str()),
            vm.ctx.new_str(m.app_label.as_str()),
        ),
        vm,
    )?;
    if let Some(initial) = m.initial {
        py::set_attr(vm, &made, "initial", py::bool(vm, initial))?;
    }
    Ok(made)
}
