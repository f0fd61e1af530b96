//! `ProjectState.relations`: every relation, by the model it leads to.
//!
//! ```text
//! {("library", "author"): {("library", "book"): {"author": <ForeignKey: author>}}}
//! ```
//!
//! The dicts stay the same objects while the state changes: what is gone is taken out of them, and
//! what is new comes last.
use super::to_python;
use crate::py;
use indexmap::IndexMap;
use orm_migrations::ProjectState;
use orm_migrations::state::ModelKey;
use rustpython_vm::builtins::{PyDict, PyDictRef};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Makes the dicts fit a state. A model nothing leads to any more keeps an empty entry until a
/// model goes.
pub fn follow(vm: &Vm, shown: &PyDictRef, state: &ProjectState, model_gone: bool) -> PyResult<()> {
    let mut all: IndexMap<ModelKey, IndexMap<ModelKey, IndexMap<String, PyObjectRef>>> =
        IndexMap::new();
    for (to, from, name, field) in state.relations() {
        let field = to_python::field(vm, &field)?;
        let by_model = all.entry(to).or_default();
        by_model.entry(from).or_default().insert(name, field);
    }
    for (to, old) in entries(vm, shown)? {
        let Some(now) = all.get(&to) else {
            match old.downcast_ref::<PyDict>() {
                Some(d) if !model_gone => py::call(vm, d.as_object(), "clear", vec![]).map(drop)?,
                _ => shown.del_item(&*to_python::key(vm, &to), vm)?,
            }
            continue;
        };
        let Ok(by_model) = old.downcast::<PyDict>() else {
            continue;
        };
        for (from, fields) in entries(vm, &by_model)? {
            let Some(now) = now.get(&from) else {
                by_model.del_item(&*to_python::key(vm, &from), vm)?;
                continue;
            };
            let Ok(fields) = fields.downcast::<PyDict>() else {
                continue;
            };
            for (name, _) in py::dict_items(vm, &fields)? {
                if !now.contains_key(&name) {
                    fields.del_item(&*name, vm)?;
                }
            }
        }
    }
    for (to, by_model) in all {
        let outer = inner(vm, shown, &to)?;
        for (from, now) in by_model {
            let fields = inner(vm, &outer, &from)?;
            for (name, field) in now {
                fields.set_item(&*name, field, vm)?;
            }
        }
    }
    Ok(())
}

fn entries(vm: &Vm, dict: &PyDictRef) -> PyResult<Vec<(ModelKey, PyObjectRef)>> {
    let mut out = vec![];
    for (key, value) in dict {
        if let [app, name] = py::list(vm, &key)?.as_slice() {
            out.push(((py::to_string(vm, app)?, py::to_string(vm, name)?), value));
        }
    }
    Ok(out)
}

fn inner(vm: &Vm, dict: &PyDictRef, key: &ModelKey) -> PyResult<PyDictRef> {
    let key = to_python::key(vm, key);
    if let Some(found) = dict.get_item_opt(&*key, vm)?
        && let Ok(found) = found.downcast::<PyDict>()
    {
        return Ok(found);
    }
    let made = vm.ctx.new_dict();
    dict.set_item(&*key, made.clone().into(), vm)?;
    Ok(made)
}
