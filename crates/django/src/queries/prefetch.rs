//! `prefetch_related`: related objects of many instances in one query each.
use super::fetch::fields_cache;
use super::queryset::PyQuerySet;
use super::raw::RawQuerySet;
use crate::error;
use crate::modules;
use orm_sql::origin::{self, Origin};
use rustpython_vm::Context;
use rustpython_vm::builtins::{PyDict, PyDictRef, PyList, PyStr, PyType};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, PyComparisonValue};
use rustpython_vm::types::{Comparable, Constructor, PyComparisonOp};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};

/// `Prefetch("books", queryset=…, to_attr=…)`
#[pyclass(module = false, name = "Prefetch")]
#[derive(Debug, PyPayload)]
pub struct Prefetch {
    through: RefCell<String>,
    to: RefCell<String>,
    queryset: RefCell<Option<PyObjectRef>>,
    to_attr: Option<String>,
    /// Which argument of `prefetch_related()` it is.
    origin: Cell<Option<Origin>>,
}

impl Prefetch {
    fn plain(lookup: &str) -> Prefetch {
        Prefetch {
            through: RefCell::new(lookup.into()),
            to: RefCell::new(lookup.into()),
            queryset: RefCell::default(),
            to_attr: None,
            origin: Cell::default(),
        }
    }
    fn add_prefix(&self, prefix: &str) {
        let prefixed = |s: &RefCell<String>| {
            let new = format!("{prefix}__{}", s.borrow());
            *s.borrow_mut() = new;
        };
        prefixed(&self.through);
        prefixed(&self.to);
    }
    fn to_at(&self, level: usize) -> String {
        let to = self.to.borrow();
        to.split("__")
            .take(level + 1)
            .collect::<Vec<_>>()
            .join("__")
    }
    /// The attribute filled at a level, and whether it is the user's `to_attr`.
    fn attr_at(&self, level: usize) -> (String, bool) {
        let to = self.to.borrow();
        let parts: Vec<&str> = to.split("__").collect();
        let name = parts.get(level).copied().unwrap_or_default().to_string();
        (name, self.to_attr.is_some() && level + 1 == parts.len())
    }
    fn queryset_at(&self, level: usize) -> Option<PyObjectRef> {
        if self.to_at(level) == *self.to.borrow() {
            self.queryset.borrow().clone()
        } else {
            None
        }
    }
    /// Another one of the same class, to be changed.
    fn copy(zelf: &Py<Prefetch>, vm: &VirtualMachine) -> PyResult<PyRef<Prefetch>> {
        let made = Prefetch {
            through: RefCell::new(zelf.through.borrow().clone()),
            to: RefCell::new(zelf.to.borrow().clone()),
            queryset: RefCell::new(zelf.queryset.borrow().clone()),
            to_attr: zelf.to_attr.clone(),
            origin: zelf.origin.clone(),
        };
        let made = made.into_ref_with_type(vm, zelf.class().to_owned())?;
        if let (Some(from), Some(to)) = (zelf.as_object().dict(), made.as_object().dict()) {
            for (key, value) in from {
                to.set_item(&*key, value, vm)?;
            }
        }
        Ok(made)
    }
}

impl Constructor for Prefetch {
    type Args = FuncArgs;
    fn py_new(_cls: &Py<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let lookup = args.take_positional_keyword("lookup").ok_or_else(|| {
            vm.new_type_error(
                "Prefetch.__init__() missing 1 required positional argument: 'lookup'",
            )
        })?;
        let lookup = lookup.str(vm)?.to_string_lossy().into_owned();
        let queryset = args
            .take_positional_keyword("queryset")
            .filter(|q| !vm.is_none(q));
        let to_attr = match args.take_positional_keyword("to_attr") {
            Some(t) if !vm.is_none(&t) => Some(t.str(vm)?.to_string_lossy().into_owned()),
            _ => None,
        };
        if let Some(q) = &queryset {
            let unusable = match q.downcast_ref::<PyQuerySet>() {
                Some(q) => !q.gives_models(vm)?,
                None => q.downcast_ref::<RawQuerySet>().is_some(),
            };
            if unusable {
                return Err(vm.new_value_error(
                    "Prefetch querysets cannot use raw(), values(), and values_list().",
                ));
            }
        }
        let to = match &to_attr {
            Some(attr) => {
                let mut parts: Vec<&str> = lookup.split("__").collect();
                parts.pop();
                parts.push(attr);
                parts.join("__")
            }
            None => lookup.clone(),
        };
        Ok(Prefetch {
            through: RefCell::new(lookup),
            to: RefCell::new(to),
            queryset: RefCell::new(queryset),
            to_attr,
            origin: Cell::default(),
        })
    }
}

#[pyclass(with(Constructor, Comparable), flags(HEAPTYPE, BASETYPE, HAS_DICT))]
impl Prefetch {
    #[extend_class]
    fn named(ctx: &Context, class: &'static Py<PyType>) {
        crate::class::lives_in(ctx, class, "django.db.models.query");
    }
    #[pygetset]
    fn prefetch_through(zelf: &Py<Prefetch>) -> String {
        zelf.through.borrow().clone()
    }
    #[pygetset]
    fn prefetch_to(zelf: &Py<Prefetch>) -> String {
        zelf.to.borrow().clone()
    }
    #[pygetset]
    fn queryset(zelf: &Py<Prefetch>, vm: &VirtualMachine) -> PyObjectRef {
        vm.unwrap_or_none(zelf.queryset.borrow().clone())
    }
    #[pygetset]
    fn to_attr(zelf: &Py<Prefetch>) -> Option<String> {
        zelf.to_attr.clone()
    }
    #[pymethod(name = "add_prefix")]
    fn py_add_prefix(zelf: &Py<Prefetch>, prefix: String) {
        zelf.add_prefix(&prefix);
    }
    #[pymethod]
    fn get_current_prefetch_to(zelf: &Py<Prefetch>, level: usize) -> String {
        zelf.to_at(level)
    }
    #[pymethod]
    fn get_current_to_attr(zelf: &Py<Prefetch>, level: usize, vm: &VirtualMachine) -> PyObjectRef {
        let (name, as_attr) = zelf.attr_at(level);
        let parts = vec![vm.ctx.new_str(name).into(), vm.ctx.new_bool(as_attr).into()];
        vm.ctx.new_tuple(parts).into()
    }
    #[pymethod]
    fn get_current_querysets(
        zelf: &Py<Prefetch>,
        level: usize,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        match zelf.queryset_at(level) {
            Some(q) => vm.ctx.new_list(vec![q]).into(),
            None => vm.ctx.none(),
        }
    }
}

impl Comparable for Prefetch {
    fn cmp(
        zelf: &Py<Self>,
        other: &PyObject,
        op: PyComparisonOp,
        _vm: &VirtualMachine,
    ) -> PyResult<PyComparisonValue> {
        let Some(other) = other.downcast_ref::<Prefetch>() else {
            return Ok(PyComparisonValue::NotImplemented);
        };
        let same = *zelf.to.borrow() == *other.to.borrow();
        Ok(match op {
            PyComparisonOp::Eq => PyComparisonValue::Implemented(same),
            PyComparisonOp::Ne => PyComparisonValue::Implemented(!same),
            _ => PyComparisonValue::NotImplemented,
        })
    }
}

/// Lookups as `Prefetch` objects, below a prefix.
fn normalized(
    vm: &VirtualMachine,
    lookups: Vec<PyObjectRef>,
    prefix: Option<&str>,
) -> PyResult<Vec<PyRef<Prefetch>>> {
    lookups
        .into_iter()
        .map(|l| {
            let lookup = match l.downcast_ref::<Prefetch>() {
                Some(p) if prefix.is_some() => Prefetch::copy(p, vm)?,
                Some(p) => p.to_owned(),
                None => match l.downcast_ref::<PyStr>() {
                    Some(s) => Prefetch::plain(&s.to_string_lossy()).into_ref(&vm.ctx),
                    None => return Err(vm.new_type_error("a lookup or Prefetch is expected")),
                },
            };
            if let Some(p) = prefix {
                lookup.add_prefix(p);
            }
            Ok(lookup)
        })
        .collect()
}

/// Fills the caches of the instances, level by level of each lookup.
pub fn prefetch_related_objects(
    vm: &VirtualMachine,
    instances: Vec<PyObjectRef>,
    lookups: Vec<PyObjectRef>,
) -> PyResult<()> {
    prefetch_for(vm, instances, lookups, &[])
}

/// The same, for the arguments that asked for each of the lookups.
pub fn prefetch_for(
    vm: &VirtualMachine,
    instances: Vec<PyObjectRef>,
    lookups: Vec<PyObjectRef>,
    origins: &[Option<Origin>],
) -> PyResult<()> {
    if instances.is_empty() {
        return Ok(());
    }
    let mut done: Vec<(String, Vec<PyObjectRef>)> = vec![];
    let mut automatic: Vec<String> = vec![];
    let mut followed: Vec<usize> = vec![];
    let mut todo = normalized(vm, lookups.into_iter().rev().collect(), None)?;
    for (lookup, origin) in todo.iter().rev().zip(origins) {
        lookup.origin.set(*origin);
    }
    while let Some(lookup) = todo.pop() {
        let _scope = origin::narrow(lookup.origin.get());
        let target = lookup.to.borrow().clone();
        if done.iter().any(|(k, _)| *k == target) {
            if lookup.queryset.borrow().is_some() {
                return Err(vm.new_value_error(format!(
                    "'{target}' lookup was already seen with a different queryset. You may need to adjust the ordering of your lookups."
                )));
            }
            continue;
        }
        let mut objects = instances.clone();
        let through = lookup.through.borrow().clone();
        let attrs: Vec<&str> = through.split("__").collect();
        for (level, attr) in attrs.iter().enumerate() {
            let Some(first) = objects.first().cloned() else {
                break;
            };
            let to = lookup.to_at(level);
            if let Some((_, found)) = done.iter().find(|(k, _)| *k == to) {
                objects = found.clone();
                continue;
            }
            if !with_caches(vm, &objects)? {
                break;
            }
            let (to_attr, _) = lookup.attr_at(level);
            let found = Source::find(vm, &first, attr, &to_attr)?;
            if !found.exists {
                return Err(vm.new_attribute_error(format!(
                    "Cannot find '{attr}' on {} object, '{through}' is an invalid parameter to prefetch_related()",
                    first.class().name()
                )));
            }
            if level + 1 == attrs.len() && found.prefetcher.is_none() {
                return Err(vm.new_value_error(format!(
                    "'{through}' does not resolve to an item that supports prefetching - this is an invalid parameter to prefetch_related()."
                )));
            }
            let mut missing = vec![];
            if found.prefetcher.is_some() {
                for o in &objects {
                    if !found.is_fetched(vm, o, attr, &to_attr)? {
                        missing.push(o.clone());
                    }
                }
            }
            match &found.prefetcher {
                Some(prefetcher) if !missing.is_empty() => {
                    let leaf = level + 1 == attrs.len();
                    let (related, more) =
                        one_level(vm, &missing, prefetcher, &lookup, level, leaf)?;
                    objects = related;
                    let again = done.iter().any(|(k, _)| *k == to)
                        && automatic.contains(&target)
                        && followed.contains(&found.descriptor);
                    if !again {
                        done.push((to.clone(), objects.clone()));
                        let more = normalized(vm, more.into_iter().rev().collect(), Some(&to))?;
                        more.iter().for_each(|l| l.origin.set(lookup.origin.get()));
                        automatic.extend(more.iter().map(|l| l.to.borrow().clone()));
                        todo.extend(more);
                    }
                    followed.push(found.descriptor);
                }
                _ => objects = already_there(vm, &objects, attr)?,
            }
        }
    }
    Ok(())
}

/// Gives every object a `_prefetched_objects_cache`; false if one cannot have it.
fn with_caches(vm: &VirtualMachine, objects: &[PyObjectRef]) -> PyResult<bool> {
    for o in objects {
        if vm
            .get_attribute_opt(o, "_prefetched_objects_cache")?
            .is_none()
            && o.set_attr("_prefetched_objects_cache", vm.ctx.new_dict(), vm)
                .is_err()
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn prefetched(vm: &VirtualMachine, obj: &PyObject) -> Option<PyDictRef> {
    obj.get_attr("_prefetched_objects_cache", vm)
        .ok()
        .and_then(|d| d.downcast::<PyDict>().ok())
}

/// The related objects of instances that have them already.
fn already_there(
    vm: &VirtualMachine,
    objects: &[PyObjectRef],
    attr: &str,
) -> PyResult<Vec<PyObjectRef>> {
    let missing = error::class(vm, "ObjectDoesNotExist");
    let mut found = vec![];
    for o in objects {
        if let Some(cache) = prefetched(vm, o)
            && let Some(qs) = cache.get_item_opt(attr, vm)?
        {
            found.extend(qs.try_into_value::<Vec<PyObjectRef>>(vm)?);
            continue;
        }
        let value = match o.get_attr(vm.ctx.intern_str(attr), vm) {
            Ok(v) => v,
            Err(e) if e.fast_isinstance(&missing) => continue,
            Err(e) => return Err(e),
        };
        if vm.is_none(&value) {
            continue;
        }
        match value.downcast_ref::<PyList>() {
            Some(list) => found.extend(list.borrow_vec().iter().cloned()),
            None => found.push(value),
        }
    }
    Ok(found)
}

/// Who fetches an attribute's objects.
struct Source {
    prefetcher: Option<PyObjectRef>,
    exists: bool,
    /// A descriptor knows itself what is fetched.
    by_descriptor: bool,
    descriptor: usize,
}

impl Source {
    fn find(
        vm: &VirtualMachine,
        first: &PyObjectRef,
        attr: &str,
        _to_attr: &str,
    ) -> PyResult<Source> {
        let name = vm.ctx.intern_str(attr);
        let mut source = Source {
            prefetcher: None,
            exists: false,
            by_descriptor: false,
            descriptor: 0,
        };
        let descriptor = vm.get_attribute_opt(first.class().as_object(), name)?;
        let Some(descriptor) = descriptor.filter(|d| !vm.is_none(d)) else {
            source.exists = vm.get_attribute_opt(first, name)?.is_some();
            return Ok(source);
        };
        source.exists = true;
        source.descriptor = descriptor.get_id();
        if vm
            .get_attribute_opt(&descriptor, "get_prefetch_querysets")?
            .is_some()
        {
            source.prefetcher = Some(descriptor);
            source.by_descriptor = true;
            return Ok(source);
        }
        let related = first.get_attr(name, vm)?;
        if vm
            .get_attribute_opt(&related, "get_prefetch_querysets")?
            .is_some()
        {
            source.prefetcher = Some(related);
        }
        Ok(source)
    }
    fn is_fetched(
        &self,
        vm: &VirtualMachine,
        obj: &PyObjectRef,
        attr: &str,
        to_attr: &str,
    ) -> PyResult<bool> {
        match &self.prefetcher {
            // What the descriptor keeps is under the field's name, not under a `to_attr`.
            Some(p) if self.by_descriptor && attr == to_attr => {
                vm.call_method(p, "is_cached", (obj.clone(),))?.is_true(vm)
            }
            _ if attr == to_attr => Ok(match prefetched(vm, obj) {
                Some(cache) => cache.contains_key(attr, vm),
                None => false,
            }),
            _ => {
                let name = vm.ctx.intern_str(to_attr);
                let cached =
                    crate::modules::find(vm, "django.utils._functional", "cached_property")?;
                // To look at a cached property would work it out.
                let on_class = vm.get_attribute_opt(obj.class().as_object(), name)?;
                if let Some(found) = on_class
                    && found.is_instance(&cached, vm)?
                {
                    return Ok(obj.dict().is_some_and(|d| d.contains_key(to_attr, vm)));
                }
                Ok(vm.get_attribute_opt(obj, name)?.is_some())
            }
        }
    }
}

type Level = (Vec<PyObjectRef>, Vec<PyObjectRef>);

/// One query for one attribute of many instances; the related objects, and what their queryset
/// itself wants prefetched.
fn one_level(
    vm: &VirtualMachine,
    instances: &[PyObjectRef],
    prefetcher: &PyObjectRef,
    lookup: &Py<Prefetch>,
    level: usize,
    leaf: bool,
) -> PyResult<Level> {
    let querysets = vm.call_method(lookup.as_object(), "get_current_querysets", (level,))?;
    let list: PyObjectRef = vm.ctx.new_list(instances.to_vec()).into();
    let answer = vm.call_method(prefetcher, "get_prefetch_querysets", (list, querysets))?;
    let parts: Vec<PyObjectRef> = answer.try_into_value(vm)?;
    let [
        related,
        related_key,
        instance_key,
        single,
        cache_name,
        is_descriptor,
    ] = &parts[..]
    else {
        return Err(vm.new_value_error("get_prefetch_querysets() must return six values"));
    };
    let mut more = vec![];
    if let Some(qs) = related.downcast_ref::<PyQuerySet>() {
        more = qs.prefetch.borrow().to_vec();
        *qs.prefetch.borrow_mut() = Default::default();
    }
    let all: Vec<PyObjectRef> = related.clone().try_into_value(vm)?;
    let by_key = vm.ctx.new_dict();
    for obj in &all {
        let key = related_key.call((obj.clone(),), vm)?;
        if vm.is_none(&key) {
            continue;
        }
        match by_key.get_item_opt(&*key, vm)? {
            Some(group) => {
                if let Some(group) = group.downcast_ref::<PyList>() {
                    group.borrow_vec_mut().push(obj.clone());
                }
            }
            None => by_key.set_item(&*key, vm.ctx.new_list(vec![obj.clone()]).into(), vm)?,
        }
    }
    let (to_attr, as_attr) = lookup.attr_at(level);
    if as_attr && let Some(first) = instances.first() {
        refuse_field(vm, first, &to_attr)?;
    }
    let single = single.clone().is_true(vm)?;
    let is_descriptor = is_descriptor.clone().is_true(vm)?;
    let name = vm.ctx.intern_str(to_attr.as_str());
    for obj in instances {
        let key = instance_key.call((obj.clone(),), vm)?;
        let group = match by_key.get_item_opt(&*key, vm)? {
            Some(g) => g.try_into_value::<Vec<PyObjectRef>>(vm)?,
            None => vec![],
        };
        if single {
            let value = vm.unwrap_or_none(group.into_iter().next());
            if as_attr {
                obj.set_attr(name, value, vm)?;
            } else if is_descriptor {
                let cache_name = cache_name.str(vm)?;
                obj.set_attr(vm.ctx.intern_str(&*cache_name.to_string_lossy()), value, vm)?;
            } else {
                fields_cache(vm, obj)?.set_item(&**cache_name, value, vm)?;
            }
            continue;
        }
        let list = vm.ctx.new_list(group);
        if as_attr {
            obj.set_attr(name, list, vm)?;
            continue;
        }
        let manager = obj.get_attr(name, vm)?;
        let own = lookup.queryset.borrow().clone();
        let qs = match own {
            Some(q) if leaf => vm.call_method(&manager, "_apply_rel_filters", (q,))?,
            _ => vm.call_method(&manager, "get_queryset", ())?,
        };
        if let Some(qs) = qs.downcast_ref::<PyQuerySet>() {
            *qs.cache.borrow_mut() = Some(list);
            qs.prefetch_done.set(true);
        }
        if let Some(cache) = prefetched(vm, obj) {
            cache.set_item(&**cache_name, qs, vm)?;
        }
    }
    Ok((all, more))
}

fn refuse_field(vm: &VirtualMachine, obj: &PyObjectRef, name: &str) -> PyResult<()> {
    let Ok(model) = super::hints::model_of_class(vm, obj.class().as_object()) else {
        return Ok(());
    };
    if model.get_field(name).is_ok() {
        return Err(vm.new_value_error(format!(
            "to_attr={name} conflicts with a field on the {} model.",
            model.object_name()
        )));
    }
    Ok(())
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = Prefetch::make_static_type();
    let places = ["django.db.models", "django.db.models.query"];
    modules::export_all(vm, &places, "Prefetch", class)?;
    let f = vm.new_function(
        "prefetch_related_objects",
        |mut args: FuncArgs, vm: &VirtualMachine| -> PyResult<()> {
            let instances = args
                .take_positional_keyword("model_instances")
                .ok_or_else(|| vm.new_type_error("instances are expected"))?;
            prefetch_related_objects(vm, instances.try_into_value(vm)?, args.args)
        },
    );
    modules::export_all(vm, &places, "prefetch_related_objects", f)?;
    let f = vm.new_function("get_prefetcher", get_prefetcher);
    modules::export(vm, "django.db.models.query", "get_prefetcher", f)
}

/// Who prefetches an attribute of an instance: (prefetcher, descriptor, found, is it fetched).
fn get_prefetcher(
    instance: PyObjectRef,
    through_attr: String,
    to_attr: String,
    vm: &VirtualMachine,
) -> PyResult {
    let source = Source::find(vm, &instance, &through_attr, &to_attr)?;
    let class = instance.class().to_owned();
    let descriptor = vm.get_attribute_opt(class.as_object(), vm.ctx.intern_str(&*through_attr))?;
    let parts = vec![
        vm.unwrap_or_none(source.prefetcher.clone()),
        vm.unwrap_or_none(descriptor),
        vm.ctx.new_bool(source.exists).into(),
        vm.new_function(
            "is_fetched",
            move |obj: PyObjectRef, vm: &VirtualMachine| {
                source.is_fetched(vm, &obj, &through_attr, &to_attr)
            },
        )
        .into(),
    ];
    Ok(vm.ctx.new_tuple(parts).into())
}
