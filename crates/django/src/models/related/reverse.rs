//! `place.restaurant`: the reverse side of a one-to-one field.
use super::forward::{MODULE, base_queryset, fetch_many, raise, related_does_not_exist};
use super::objects::rel_of;
use super::prefetch;
use crate::class::{Class, class};
use crate::error::OrRaise;
use crate::models::fields::descriptors::{held, holder};
use crate::models::{class_of_model, model_of_instance, state};
use crate::{modules, py};
use orm_state::Rel;
use rustpython_vm::function::{FuncArgs, KwArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let made = class(vm, MODULE, "ReverseOneToOneDescriptor", &[holder(vm)], fill)?;
    modules::export(vm, MODULE, "ReverseOneToOneDescriptor", made)
}

fn rel(vm: &Vm, o: &PyObject) -> PyResult<Rc<Rel>> {
    rel_of(&*held(vm, o)?).ok_or_else(|| vm.new_type_error("a relation was expected"))
}

fn fill(c: &mut Class) {
    c.getter("related", |o, vm| held(vm, &o));
    c.getter("cache_name", |o, vm| {
        Ok(py::opt_str(vm, rel(vm, &o)?.accessor_name().as_deref()))
    });
    c.getter("RelatedObjectDoesNotExist", |o, vm| does_not_exist(vm, &o));
    c.method(
        "is_cached",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let name = rel(vm, &o)?.accessor_name().unwrap_or_default();
            let cache = state::fields_cache(vm, &instance)?;
            Ok(cache.get_item_opt(&*name, vm)?.is_some())
        },
    );
    c.method("get_queryset", |o: PyObjectRef, hints: KwArgs, vm: &Vm| {
        queryset(
            vm,
            &o,
            hints.into_iter().map(|(k, v)| (k.to_string(), v)).collect(),
        )
    });
    c.method(
        "fetch_one",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<()> {
            fetch_one(vm, &o, &instance)
        },
    );
    c.getter("field", |o, vm| py::attr(vm, &held(vm, &o)?, "field"));
    c.method(
        "fetch_many",
        |o: PyObjectRef, instances: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let name = rel(vm, &o)?.accessor_name().unwrap_or_default();
            fetch_many(vm, &o, &instances, &name)
        },
    );
    c.method(
        "get_prefetch_querysets",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| get_prefetch_querysets(vm, &o, args),
    );
    c.method("__get__", get);
    c.method("__set__", set);
}

fn does_not_exist(vm: &Vm, o: &PyObject) -> PyResult {
    let rel = rel(vm, o)?;
    let (Some(model), Some(target)) = (rel.model(), rel.related_model()) else {
        return Err(vm.new_attribute_error("RelatedObjectDoesNotExist"));
    };
    let name = rel.accessor_name().unwrap_or_default();
    related_does_not_exist(vm, o, &model, &target, &name)
}

fn queryset(vm: &Vm, o: &PyObject, hints: Vec<(String, PyObjectRef)>) -> PyResult {
    let Some(model) = rel(vm, o)?.related_model() else {
        return Err(vm.new_value_error("The related model is gone."));
    };
    let manager = py::attr(vm, &class_of_model(vm, &model)?, "_base_manager")?;
    base_queryset(vm, &manager, hints)
}

fn get(o: PyObjectRef, instance: PyObjectRef, _owner: OptionalArg, vm: &Vm) -> PyResult {
    if vm.is_none(&instance) {
        return Ok(o);
    }
    let rel = rel(vm, &o)?;
    let name = rel.accessor_name().unwrap_or_default();
    let cache = state::fields_cache(vm, &instance)?;
    let found = match cache.get_item_opt(&*name, vm)? {
        Some(v) => v,
        None => {
            if has_key(vm, &rel, &instance)? {
                state::fetch(vm, &instance, &o)?;
            } else {
                cache.set_item(&*name, vm.ctx.none(), vm)?;
            }
            cache
                .get_item_opt(&*name, vm)?
                .unwrap_or_else(|| vm.ctx.none())
        }
    };
    if vm.is_none(&found) {
        let class = does_not_exist(vm, &o)?;
        let message = format!("{} has no {name}.", instance.class().name());
        return Err(raise(vm, class, message));
    }
    Ok(found)
}

fn has_key(vm: &Vm, rel: &Rc<Rel>, instance: &PyObject) -> PyResult<bool> {
    let field = rel.field().or_raise(vm)?;
    for (_, remote) in field.related_fields().or_raise(vm)? {
        if py::is_none(vm, &py::attr(vm, instance, &remote.attname())?) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn fetch_one(vm: &Vm, o: &PyObject, instance: &PyObject) -> PyResult<()> {
    let rel = rel(vm, o)?;
    let field = rel.field().or_raise(vm)?;
    let name = rel.accessor_name().unwrap_or_default();
    let rows = py::call_kw(
        vm,
        o,
        "get_queryset",
        vec![],
        &[("instance", instance.to_owned())],
    )?;
    let mut filter = FuncArgs::default();
    for (local, remote) in field.related_fields().or_raise(vm)? {
        let key = if local.name() == field.name() {
            field.name().to_string()
        } else {
            local.name().to_string()
        };
        let value = if local.name() == field.name() {
            instance.to_owned()
        } else {
            py::attr(vm, instance, &remote.attname())?
        };
        filter.kwargs.insert(key.into(), value);
    }
    let missing = match rel.related_model() {
        Some(m) => py::attr(vm, &class_of_model(vm, &m)?, "DoesNotExist")?,
        None => vm.ctx.none(),
    };
    let found = match py::attr(vm, &rows, "get")?.call(filter, vm) {
        Ok(v) => {
            state::fields_cache(vm, &v)?.set_item(&*field.name(), instance.to_owned(), vm)?;
            v
        }
        Err(e) if e.as_object().is_instance(&missing, vm)? => vm.ctx.none(),
        Err(e) => return Err(e),
    };
    state::fields_cache(vm, instance)?.set_item(&*name, found, vm)
}

fn set(o: PyObjectRef, instance: PyObjectRef, value: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let rel = rel(vm, &o)?;
    let field = rel.field().or_raise(vm)?;
    let name = rel.accessor_name().unwrap_or_default();
    let cache = state::fields_cache(vm, &instance)?;
    if vm.is_none(&value) {
        if let Some(old) = cache.get_item_opt(&*name, vm)?
            && !vm.is_none(&old)
        {
            cache.del_item(&*name, vm)?;
            py::set_attr(vm, &old, &field.name(), vm.ctx.none())?;
        }
        return Ok(());
    }
    let Some(target) = rel.related_model() else {
        return Ok(());
    };
    if !value.is_instance(&*class_of_model(vm, &target)?, vm)? {
        let own = model_of_instance(&instance)
            .map(|m| m.object_name().to_string())
            .unwrap_or_default();
        return Err(vm.new_value_error(format!(
            "Cannot assign \"{}\": \"{own}.{name}\" must be a \"{}\" instance.",
            py::repr(vm, &value)?,
            target.object_name()
        )));
    }
    state::settle_db(vm, &instance, &value)?;
    for (local, remote) in field.related_fields().or_raise(vm)? {
        let v = py::attr(vm, &instance, &remote.attname())?;
        py::set_attr(vm, &value, &local.attname(), v)?;
    }
    cache.set_item(&*name, value.clone(), vm)?;
    state::fields_cache(vm, &value)?.set_item(&*field.name(), instance, vm)
}

fn get_prefetch_querysets(vm: &Vm, o: &PyObject, args: FuncArgs) -> PyResult {
    let rel = rel(vm, o)?;
    let field = rel.field().or_raise(vm)?;
    let (instances, rows) = prefetch::sources(vm, o, args)?;
    let pairs = field.related_fields().or_raise(vm)?;
    let (theirs, ours): (Vec<Rc<str>>, Vec<Rc<str>>) = pairs
        .iter()
        .map(|(l, r)| (l.attname(), r.attname()))
        .unzip();
    let by_key = prefetch::by_key(vm, &instances, &ours)?;
    let list = vm.ctx.new_list(instances).into();
    let key = format!("{}__in", field.name());
    let rows = py::call_kw(vm, &rows, "filter", vec![], &[(&key, list)])?;
    prefetch::unordered(vm, &rows)?;
    prefetch::tie(vm, &rows, &theirs, &by_key, &field.name())?;
    let name = rel.accessor_name().unwrap_or_default();
    prefetch::answer(vm, rows, theirs, ours, &name)
}
