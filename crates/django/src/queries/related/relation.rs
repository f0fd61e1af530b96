//! What a related manager is about.
use crate::convert::PyObj;
use crate::error::OrRaise;
use crate::queries::execute::dialect;
use crate::queries::hints::{class_of_model, model_of_class};
use crate::queries::manager::PyManager;
use crate::queries::queryset::PyQuerySet;
use orm_sql::Compiler;
use orm_sql::q::Q;
use orm_state::{AnyField, Field, ModelRef, Rel, Value};
use rustpython_vm::builtins::{PyDictRef, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::rc::Rc;

/// A relation seen from one instance.
#[pyclass(
    module = "django.db.models.fields.related_descriptors",
    name = "Relation",
    traverse = "manual"
)]
#[derive(Debug, PyPayload, Clone)]
pub struct Relation {
    pub field: Rc<Field>,
    pub rel: Rc<Rel>,
    /// Of a many-to-many relation: the side that does not declare it.
    pub reverse: bool,
    /// A user's relation class stands where its reverse side would: the manager gives what the
    /// field leads to.
    pub backwards: bool,
    pub superclass: PyTypeRef,
    pub instance: PyObjectRef,
}

// SAFETY: shows each object that the relation owns, once, and clones nothing.
unsafe impl Traverse for Relation {
    fn traverse(&self, see: &mut TraverseFn<'_>) {
        self.superclass.traverse(see);
        self.instance.traverse(see);
    }
}

#[pyclass]
impl Relation {}

const KEY: &str = "_relation";

/// The relation of a manager.
pub fn of(vm: &VirtualMachine, manager: &PyObject) -> PyResult<PyRef<Relation>> {
    manager
        .dict()
        .and_then(|d| d.get_item_opt(KEY, vm).ok().flatten())
        .and_then(|r| r.downcast::<Relation>().ok())
        .ok_or_else(|| vm.new_type_error("not a related manager"))
}

/// A manager of `class` for an instance.
pub fn manager(
    vm: &VirtualMachine,
    class: PyTypeRef,
    relation: Relation,
    model: &ModelRef,
) -> PyResult {
    let instance = relation.instance.clone();
    let superclass = relation.superclass.clone();
    let made = PyManager::blank().into_ref_with_type(vm, class)?;
    let init = vm.ctx.intern_str("__init__");
    if let (Some(own), Some(plain)) = (
        superclass.get_attr(init),
        vm.ctx.types.object_type.get_attr(init),
    ) && !own.is(&plain)
    {
        own.call((made.clone(),), vm)?;
    }
    *made.model.borrow_mut() = Some(class_of_model(vm, model)?);
    let object: PyObjectRef = made.into();
    object.set_attr("instance", instance, vm)?;
    object.set_attr(KEY, relation.into_ref(&vm.ctx), vm)?;
    Ok(object)
}

impl Relation {
    /// What the objects call their relation to the instance.
    pub fn name(&self) -> Rc<str> {
        match self.backwards {
            true => self.rel.name(),
            false => self.field.name(),
        }
    }
    /// The fields compared: the objects', the instance's.
    pub fn pairs(&self, vm: &VirtualMachine) -> PyResult<Vec<(Rc<Field>, Rc<Field>)>> {
        let pairs = self.field.related_fields().or_raise(vm)?;
        Ok(match self.backwards {
            true => pairs.into_iter().map(|(l, r)| (r, l)).collect(),
            false => pairs,
        })
    }
    /// What prefetched objects are kept under.
    pub fn cache_name(&self) -> String {
        match self.backwards {
            true => self.field.name().to_string(),
            false => self.rel.accessor_name().unwrap_or_default(),
        }
    }
    /// `super().get_queryset()`
    pub fn all_objects(
        &self,
        vm: &VirtualMachine,
        manager: &PyObject,
    ) -> PyResult<PyRef<PyQuerySet>> {
        let get = self.superclass.as_object().get_attr("get_queryset", vm)?;
        queryset(vm, get.call((manager.to_owned(),), vm)?)
    }
    /// `super().create(…)`: the model's own manager class may have a method of its own.
    pub fn inherited(
        &self,
        vm: &VirtualMachine,
        manager: PyObjectRef,
        method: &'static str,
        mut args: FuncArgs,
    ) -> PyResult {
        let own = self.superclass.as_object().get_attr(method, vm)?;
        args.prepend_arg(manager);
        own.call(args, vm)
    }
    /// Knows the instance, and runs where it came from.
    pub fn hinted(
        &self,
        vm: &VirtualMachine,
        manager: &PyObject,
        qs: &Py<PyQuerySet>,
        instance: &PyObjectRef,
    ) -> PyResult<()> {
        let known = qs.hints.borrow().clone();
        let hints: PyDictRef = match known {
            Some(h) => h.copy().into_ref(&vm.ctx),
            None => vm.ctx.new_dict(),
        };
        hints.set_item("instance", instance.clone(), vm)?;
        *qs.hints.borrow_mut() = Some(hints);
        if let Some(m) = crate::queries::manager::of(manager)
            && let Some(using) = &*m.using.borrow()
            && qs.using.borrow().is_none()
        {
            *qs.using.borrow_mut() = Some(using.clone());
        }
        Ok(())
    }
    /// Related objects fetch what they lack as the instance does.
    pub fn pass_fetch_mode(&self, vm: &VirtualMachine, qs: &PyQuerySet) -> PyResult<()> {
        let mode = crate::models::state::state_of(vm, &self.instance)?
            .fetch_mode
            .borrow()
            .clone();
        *qs.fetch_mode.borrow_mut() = mode;
        Ok(())
    }
    /// The database writes go to.
    pub fn write_db(&self, vm: &VirtualMachine, class: &PyTypeRef) -> PyResult<Rc<str>> {
        let hints = vm.ctx.new_dict();
        hints.set_item("instance", self.instance.clone(), vm)?;
        crate::queries::hints::route(vm, true, class.clone().into(), Some(hints))
    }
    /// The prefetched queryset under a name, if there is one.
    pub fn prefetched(&self, vm: &VirtualMachine, name: &str) -> Option<PyObjectRef> {
        prefetched(vm, &self.instance, name)
    }
    pub fn forget_prefetched(&self, vm: &VirtualMachine, name: &str) {
        forget_prefetched(vm, &self.instance, name);
    }
}

/// What was prefetched for an instance under a name.
pub fn prefetched(vm: &VirtualMachine, instance: &PyObject, name: &str) -> Option<PyObjectRef> {
    let cache = instance
        .dict()?
        .get_item_opt("_prefetched_objects_cache", vm)
        .ok()
        .flatten()?;
    cache.get_item(name, vm).ok()
}

pub fn forget_prefetched(vm: &VirtualMachine, instance: &PyObject, name: &str) {
    if let Some(dict) = instance.dict()
        && let Ok(Some(cache)) = dict.get_item_opt("_prefetched_objects_cache", vm)
    {
        // Nothing to forget is fine.
        let _ = cache.del_item(name, vm);
    }
}

pub fn queryset(vm: &VirtualMachine, obj: PyObjectRef) -> PyResult<PyRef<PyQuerySet>> {
    obj.downcast::<PyQuerySet>()
        .map_err(|_| vm.new_type_error("get_queryset() must return a QuerySet"))
}

/// `filter(**{lookup: value})`
pub fn filtered(
    vm: &VirtualMachine,
    qs: &Py<PyQuerySet>,
    lookups: Vec<(String, Value)>,
) -> PyResult<PyRef<PyQuerySet>> {
    let lookups = lookups
        .into_iter()
        .map(|(k, v)| (k.as_str().into(), v))
        .collect();
    let q = Q::new(vec![], lookups);
    if qs.is_sliced() {
        return Err(vm.new_type_error("Cannot filter a query once a slice has been taken."));
    }
    let made = PyQuerySet::chain(qs, vm)?;
    made.with_query(|query| query.add_q(&q)).or_raise(vm)?;
    Ok(made)
}

/// The rows of a prefetch that belong to the instances; a slice is taken of each one's rows.
pub fn filter_prefetched(
    vm: &VirtualMachine,
    qs: &Py<PyQuerySet>,
    field: &str,
    instances: &[PyObjectRef],
) -> PyResult<PyRef<PyQuerySet>> {
    let instances = Value::List(instances.iter().map(opaque).collect());
    let made = PyQuerySet::chain(qs, vm)?;
    made.with_query(|query| {
        let compiler = Compiler::new(query.clone(), dialect(), "default".into());
        *query = compiler.filter_prefetched(field, instances)?;
        Ok(())
    })
    .or_raise(vm)?;
    Ok(made)
}

/// A Python object as a lookup's value.
pub fn opaque(obj: &PyObjectRef) -> Value {
    Value::Object(Rc::new(PyObj(obj.clone())))
}

/// `getattr(obj, field.attname)`
pub fn attr_of(vm: &VirtualMachine, obj: &PyObject, field: &Field) -> PyResult {
    let value = obj.get_attr(vm.ctx.intern_str(&*field.attname()), vm)?;
    // A child that comes from a fixture knows its own key, which is the parent's, not yet copied.
    if vm.is_none(&value)
        && field.primary_key.get()
        && crate::models::model_of_instance(obj).is_some()
    {
        return obj.get_attr("pk", vm);
    }
    Ok(value)
}

/// `operator.attrgetter(*attnames)`
pub fn getter(vm: &VirtualMachine, fields: &[Rc<Field>], prefix: &str) -> PyResult {
    let names: Vec<PyObjectRef> = fields
        .iter()
        .map(|f| vm.ctx.new_str(format!("{prefix}{}", f.attname())).into())
        .collect();
    vm.import("operator", 0)?
        .get_attr("attrgetter", vm)?
        .call(names, vm)
}

/// The queryset of a prefetch: given, or all objects.
pub fn prefetch_source(
    vm: &VirtualMachine,
    relation: &Relation,
    manager: &PyObject,
    args: &mut FuncArgs,
) -> PyResult<(Vec<PyObjectRef>, PyRef<PyQuerySet>)> {
    let instances = args
        .take_positional_keyword("instances")
        .ok_or_else(|| vm.new_type_error("instances are expected"))?;
    let instances: Vec<PyObjectRef> = instances.try_into_value(vm)?;
    let given = args
        .take_positional_keyword("querysets")
        .filter(|q| !vm.is_none(q));
    let given: Vec<PyObjectRef> = match given {
        Some(g) => g.try_into_value(vm)?,
        None => vec![],
    };
    let qs = match given.len() {
        0 => relation.all_objects(vm, manager)?,
        1 => given[0].clone().downcast::<PyQuerySet>().map_err(|other| {
            vm.new_attribute_error(format!(
                "'{}' object has no attribute '_add_hints'",
                other.class().name()
            ))
        })?,
        _ => {
            return Err(vm.new_value_error(
                "querysets argument of get_prefetch_querysets() should have a length of 1.",
            ));
        }
    };
    let qs = PyQuerySet::chain(&qs, vm)?;
    if let Some(first) = instances.first() {
        relation.hinted(vm, manager, &qs, first)?;
    }
    Ok((instances, qs))
}

/// What declares the relation that a descriptor was given: the `field` of a relation object, or
/// the relation of a field that stands in for one.
pub fn field_of_rel(vm: &VirtualMachine, rel: &PyObject) -> PyResult<AnyField> {
    let field = rel.get_attr("field", vm)?;
    let owner = field.get_attr("model", vm)?;
    let model = model_of_class(vm, &owner)?;
    let name = field.get_attr("name", vm)?.str(vm)?;
    model.get_field(&name.to_string_lossy()).or_raise(vm)
}

/// The relation of a field.
pub fn rel_of_field(vm: &VirtualMachine, field: &Rc<Field>) -> PyResult<Rc<Rel>> {
    field
        .remote
        .clone()
        .ok_or_else(|| vm.new_type_error("the field is no relation"))
}
