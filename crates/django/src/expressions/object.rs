//! The Python object of an expression.
use super::callback::{self, Called};
use orm_sql::{Expr, Expression};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};
use std::cell::RefCell;
use std::rc::Rc;

/// What every expression class descends from. The expression inside is set by `__init__`.
#[pyclass(module = "django.db.models.expressions", name = "Combinable")]
#[derive(PyPayload)]
pub struct PyExpr {
    pub expr: RefCell<Option<Expr>>,
    /// What its class was called with; nothing for what the ORM made.
    pub given: Option<FuncArgs>,
}

impl std::fmt::Debug for PyExpr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.expr.borrow())
    }
}

impl Constructor for PyExpr {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyExpr {
            expr: RefCell::new(None),
            given: Some(args),
        }
        .into_ref_with_type(vm, cls)
        .map(Into::into)
    }
    fn py_new(_cls: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(PyExpr {
            expr: RefCell::new(None),
            given: None,
        })
    }
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT, HAS_WEAKREF))]
impl PyExpr {}

impl PyExpr {
    /// An object of `class` that holds `expr`; `__init__` is not called.
    pub fn object(vm: &VirtualMachine, class: PyTypeRef, expr: Expr) -> PyResult {
        PyExpr {
            expr: RefCell::new(Some(expr)),
            given: None,
        }
        .into_ref_with_type(vm, class)
        .map(Into::into)
    }
}

/// The expression inside an object, without what a user's class overrides.
pub fn inner(obj: &PyObject) -> Option<Expr> {
    obj.downcast_ref::<PyExpr>()
        .and_then(|e| e.expr.borrow().clone())
}

/// The expression of an object as the ORM sees it: one that calls back where its class overrides
/// hooks.
pub fn expr_of(obj: &PyObject) -> Option<Expr> {
    let held = obj.downcast_ref::<PyExpr>()?;
    let hooks = callback::hooks_of(obj.class());
    let inner = held.expr.borrow().clone();
    if hooks.any() || super::attributes::has_flags(obj) {
        return Some(Rc::new(Called::new(obj.to_owned(), inner, hooks)).into_expr());
    }
    inner
}

/// As [`expr_of`], or `AttributeError`.
pub fn required(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Expr> {
    expr_of(obj).ok_or_else(|| {
        vm.new_attribute_error(format!(
            "'{}' object has no attribute 'resolve_expression'",
            obj.class().name()
        ))
    })
}

/// Sets what an object holds.
pub fn set(obj: &PyObjectRef, expr: Expr) {
    if let Some(held) = obj.downcast_ref::<PyExpr>() {
        *held.expr.borrow_mut() = Some(expr);
    }
}
