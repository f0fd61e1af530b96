//! `book.author`: the forward side of a foreign key or one-to-one field.
use super::prefetch;
use crate::class::{Class, class};
use crate::error::OrRaise;
use crate::models::fields::descriptors::{deferred_get, held, holder};
use crate::models::fields::properties::inner;
use crate::models::{class_of_model, model_of_instance, state};
use crate::queries::fetch_modes;
use crate::{modules, py};
use orm_state::Field;
use rustpython_vm::function::{FuncArgs, KwArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;
pub const MODULE: &str = "django.db.models.fields.related_descriptors";

pub fn install(vm: &Vm) -> PyResult<()> {
    let deferred = modules::find(vm, "django.db.models.query_utils", "DeferredAttribute")?
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))?;
    let key = class(
        vm,
        MODULE,
        "ForeignKeyDeferredAttribute",
        &[deferred],
        |c| {
            c.method("__get__", deferred_get);
            c.method("__set__", key_set);
        },
    )?;
    modules::export(vm, MODULE, "ForeignKeyDeferredAttribute", key)?;
    let many = class(
        vm,
        MODULE,
        "ForwardManyToOneDescriptor",
        &[holder(vm)],
        fill,
    )?;
    modules::export(vm, MODULE, "ForwardManyToOneDescriptor", many.clone())?;
    let one = class(vm, MODULE, "ForwardOneToOneDescriptor", &[many], |c| {
        c.method("get_object", one_to_one_object);
        c.method("__set__", one_to_one_set);
    })?;
    modules::export(vm, MODULE, "ForwardOneToOneDescriptor", one)
}

/// A changed key forgets the object it led to.
fn key_set(o: PyObjectRef, instance: PyObjectRef, value: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let field = inner(&held(vm, &o)?, vm)?;
    let Some(dict) = instance.dict() else {
        return Ok(());
    };
    let attname = field.attname();
    let attname = vm.ctx.intern_str(&*attname);
    let changed = match dict.get_item_opt(attname, vm)? {
        Some(old) => !py::eq(vm, &old, &value)?,
        None => true,
    };
    if changed {
        let cache = state::fields_cache(vm, &instance)?;
        if cache.get_item_opt(&*field.name(), vm)?.is_some() {
            cache.del_item(&*field.name(), vm)?;
        }
    }
    dict.set_item(attname, value, vm)
}

fn fill(c: &mut Class) {
    c.getter("field", |o, vm| held(vm, &o));
    c.getter("cache_name", |o, vm| {
        Ok(py::str(vm, &*inner(&held(vm, &o)?, vm)?.name()))
    });
    c.method("__get__", get);
    c.method("__set__", set);
    c.method(
        "is_cached",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let field = inner(&held(vm, &o)?, vm)?;
            let cache = state::fields_cache(vm, &instance)?;
            Ok(cache.get_item_opt(&*field.name(), vm)?.is_some())
        },
    );
    c.method("get_queryset", |o: PyObjectRef, hints: KwArgs, vm: &Vm| {
        get_queryset(
            vm,
            &o,
            hints.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        )
    });
    c.method(
        "get_object",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| get_object(vm, &o, &instance),
    );
    c.method(
        "fetch_one",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<()> {
            fetch_one(vm, &o, &instance)
        },
    );
    c.method(
        "fetch_many",
        |o: PyObjectRef, instances: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let name = inner(&held(vm, &o)?, vm)?.name();
            fetch_many(vm, &o, &instances, &name)
        },
    );
    c.method(
        "get_prefetch_querysets",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| get_prefetch_querysets(vm, &o, args),
    );
    c.getter("RelatedObjectDoesNotExist", |o, vm| does_not_exist(vm, &o));
    c.method("__reduce__", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let field = inner(&held(vm, &o)?, vm)?;
        let model = match field.model() {
            Some(m) => class_of_model(vm, &m)?,
            None => vm.ctx.none(),
        };
        let getattr = vm.builtins.get_attr("getattr", vm)?;
        let args = vm.ctx.new_tuple(vec![model, py::str(vm, &*field.name())]);
        Ok(vm.ctx.new_tuple(vec![getattr, args.into()]).into())
    });
}

/// A class that is both the other model's `DoesNotExist` and an `AttributeError`.
fn does_not_exist(vm: &Vm, o: &PyObject) -> PyResult {
    let field = inner(&held(vm, o)?, vm)?;
    let (Some(model), Some(target)) = (field.model(), field.related_model()) else {
        return Err(vm.new_attribute_error("RelatedObjectDoesNotExist"));
    };
    related_does_not_exist(vm, o, &model, &target, &field.name())
}

/// Made once for a descriptor.
pub fn related_does_not_exist(
    vm: &Vm,
    o: &PyObject,
    model: &orm_state::ModelRef,
    target: &orm_state::ModelRef,
    name: &str,
) -> PyResult {
    if let Some(dict) = o.dict()
        && let Some(made) = dict.get_item_opt("_does_not_exist", vm)?
    {
        return Ok(made);
    }
    let base = py::attr(vm, &class_of_model(vm, target)?, "DoesNotExist")?;
    let attribute_error: PyObjectRef = vm.ctx.exceptions.attribute_error.to_owned().into();
    let body = vm.ctx.new_dict();
    body.set_item("__module__", py::str(vm, &model.module), vm)?;
    let qualname = format!("{}.{name}.RelatedObjectDoesNotExist", model.object_name());
    body.set_item("__qualname__", py::str(vm, qualname), vm)?;
    let type_type: PyObjectRef = vm.ctx.types.type_type.to_owned().into();
    let made = type_type.call(
        (
            vm.ctx.new_str("RelatedObjectDoesNotExist"),
            vm.ctx.new_tuple(vec![base, attribute_error]),
            body,
        ),
        vm,
    )?;
    if let Some(dict) = o.dict() {
        dict.set_item("_does_not_exist", made.clone(), vm)?;
    }
    Ok(made)
}

fn get_queryset(vm: &Vm, o: &PyObject, hints: Vec<(String, PyObjectRef)>) -> PyResult {
    let field = inner(&held(vm, o)?, vm)?;
    let Some(model) = field.related_model() else {
        return Err(vm.new_value_error("The related model is not resolved."));
    };
    let manager = py::attr(vm, &class_of_model(vm, &model)?, "_base_manager")?;
    base_queryset(vm, &manager, hints)
}

/// `manager.db_manager(hints=hints).all()`
pub fn base_queryset(vm: &Vm, manager: &PyObject, hints: Vec<(String, PyObjectRef)>) -> PyResult {
    let dict = vm.ctx.new_dict();
    let instance = hints.iter().find(|(k, _)| k == "instance");
    let instance = instance.map(|(_, v)| v.clone());
    for (k, v) in hints {
        dict.set_item(&*k, v, vm)?;
    }
    let manager = py::call_kw(vm, manager, "db_manager", vec![], &[("hints", dict.into())])?;
    let rows = py::call(vm, &manager, "all", vec![])?;
    match instance {
        Some(instance) => fetch_modes::follow(vm, rows, &instance),
        None => Ok(rows),
    }
}

fn get_object(vm: &Vm, o: &PyObject, instance: &PyObject) -> PyResult {
    let rows = py::call_kw(
        vm,
        o,
        "get_queryset",
        vec![],
        &[("instance", instance.to_owned())],
    )?;
    let field = held(vm, o)?;
    let found = py::call(
        vm,
        &field,
        "get_reverse_related_filter",
        vec![instance.to_owned()],
    )?;
    py::call(vm, &rows, "get", vec![found])
}

fn fetch_one(vm: &Vm, o: &PyObject, instance: &PyObject) -> PyResult<()> {
    let field = inner(&held(vm, o)?, vm)?;
    let found = py::call(vm, o, "get_object", vec![instance.to_owned()])?;
    state::fields_cache(vm, instance)?.set_item(&*field.name(), found.clone(), vm)?;
    tie_back(vm, &field, &found, instance)
}

/// Prefetches a relation for those instances that have not fetched it.
pub fn fetch_many(vm: &Vm, o: &PyObject, instances: &PyObject, name: &str) -> PyResult<()> {
    let mut missing = vec![];
    for i in py::list(vm, instances)? {
        if !py::is_true(vm, &py::call(vm, o, "is_cached", vec![i.clone()])?)? {
            missing.push(i);
        }
    }
    let prefetch = modules::find(vm, "django.db.models.query", "prefetch_related_objects")?;
    prefetch
        .call((vm.ctx.new_list(missing), py::str(vm, name)), vm)
        .map(drop)
}

/// One-to-one: the other object knows this one, too.
fn tie_back(vm: &Vm, field: &Rc<Field>, other: &PyObject, instance: &PyObject) -> PyResult<()> {
    let Some(rel) = &field.remote else {
        return Ok(());
    };
    if rel.multiple() || vm.is_none(other) {
        return Ok(());
    }
    if let Some(name) = rel.accessor_name() {
        state::fields_cache(vm, other)?.set_item(&*name, instance.to_owned(), vm)?;
    }
    Ok(())
}

fn get(o: PyObjectRef, instance: PyObjectRef, _owner: OptionalArg, vm: &Vm) -> PyResult {
    if vm.is_none(&instance) {
        return Ok(o);
    }
    let field = inner(&held(vm, &o)?, vm)?;
    let name = field.name();
    let cache = state::fields_cache(vm, &instance)?;
    let found = match cache.get_item_opt(&*name, vm)? {
        Some(v) => v,
        None => {
            let mut has_value = true;
            for (local, _) in field.related_fields().or_raise(vm)? {
                has_value &= !py::is_none(vm, &py::attr(vm, &instance, &local.attname())?);
            }
            let mut found = vm.ctx.none();
            if has_value {
                found = through_ancestor(vm, &field, &instance)?;
                if vm.is_none(&found) {
                    state::fetch(vm, &instance, &o)?;
                    return Ok(state::fields_cache(vm, &instance)?
                        .get_item_opt(&*name, vm)?
                        .unwrap_or_else(|| vm.ctx.none()));
                }
            }
            cache.set_item(&*name, found.clone(), vm)?;
            found
        }
    };
    if vm.is_none(&found) && !field.null.get() {
        let class = does_not_exist(vm, &o)?;
        let model = field
            .model()
            .map(|m| m.object_name().to_string())
            .unwrap_or_default();
        return Err(raise(vm, class, format!("{model} has no {name}.")));
    }
    Ok(found)
}

/// Raises an exception of a class made at run time.
pub fn raise(
    vm: &Vm,
    class: PyObjectRef,
    message: String,
) -> rustpython_vm::builtins::PyBaseExceptionRef {
    match class.downcast::<rustpython_vm::builtins::PyType>() {
        Ok(class) => crate::error::new(vm, class, vec![py::str(vm, message)]),
        Err(_) => vm.new_attribute_error(message),
    }
}

/// An inherited relation may be cached on the parent's instance.
fn through_ancestor(vm: &Vm, field: &Rc<Field>, instance: &PyObject) -> PyResult {
    let none = vm.ctx.none();
    let Some(owner) = field.model() else {
        return Ok(none);
    };
    for ancestor in state::with_ancestors(vm, instance, &owner)?.iter().skip(1) {
        let theirs = state::fields_cache(vm, ancestor)?.get_item_opt(&*field.name(), vm)?;
        if let Some(found) = theirs.filter(|f| !vm.is_none(f)) {
            return Ok(found);
        }
    }
    Ok(none)
}

fn set(o: PyObjectRef, instance: PyObjectRef, value: PyObjectRef, vm: &Vm) -> PyResult<()> {
    assign(vm, &o, &instance, value)
}

/// A field's value in an instance, which is asked only where the value is not at hand.
fn stored(vm: &Vm, instance: &PyObject, field: &Field) -> PyResult {
    let name = vm.ctx.intern_str(&*field.attname());
    if field.class.hooks.is_none()
        && let Some(dict) = instance.dict()
        && let Some(value) = dict.get_item_opt(name, vm)?
    {
        return Ok(value);
    }
    instance.get_attr(name, vm)
}

fn assign(vm: &Vm, o: &PyObject, instance: &PyObject, value: PyObjectRef) -> PyResult<()> {
    let field = inner(&held(vm, o)?, vm)?;
    let target = field.related_model();
    if !vm.is_none(&value)
        && let Some(target) = &target
    {
        let concrete = class_of_model(vm, &target.concrete_model())?;
        if !value.class().is(&concrete) && !value.is_instance(&concrete, vm)? {
            return Err(vm.new_value_error(format!(
                "Cannot assign \"{}\": \"{}.{}\" must be a \"{}\" instance.",
                py::repr(vm, &value)?,
                instance_meta_name(instance),
                field.name(),
                target.object_name()
            )));
        }
        state::settle_db(vm, instance, &value)?;
    }
    let pairs = field.related_fields().or_raise(vm)?;
    let cache = state::fields_cache(vm, instance)?;
    if vm.is_none(&value) {
        // The object that was there forgets us.
        if let Some(old) = cache.get_item_opt(&*field.name(), vm)?
            && !vm.is_none(&old)
            && let Some(rel) = &field.remote
            && let Some(name) = rel.accessor_name()
            && !rel.multiple()
        {
            state::fields_cache(vm, &old)?.set_item(&*name, vm.ctx.none(), vm)?;
        }
        for (local, _) in &pairs {
            py::set_attr(vm, instance, &local.attname(), vm.ctx.none())?;
        }
    } else {
        for (local, remote) in &pairs {
            let v = stored(vm, &value, remote)?;
            py::set_attr(vm, instance, &local.attname(), v)?;
        }
    }
    cache.set_item(vm.ctx.intern_str(&*field.name()), value.clone(), vm)?;
    tie_back(vm, &field, &value, instance)
}

fn instance_meta_name(instance: &PyObject) -> String {
    model_of_instance(instance)
        .map(|m| m.object_name().to_string())
        .unwrap_or_else(|| instance.class().name().to_string())
}

/// A parent link whose parent's fields are all here needs no query.
fn one_to_one_object(o: PyObjectRef, instance: PyObjectRef, vm: &Vm) -> PyResult {
    let field = inner(&held(vm, &o)?, vm)?;
    let parent_link = field.remote.as_ref().is_some_and(|r| r.parent_link.get());
    if parent_link
        && let Some(target) = field.related_model()
        && let Some(dict) = instance.dict()
    {
        let class = class_of_model(vm, &target)?;
        let mut kwargs = FuncArgs::default();
        for f in target.concrete_fields().iter() {
            match dict.get_item_opt(&*f.attname(), vm)? {
                Some(v) => {
                    kwargs.kwargs.insert((&*f.attname()).into(), v);
                }
                None => return get_object(vm, &o, &instance),
            }
        }
        let made = class.call(kwargs, vm)?;
        state::copy_origin(vm, &instance, &made)?;
        let mode = state::state_of(vm, &instance)?.fetch_mode.borrow().clone();
        *state::state_of(vm, &made)?.fetch_mode.borrow_mut() = mode;
        return Ok(made);
    }
    get_object(vm, &o, &instance)
}

/// A parent's key goes into the child as well.
fn one_to_one_set(
    o: PyObjectRef,
    instance: PyObjectRef,
    value: PyObjectRef,
    vm: &Vm,
) -> PyResult<()> {
    assign(vm, &o, &instance, value.clone())?;
    let field = inner(&held(vm, &o)?, vm)?;
    let to_parent = field.remote.as_ref().is_some_and(|r| r.parent_link.get());
    let Some(model) = model_of_instance(&instance).filter(|_| field.primary_key.get() && to_parent)
    else {
        return Ok(());
    };
    // The keys of all parents are inherited, and follow.
    for f in model
        .concrete_fields()
        .iter()
        .filter(|f| f.primary_key.get())
    {
        let Some(pk) = f.related_model().and_then(|m| m.pk()) else {
            continue;
        };
        let v = match vm.is_none(&value) {
            true => vm.ctx.none(),
            false => py::attr(vm, &value, &pk.attname())?,
        };
        py::set_attr(vm, &instance, &pk.attname(), v)?;
    }
    Ok(())
}

/// `get_prefetch_querysets(instances, querysets=None)`: what prefetching needs to know.
fn get_prefetch_querysets(vm: &Vm, o: &PyObject, args: FuncArgs) -> PyResult {
    let field = inner(&held(vm, o)?, vm)?;
    let (instances, rows) = prefetch::sources(vm, o, args)?;
    let (locals, remotes): (Vec<_>, Vec<_>) =
        field.related_fields().or_raise(vm)?.into_iter().unzip();
    let ours: Vec<Rc<str>> = locals.iter().map(|f| f.attname()).collect();
    let theirs: Vec<Rc<str>> = remotes.iter().map(|f| f.attname()).collect();
    let by_key = prefetch::by_key(vm, &instances, &ours)?;
    let rows = prefetch::with_keys(vm, &rows, &field, &remotes, &by_key)?;
    prefetch::unordered(vm, &rows)?;
    if let Some(rel) = &field.remote
        && !rel.multiple()
        && let Some(name) = rel.accessor_name()
    {
        // Fetching the other side of a one-to-one gives this side, too.
        prefetch::tie(vm, &rows, &theirs, &by_key, &name)?;
    }
    prefetch::answer(vm, rows, theirs, ours, &field.name())
}
