//! `ForeignObjectRel` and its kin: a relation seen from the model it leads to.
use super::arguments::on_delete_object;
use super::target_object;
use crate::class::{Class, class, fill_class, function};
use crate::convert::{PyObj, to_py};
use crate::error::OrRaise;
use crate::models::class_of_model;
use crate::models::fields::{PyField, field_object, field_of};
use crate::{modules, py};
use orm_state::{Rel, RelKind, RelTarget, Value};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg, PySetterValue};
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::rc::Rc;

type Vm = VirtualMachine;
pub const MODULE: &str = "django.db.models.fields.reverse_related";

/// `django.db.models.fields.reverse_related.ForeignObjectRel`.
#[pyclass(
    module = "django.db.models.fields.reverse_related",
    name = "ForeignObjectRel"
)]
#[derive(PyPayload)]
pub struct PyRel {
    pub rel: Rc<Rel>,
}

impl std::fmt::Debug for PyRel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.rel)
    }
}

impl Constructor for PyRel {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, _: FuncArgs, vm: &Vm) -> PyResult {
        Err(vm.new_not_implemented_error(format!("making a {} by hand", cls.name())))
    }
    fn py_new(_: &Py<PyType>, _: FuncArgs, vm: &Vm) -> PyResult<Self> {
        Err(vm.new_not_implemented_error("making a relation by hand"))
    }
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl PyRel {}

/// The Python object of a relation, always the same one.
pub fn rel_object(vm: &Vm, rel: &Rc<Rel>) -> PyResult {
    if let Some(face) = rel.face.get::<PyObj>() {
        return Ok(face.0.clone());
    }
    let object = made(vm, rel)?;
    // Only relations of models are kept: theirs are let go when models are cleared.
    if rel.field_opt().is_some_and(|f| f.is_bound()) {
        rel.face.set(Rc::new(PyObj(object.clone())));
    }
    Ok(object)
}

fn made(vm: &Vm, rel: &Rc<Rel>) -> PyResult {
    let class = match super::paths::rel_class(vm, rel)? {
        Some(class) => class,
        None => modules::find(vm, MODULE, rel.kind.class_name())?,
    };
    let class: PyTypeRef = class
        .downcast()
        .map_err(|_| vm.new_type_error("not a class"))?;
    let object = PyRel { rel: rel.clone() };
    Ok(object.into_ref_with_type(vm, class)?.into())
}

/// A new object for the relation of a field: what copying and unpickling one gives.
fn relation_of(field: PyObjectRef, vm: &Vm) -> PyResult {
    let rel = field_of(&field).and_then(|f| f.remote.clone());
    made(
        vm,
        &rel.ok_or_else(|| vm.new_type_error("a relation field was expected"))?,
    )
}

/// Rust's relation inside a Python one.
pub fn rel_of(obj: &PyObject) -> Option<Rc<Rel>> {
    obj.downcast_ref::<PyRel>().map(|r| r.rel.clone())
}

fn this(o: &PyObject, vm: &Vm) -> PyResult<Rc<Rel>> {
    rel_of(o).ok_or_else(|| vm.new_type_error("a relation was expected"))
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let copied = function(vm, "_relation_of", relation_of);
    modules::export(vm, MODULE, "_relation_of", copied)?;
    let base = PyRel::make_static_type();
    fill_class(vm, &base, fill)?;
    let many_to_one = class(
        vm,
        MODULE,
        "ManyToOneRel",
        std::slice::from_ref(&base),
        |_| {},
    )?;
    let one_to_one = class(
        vm,
        MODULE,
        "OneToOneRel",
        std::slice::from_ref(&many_to_one),
        |_| {},
    )?;
    let many_to_many = class(
        vm,
        MODULE,
        "ManyToManyRel",
        std::slice::from_ref(&base),
        |_| {},
    )?;
    let generic = class(
        vm,
        MODULE,
        "GenericRel",
        std::slice::from_ref(&base),
        |_| {},
    )?;
    for (name, class) in [
        ("ForeignObjectRel", base),
        ("ManyToOneRel", many_to_one),
        ("OneToOneRel", one_to_one),
        ("ManyToManyRel", many_to_many),
        ("GenericRel", generic),
    ] {
        let paths = [
            MODULE,
            "django.db.models.fields.related",
            "django.db.models",
        ];
        modules::export_all(vm, &paths, name, class)?;
    }
    for (field, rel) in [
        ("ForeignObject", "ForeignObjectRel"),
        ("ForeignKey", "ManyToOneRel"),
        ("OneToOneField", "OneToOneRel"),
        ("ManyToManyField", "ManyToManyRel"),
        ("GenericRelation", "GenericRel"),
    ] {
        let rel = modules::find(vm, MODULE, rel)?;
        let field = crate::models::fields::classes::builtin(vm, field)?;
        fill_class(vm, &field, |c| c.attr("rel_class", rel))?;
    }
    Ok(())
}

/// A model class, or the name of one that may come.
fn named_or_class(vm: &Vm, v: &PyObjectRef) -> PyResult<RelTarget> {
    Ok(match crate::models::model_of_class(vm, v) {
        Some(model) => RelTarget::Model(Rc::downgrade(&model)),
        None => RelTarget::Name(py::to_string(vm, v)?),
    })
}

fn fill(c: &mut Class) {
    c.getter("field", |o, vm| {
        let field = this(&o, vm)?.field().or_raise(vm)?;
        field_object(vm, &field)
    });
    c.getter("remote_field", |o, vm| {
        let field = this(&o, vm)?.field().or_raise(vm)?;
        field_object(vm, &field)
    });
    c.method("get_choices", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        crate::models::fields::choices::related_choices(&o, args, vm)
    });
    c.getter("identity", |o, _| Ok(o));
    c.property(
        "model",
        |o, vm| target_object(vm, &this(&o, vm)?.target()),
        |o, v, vm| {
            let PySetterValue::Assign(v) = v else {
                return Err(vm.new_attribute_error("can't delete attribute"));
            };
            this(&o, vm)?.retarget(named_or_class(vm, &v)?);
            Ok(())
        },
    );
    c.getter("to", |o, vm| target_object(vm, &this(&o, vm)?.target()));
    c.getter("related_model", |o, vm| {
        match this(&o, vm)?.related_model() {
            Some(m) => class_of_model(vm, &m),
            None => Ok(vm.ctx.none()),
        }
    });
    c.getter("name", |o, vm| Ok(py::str(vm, this(&o, vm)?.query_name())));
    c.getter("related_name", |o, vm| {
        Ok(py::opt_str(
            vm,
            this(&o, vm)?.related_name.borrow().as_deref(),
        ))
    });
    c.getter("related_query_name", |o, vm| {
        Ok(py::opt_str(
            vm,
            this(&o, vm)?.related_query_name.borrow().as_deref(),
        ))
    });
    c.getter("accessor_name", |o, vm| {
        Ok(py::opt_str(vm, this(&o, vm)?.accessor_name().as_deref()))
    });
    c.method(
        "get_accessor_name",
        |o: PyObjectRef, _: OptionalArg, vm: &Vm| -> PyResult {
            Ok(py::opt_str(vm, this(&o, vm)?.accessor_name().as_deref()))
        },
    );
    c.getter("cache_name", |o, vm| {
        Ok(py::opt_str(vm, this(&o, vm)?.accessor_name().as_deref()))
    });
    c.getter("hidden", |o, vm| Ok(py::bool(vm, this(&o, vm)?.hidden())));
    c.method("is_hidden", |o: PyObjectRef, vm: &Vm| -> PyResult<bool> {
        Ok(this(&o, vm)?.hidden())
    });
    c.getter("limit_choices_to", |o, vm| {
        match &*this(&o, vm)?.limit_choices_to.borrow() {
            Some(c) => to_py(vm, &Value::Object(c.clone())),
            None => Ok(vm.ctx.new_dict().into()),
        }
    });
    c.getter("on_delete", |o, vm| {
        let rel = this(&o, vm)?;
        if matches!(rel.kind, RelKind::ManyToMany) {
            return Ok(vm.ctx.none());
        }
        on_delete_object(vm, &rel.on_delete.borrow())
    });
    c.property(
        "field_name",
        |o, vm| {
            let rel = this(&o, vm)?;
            let own = rel.field_name.borrow().clone();
            Ok(match own {
                Some(n) => py::str(vm, n),
                None => match rel.model().and_then(|m| m.pk()) {
                    Some(pk) => py::str(vm, &*pk.name()),
                    None => vm.ctx.none(),
                },
            })
        },
        |o, v, vm| {
            let name = match v {
                PySetterValue::Assign(v) if !vm.is_none(&v) => Some(py::to_string(vm, &v)?),
                _ => None,
            };
            *this(&o, vm)?.field_name.borrow_mut() = name;
            Ok(())
        },
    );
    c.getter("target_field", |o, vm| {
        let target = this(&o, vm)?.target_field().or_raise(vm)?;
        field_object(vm, &target)
    });
    c.property(
        "through",
        |o, vm| match &*this(&o, vm)?.through.borrow() {
            Some(t) => target_object(vm, t),
            None => Ok(vm.ctx.none()),
        },
        |o, v, vm| {
            let through = match v {
                PySetterValue::Assign(v) if !vm.is_none(&v) => Some(named_or_class(vm, &v)?),
                _ => None,
            };
            *this(&o, vm)?.through.borrow_mut() = through;
            Ok(())
        },
    );
    c.getter("through_fields", |o, vm| {
        // As it was given: a list stays a list.
        let field = field_object(vm, &this(&o, vm)?.field().or_raise(vm)?)?;
        let field = field.downcast_ref::<PyField>();
        Ok(vm.unwrap_or_none(field.and_then(|f| f.part("through_fields"))))
    });
    for_flags(c);
    super::paths::fill_rel(c);
    c.method("get_related_field", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let rel = this(&o, vm)?;
        let target = match rel.kind {
            RelKind::ManyToMany => {
                let (_, to) = rel.field().or_raise(vm)?.m2m_fields().or_raise(vm)?;
                to.target_field().or_raise(vm)?
            }
            _ => rel.target_field().or_raise(vm)?,
        };
        field_object(vm, &target)
    });
    c.method(
        "get_cached_value",
        |o: PyObjectRef, instance: PyObjectRef, default: OptionalArg, vm: &Vm| {
            let name = this(&o, vm)?.accessor_name().unwrap_or_default();
            crate::models::fields::methods::cached_value(vm, &instance, &name, default)
        },
    );
    c.method(
        "is_cached",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            let name = this(&o, vm)?.accessor_name().unwrap_or_default();
            let cache = crate::models::state::fields_cache(vm, &instance)?;
            Ok(cache.get_item_opt(&*name, vm)?.is_some())
        },
    );
    c.method(
        "set_cached_value",
        |o: PyObjectRef, instance: PyObjectRef, v: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let name = this(&o, vm)?.accessor_name().unwrap_or_default();
            crate::models::state::fields_cache(vm, &instance)?.set_item(&*name, v, vm)
        },
    );
    c.method(
        "delete_cached_value",
        |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let name = this(&o, vm)?.accessor_name().unwrap_or_default();
            crate::models::state::fields_cache(vm, &instance)?.del_item(&*name, vm)
        },
    );
    c.method(
        "get_internal_type",
        |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let field = this(&o, vm)?.field().or_raise(vm)?;
            field.internal_type().or_raise(vm)
        },
    );
    c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        let rel = this(&o, vm)?;
        let label = rel
            .related_model()
            .map(|m| m.label_lower())
            .unwrap_or_default();
        Ok(format!("<{}: {label}>", o.class().name()))
    });
    c.method(
        "__eq__",
        |o: PyObjectRef, other: PyObjectRef, vm: &Vm| match (rel_of(&o), rel_of(&other)) {
            (Some(a), Some(b)) => py::bool(vm, Rc::ptr_eq(&a, &b)),
            _ => vm.ctx.not_implemented(),
        },
    );
    c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
        Ok(Rc::as_ptr(&this(&o, vm)?) as usize as i64 >> 4)
    });
}

fn for_flags(c: &mut Class) {
    for (name, get) in [
        (
            "auto_created",
            (|_, vm| Ok(py::bool(vm, true))) as crate::class::Getter,
        ),
        ("concrete", |_, vm| Ok(py::bool(vm, false))),
        ("editable", |_, vm| Ok(py::bool(vm, false))),
        ("is_relation", |_, vm| Ok(py::bool(vm, true))),
        ("null", |_, vm| Ok(py::bool(vm, true))),
        ("empty_strings_allowed", |_, vm| Ok(py::bool(vm, false))),
        ("many_to_many", |o, vm| {
            Ok(py::bool(vm, this(&o, vm)?.many_to_many()))
        }),
        ("one_to_many", |o, vm| {
            Ok(py::bool(vm, this(&o, vm)?.one_to_many()))
        }),
        ("one_to_one", |o, vm| {
            Ok(py::bool(vm, this(&o, vm)?.one_to_one()))
        }),
        ("many_to_one", |o, vm| {
            let many = this(&o, vm)?.field().or_raise(vm)?.one_to_many();
            Ok(py::bool(vm, many))
        }),
        ("multiple", |o, vm| {
            Ok(py::bool(vm, this(&o, vm)?.multiple()))
        }),
        ("parent_link", |o, vm| {
            Ok(py::bool(vm, this(&o, vm)?.parent_link.get()))
        }),
        ("symmetrical", |o, vm| {
            Ok(py::bool(vm, this(&o, vm)?.symmetrical.get()))
        }),
        ("db_constraint", |o, vm| {
            Ok(py::bool(vm, this(&o, vm)?.db_constraint.get()))
        }),
    ] {
        c.getter(name, get);
    }
}
