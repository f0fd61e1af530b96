//! `save()`: insert or update, parents first, with signals around.
//!
//! ```text
//! save()  what is asked for, and whether it may be ─▶ save_base()  signals, a transaction
//!           table      the row of one table, parents' rows first
//!           returning  what the database has put into the row
//!           atomic     a part inside a context manager
//! ```
mod atomic;
mod returning;
mod table;

pub use atomic::inside;
use atomic::{in_atomic, marking_rollback};
pub use returning::{is_expression, is_returning, returning_fields};
use table::{forced, save_parents, save_table};

use super::identity::{deferred_names, is_pk_set, model};
use crate::class::Class;
use crate::error::OrRaise;
use crate::models::{class_of_model, state};
use crate::{dispatch, py};
use orm_state::{Field, FieldKind, ModelRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("save", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        let _scope = crate::queries::origins::calling(vm, &args);
        save(vm, &o, args)
    });
    c.method(
        "save_base",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let how = How::from_args(vm, &mut args, true)?;
            save_base(vm, &o, &how)
        },
    );
    c.method(
        "_prepare_related_fields_for_save",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| {
            let name = args
                .take_positional_keyword("operation_name")
                .ok_or_else(|| vm.new_type_error("operation_name is missing"))?;
            let name = py::to_string(vm, &name)?;
            let fields = match args.take_positional_keyword("fields") {
                Some(f) if !vm.is_none(&f) => Some(
                    py::list(vm, &f)?
                        .iter()
                        .filter_map(|f| crate::models::fields::field_of(f))
                        .collect::<Vec<_>>(),
                ),
                _ => None,
            };
            prepare_related(vm, &o, &name, fields.as_deref())
        },
    );
}

/// How to save.
struct How {
    raw: bool,
    force_insert: bool,
    /// Classes whose rows must be inserted (`force_insert=(Parent,)`).
    insert_classes: Vec<PyObjectRef>,
    force_update: bool,
    using: PyObjectRef,
    update_fields: Option<Vec<String>>,
}

impl How {
    fn from_args(vm: &Vm, args: &mut FuncArgs, raw_first: bool) -> PyResult<How> {
        let mut order = vec!["force_insert", "force_update", "using", "update_fields"];
        if raw_first {
            order.insert(0, "raw");
        }
        if args.args.len() > order.len() {
            return Err(vm.new_type_error(format!(
                "Model.save() takes from 1 to {} positional arguments but {} were given",
                order.len() + 1,
                args.args.len() + 1
            )));
        }
        let mut taken: Vec<(&str, PyObjectRef)> = vec![];
        for name in order {
            if let Some(v) = args.take_positional_keyword(name) {
                taken.push((name, v));
            }
        }
        if let Some((name, _)) = args.kwargs.iter().next() {
            return Err(vm.new_type_error(format!(
                "Model.save() got an unexpected keyword argument '{name}'"
            )));
        }
        let mut get = |name: &str| {
            taken
                .iter()
                .position(|(n, _)| *n == name)
                .map(|at| taken.remove(at).1)
        };
        let raw = match get("raw") {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let mut insert_classes = vec![];
        let force_insert = match get("force_insert") {
            Some(v) if v.fast_isinstance(vm.ctx.types.bool_type) || vm.is_none(&v) => {
                v.is_true(vm)?
            }
            Some(v) => {
                let Ok(list) = py::list(vm, &v) else {
                    return Err(vm.new_type_error("force_insert must be a bool or tuple."));
                };
                if !v.fast_isinstance(vm.ctx.types.tuple_type) {
                    return Err(vm.new_type_error("force_insert must be a bool or tuple."));
                }
                insert_classes = list;
                !insert_classes.is_empty()
            }
            None => false,
        };
        let force_update = match get("force_update") {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let using = get("using").unwrap_or_else(|| vm.ctx.none());
        let update_fields = match get("update_fields") {
            Some(v) if !vm.is_none(&v) => Some(
                py::list(vm, &v)?
                    .iter()
                    .map(|n| py::to_string(vm, n))
                    .collect::<PyResult<Vec<_>>>()?,
            ),
            _ => None,
        };
        Ok(How {
            raw,
            force_insert,
            insert_classes,
            force_update,
            using,
            update_fields,
        })
    }
}

fn save(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let mut how = How::from_args(vm, &mut args, false)?;
    prepare_related(vm, o, "save", None)?;
    let class: PyObjectRef = o.class().to_owned().into();
    if !how.using.is_true_or_none(vm)? {
        how.using = state::db_for_write(vm, &class, o)?;
    }
    if how.force_insert && (how.force_update || how.update_fields.is_some()) {
        return Err(vm.new_value_error("Cannot force both insert and updating in model saving."));
    }
    check_insert_classes(vm, o, &how)?;
    let m = model(vm, o)?;
    let mut deferred = deferred_names(vm, o)?;
    // A generated column is never written, so nothing is missing without it.
    deferred.retain(|name| {
        let fields = m.concrete_fields();
        let field = fields.iter().find(|f| f.attname() == *name);
        field.is_none_or(|f| f.kind != FieldKind::Generated)
    });
    match &how.update_fields {
        Some(fields) if fields.is_empty() => return Ok(()),
        Some(fields) => {
            let names = updatable_names(vm, &m)?;
            let mut bad: Vec<&String> = fields
                .iter()
                .filter(|f| !names.contains(&f.as_str().into()))
                .collect();
            bad.sort();
            if !bad.is_empty() {
                let bad: Vec<&str> = bad.iter().map(|s| s.as_str()).collect();
                return Err(vm.new_value_error(format!(
                    "The following fields do not exist in this model, are m2m fields, primary \
                     keys, or are non-concrete fields: {}",
                    bad.join(", ")
                )));
            }
        }
        None => {
            // Deferred fields are not written, where the row came from this database.
            let state = state::state_of(vm, o)?;
            let same_db = match &*state.db.borrow() {
                Some(db) => py::eq(vm, db, &how.using)?,
                None => false,
            };
            let left_out = m
                .concrete_fields()
                .iter()
                .any(|f| f.kind != FieldKind::Generated && deferred.contains(&f.attname()));
            if !how.force_insert && left_out && same_db {
                let loaded: Vec<String> = m
                    .concrete_fields()
                    .iter()
                    .filter(|f| !f.primary_key.get() && f.kind != FieldKind::Generated)
                    .filter(|f| !deferred.contains(&f.attname()))
                    .map(|f| f.attname().to_string())
                    .collect();
                if !loaded.is_empty() {
                    how.update_fields = Some(loaded);
                }
            }
        }
    }
    let mut kwargs = vec![
        ("using", how.using.clone()),
        ("force_update", py::bool(vm, how.force_update)),
    ];
    kwargs.push(if how.insert_classes.is_empty() {
        ("force_insert", py::bool(vm, how.force_insert))
    } else {
        (
            "force_insert",
            vm.ctx.new_tuple(how.insert_classes.clone()).into(),
        )
    });
    if let Some(fields) = &how.update_fields {
        let names = fields.iter().map(|n| py::str(vm, n)).collect();
        let list = vm.ctx.new_list(names);
        let set = vm.ctx.types.frozenset_type.as_object().call((list,), vm)?;
        kwargs.push(("update_fields", set));
    }
    py::call_kw(vm, o, "save_base", vec![], &kwargs).map(drop)
}

trait TrueOrNone {
    fn is_true_or_none(&self, vm: &Vm) -> PyResult<bool>;
}

impl TrueOrNone for PyObjectRef {
    fn is_true_or_none(&self, vm: &Vm) -> PyResult<bool> {
        self.clone().is_true(vm)
    }
}

fn updatable_names(vm: &Vm, m: &ModelRef) -> PyResult<Vec<Rc<str>>> {
    let mut keys = m.pk_fields().or_raise(vm)?;
    for parent in m.parent_list() {
        keys.extend(parent.pk_fields().or_raise(vm)?);
    }
    let mut out = vec![];
    for f in m.concrete_fields().iter() {
        if !keys.iter().any(|key| key.same(f)) {
            out.push(f.name());
            out.push(f.attname());
        }
    }
    Ok(out)
}

fn check_insert_classes(vm: &Vm, o: &PyObject, how: &How) -> PyResult<()> {
    for c in &how.insert_classes {
        // `Model` itself has no `_meta`, yet every model is one of its kind.
        let base = crate::models::base::model_class();
        let known = base.is_some_and(|b| py::as_class(c).is_some_and(|c| c.fast_issubclass(&b)));
        if !known {
            return Err(vm.new_type_error(format!(
                "Invalid force_insert member. {} must be a model subclass.",
                py::repr(vm, c)?
            )));
        }
        if !o.is_instance(c, vm)? {
            let qualname = py::to_string(vm, &py::attr(vm, c, "__qualname__")?)?;
            let own = py::to_string(vm, &py::attr(vm, o.class(), "__qualname__")?)?;
            return Err(vm.new_type_error(format!(
                "Invalid force_insert member. {qualname} must be a base of {own}."
            )));
        }
    }
    Ok(())
}

/// Related objects must be saved before; their keys are taken over.
fn prepare_related(
    vm: &Vm,
    o: &PyObject,
    operation: &str,
    only: Option<&[Rc<Field>]>,
) -> PyResult<()> {
    let m = model(vm, o)?;
    let cache = state::fields_cache(vm, o)?;
    if cache.__len__() == 0 {
        return Ok(());
    }
    for f in m.concrete_fields().iter() {
        if let Some(only) = only
            && !only.iter().any(|x| x.same(f))
        {
            continue;
        }
        if !f.is_relation() || f.remote.is_none() {
            continue;
        }
        let Some(object) = cache.get_item_opt(&*f.name(), vm)? else {
            continue;
        };
        if vm.is_none(&object) {
            continue;
        }
        if !is_pk_set(vm, &object)? {
            // Not multiple: the other side would forget us, too.
            if f.remote.as_ref().is_some_and(|r| !r.multiple())
                && let Some(name) = f.remote.as_ref().and_then(|r| r.accessor_name())
            {
                let theirs = state::fields_cache(vm, &object)?;
                if theirs.get_item_opt(&*name, vm)?.is_some() {
                    theirs.del_item(&*name, vm)?;
                }
            }
            return Err(vm.new_value_error(format!(
                "{operation}() prohibited to prevent data loss due to unsaved related object \
                 '{}'.",
                f.name()
            )));
        }
        let attname = f.attname();
        let target = f.target_field().or_raise(vm)?.attname();
        let own = py::attr(vm, o, &attname)?;
        let theirs = py::attr(vm, &object, &target)?;
        let empty = vm.is_none(&own) || py::as_string(&own).is_some_and(|s| s.is_empty());
        if empty {
            py::set_attr(vm, o, &attname, theirs.clone())?;
            cache.set_item(&*f.name(), object.clone(), vm)?;
        }
        let now = py::attr(vm, o, &attname)?;
        if !py::eq(vm, &theirs, &now)? && cache.get_item_opt(&*f.name(), vm)?.is_some() {
            cache.del_item(&*f.name(), vm)?;
        }
    }
    // Generic keys: an object that was unsaved when assigned.
    for f in m.private_fields() {
        if f.kind != FieldKind::GenericForeignKey {
            continue;
        }
        let Some(object) = cache.get_item_opt(&*f.name(), vm)? else {
            continue;
        };
        if vm.is_none(&object) {
            continue;
        }
        if !is_pk_set(vm, &object)? {
            return Err(vm.new_value_error(format!(
                "{operation}() prohibited to prevent data loss due to unsaved related object \
                 '{}'.",
                f.name()
            )));
        }
        let key = f.options.borrow().fk_field.clone().unwrap_or_default();
        if py::is_none(vm, &py::attr(vm, o, &key)?) {
            // Assigning again takes the key over.
            py::set_attr(vm, o, &f.name(), object)?;
        }
    }
    Ok(())
}

fn save_base(vm: &Vm, o: &PyObject, how: &How) -> PyResult<()> {
    let using = if vm.is_none(&how.using) {
        state::db_for_write(vm, o.class().as_object(), o)?
    } else {
        how.using.clone()
    };
    let m = model(vm, o)?;
    // A proxy's row is its concrete model's; signals name the class of the instance.
    let origin: PyObjectRef = if m.is_proxy() {
        class_of_model(vm, &m)?
    } else {
        o.class().to_owned().into()
    };
    let concrete = m.concrete_model();
    let auto_created = m.options.borrow().auto_created;
    let update_fields = match &how.update_fields {
        Some(f) => {
            let list = vm.ctx.new_list(f.iter().map(|n| py::str(vm, n)).collect());
            vm.ctx.types.frozenset_type.as_object().call((list,), vm)?
        }
        None => vm.ctx.none(),
    };
    let announce = |signal: &'static str, extra: Option<bool>| -> PyResult<()> {
        if auto_created || !dispatch::has_receivers(vm, signal, &origin)? {
            return Ok(());
        }
        let mut parts = vec![("instance", o.to_owned())];
        if let Some(created) = extra {
            parts.push(("created", py::bool(vm, created)));
        }
        parts.push(("update_fields", update_fields.clone()));
        parts.push(("raw", py::bool(vm, how.raw)));
        parts.push(("using", using.clone()));
        dispatch::send(vm, signal, &origin, &parts)
    };
    announce("pre_save", None)?;
    let run = || -> PyResult<bool> {
        let mut parent_inserted = false;
        if !how.raw {
            parent_inserted = save_parents(vm, o, &concrete, &using, how, &mut vec![])?;
        }
        let insert = parent_inserted || forced(vm, how, &concrete)?;
        save_table(vm, o, &concrete, &using, how, insert)
    };
    let has_parents = concrete.parents().iter().any(|(_, l)| l.is_some());
    let updated = if has_parents {
        in_atomic(vm, &using, run)?
    } else {
        marking_rollback(vm, &using, run)?
    };
    let state = state::state_of(vm, o)?;
    *state.db.borrow_mut() = Some(using.clone());
    state.adding.set(false);
    announce("post_save", Some(!updated))
}
