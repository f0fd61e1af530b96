//! `create()`, `get_or_create()`, `update_or_create()`
use super::PyQuerySet;
use crate::db::atomic::atomic;
use crate::error::{self, OrRaise};
use orm_state::{AnyField, Field};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Pairs = Vec<(String, PyObjectRef)>;

fn call_with(vm: &VirtualMachine, f: &PyObjectRef, pairs: &Pairs) -> PyResult {
    let mut args = FuncArgs::default();
    for (k, v) in pairs {
        args.kwargs.insert(k.as_str().into(), v.clone());
    }
    f.call(args, vm)
}

fn pairs_of(vm: &VirtualMachine, dict: Option<PyObjectRef>) -> PyResult<Option<Pairs>> {
    let Some(dict) = dict.filter(|d| !vm.is_none(d)) else {
        return Ok(None);
    };
    let mut found = vec![];
    match dict.downcast::<rustpython_vm::builtins::PyDict>() {
        Ok(dict) => {
            for (k, v) in dict.items_vec() {
                found.push((k.str(vm)?.to_string_lossy().into_owned(), v));
            }
        }
        // Another mapping, or a promise of one.
        Err(mapping) => {
            for pair in crate::py::list(vm, &crate::py::call(vm, &mapping, "items", vec![])?)? {
                if let [k, v] = &crate::py::list(vm, &pair)?[..] {
                    found.push((k.str(vm)?.to_string_lossy().into_owned(), v.clone()));
                }
            }
        }
    }
    Ok(Some(found))
}

/// Callables among the values are called.
fn resolved(vm: &VirtualMachine, pairs: Pairs) -> PyResult<Pairs> {
    pairs
        .into_iter()
        .map(|(k, v)| Ok((k, if v.is_callable() { v.call((), vm)? } else { v })))
        .collect()
}

impl PyQuerySet {
    pub fn create_one(zelf: &PyRef<Self>, vm: &VirtualMachine, args: FuncArgs) -> PyResult {
        let model = zelf.model(vm)?;
        let mut unknown = vec![];
        for (name, _) in args.kwargs.iter() {
            let name = name.to_string_lossy();
            if let Ok(AnyField::Rel(r)) = model.get_field(&name)
                && r.one_to_one()
            {
                unknown.push(name.into_owned());
            }
        }
        if !unknown.is_empty() {
            return Err(vm.new_value_error(format!(
                "The following fields do not exist in this model: {}",
                unknown.join(", ")
            )));
        }
        let class = zelf.model_class(vm)?;
        let obj = class.as_object().call(args, vm)?;
        let mode = zelf.fetch_mode.borrow().clone();
        *crate::models::state::state_of(vm, &obj)?
            .fetch_mode
            .borrow_mut() = mode;
        zelf.for_write.set(true);
        let mut save = FuncArgs::default();
        save.kwargs
            .insert("force_insert".into(), vm.ctx.new_bool(true).into());
        let using = zelf.db(vm)?;
        save.kwargs
            .insert("using".into(), vm.ctx.new_str(&*using).into());
        obj.get_attr("save", vm)?.call(save, vm)?;
        Ok(obj)
    }
    fn try_get(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        lookups: &Pairs,
    ) -> PyResult<Option<PyObjectRef>> {
        let get = zelf.as_object().get_attr("get", vm)?;
        match call_with(vm, &get, lookups) {
            Ok(obj) => Ok(Some(obj)),
            Err(e) if is_missing(vm, zelf, &e)? => Ok(None),
            Err(e) => Err(e),
        }
    }
    fn creation_params(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        defaults: Pairs,
        lookups: &Pairs,
    ) -> PyResult<Pairs> {
        let mut params: Pairs = lookups
            .iter()
            .filter(|(k, _)| !k.contains("__"))
            .cloned()
            .collect();
        for (k, v) in defaults {
            match params.iter_mut().find(|(p, _)| *p == k) {
                Some(entry) => entry.1 = v,
                None => params.push((k, v)),
            }
        }
        let model = zelf.model(vm)?;
        let class = zelf.model_class(vm)?;
        let mut invalid = vec![];
        for (name, _) in &params {
            let known = name == "pk" || model.get_field(name).is_ok() || {
                match class
                    .as_object()
                    .get_attr(&*vm.ctx.new_str(name.as_str()), vm)
                {
                    Ok(p) => match p.get_attr("fset", vm) {
                        Ok(f) => !vm.is_none(&f),
                        Err(_) => false,
                    },
                    Err(_) => false,
                }
            };
            if !known {
                invalid.push(name.clone());
            }
        }
        if invalid.is_empty() {
            return Ok(params);
        }
        invalid.sort();
        Err(error::raise(
            vm,
            "FieldError",
            format!(
                "Invalid field name(s) for model {}: '{}'.",
                model.object_name(),
                invalid.join("', '")
            ),
        ))
    }
    fn find_or_make(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        defaults: impl FnOnce() -> PyResult<Pairs>,
        lookups: &Pairs,
    ) -> PyResult<(PyObjectRef, bool)> {
        zelf.for_write.set(true);
        if let Some(found) = Self::try_get(zelf, vm, lookups)? {
            return Ok((found, false));
        }
        let params = Self::creation_params(zelf, vm, defaults()?, lookups)?;
        let using = zelf.db(vm)?;
        let made = atomic(vm, &using, true, || {
            let params = resolved(vm, params)?;
            let create = zelf.as_object().get_attr("create", vm)?;
            call_with(vm, &create, &params)
        });
        match made {
            Ok(obj) => Ok((obj, true)),
            Err(e) if error::is_a(vm, &e, "IntegrityError") => {
                match Self::try_get(zelf, vm, lookups)? {
                    Some(found) => Ok((found, false)),
                    None => Err(e),
                }
            }
            Err(e) => Err(e),
        }
    }
    pub fn get_or_create_one(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> PyResult {
        let defaults = args.take_positional_keyword("defaults");
        let defaults = || -> PyResult<Pairs> { Ok(pairs_of(vm, defaults)?.unwrap_or_default()) };
        let lookups = crate::queries::q::kwargs_of(&args);
        let (obj, created) = Self::find_or_make(zelf, vm, defaults, &lookups)?;
        Ok(vm.new_tuple((obj, created)).into())
    }
    pub fn update_or_create_one(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        mut args: FuncArgs,
    ) -> PyResult {
        let defaults = args.take_positional_keyword("defaults");
        let create_defaults = args.take_positional_keyword("create_defaults");
        // Neither is looked into before it is needed: either may be a promise.
        let given = |o: &Option<PyObjectRef>| -> PyResult<Pairs> {
            Ok(pairs_of(vm, o.clone())?.unwrap_or_default())
        };
        let on_create = create_defaults
            .filter(|d| !vm.is_none(d))
            .or_else(|| defaults.clone());
        let lookups = crate::queries::q::kwargs_of(&args);
        zelf.for_write.set(true);
        let using = zelf.db(vm)?;
        atomic(vm, &using, true, || {
            let locked = Self::locked(zelf, vm, FuncArgs::default())?;
            let (obj, created) = Self::find_or_make(&locked, vm, || given(&on_create), &lookups)?;
            if created {
                return Ok(vm.new_tuple((obj, true)).into());
            }
            let defaults = resolved(vm, given(&defaults)?)?;
            for (k, v) in &defaults {
                obj.set_attr(vm.ctx.intern_str(k.as_str()), v.clone(), vm)?;
            }
            let mut save = FuncArgs::default();
            save.kwargs
                .insert("using".into(), vm.ctx.new_str(&*using).into());
            if let Some(fields) = Self::update_fields(zelf, vm, &defaults)? {
                save.kwargs.insert("update_fields".into(), fields);
            }
            obj.get_attr("save", vm)?.call(save, vm)?;
            Ok(vm.new_tuple((obj, false)).into())
        })
    }
    /// The columns that an update writes: the given ones and those set on every save.
    fn update_fields(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        defaults: &Pairs,
    ) -> PyResult<Option<PyObjectRef>> {
        let model = zelf.model(vm)?;
        let keys = model.pk_fields().or_raise(vm)?;
        let is_key = |f: &Rc<Field>| keys.iter().any(|key| key.same(f));
        let concrete = |name: &str| {
            model
                .concrete_fields()
                .iter()
                .any(|f| !is_key(f) && (*f.name() == *name || *f.attname() == *name))
        };
        if !defaults.iter().all(|(k, _)| concrete(k)) {
            return Ok(None);
        }
        let mut names: Vec<String> = defaults.iter().map(|(k, _)| k.clone()).collect();
        for f in model.local_concrete_fields() {
            // Fields whose classes have a say before saving, needed or not.
            let automatic = ["DateField", "TimeField", "FileField"]
                .iter()
                .any(|kind| f.class.is_a(kind));
            if !is_key(&f) && (automatic || f.overrides().pre_save) {
                names.push(f.name().to_string());
            }
        }
        names.dedup();
        let items = names
            .iter()
            .map(|n| vm.ctx.new_str(n.as_str()).into())
            .collect();
        Ok(Some(vm.ctx.new_list(items).into()))
    }
}

fn is_missing(
    vm: &VirtualMachine,
    zelf: &PyQuerySet,
    e: &rustpython_vm::builtins::PyBaseExceptionRef,
) -> PyResult<bool> {
    let class = zelf
        .model_class(vm)?
        .as_object()
        .get_attr("DoesNotExist", vm)?;
    Ok(class
        .downcast::<rustpython_vm::builtins::PyType>()
        .is_ok_and(|c| e.fast_isinstance(&c)))
}
