//! The reverse side of a foreign key: `author.book_set`.
use super::relation::{
    self, Relation, attr_of, filter_prefetched, filtered, getter, opaque, prefetch_source, queryset,
};
use crate::class::{Class, class};
use crate::db::atomic::atomic;
use crate::error::{self, OrRaise};
use crate::models::fields::field_object;
use crate::modules;
use crate::queries::awaitable::Awaitable;
use crate::queries::fetch::fields_cache;
use crate::queries::manager::PyManager;
use crate::queries::origins;
use crate::queries::queryset::PyQuerySet;
use orm_state::{FieldKind, Value};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::StaticType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;
const MODULE: &str = "django.db.models.fields.related_descriptors";

/// The class our methods are on; with `remove()` and `clear()` only where the key may be null.
pub fn mixin(vm: &Vm, nullable: bool) -> PyResult<PyTypeRef> {
    let name = if nullable {
        "_NullableRelatedMixin"
    } else {
        "_RelatedMixin"
    };
    modules::find(vm, MODULE, name)?
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("not a class"))
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let base = PyManager::static_type().to_owned();
    let plain = class(vm, MODULE, "_RelatedMixin", &[base], fill)?;
    modules::export(vm, MODULE, "_RelatedMixin", plain.clone())?;
    let nullable = class(vm, MODULE, "_NullableRelatedMixin", &[plain], |c| {
        c.method("remove", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            remove(vm, &o, args)
        });
        c.method("clear", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            clear(vm, &o, args)
        });
        later(c, "aremove", "remove");
        later(c, "aclear", "clear");
    })?;
    modules::export(vm, MODULE, "_NullableRelatedMixin", nullable)
}

/// An async twin.
pub fn later(c: &mut Class, name: &'static str, twin: &'static str) {
    c.method(
        name,
        move |o: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyObjectRef {
            Awaitable::call(vm, o, twin, args)
        },
    );
}

fn fill(c: &mut Class) {
    c.attr("do_not_call_in_templates", c.vm.ctx.new_bool(true));
    c.method("get_queryset", |o: PyObjectRef, vm: &Vm| {
        get_queryset(vm, &o)
    });
    c.method(
        "_apply_rel_filters",
        |o: PyObjectRef, qs: PyObjectRef, vm: &Vm| -> PyResult {
            let relation = relation::of(vm, &o)?;
            Ok(apply_filters(vm, &relation, &o, queryset(vm, qs)?)?.into())
        },
    );
    c.method(
        "get_prefetch_querysets",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| prefetch(vm, &o, args),
    );
    c.method("__call__", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        other_manager(vm, &o, args)
    });
    c.method("add", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        add(vm, &o, args)
    });
    c.method("set", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        set(vm, &o, args)
    });
    for name in ["create", "get_or_create", "update_or_create"] {
        c.method(name, move |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
            make(vm, &o, name, args)
        });
    }
    later(c, "aadd", "add");
    later(c, "aset", "set");
    later(c, "acreate", "create");
    later(c, "aget_or_create", "get_or_create");
    later(c, "aupdate_or_create", "update_or_create");
}

/// `manager(manager="other")`
pub fn other_manager(vm: &Vm, o: &PyObject, args: FuncArgs) -> PyResult {
    let relation = relation::of(vm, o)?;
    let name = args
        .get_optional_kwarg("manager")
        .ok_or_else(|| vm.new_type_error("missing 1 required keyword-only argument: 'manager'"))?;
    let name = name.str(vm)?;
    let model = o.get_attr("model", vm)?;
    let manager = model.get_attr(vm.ctx.intern_str(&*name.to_string_lossy()), vm)?;
    let superclass = manager.class().to_owned();
    let class = {
        let nullable = relation.backwards || relation.field.null.get();
        super::descriptor::manager_class(vm, &relation.field, nullable, &superclass)?
    };
    let target = crate::queries::hints::model_of_class(vm, &model)?;
    let relation = Relation {
        superclass,
        ..(**relation).clone()
    };
    relation::manager(vm, class, relation, &target)
}

/// Every field the key refers to has a value.
fn check_key(vm: &Vm, relation: &Relation) -> PyResult<()> {
    for (_, remote) in relation.pairs(vm)? {
        let value = attr_of(vm, &relation.instance, &remote)?;
        if vm.is_none(&value) {
            return Err(vm.new_value_error(format!(
                "\"{}\" needs to have a value for field \"{}\" before this relationship can be used.",
                relation.instance.repr(vm)?.to_string_lossy(),
                remote.attname()
            )));
        }
    }
    Ok(())
}

fn get_queryset(vm: &Vm, o: &PyObject) -> PyResult {
    let _scope = origins::receiving(vm);
    let relation = relation::of(vm, o)?;
    let key = relation.instance.get_attr("pk", vm)?;
    if vm.is_none(&key) {
        return Err(vm.new_value_error(format!(
            "'{}' instance needs to have a primary key value before this relationship can be used.",
            relation.instance.class().name()
        )));
    }
    if let Some(qs) = relation.prefetched(vm, &relation.cache_name()) {
        return Ok(qs);
    }
    let all = relation.all_objects(vm, o)?;
    Ok(apply_filters(vm, &relation, o, all)?.into())
}

fn apply_filters(
    vm: &Vm,
    relation: &Relation,
    o: &PyObject,
    qs: PyRef<PyQuerySet>,
) -> PyResult<PyRef<PyQuerySet>> {
    let field = &relation.field;
    relation.hinted(vm, o, &qs, &relation.instance)?;
    let found = filtered(
        vm,
        &qs,
        vec![(relation.name().to_string(), opaque(&relation.instance))],
    )?;
    relation.pass_fetch_mode(vm, &found)?;
    let pairs = relation.pairs(vm)?;
    for (_, remote) in &pairs {
        let value = attr_of(vm, &relation.instance, remote)?;
        if vm.is_none(&value) {
            found.with_query(|q| q.set_empty());
            return Ok(found);
        }
    }
    if field.many_to_one() && !relation.backwards {
        let mut keys = vec![];
        // What the key of the objects leads to; a user's class may compare something else.
        let path = field.path_infos().or_raise(vm)?;
        for target in path.last().iter().flat_map(|p| &p.target_fields) {
            keys.push(attr_of(vm, &relation.instance, target)?);
        }
        let key = match keys.len() {
            1 => keys.remove(0),
            _ => vm.ctx.new_tuple(keys).into(),
        };
        let known = vm.ctx.new_dict();
        known.set_item(&*key, relation.instance.clone(), vm)?;
        *found.known_related.borrow_mut() = Rc::new(vec![(field.clone(), known)]);
    }
    Ok(found)
}

fn prefetch(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult {
    let relation = relation::of(vm, o)?;
    let (instances, qs) = prefetch_source(vm, &relation, o, &mut args)?;
    let name = relation.name();
    let found = filter_prefetched(vm, &qs, &name, &instances)?;
    let pairs = relation.pairs(vm)?;
    let (local, remote): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
    let field = &relation.field;
    let generic = field.kind == FieldKind::GenericRelation;
    let (object_key, instance_key) = match generic || field.class.hooks.is_some() {
        // A generic relation, like a user's class, has its own way to read a key.
        true => {
            let field = field_object(vm, field)?;
            let (ours, theirs) = ("get_local_related_value", "get_foreign_related_value");
            (field.get_attr(ours, vm)?, field.get_attr(theirs, vm)?)
        }
        false => (getter(vm, &local, "")?, getter(vm, &remote, "")?),
    };
    let by_key = vm.ctx.new_dict();
    for i in &instances {
        let key = instance_key.call((i.clone(),), vm)?;
        by_key.set_item(&*key, i.clone(), vm)?;
    }
    let rows = PyQuerySet::fetch_all(&found, vm)?.borrow_vec().to_vec();
    for obj in rows {
        let cache = fields_cache(vm, &obj)?;
        if cache.get_item(&*name, vm).is_err() {
            let key = object_key.call((obj.clone(),), vm)?;
            if let Some(i) = by_key.get_item_opt(&*key, vm)? {
                cache.set_item(&*name, i, vm)?;
            }
        }
    }
    Ok(vm
        .ctx
        .new_tuple(vec![
            found.into(),
            object_key,
            instance_key,
            vm.ctx.new_bool(false).into(),
            vm.ctx.new_str(relation.cache_name()).into(),
            vm.ctx.new_bool(false).into(),
        ])
        .into())
}

fn model_class(vm: &Vm, o: &PyObject) -> PyResult<PyTypeRef> {
    o.get_attr("model", vm)?
        .downcast()
        .map_err(|_| vm.new_type_error("the manager has no model"))
}

/// Refuses what is no instance of the related model.
pub fn expect_instance(vm: &Vm, model: &PyTypeRef, obj: &PyObjectRef) -> PyResult<()> {
    if obj.fast_isinstance(model) {
        return Ok(());
    }
    Err(vm.new_type_error(format!(
        "'{}' instance expected, got {}",
        model.name(),
        obj.repr(vm)?.to_string_lossy()
    )))
}

pub fn flag(vm: &Vm, args: &mut FuncArgs, name: &str, default: bool) -> PyResult<bool> {
    match args.take_keyword(name) {
        Some(v) => v.is_true(vm),
        None => Ok(default),
    }
}

fn add(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let bulk = flag(vm, &mut args, "bulk", true)?;
    add_objects(vm, o, args.args, bulk)
}

fn add_objects(vm: &Vm, o: &PyObject, objs: Vec<PyObjectRef>, bulk: bool) -> PyResult<()> {
    let relation = relation::of(vm, o)?;
    check_key(vm, &relation)?;
    relation.forget_prefetched(vm, &relation.cache_name());
    let model = model_class(vm, o)?;
    let using = relation.write_db(vm, &model)?;
    let name = relation.name();
    let attach = |obj: &PyObjectRef| -> PyResult<()> {
        expect_instance(vm, &model, obj)?;
        obj.set_attr(vm.ctx.intern_str(&*name), relation.instance.clone(), vm)
    };
    if !bulk {
        return atomic(vm, &using, false, || {
            for obj in &objs {
                attach(obj)?;
                vm.call_method(obj, "save", ())?;
            }
            Ok(())
        });
    }
    let mut keys = vec![];
    for obj in &objs {
        attach(obj)?;
        let state = obj.get_attr("_state", vm)?;
        let adding = state.get_attr("adding", vm)?.is_true(vm)?;
        let db = state.get_attr("db", vm)?;
        let elsewhere = vm.is_none(&db) || db.str(vm)?.to_string_lossy() != *using;
        if adding || elsewhere {
            return Err(vm.new_value_error(format!(
                "{} instance isn't saved. Use bulk=False or save the object first.",
                obj.repr(vm)?.to_string_lossy()
            )));
        }
        let key = obj.get_attr("pk", vm)?;
        keys.push(crate::convert::to_value(vm, &key)?);
    }
    let manager = model.as_object().get_attr("_base_manager", vm)?;
    let qs = vm.call_method(&manager, "using", (vm.ctx.new_str(&*using),))?;
    let found = filtered(
        vm,
        &*queryset(vm, qs)?,
        vec![("pk__in".into(), Value::List(keys.into()))],
    )?;
    let mut update = FuncArgs::default();
    update
        .kwargs
        .insert((&*name).into(), relation.instance.clone());
    PyQuerySet::update_rows(&found, vm, update).map(drop)
}

/// `create()` and its kin: on a copy of the manager bound to the database writes go to.
fn make(vm: &Vm, o: &PyObject, method: &'static str, mut args: FuncArgs) -> PyResult {
    let relation = relation::of(vm, o)?;
    check_key(vm, &relation)?;
    if method == "create" {
        relation.forget_prefetched(vm, &relation.cache_name());
    }
    args.kwargs
        .insert((&*relation.name()).into(), relation.instance.clone());
    let using = relation.write_db(vm, &model_class(vm, o)?)?;
    let bound = vm.call_method(o, "db_manager", (vm.ctx.new_str(&*using),))?;
    relation.inherited(vm, bound, method, args)
}

fn remove(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let bulk = flag(vm, &mut args, "bulk", true)?;
    remove_objects(vm, o, args.args, bulk)
}

fn remove_objects(vm: &Vm, o: &PyObject, objs: Vec<PyObjectRef>, bulk: bool) -> PyResult<()> {
    if objs.is_empty() {
        return Ok(());
    }
    let relation = relation::of(vm, o)?;
    check_key(vm, &relation)?;
    let model = model_class(vm, o)?;
    let pairs = relation.pairs(vm)?;
    let mut keys = vec![];
    for obj in &objs {
        expect_instance(vm, &model, obj)?;
        for (local, remote) in &pairs {
            let theirs = attr_of(vm, obj, local)?;
            let ours = attr_of(vm, &relation.instance, remote)?;
            if !vm.bool_eq(&theirs, &ours)? {
                let message = format!(
                    "{} is not related to {}.",
                    obj.repr(vm)?.to_string_lossy(),
                    relation.instance.repr(vm)?.to_string_lossy()
                );
                let class: PyObjectRef = relation.instance.class().to_owned().into();
                return Err(match class.get_attr("DoesNotExist", vm)?.downcast() {
                    Ok(c) => error::new(vm, c, vec![vm.ctx.new_str(message).into()]),
                    Err(_) => error::raise(vm, "ObjectDoesNotExist", message),
                });
            }
        }
        let key = obj.get_attr("pk", vm)?;
        keys.push(crate::convert::to_value(vm, &key)?);
    }
    let qs = queryset(vm, get_queryset(vm, o)?)?;
    let found = filtered(vm, &qs, vec![("pk__in".into(), Value::Set(keys.into()))])?;
    detach(vm, o, &found, bulk)
}

fn clear(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let bulk = flag(vm, &mut args, "bulk", true)?;
    let relation = relation::of(vm, o)?;
    check_key(vm, &relation)?;
    let qs = queryset(vm, get_queryset(vm, o)?)?;
    detach(vm, o, &qs, bulk)
}

fn detach(vm: &Vm, o: &PyObject, qs: &PyRef<PyQuerySet>, bulk: bool) -> PyResult<()> {
    let relation = relation::of(vm, o)?;
    relation.forget_prefetched(vm, &relation.cache_name());
    let using = relation.write_db(vm, &model_class(vm, o)?)?;
    let found = PyQuerySet::chain(qs, vm)?;
    *found.using.borrow_mut() = Some(using.clone());
    let name = relation.name();
    if bulk {
        let mut update = FuncArgs::default();
        update.kwargs.insert((&*name).into(), vm.ctx.none());
        return PyQuerySet::update_rows(&found, vm, update).map(drop);
    }
    atomic(vm, &using, false, || {
        for obj in PyQuerySet::fetch_all(&found, vm)?.borrow_vec().to_vec() {
            obj.set_attr(vm.ctx.intern_str(&*name), vm.ctx.none(), vm)?;
            let mut save = FuncArgs::default();
            let fields = vm.ctx.new_list(vec![vm.ctx.new_str(&*name).into()]);
            save.kwargs.insert("update_fields".into(), fields.into());
            obj.get_attr("save", vm)?.call(save, vm)?;
        }
        Ok(())
    })
}

fn set(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult<()> {
    let relation = relation::of(vm, o)?;
    check_key(vm, &relation)?;
    let bulk = flag(vm, &mut args, "bulk", true)?;
    let clear_first = flag(vm, &mut args, "clear", false)?;
    let objs = args
        .take_positional_keyword("objs")
        .ok_or_else(|| vm.new_type_error("set() missing 1 required positional argument: 'objs'"))?;
    let objs: Vec<PyObjectRef> = objs.try_into_value(vm)?;
    if !relation.field.null.get() {
        return add_objects(vm, o, objs, bulk);
    }
    let using = relation.write_db(vm, &model_class(vm, o)?)?;
    atomic(vm, &using, false, || {
        if clear_first {
            let mut args = FuncArgs::default();
            args.kwargs
                .insert("bulk".into(), vm.ctx.new_bool(bulk).into());
            clear(vm, o, args)?;
            return add_objects(vm, o, objs.clone(), bulk);
        }
        let all = queryset(vm, get_queryset(vm, o)?)?;
        let all = PyQuerySet::chain(&all, vm)?;
        *all.using.borrow_mut() = Some(using.clone());
        let mut old = PyQuerySet::fetch_all(&all, vm)?.borrow_vec().to_vec();
        let mut new = vec![];
        for obj in &objs {
            let mut at = None;
            for (i, other) in old.iter().enumerate() {
                if vm.bool_eq(other, obj)? {
                    at = Some(i);
                    break;
                }
            }
            match at {
                Some(i) => drop(old.remove(i)),
                None => new.push(obj.clone()),
            }
        }
        remove_objects(vm, o, old, bulk)?;
        add_objects(vm, o, new, bulk)
    })
}
