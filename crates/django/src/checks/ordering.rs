//! `Meta.ordering`: a list of fields that exist.
use super::report::Report;
use crate::models::fields::any_field_object;
use crate::models::options::PyOptions;
use crate::py;
use orm_state::{AnyField, ModelRef};
use rustpython_vm::{AsObject, Py, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn check(r: &mut Report, meta: &Py<PyOptions>) -> PyResult<()> {
    let vm = r.vm;
    let model = &meta.model;
    if clash(vm, meta)? {
        return r.error(
            "models.E021",
            "'ordering' and 'order_with_respect_to' cannot be used together.",
        );
    }
    let Some(ordering) = meta.part("ordering") else {
        return Ok(());
    };
    let with_respect_to = model.options.borrow().order_with_respect_to.is_some();
    if with_respect_to || !ordering.clone().is_true(vm)? {
        return Ok(());
    }
    let types = &vm.ctx.types;
    if !ordering.fast_isinstance(types.list_type) && !ordering.fast_isinstance(types.tuple_type) {
        return r.error(
            "models.E014",
            "'ordering' must be a tuple or list (even if you want to order by only one field).",
        );
    }
    let mut plain: Vec<String> = vec![];
    let mut paths = vec![];
    for item in py::list(vm, &ordering)? {
        // Expressions and the random order are fine.
        let Some(name) = py::as_string(&item).filter(|n| n != "?") else {
            continue;
        };
        let name = name.strip_prefix('-').unwrap_or(&name).to_string();
        if name.contains("__") {
            paths.push(name);
        } else if name != "pk" && !plain.contains(&name) {
            plain.push(name);
        }
    }
    for path in paths {
        for _ in 0..broken_parts(vm, model, &path)? {
            missing(r, &path)?;
        }
    }
    for name in plain {
        if !is_orderable(model, &name) {
            missing(r, &name)?;
        }
    }
    Ok(())
}

fn clash(vm: &Vm, meta: &Py<PyOptions>) -> PyResult<bool> {
    let given = |name: &str| -> PyResult<bool> {
        match meta.original.get_item_opt(name, vm)? {
            Some(v) => v.is_true(vm),
            None => Ok(false),
        }
    };
    Ok(given("ordering")? && given("order_with_respect_to")?)
}

fn missing(r: &mut Report, name: &str) -> PyResult<()> {
    r.error(
        "models.E015",
        format!("'ordering' refers to the nonexistent field, related field, or lookup '{name}'."),
    )
}

fn is_orderable(model: &ModelRef, name: &str) -> bool {
    model
        .fields()
        .iter()
        .any(|f| &*f.name() == name || &*f.attname() == name)
        || model
            .related_objects()
            .iter()
            .any(|rel| rel.query_name() == name)
}

/// How many parts of `author__name__lower` lead nowhere.
fn broken_parts(vm: &Vm, model: &ModelRef, path: &str) -> PyResult<usize> {
    let mut at = Some(model.clone());
    let mut field: Option<AnyField> = None;
    let mut broken = 0;
    for part in path.split("__") {
        let next = at.as_ref().and_then(|m| match part {
            "pk" => m.pk().map(AnyField::Field),
            _ => m.get_field(part).ok(),
        });
        if let Some(found) = next {
            at = if found.is_relation() {
                found
                    .path_infos()
                    .ok()
                    .and_then(|infos| infos.last().map(|i| i.to_opts.clone()))
            } else {
                None
            };
            field = Some(found);
            continue;
        }
        let known = match &field {
            None => false,
            Some(f) => {
                let object = any_field_object(vm, f)?;
                let has = |method: &str| -> PyResult<bool> {
                    let found = py::call(vm, &object, method, vec![py::str(vm, part)])?;
                    Ok(!vm.is_none(&found))
                };
                has("get_transform")? || has("get_lookup")?
            }
        };
        if !known {
            broken += 1;
        }
    }
    Ok(broken)
}
