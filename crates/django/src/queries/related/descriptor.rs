//! `ReverseManyToOneDescriptor` and `ManyToManyDescriptor`.
use super::relation::{self, Relation, field_of_rel, rel_of_field};
use super::{foreign, many};
use crate::error::OrRaise;
use crate::modules;
use crate::queries::hints::class_of_model;
use orm_state::{AnyField, Field, ModelRef};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, PySetterValue};
use rustpython_vm::types::{Constructor, GetDescriptor};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;
use std::rc::Rc;

const MODULE: &str = "django.db.models.fields.related_descriptors";

#[pyclass(
    module = "django.db.models.fields.related_descriptors",
    name = "ReverseManyToOneDescriptor"
)]
#[derive(PyPayload)]
pub struct RelatedDescriptor {
    rel: PyObjectRef,
    reverse: bool,
    manager_class: RefCell<Option<PyTypeRef>>,
}

impl std::fmt::Debug for RelatedDescriptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RelatedDescriptor")
    }
}

impl RelatedDescriptor {
    /// The field that declares the relation, and whether it is followed along its own direction.
    fn side(&self, vm: &VirtualMachine) -> PyResult<(Rc<Field>, bool)> {
        match field_of_rel(vm, &self.rel)? {
            AnyField::Field(field) => Ok((field, false)),
            AnyField::Rel(rel) => Ok((rel.field().or_raise(vm)?, true)),
        }
    }
    fn field(&self, vm: &VirtualMachine) -> PyResult<Rc<Field>> {
        Ok(self.side(vm)?.0)
    }
    /// The model of the objects that the manager gives.
    fn target(
        &self,
        vm: &VirtualMachine,
        field: &Rc<Field>,
        backwards: bool,
    ) -> PyResult<ModelRef> {
        let forward = backwards || field.many_to_many() && !self.reverse;
        let model = if forward {
            field.related_model()
        } else {
            field.model()
        };
        model.ok_or_else(|| vm.new_value_error("The related model is not there yet."))
    }
    fn made_class(&self, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
        if let Some(c) = &*self.manager_class.borrow() {
            return Ok(c.clone());
        }
        let (field, backwards) = self.side(vm)?;
        let model = class_of_model(vm, &self.target(vm, &field, backwards)?)?;
        let manager = model.as_object().get_attr("_default_manager", vm)?;
        let nullable = backwards || field.null.get();
        let made = manager_class(vm, &field, nullable, &manager.class().to_owned())?;
        *self.manager_class.borrow_mut() = Some(made.clone());
        Ok(made)
    }
}

/// Our methods in front of a manager class.
pub fn manager_class(
    vm: &VirtualMachine,
    field: &Rc<Field>,
    nullable: bool,
    superclass: &PyTypeRef,
) -> PyResult<PyTypeRef> {
    let (mixin, name) = if field.many_to_many() {
        (many::mixin(vm)?, "ManyRelatedManager")
    } else {
        (foreign::mixin(vm, nullable)?, "RelatedManager")
    };
    let dict = vm.ctx.new_dict();
    dict.set_item("__module__", vm.ctx.new_str(MODULE).into(), vm)?;
    let maker = if field.many_to_many() {
        "create_forward_many_to_many_manager"
    } else {
        "create_reverse_many_to_one_manager"
    };
    let qualname = format!("{maker}.<locals>.{name}");
    dict.set_item("__qualname__", vm.ctx.new_str(qualname).into(), vm)?;
    let meta: PyObjectRef = superclass.class().to_owned().into();
    let bases = vm
        .ctx
        .new_tuple(vec![mixin.into(), superclass.clone().into()]);
    meta.call((vm.ctx.new_str(name), bases, dict), vm)?
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("a metaclass returned something else than a class"))
}

impl Constructor for RelatedDescriptor {
    type Args = FuncArgs;
    fn py_new(_cls: &Py<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let rel = args
            .take_positional_keyword("rel")
            .ok_or_else(|| vm.new_type_error("a relation is expected"))?;
        let reverse = match args.take_positional_keyword("reverse") {
            Some(r) => r.is_true(vm)?,
            None => false,
        };
        Ok(RelatedDescriptor {
            rel,
            reverse,
            manager_class: RefCell::default(),
        })
    }
}

#[pyclass(with(Constructor, GetDescriptor), flags(BASETYPE, HAS_DICT))]
impl RelatedDescriptor {
    #[pygetset]
    fn rel(zelf: &Py<RelatedDescriptor>) -> PyObjectRef {
        zelf.rel.clone()
    }
    #[pygetset(name = "field")]
    fn py_field(zelf: &Py<RelatedDescriptor>, vm: &VirtualMachine) -> PyResult {
        zelf.rel.get_attr("field", vm)
    }
    #[pygetset]
    fn reverse(zelf: &Py<RelatedDescriptor>) -> bool {
        zelf.reverse
    }
    #[pygetset]
    fn through(zelf: &Py<RelatedDescriptor>, vm: &VirtualMachine) -> PyResult {
        zelf.rel.get_attr("through", vm)
    }
    #[pygetset]
    fn related_manager_cls(
        zelf: &Py<RelatedDescriptor>,
        vm: &VirtualMachine,
    ) -> PyResult<PyTypeRef> {
        zelf.made_class(vm)
    }
    #[pyslot]
    fn descr_set(
        zelf: &PyObject,
        _obj: PyObjectRef,
        _value: PySetterValue,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let Some(zelf) = zelf.downcast_ref::<RelatedDescriptor>() else {
            return Err(vm.new_type_error("not a related descriptor"));
        };
        let field = zelf.field(vm)?;
        let rel = rel_of_field(vm, &field)?;
        let accessor = rel.accessor_name().unwrap_or_default();
        let (side, name) = match (field.many_to_many(), zelf.reverse) {
            (false, _) => ("reverse side of a related set", accessor),
            (true, true) => ("reverse side of a many-to-many set", accessor),
            (true, false) => (
                "forward side of a many-to-many set",
                field.name().to_string(),
            ),
        };
        Err(vm.new_type_error(format!(
            "Direct assignment to the {side} is prohibited. Use {name}.set() instead."
        )))
    }
}

impl GetDescriptor for RelatedDescriptor {
    fn descr_get(
        zelf: &PyObject,
        obj: Option<&PyObject>,
        _cls: Option<&PyObject>,
        vm: &VirtualMachine,
    ) -> PyResult {
        let instance = match obj {
            Some(o) if !vm.is_none(o) => o.to_owned(),
            _ => return Ok(zelf.to_owned()),
        };
        let Some(descriptor) = zelf.downcast_ref::<RelatedDescriptor>() else {
            return Err(vm.new_type_error("not a related descriptor"));
        };
        let class = descriptor.made_class(vm)?;
        let (field, backwards) = descriptor.side(vm)?;
        let target = descriptor.target(vm, &field, backwards)?;
        // The bases are our methods, then the model's own manager class.
        let superclass = class.bases.read().get(1).cloned();
        let relation = Relation {
            rel: rel_of_field(vm, &field)?,
            field,
            reverse: descriptor.reverse,
            backwards,
            superclass: superclass.unwrap_or_else(|| class.clone()),
            instance,
        };
        if relation.field.many_to_many() {
            many::check_instance(vm, &relation)?;
        }
        relation::manager(vm, class, relation, &target)
    }
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let _ = Relation::make_static_type();
    let base = RelatedDescriptor::make_static_type();
    modules::export(vm, MODULE, "ReverseManyToOneDescriptor", base.clone())?;
    let many = crate::class::class(vm, MODULE, "ManyToManyDescriptor", &[base], |_| {})?;
    modules::export(vm, MODULE, "ManyToManyDescriptor", many)
}
