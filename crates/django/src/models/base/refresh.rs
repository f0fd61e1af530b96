//! `refresh_from_db()`.
use super::identity::{deferred_names, model};
use crate::class::Class;
use crate::models::state;
use crate::py;
use crate::queries::awaitable::Awaitable;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method(
        "refresh_from_db",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| refresh(vm, &o, args),
    );
    c.method("asave", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        Awaitable::call(vm, o, "save", args)
    });
    c.method("adelete", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        Awaitable::call(vm, o, "delete", args)
    });
    c.method(
        "arefresh_from_db",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| Awaitable::call(vm, o, "refresh_from_db", args),
    );
}

fn refresh(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let using = args
        .take_positional_keyword("using")
        .filter(|v| !vm.is_none(v));
    let fields = args
        .take_positional_keyword("fields")
        .filter(|v| !vm.is_none(v));
    let from = args
        .take_positional_keyword("from_queryset")
        .filter(|v| !vm.is_none(v));
    let unknown = args
        .kwargs
        .keys()
        .next()
        .map(|k| k.to_string_lossy().into_owned());
    if let Some(name) = unknown {
        return Err(vm.new_type_error(format!(
            "Model.refresh_from_db() got an unexpected keyword argument '{name}'"
        )));
    }
    let m = model(vm, o)?;
    let cache = state::fields_cache(vm, o)?;
    let fields: Option<Vec<String>> = match fields {
        None => {
            forget_prefetched(vm, o, None)?;
            None
        }
        Some(given) => {
            let mut names: Vec<String> = py::list(vm, &given)?
                .iter()
                .map(|n| py::to_string(vm, n))
                .collect::<PyResult<_>>()?;
            forget_prefetched(vm, o, Some(&mut names))?;
            // Cached relations that are named are forgotten; only their columns are loaded.
            names.retain(|n| {
                let reverse = m
                    .related_objects()
                    .iter()
                    .any(|r| r.accessor_name().as_deref() == Some(n.as_str()));
                if reverse && cache.contains_key(n.as_str(), vm) {
                    let _ = cache.del_item(n.as_str(), vm);
                }
                // A field's name, too: nothing but the key is loaded for it.
                !reverse || m.get_field(n).is_ok()
            });
            if names.is_empty() {
                return Ok(());
            }
            if names.iter().any(|n| n.contains("__")) {
                return Err(vm.new_value_error(
                    "Found \"__\" in fields argument. Relations and transforms are not allowed in \
                     fields.",
                ));
            }
            Some(names)
        }
    };
    let rows = match from {
        Some(rows) => {
            if let Some(u) = &using {
                py::call(vm, &rows, "using", vec![u.clone()])?
            } else {
                rows
            }
        }
        None => {
            let class: PyObjectRef = o.class().to_owned().into();
            let manager = py::attr(vm, &class, "_base_manager")?;
            // Without a name, routers decide when the row is fetched: they know the instance.
            let db = using.unwrap_or_else(|| vm.ctx.none());
            let hints = vm.ctx.new_dict();
            hints.set_item("instance", o.to_owned(), vm)?;
            let parts = [("hints", hints.into())];
            let manager = py::call_kw(vm, &manager, "db_manager", vec![db], &parts)?;
            py::call(vm, &manager, "all", vec![])?
        }
    };
    let pk = py::attr(vm, o, "pk")?;
    let mut rows = py::call_kw(vm, &rows, "filter", vec![], &[("pk", pk)])?;
    let deferred = deferred_names(vm, o)?;
    if let Some(names) = &fields {
        rows = py::call(
            vm,
            &rows,
            "only",
            names.iter().map(|n| py::str(vm, n)).collect(),
        )?;
    } else if !deferred.is_empty() {
        let loaded: Vec<String> = m
            .concrete_fields()
            .iter()
            .filter(|f| !deferred.contains(&f.attname()))
            .map(|f| f.attname().to_string())
            .collect();
        rows = py::call(
            vm,
            &rows,
            "only",
            loaded.iter().map(|n| py::str(vm, n)).collect(),
        )?;
    }
    let fresh = py::call(vm, &rows, "get", vec![])?;
    let missing = deferred_names(vm, &fresh)?;
    let fresh_cache = state::fields_cache(vm, &fresh)?;
    for f in m.fields().iter() {
        if missing.contains(&f.attname()) || f.kind == orm_state::FieldKind::CompositePrimaryKey {
            continue;
        }
        if f.concrete() {
            let value = py::attr(vm, &fresh, &f.attname())?;
            py::set_attr(vm, o, &f.attname(), value)?;
        }
        // Foreign keys forget the object they cached, or take the fresh one.
        if f.is_relation() {
            match fresh_cache.get_item_opt(&*f.name(), vm)? {
                Some(v) => cache.set_item(&*f.name(), v, vm)?,
                None => {
                    if cache.contains_key(&*f.name(), vm) {
                        cache.del_item(&*f.name(), vm)?;
                    }
                }
            }
        }
    }
    if fields.is_none() {
        for rel in m.related_objects() {
            if let Some(name) = rel.accessor_name()
                && cache.contains_key(&*name, vm)
            {
                cache.del_item(&*name, vm)?;
            }
        }
    }
    for f in m.private_fields() {
        if f.is_relation() && cache.contains_key(&*f.name(), vm) {
            let named = fields
                .as_ref()
                .is_none_or(|n| n.iter().any(|n| **n == *f.name()));
            if named {
                cache.del_item(&*f.name(), vm)?;
            }
        }
    }
    let (ours, theirs) = (state::state_of(vm, o)?, state::state_of(vm, &fresh)?);
    *ours.db.borrow_mut() = theirs.db.borrow().clone();
    Ok(())
}

/// Prefetched rows are forgotten; names that are only those are taken off the list.
fn forget_prefetched(vm: &Vm, o: &PyObject, names: Option<&mut Vec<String>>) -> PyResult<()> {
    let Some(dict) = o.dict() else {
        return Ok(());
    };
    let Some(cache) = dict.get_item_opt("_prefetched_objects_cache", vm)? else {
        return Ok(());
    };
    match names {
        None => dict.set_item("_prefetched_objects_cache", vm.ctx.new_dict().into(), vm),
        Some(names) => {
            let mut kept = vec![];
            for n in names.drain(..) {
                let there = py::call(vm, &cache, "__contains__", vec![py::str(vm, &n)])?;
                if there.is_true(vm)? {
                    cache.del_item(&*n, vm)?;
                } else {
                    kept.push(n);
                }
            }
            *names = kept;
            Ok(())
        }
    }
}
