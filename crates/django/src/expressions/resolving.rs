//! `resolve_expression`: user code resolves expressions, and is asked to.
//!
//! ```text
//! expr.resolve_expression(query, …)           Python → the ORM: the query inside the object
//! class Mine(Func): def resolve_expression …   the ORM → Python: the query lent as an object
//! ```
use super::callback::plain;
use super::object::required;
use crate::class::Class;
use crate::convert::{to_py, to_value};
use crate::error::{OrForeign, OrRaise};
use crate::py;
use crate::queries::py_query::PyQuery;
use crate::queries::queryset::PyQuerySet;
use orm_sql::expression::{ExprObject, Resolve, Reuse, value_expr};
use orm_sql::{Expr, Query};
use orm_state::Result;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};

/// The aliases that joins may reuse, on their way through Python.
#[pyclass(module = "builtins", name = "set")]
#[derive(Debug, PyPayload)]
struct Reusable(Reuse);

#[pyclass]
impl Reusable {}

pub fn fill(c: &mut Class) {
    let _ = Reusable::make_static_type();
    c.method("resolve_expression", resolve_expression);
}

/// The arguments of `resolve_expression()` after the query.
pub fn how(vm: &VirtualMachine, args: &mut FuncArgs) -> PyResult<Resolve> {
    let mut how = Resolve::default();
    let mut given = |name: &str| {
        args.take_positional_keyword(name)
            .filter(|v| !vm.is_none(v))
    };
    if let Some(v) = given("allow_joins") {
        how.allow_joins = v.is_true(vm)?;
    }
    if let Some(v) = given("reuse") {
        how.reuse = v.downcast_ref::<Reusable>().map(|r| r.0.clone());
    }
    if let Some(v) = given("summarize") {
        how.summarize = v.is_true(vm)?;
    }
    if let Some(v) = given("for_save") {
        how.for_save = v.is_true(vm)?;
    }
    Ok(how)
}

/// Resolves against the query inside an object, which keeps the joins that are made.
pub fn against(
    vm: &VirtualMachine,
    query: Option<PyObjectRef>,
    resolve: impl FnOnce(&mut Query) -> Result<Expr>,
) -> PyResult<Expr> {
    match query.as_ref().and_then(|q| q.downcast_ref::<PyQuery>()) {
        Some(q) => q.queryset.with_query(resolve).or_raise(vm),
        None => resolve(&mut Query::empty()).or_raise(vm),
    }
}

fn resolve_expression(a: PyObjectRef, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
    let query = args.take_positional_keyword("query");
    let how = how(vm, &mut args)?;
    let e = match plain(&a) {
        Some(e) => e,
        None => required(vm, &a)?,
    };
    let resolved = against(vm, query, |q| e.resolve(q, &how))?;
    to_py(vm, &ExprObject::value(resolved))
}

/// Asks a user's class, lending it the query.
pub fn ask(object: &PyObjectRef, query: &mut Query, how: &Resolve) -> Result<Expr> {
    with_current_vm(|vm| -> PyResult<Expr> {
        let lent = PyQuerySet::empty(std::mem::replace(query, Query::empty()));
        if let Some(model) = &lent.query.borrow().model
            && let Ok(class) = crate::queries::hints::class_of_model(vm, model)
        {
            *lent.class.borrow_mut() = Some(class);
        }
        let lent = lent.into_ref(&vm.ctx);
        let seen = PyQuery::object(vm, lent.clone());
        let none = || vm.ctx.none();
        let reuse = how
            .reuse
            .clone()
            .map_or_else(none, |r| Reusable(r).into_pyobject(vm));
        let args = vec![
            seen,
            py::bool(vm, how.allow_joins),
            reuse,
            py::bool(vm, how.summarize),
            py::bool(vm, how.for_save),
        ];
        let resolved = py::call(vm, object, "resolve_expression", args);
        *query = lent.query.borrow().as_ref().clone();
        let resolved = resolved?;
        value_expr(&to_value(vm, &resolved)?)
            .ok_or_else(|| vm.new_type_error("resolve_expression() must return an expression."))
    })
    .or_foreign()
}
