//! The project's models as they are written now, as a state.
use super::{bridge, convert_operation};
use crate::convert::{PyObj, to_value};
use crate::error::OrRaise;
use crate::py;
use orm_migrations::state::{OPTION_NAMES, model_base, together_value};
use orm_migrations::{Base, ModelState, ProjectState};
use orm_state::{Apps, Clause, ModelRef, Value};
use rustpython_vm::AsObject;
use rustpython_vm::builtins::PyDict;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// The main registry.
pub fn apps(vm: &Vm) -> PyResult<Rc<Apps>> {
    let apps = crate::modules::find(vm, "django.apps", "apps")?;
    crate::apps::rust_apps(&apps)
        .ok_or_else(|| vm.new_type_error("django.apps.apps is not a registry"))
}

/// The state of the models of the main registry; only `labels`, if given.
pub fn state(vm: &Vm, labels: Option<&[String]>) -> PyResult<ProjectState> {
    let mut out = ProjectState::default();
    for model in apps(vm)?.models() {
        let auto = model.options.borrow().auto_created;
        let wanted = labels.is_none_or(|l| l.iter().any(|l| **l == **model.app_label()));
        if auto || !wanted || model.swapped.borrow().is_some() {
            continue;
        }
        out.add_model(model_state(vm, &model)?);
    }
    Ok(out)
}

/// `ModelState.from_model(model)`
pub fn model_state(vm: &Vm, model: &ModelRef) -> PyResult<ModelState> {
    let mut state = ModelState::from_model(model).or_raise(vm)?;
    let class = crate::models::class_of_model(vm, model)?;
    let meta = py::attr(vm, &class, "_meta")?;
    if let Some(original) = py::attr_opt(vm, &meta, "original_attrs")?
        && let Ok(original) = original.downcast::<PyDict>()
    {
        state.options.clear();
        for name in OPTION_NAMES {
            let Some(value) = original.get_item_opt(name, vm)? else {
                continue;
            };
            let value = match name {
                "unique_together" => together_value(&model.options.borrow().unique_together),
                "swappable" if vm.is_none(&value) => continue,
                _ => to_value(vm, &value)?,
            };
            state.options.insert(name.to_string(), value);
        }
        // Fields without a column are no part of a state.
        let wrt = state.options.get("order_with_respect_to").cloned();
        let private = model.private_fields();
        if let Some(wrt) = wrt.as_ref().and_then(Value::as_str)
            && private.iter().any(|f| *f.name() == *wrt)
        {
            state.options.shift_remove("order_with_respect_to");
        }
    }
    state.indexes.clear();
    if let Some(indexes) = py::attr_opt(vm, &meta, "indexes")? {
        for i in py::list(vm, &indexes)? {
            let mut index = bridge::index(vm, &i)?;
            if index.name.is_empty() {
                let mut columns = vec![];
                for (f, _) in &index.fields_orders {
                    columns.push(
                        model
                            .field(f)
                            .or_raise(vm)?
                            .column()
                            .unwrap_or_default()
                            .to_string(),
                    );
                }
                index.name = orm_sql::schema::naming::set_index_name(
                    &model.db_table(),
                    &index.fields_orders,
                    &columns,
                    &index.suffix,
                );
            }
            state.indexes.push(index);
        }
    }
    state.constraints.clear();
    if let Some(constraints) = py::attr_opt(vm, &meta, "constraints")? {
        for c in py::list(vm, &constraints)? {
            state.constraints.push(bridge::constraint(vm, &c)?);
        }
    }
    state.bases = bases(vm, &class)?;
    state.managers = managers(vm, &meta)?;
    Ok(state)
}

/// Base classes with abstract models flattened away.
fn bases(vm: &Vm, class: &PyObjectRef) -> PyResult<Vec<Base>> {
    let mut out: Vec<Base> = vec![];
    flatten(vm, class, &mut out)?;
    let mut unique: Vec<Base> = vec![];
    for b in out {
        if !unique.contains(&b) {
            unique.push(b);
        }
    }
    // A state needs at least one model among its bases.
    let has_model = unique
        .iter()
        .any(|b| matches!(b, Base::Model(_)) || *b == model_base());
    Ok(if has_model {
        unique
    } else {
        vec![model_base()]
    })
}

fn flatten(vm: &Vm, class: &PyObjectRef, out: &mut Vec<Base>) -> PyResult<()> {
    let object: PyObjectRef = vm.ctx.types.object_type.to_owned().into();
    for base in py::list(vm, &py::attr(vm, class, "__bases__")?)? {
        if base.is(&object) {
            continue;
        }
        if bridge::model_of_class(vm, &base).is_some_and(|m| m.is_abstract()) {
            flatten(vm, &base, out)?;
        } else {
            out.push(convert_operation::base(vm, &base)?);
        }
    }
    Ok(())
}

/// Managers with `use_in_migrations`. Other ones that are the default or the base manager have a
/// plain manager in their place; as the only one, called `objects`, that goes without saying.
fn managers(vm: &Vm, meta: &PyObjectRef) -> PyResult<Vec<(String, Clause)>> {
    let mut out: Vec<(String, Clause)> = vec![];
    let Some(all) = py::attr_opt(vm, meta, "managers")? else {
        return Ok(out);
    };
    let default = py::attr(vm, meta, "default_manager")?;
    let base = py::attr(vm, meta, "base_manager")?;
    let copy = vm.import("copy", 0)?.get_attr("copy", vm)?;
    let mut stands_in_for_default = false;
    for manager in py::list(vm, &all)? {
        let used = match py::attr_opt(vm, &manager, "use_in_migrations")? {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let name = py::to_string(vm, &py::attr(vm, &manager, "name")?)?;
        if out.iter().any(|(n, _)| *n == name) {
            continue;
        }
        let kept = if used {
            let kept = copy.call((manager,), vm)?;
            py::call(vm, &kept, "_set_creation_counter", vec![])?;
            kept
        } else if manager.is(&default) || manager.is(&base) {
            stands_in_for_default |= manager.is(&default);
            let plain = crate::modules::find(vm, "django.db.models", "Manager")?.call((), vm)?;
            for part in ["model", "name"] {
                py::set_attr(vm, &plain, part, py::attr(vm, &manager, part)?)?;
            }
            plain
        } else {
            continue;
        };
        out.push((name, Rc::new(PyObj(kept)) as Clause));
    }
    if stands_in_for_default && matches!(&out[..], [(name, _)] if name == "objects") {
        out.clear();
    }
    Ok(out)
}
