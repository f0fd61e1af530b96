//! `Q.replace_expressions()`: fields by expressions, as when a condition is judged for values that
//! are not in the database yet.
//!
//! ```text
//! Q(at__date=d)  {F("at"): Value(now)}  →  Q(Exact(TruncDate(Value(now)), d))
//! ```
use super::PyQ;
use crate::{modules, py};
use orm_sql::q::{Q, QChild};
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn replace_expressions(zelf: PyRef<PyQ>, replacements: PyObjectRef, vm: &Vm) -> PyResult {
    if !py::is_true(vm, &replacements)? {
        return Ok(zelf.into());
    }
    let q = replaced(vm, &zelf, &replacements)?;
    Ok(PyQ::object(vm, q))
}

fn replaced(vm: &Vm, zelf: &Py<PyQ>, replacements: &PyObjectRef) -> PyResult<Q> {
    let q = zelf.q.borrow().clone();
    let mut objects = vec![];
    for child in &q.children {
        let object = PyQ::child_object(vm, child)?;
        objects.push(match child {
            QChild::Lookup(path, _) => lookup(vm, path, &object, replacements)?.unwrap_or(object),
            _ => {
                let method = py::attr_opt(vm, &object, "replace_expressions")?;
                match method {
                    Some(method) => method.call((replacements.clone(),), vm)?,
                    None => object,
                }
            }
        });
    }
    Ok(Q {
        connector: q.connector,
        negated: q.negated,
        ..super::q_of(vm, &objects, vec![])?
    })
}

/// The lookup as an object, where the field it starts from is replaced.
fn lookup(
    vm: &Vm,
    path: &str,
    pair: &PyObjectRef,
    replacements: &PyObjectRef,
) -> PyResult<Option<PyObjectRef>> {
    let mut right = pair.get_item(&*vm.ctx.new_int(1).as_object().to_owned(), vm)?;
    let (path, mut name) = match path.rsplit_once("__") {
        Some((path, last)) => (path, last),
        None => (path, "exact"),
    };
    let field = modules::find(vm, "django.db.models", "F")?.call((py::str(vm, path),), vm)?;
    let mut left = py::call(
        vm,
        &field,
        "replace_expressions",
        vec![replacements.clone()],
    )?;
    if left.is(&field) {
        return Ok(None);
    }
    let find = |left: &PyObjectRef, name: &str, what: &str| -> PyResult<Option<PyObjectRef>> {
        let found = py::call(vm, left, what, vec![py::str(vm, name)])?;
        Ok(Some(found).filter(|f| !vm.is_none(f)))
    };
    let mut class = find(&left, name, "get_lookup")?;
    if class.is_none()
        && let Some(transform) = find(&left, name, "get_transform")?
    {
        // The last name was a transform: what is compared is its value.
        left = transform.call((left,), vm)?;
        name = "exact";
        class = find(&left, name, "get_lookup")?;
    }
    if vm.is_none(&right) && name == "exact" {
        class = find(&left, "isnull", "get_lookup")?;
        right = py::bool(vm, true);
    }
    match class {
        Some(class) => class.call((left, right), vm).map(Some),
        None => Ok(None),
    }
}
