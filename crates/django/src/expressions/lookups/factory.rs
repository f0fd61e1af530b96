//! Lookups and transforms made by calling their Python class.
use crate::convert::{PyObj, to_py};
use crate::error::OrForeign;
use crate::expressions::{classes, object};
use orm_sql::expression::ExprObject;
use orm_sql::lookup::{LookupFactory, Rhs, TransformFactory};
use orm_sql::{Expr, Registered};
use orm_state::{Object, Result};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

/// A class that user code registered.
#[derive(Clone)]
pub struct PyFactory {
    pub class: PyTypeRef,
}

impl std::fmt::Debug for PyFactory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PyFactory({})", self.class.name())
    }
}

impl PyFactory {
    fn name(&self) -> String {
        with_current_vm(|vm| {
            lookup_name(vm, &self.class)
                .ok()
                .flatten()
                .unwrap_or_else(|| self.class.name().to_string())
        })
    }
    fn face_object(&self) -> Option<Rc<dyn Object>> {
        Some(Rc::new(PyObj(self.class.clone().into())))
    }
    fn called(&self, args: Vec<PyObjectRef>, vm: &VirtualMachine) -> PyResult<Expr> {
        let made = rustpython_vm::AsObject::as_object(&self.class).call(args, vm)?;
        object::required(vm, &made)
    }
}

/// `lookup_name` of a class.
pub fn lookup_name(vm: &VirtualMachine, class: &PyTypeRef) -> PyResult<Option<String>> {
    match class.get_attr(vm.ctx.intern_str("lookup_name")) {
        Some(n) if !vm.is_none(&n) => Ok(Some(n.str(vm)?.to_string_lossy().into_owned())),
        _ => Ok(None),
    }
}

impl LookupFactory for PyFactory {
    fn lookup_name(&self) -> String {
        self.name()
    }
    fn class_name(&self) -> String {
        self.class.name().to_string()
    }
    fn make(&self, lhs: Expr, rhs: Rhs, _: Vec<Rc<dyn TransformFactory>>) -> Result<Expr> {
        with_current_vm(|vm| -> PyResult<Expr> {
            let right = match rhs {
                Rhs::Value(v) => to_py(vm, &v)?,
                Rhs::Expr(e) => to_py(vm, &ExprObject::value(e))?,
            };
            self.called(vec![classes::wrap(vm, &lhs)?, right], vm)
        })
        .or_foreign()
    }
    fn face(&self) -> Option<Rc<dyn Object>> {
        self.face_object()
    }
}

impl TransformFactory for PyFactory {
    fn lookup_name(&self) -> String {
        self.name()
    }
    fn class_name(&self) -> String {
        self.class.name().to_string()
    }
    fn bilateral(&self) -> bool {
        with_current_vm(|vm| is_bilateral(vm, &self.class))
    }
    fn make(&self, lhs: Expr) -> Result<Expr> {
        with_current_vm(|vm| self.called(vec![classes::wrap(vm, &lhs)?], vm)).or_foreign()
    }
    fn face(&self) -> Option<Rc<dyn Object>> {
        self.face_object()
    }
}

/// `bilateral = True` on a class or its bases.
pub fn is_bilateral(
    vm: &VirtualMachine,
    class: &rustpython_vm::Py<rustpython_vm::builtins::PyType>,
) -> bool {
    class
        .get_attr(vm.ctx.intern_str("bilateral"))
        .is_some_and(|b| b.is_true(vm).unwrap_or(false))
}

/// Where a lookup or transform came from, for what is no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    Lookup,
    Transform,
}

/// What registering a Python class means to the ORM. Lookups of Django's own stay in Rust.
/// Anything else that can be called makes what it was asked for.
pub fn registered(vm: &VirtualMachine, obj: &PyObject, asked: Asked) -> PyResult<Registered> {
    let Some(class) = crate::py::as_class(obj) else {
        if !crate::py::callable(obj) {
            return Err(vm.new_type_error(format!("{} is not a lookup.", obj.repr(vm)?)));
        }
        let factory = CallFactory(obj.to_owned());
        return Ok(match asked {
            Asked::Lookup => Registered::Lookup(Rc::new(factory)),
            Asked::Transform => Registered::Transform(Rc::new(factory)),
        });
    };
    if super::is_lookup(&class) {
        if classes::is_builtin(&class)
            && let Some(f) = orm_sql::lookups::by_class_name(&class.name())
        {
            return Ok(Registered::Lookup(f));
        }
        return Ok(Registered::Lookup(Rc::new(PyFactory { class })));
    }
    Ok(Registered::Transform(Rc::new(PyFactory { class })))
}

/// What a field's `get_lookup` or `get_transform` makes itself: a callable.
#[derive(Clone)]
pub struct CallFactory(pub PyObjectRef);

impl std::fmt::Debug for CallFactory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CallFactory")
    }
}

impl TransformFactory for CallFactory {
    fn lookup_name(&self) -> String {
        String::new()
    }
    fn make(&self, lhs: Expr) -> Result<Expr> {
        with_current_vm(|vm| -> PyResult<Expr> {
            let made = self.0.call((classes::wrap(vm, &lhs)?,), vm)?;
            object::required(vm, &made)
        })
        .or_foreign()
    }
    fn face(&self) -> Option<Rc<dyn Object>> {
        Some(Rc::new(PyObj(self.0.clone())))
    }
}

impl LookupFactory for CallFactory {
    fn lookup_name(&self) -> String {
        String::new()
    }
    fn class_name(&self) -> String {
        String::new()
    }
    fn make(&self, lhs: Expr, rhs: Rhs, _: Vec<Rc<dyn TransformFactory>>) -> Result<Expr> {
        with_current_vm(|vm| -> PyResult<Expr> {
            let right = match rhs {
                Rhs::Value(v) => to_py(vm, &v)?,
                Rhs::Expr(e) => to_py(vm, &ExprObject::value(e))?,
            };
            let made = self.0.call((classes::wrap(vm, &lhs)?, right), vm)?;
            object::required(vm, &made)
        })
        .or_foreign()
    }
    fn face(&self) -> Option<Rc<dyn Object>> {
        Some(Rc::new(PyObj(self.0.clone())))
    }
}
