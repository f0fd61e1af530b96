//! `register_lookup` and its kin, on field classes, on single fields and on transforms.
//!
//! ```text
//! DateField.register_lookup(InMonth)      class   → FieldClass::lookups
//! field.register_lookup(InMonth)          field   → Field::lookups
//! Lower.register_lookup(Mine)             transform → lookups::class_registry
//! ```
use super::{class_of, factory};
use crate::class::{Class, class, fill_class, function};
use crate::error::OrRaise;
use crate::expressions::classes::find;
use crate::models::fields::{classes as field_classes, object};
use crate::py;
use orm_sql::Registered;
use orm_sql::lookup::RegisteredObject;
use orm_sql::lookups::class_registry;
use orm_state::{Field, Object};
use rustpython_vm::builtins::PyType;
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn install(vm: &Vm) -> PyResult<()> {
    let either = class(
        vm,
        "django.db.models.query_utils",
        "class_or_instance_method",
        &[],
        |c| {
            c.method(
                "__init__",
                |zelf: PyObjectRef, of_class: PyObjectRef, of_instance: PyObjectRef, vm: &Vm| {
                    zelf.set_attr("class_method", of_class, vm)?;
                    zelf.set_attr("instance_method", of_instance, vm)
                },
            );
            c.method("__get__", bind);
        },
    )?;
    crate::modules::export(
        vm,
        "django.db.models.query_utils",
        "class_or_instance_method",
        either.clone(),
    )?;
    let fields = object::PyField::class(&vm.ctx).to_owned();
    fill_class(vm, &fields, |c| {
        fill(vm, c, &either);
        c.method("get_lookup", field_lookup);
        c.getter("instance_lookups", |o, vm| {
            let found = vm.ctx.new_dict();
            if let Some(field) = object::field_of(&o) {
                let own = field.lookups.borrow().clone();
                for (name, what) in own {
                    if let Some(what) = what.as_any().downcast_ref::<RegisteredObject>() {
                        found.set_item(&*name, class_of(vm, &what.0)?, vm)?;
                    }
                }
            }
            Ok(found.into())
        });
        c.method("get_transform", field_transform);
    })?;
    for base in ["Transform", "Lookup"] {
        if let Some(found) = find(base) {
            fill_class(vm, &found, |c| fill(vm, c, &either))?;
        }
    }
    Ok(())
}

/// `__get__`: the class's function bound to the class, the instance's to the instance.
fn bind(zelf: PyObjectRef, instance: PyObjectRef, owner: PyObjectRef, vm: &Vm) -> PyResult {
    let (name, target) = if vm.is_none(&instance) {
        ("class_method", owner)
    } else {
        ("instance_method", instance)
    };
    let target_function = zelf.get_attr(name, vm)?;
    let bound = vm
        .import("functools", 0)?
        .get_attr("partial", vm)?
        .call((target_function, target), vm)?;
    // Lookups are found anew each time: there is nothing to forget.
    let forget = function(vm, "cache_clear", |_: FuncArgs| {});
    bound.set_attr("cache_clear", forget, vm)?;
    Ok(bound)
}

fn fill(vm: &Vm, c: &mut Class, either: &PyTypeRef) {
    let mut both = |name: &'static str, f: PyObjectRef| {
        if let Ok(descriptor) = either.as_object().call((f.clone(), f), vm) {
            c.attr(name, descriptor);
        }
    };
    both("register_lookup", function(vm, "register_lookup", register));
    both(
        "_unregister_lookup",
        function(vm, "_unregister_lookup", unregister),
    );
    both("get_lookups", function(vm, "get_lookups", lookups));
    both(
        "get_class_lookups",
        function(vm, "get_class_lookups", lookups),
    );
}

/// Where a registration is kept.
enum Place {
    FieldClass(Rc<orm_state::FieldClass>),
    Field(Rc<Field>),
    Transform(String),
}

fn place(vm: &Vm, target: &PyObject) -> PyResult<Place> {
    if let Some(f) = object::field_of(target) {
        return Ok(Place::Field(f));
    }
    let class = py::as_class(target).unwrap_or_else(|| target.class().to_owned());
    if class.fast_issubclass(object::PyField::class(&vm.ctx)) {
        return Ok(Place::FieldClass(field_classes::field_class(vm, &class)?));
    }
    Ok(Place::Transform(key_of(&class)))
}

/// What a transform class's lookups are kept under: a user's class may share its name with others.
pub fn key_of(class: &Py<PyType>) -> String {
    let name = class.name();
    if super::super::classes::is_builtin(class) {
        return name.to_string();
    }
    format!("{name}@{}", class.as_object().get_id())
}

/// The keys of a class and its bases, nearest first.
pub fn keys_of(class: &Py<PyType>) -> Vec<String> {
    class.mro_collect().iter().map(|c| key_of(c)).collect()
}

fn name_of(vm: &Vm, lookup: &PyObject, name: Option<PyObjectRef>) -> PyResult<String> {
    match name.filter(|n| !vm.is_none(n)) {
        Some(n) => py::to_string(vm, &n),
        None => py::to_string(vm, &lookup.get_attr("lookup_name", vm)?),
    }
}

/// The target, the lookup and the name it is known by.
fn given(vm: &Vm, mut args: FuncArgs) -> PyResult<(PyObjectRef, PyObjectRef, String)> {
    let mut take = |name: &str| {
        args.take_positional_keyword(name)
            .ok_or_else(|| vm.new_type_error(format!("missing 1 required argument: '{name}'")))
    };
    let (target, lookup) = (take("self")?, take("lookup")?);
    let name = name_of(vm, &lookup, take("lookup_name").ok())?;
    Ok((target, lookup, name))
}

fn register(args: FuncArgs, vm: &Vm) -> PyResult {
    let (target, lookup, name) = given(vm, args)?;
    let what = factory::registered(vm, &lookup, factory::Asked::Lookup)?;
    match place(vm, &target)? {
        Place::FieldClass(c) => {
            let object: Rc<dyn Object> = Rc::new(RegisteredObject(what));
            c.lookups.borrow_mut().insert(name, object);
        }
        Place::Field(f) => {
            let object: Rc<dyn Object> = Rc::new(RegisteredObject(what));
            f.lookups.borrow_mut().insert(name, object);
        }
        Place::Transform(class) => class_registry::register(&class, &name, what),
    }
    Ok(lookup)
}

fn unregister(args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let (target, _, name) = given(vm, args)?;
    match place(vm, &target)? {
        Place::FieldClass(c) => {
            c.lookups.borrow_mut().remove(&name);
        }
        Place::Field(f) => {
            f.lookups.borrow_mut().remove(&name);
        }
        Place::Transform(class) => class_registry::unregister(&class, &name),
    }
    Ok(())
}

/// Every lookup and transform by name, as `{name: class}`.
fn lookups(target: PyObjectRef, vm: &Vm) -> PyResult {
    let found = vm.ctx.new_dict();
    let field = match place(vm, &target)? {
        Place::Field(f) => f,
        Place::FieldClass(c) => Field::new(c, Default::default(), None),
        Place::Transform(_) => {
            let class = py::as_class(&target).unwrap_or_else(|| target.class().to_owned());
            for key in keys_of(&class).iter().rev() {
                for (name, what) in class_registry::all(key) {
                    found.set_item(&*name, class_of(vm, &what)?, vm)?;
                }
            }
            return Ok(found.into());
        }
    };
    for name in orm_sql::lookups::names(&field) {
        let what = match orm_sql::lookup::builtin_lookup(&field, &name).or_raise(vm)? {
            Some(l) => Some(l),
            None => orm_sql::lookup::builtin_transform(&field, &name).or_raise(vm)?,
        };
        if let Some(what) = what {
            found.set_item(&*name, class_of(vm, &what)?, vm)?;
        }
    }
    Ok(found.into())
}

fn field_lookup(target: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult {
    answer(target, args, orm_sql::lookup::builtin_lookup, vm)
}

fn field_transform(target: PyObjectRef, args: FuncArgs, vm: &Vm) -> PyResult {
    let name = args.args.first().cloned();
    let found = answer(target.clone(), args, orm_sql::lookup::builtin_transform, vm)?;
    let is_json = object::field_of(&target).is_some_and(|f| f.kind == orm_state::FieldKind::Json);
    match name {
        // A key is what every other name is.
        Some(name) if is_json && is_key(&found) => {
            super::json::key_factory(vm, &py::to_string(vm, &name)?)
        }
        _ => Ok(found),
    }
}

/// Is it the transform to a document's key?
fn is_key(found: &PyObject) -> bool {
    let key = find("KeyTransform");
    py::as_class(found).is_some_and(|class| key.is_some_and(|key| class.is(&key)))
}

fn answer(
    target: PyObjectRef,
    args: FuncArgs,
    ask: fn(&Field, &str) -> orm_state::Result<Option<Registered>>,
    vm: &Vm,
) -> PyResult {
    let name = args
        .args
        .first()
        .cloned()
        .or_else(|| args.kwargs.get("lookup_name").cloned())
        .ok_or_else(|| {
            vm.new_type_error("missing 1 required positional argument: 'lookup_name'")
        })?;
    let Some(field) = object::field_of(&target) else {
        return Ok(vm.ctx.none());
    };
    match ask(&field, &py::to_string(vm, &name)?).or_raise(vm)? {
        Some(found) => class_of(vm, &found),
        None => Ok(vm.ctx.none()),
    }
}
