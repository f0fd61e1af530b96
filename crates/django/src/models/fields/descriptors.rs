//! `DeferredAttribute` and `CompositeAttribute`: columns as attributes of instances.
use crate::class::{class, fill_class};
use crate::{modules, py};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::types::{Constructor, Initializer};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;

/// An object that holds one other: a descriptor and its field or relation.
#[pyclass(module = "django.db.models.query_utils", name = "Holder")]
#[derive(Debug, PyPayload, Default)]
pub struct PyHolder {
    target: RefCell<Option<PyObjectRef>>,
}

impl Constructor for PyHolder {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let holder = PyHolder {
            target: RefCell::new(args.args.into_iter().next()),
        };
        holder.into_ref_with_type(vm, cls).map(Into::into)
    }
    fn py_new(_: &Py<PyType>, _: FuncArgs, _: &VirtualMachine) -> PyResult<Self> {
        Ok(PyHolder::default())
    }
}

impl Initializer for PyHolder {
    type Args = FuncArgs;
    fn init(zelf: &Py<Self>, args: FuncArgs, _vm: &VirtualMachine) -> PyResult<()> {
        if let Some(target) = args.args.into_iter().next() {
            *zelf.target.borrow_mut() = Some(target);
        }
        Ok(())
    }
}

#[pyclass(with(Constructor, Initializer), flags(BASETYPE, HAS_DICT))]
impl PyHolder {}

/// What a descriptor holds.
pub fn held(vm: &VirtualMachine, obj: &PyObject) -> PyResult {
    obj.downcast_ref::<PyHolder>()
        .and_then(|h| h.target.borrow().clone())
        .ok_or_else(|| vm.new_type_error("an empty descriptor"))
}

/// The class all descriptors descend from.
pub fn holder(vm: &VirtualMachine) -> PyTypeRef {
    PyHolder::class(&vm.ctx).to_owned()
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let _ = PyHolder::make_static_type();
    let module = "django.db.models.query_utils";
    let deferred = class(vm, module, "DeferredAttribute", &[holder(vm)], |c| {
        c.getter("field", |o, vm| held(vm, &o));
        c.method("__get__", deferred_get);
        c.method(
            "_check_parent_chain",
            |o: PyObjectRef, instance: PyObjectRef, vm: &VirtualMachine| {
                let field = held(vm, &o)?;
                parent_value(vm, &field, &instance).map(|v| v.unwrap_or_else(|| vm.ctx.none()))
            },
        );
        c.method(
            "fetch_one",
            |o: PyObjectRef, instance: PyObjectRef, vm: &VirtualMachine| {
                let field = held(vm, &o)?;
                let name = py::attr(vm, &field, "attname")?;
                refresh(vm, &instance, name)
            },
        );
        c.method(
            "fetch_many",
            |o: PyObjectRef, instances: PyObjectRef, vm: &VirtualMachine| {
                fetch_many(vm, &*held(vm, &o)?, &instances)
            },
        );
    })?;
    modules::export(vm, module, "DeferredAttribute", deferred.clone())?;
    let composite = class(
        vm,
        "django.db.models.fields.composite",
        "CompositeAttribute",
        &[holder(vm)],
        |_| {},
    )?;
    fill_class(vm, &composite, |c| {
        c.getter("field", |o, vm| held(vm, &o));
        c.method("__get__", composite_get);
        c.method("__set__", composite_set);
    })?;
    modules::export(
        vm,
        "django.db.models.fields.composite",
        "CompositeAttribute",
        composite,
    )
}

fn refresh(vm: &VirtualMachine, instance: &PyObject, attname: PyObjectRef) -> PyResult<()> {
    let fields = vm.ctx.new_list(vec![attname]).into();
    py::call_kw(
        vm,
        instance,
        "refresh_from_db",
        vec![],
        &[("fields", fields)],
    )
    .map(drop)
}

/// One query brings a deferred column to all the instances that lack it.
fn fetch_many(vm: &VirtualMachine, field: &PyObject, instances: &PyObject) -> PyResult<()> {
    let attname = py::attr(vm, field, "attname")?;
    let name = py::to_string(vm, &attname)?;
    let (mut missing, mut keys) = (vec![], vec![]);
    for i in py::list(vm, instances)? {
        let loaded = match i.dict() {
            Some(dict) => dict.get_item_opt(&*name, vm)?.is_some(),
            None => false,
        };
        if !loaded && py::is_true(vm, &py::call(vm, &i, "_is_pk_set", vec![])?)? {
            keys.push(py::attr(vm, &i, "pk")?);
            missing.push(i);
        }
    }
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let db = py::attr(vm, &py::attr(vm, first, "_state")?, "db")?;
    let manager = py::attr(vm, &py::attr(vm, field, "model")?, "_base_manager")?;
    let rows = py::call(vm, &manager, "using", vec![db])?;
    let flat = [("flat", py::bool(vm, true))];
    let rows = py::call_kw(vm, &rows, "values_list", vec![attname], &flat)?;
    let by_key = py::call(
        vm,
        &rows,
        "in_bulk",
        vec![vm.ctx.new_list(keys.clone()).into()],
    )?;
    for (instance, key) in missing.iter().zip(keys) {
        if py::is_true(
            vm,
            &py::call(vm, &by_key, "__contains__", vec![key.clone()])?,
        )? {
            py::set_attr(vm, instance, &name, by_key.get_item(&*key, vm)?)?;
        }
    }
    Ok(())
}

/// A deferred column: the parent's value where the instance has one, else fetched.
pub fn deferred_get(
    o: PyObjectRef,
    instance: PyObjectRef,
    _owner: OptionalArg,
    vm: &VirtualMachine,
) -> PyResult {
    if vm.is_none(&instance) {
        return Ok(o);
    }
    let field_object = held(vm, &o)?;
    let field = super::properties::inner(&field_object, vm)?;
    let attname = field.attname();
    let Some(dict) = instance.dict() else {
        return Err(vm.new_attribute_error(&*attname));
    };
    if let Some(v) = dict.get_item_opt(&*attname, vm)? {
        return Ok(v);
    }
    if let Some(v) = parent_value(vm, &field_object, &instance)? {
        dict.set_item(&*attname, v.clone(), vm)?;
        return Ok(v);
    }
    let set = py::call(vm, &instance, "_is_pk_set", vec![])?;
    if !set.is_true(vm)? {
        return Err(vm.new_attribute_error(format!(
            "Cannot retrieve deferred field '{attname}' from an unsaved model."
        )));
    }
    crate::models::state::fetch(vm, &instance, &o)?;
    match dict.get_item_opt(&*attname, vm)? {
        Some(v) => Ok(v),
        None => {
            // Its row may have gone since the instance was read.
            let class = py::attr(vm, instance.class(), "DoesNotExist")?;
            let name = instance.class().name().to_string();
            Err(crate::models::related::forward::raise(
                vm,
                class,
                format!("{name} matching query does not exist."),
            ))
        }
    }
}

/// A multi-table child knows its parent's key through the link to it.
fn parent_value(
    vm: &VirtualMachine,
    field: &PyObject,
    instance: &PyObject,
) -> PyResult<Option<PyObjectRef>> {
    let field = super::properties::inner(field, vm)?;
    let (Some(model), Some(owner)) = (crate::models::model_of_instance(instance), field.model())
    else {
        return Ok(None);
    };
    match model.ancestor_link(&owner) {
        Some(link) if field.primary_key.get() && !std::rc::Rc::ptr_eq(&link, &field) => {
            py::attr(vm, instance, &link.attname()).map(Some)
        }
        _ => Ok(None),
    }
}

fn composite_names(vm: &VirtualMachine, o: &PyObject) -> PyResult<Vec<std::rc::Rc<str>>> {
    let field = super::properties::inner(&held(vm, o)?, vm)?;
    let names = field.options.borrow().composite_fields.clone();
    let model = field.model();
    Ok(names
        .iter()
        .map(|n| {
            model
                .as_ref()
                .and_then(|m| m.field(n).ok())
                .map_or_else(|| n.as_str().into(), |f| f.attname())
        })
        .collect())
}

fn composite_get(
    o: PyObjectRef,
    instance: PyObjectRef,
    _owner: OptionalArg,
    vm: &VirtualMachine,
) -> PyResult {
    if vm.is_none(&instance) {
        return Ok(o);
    }
    let values = composite_names(vm, &o)?
        .iter()
        .map(|n| py::attr(vm, &instance, n))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_tuple(values).into())
}

fn composite_set(
    o: PyObjectRef,
    instance: PyObjectRef,
    values: PyObjectRef,
    vm: &VirtualMachine,
) -> PyResult<()> {
    let names = composite_names(vm, &o)?;
    let values = if vm.is_none(&values) {
        names.iter().map(|_| vm.ctx.none()).collect()
    } else if values.fast_isinstance(vm.ctx.types.list_type)
        || values.fast_isinstance(vm.ctx.types.tuple_type)
    {
        py::list(vm, &values)?
    } else {
        let name = py::repr(vm, &py::attr(vm, &held(vm, &o)?, "name")?)?;
        return Err(vm.new_value_error(format!("{name} must be a list or a tuple.")));
    };
    if values.len() != names.len() {
        let name = py::repr(vm, &py::attr(vm, &held(vm, &o)?, "name")?)?;
        let wanted = names.len();
        return Err(vm.new_value_error(format!("{name} must have {wanted} elements.")));
    }
    for (name, value) in names.iter().zip(values) {
        py::set_attr(vm, &instance, name, value)?;
    }
    Ok(())
}
