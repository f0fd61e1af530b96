//! The Python object of a field: Rust's [`Field`] and the Python objects it was made with.
use super::classes::field_class;
use crate::convert::PyObj;
use orm_state::{AnyField, Error, ErrorKind, Field};
use rustpython_vm::builtins::{PyDictRef, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Initializer};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// `django.db.models.Field` and, with it as their base, all field classes.
#[pyclass(module = "django.db.models.fields", name = "Field")]
#[derive(PyPayload)]
pub struct PyField {
    pub inner: RefCell<Option<Rc<Field>>>,
    /// What the user gave and only Python needs: `validators`, `default`, `upload_to` …
    pub parts: RefCell<HashMap<&'static str, PyObjectRef>>,
}

impl std::fmt::Debug for PyField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.inner.borrow())
    }
}

impl Constructor for PyField {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyField::empty().into_ref_with_type(vm, cls).map(Into::into)
    }
    fn py_new(_cls: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(PyField::empty())
    }
}

impl Initializer for PyField {
    type Args = FuncArgs;
    fn init(zelf: &Py<Self>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        super::construct::init(vm, zelf, args)
    }
}

#[pyclass(with(Constructor, Initializer), flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
impl PyField {}

impl PyField {
    pub fn empty() -> PyField {
        PyField {
            inner: RefCell::default(),
            parts: RefCell::default(),
        }
    }
    /// Rust's field; an `AttributeError` before `__init__` ran.
    pub fn field(&self, vm: &VirtualMachine) -> PyResult<Rc<Field>> {
        match &*self.inner.borrow() {
            Some(f) => Ok(f.clone()),
            None => Err(vm.new_attribute_error("The field's __init__() was not called.")),
        }
    }
    pub fn part(&self, name: &str) -> Option<PyObjectRef> {
        self.parts.borrow().get(name).cloned()
    }
    pub fn part_or_none(&self, vm: &VirtualMachine, name: &str) -> PyObjectRef {
        self.part(name).unwrap_or_else(|| vm.ctx.none())
    }
    pub fn set_part(&self, name: &'static str, value: impl Into<PyObjectRef>) {
        self.parts.borrow_mut().insert(name, value.into());
    }
}

/// Rust's field inside a Python field.
pub fn field_of(obj: &PyObject) -> Option<Rc<Field>> {
    obj.downcast_ref::<PyField>()
        .and_then(|f| f.inner.borrow().clone())
}

/// Ties a Python field to Rust's, so that either finds the other.
pub fn bind_face(zelf: &Py<PyField>) {
    if let Some(field) = &*zelf.inner.borrow() {
        field.face.set(Rc::new(PyObj(zelf.as_object().to_owned())));
    }
}

/// The Python object of a field: its own, or a new one around it.
pub fn field_object(vm: &VirtualMachine, field: &Rc<Field>) -> PyResult {
    if let Some(face) = field.face.get::<PyObj>() {
        return Ok(face.0.clone());
    }
    let class: PyTypeRef = match field.class.face.get::<PyObj>() {
        Some(c) => {
            c.0.clone()
                .downcast()
                .map_err(|_| vm.new_type_error("not a field class"))?
        }
        None => super::classes::builtin(vm, &field.class.name)?,
    };
    let object = PyField::empty();
    *object.inner.borrow_mut() = Some(field.clone());
    let object = object.into_ref_with_type(vm, class)?;
    if let Some(origin) = field.origin.get::<PyObj>()
        && let Some(origin) = origin.0.downcast_ref::<PyField>()
    {
        copy_parts(vm, origin, &object)?;
    }
    super::construct::parts_from_options(vm, &object, field)?;
    if field.is_bound() {
        bind_face(&object);
    }
    Ok(object.into())
}

/// The Python object of a field or reverse relation.
pub fn any_field_object(vm: &VirtualMachine, field: &AnyField) -> PyResult {
    match field {
        AnyField::Field(f) => field_object(vm, f),
        AnyField::Rel(r) => crate::models::related::rel_object(vm, r),
    }
}

/// A copy of a Python field: a new Rust field, the same parts and `__dict__`.
pub fn copy_field(vm: &VirtualMachine, zelf: &Py<PyField>) -> PyResult<PyRef<PyField>> {
    let original = zelf.field(vm)?;
    let field = original.duplicate();
    // Until it joins another model, a copy is of the same one.
    if let Some(model) = original.model() {
        field.set_model(&model);
    }
    let copy = PyField::empty();
    *copy.inner.borrow_mut() = Some(field);
    let copy = copy.into_ref_with_type(vm, zelf.class().to_owned())?;
    let default = zelf.part("default");
    copy_parts(vm, zelf, &copy)?;
    if let Some(default) = default {
        copy.set_part("default", default);
    }
    Ok(copy)
}

/// All that a field's object holds besides what Rust knows: its default is Rust's to say.
fn copy_parts(vm: &VirtualMachine, from: &Py<PyField>, to: &Py<PyField>) -> PyResult<()> {
    let mut parts = from.parts.borrow().clone();
    parts.remove("remote_field");
    parts.remove("default");
    *to.parts.borrow_mut() = parts;
    if let (Some(from), Some(to)) = (from.as_object().dict(), to.as_object().dict()) {
        copy_dict(vm, &from, &to)?;
    }
    Ok(())
}

fn copy_dict(vm: &VirtualMachine, from: &PyDictRef, to: &PyDictRef) -> PyResult<()> {
    for (k, v) in from {
        if !crate::models::related::paths::is_kept(&crate::py::to_string(vm, &k)?) {
            to.set_item(&*k, v, vm)?;
        }
    }
    Ok(())
}

/// A Rust field of one of Django's classes, as expressions' `output_field`.
pub fn new_builtin(vm: &VirtualMachine, class: &str) -> PyResult<PyRef<PyField>> {
    let class = super::classes::builtin(vm, class)?;
    class
        .as_object()
        .call((), vm)?
        .downcast()
        .map_err(|_| vm.new_type_error("not a field"))
}

/// The error for a field that must be one.
pub fn not_a_field() -> Error {
    Error::new(ErrorKind::TypeError, "not a field")
}

/// `field_class` of an object's class, for lookups registered on it.
pub fn class_of(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Rc<orm_state::FieldClass>> {
    field_class(vm, &obj.class().to_owned())
}
