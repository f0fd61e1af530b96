//! How querysets, `Q`s and expressions cross into the ORM and back.
use super::py_query::PyQuery;
use super::q::PyQ;
use super::queryset::PyQuerySet;
use crate::convert;
use orm_sql::expression::ExprObject;
use orm_sql::expressions::QExpr;
use orm_state::Object;
use rustpython_vm::{PyObject, PyObjectRef, VirtualMachine};
use std::rc::Rc;

pub fn install() {
    convert::set_expression_bridge(unwrap, wrap);
}

fn unwrap(obj: &PyObject) -> Option<Rc<dyn Object>> {
    if let Some(e) = crate::expressions::unwrap(obj) {
        return Some(Rc::new(ExprObject(e)));
    }
    if let Some(qs) = obj.downcast_ref::<PyQuerySet>() {
        return Some(Rc::new(ExprObject(qs.as_subquery())));
    }
    if let Some(q) = obj.downcast_ref::<PyQ>() {
        return Some(Rc::new(ExprObject(QExpr::new(q.q.borrow().clone()))));
    }
    if let Some(q) = obj.downcast_ref::<PyQuery>() {
        return Some(Rc::new(ExprObject(q.queryset.as_subquery())));
    }
    None
}

fn wrap(vm: &VirtualMachine, object: &Rc<dyn Object>) -> Option<PyObjectRef> {
    let expr = object.as_any().downcast_ref::<ExprObject>()?;
    if let Some(q) = expr.0.as_any().downcast_ref::<QExpr>() {
        return Some(PyQ::object(vm, q.q.clone()));
    }
    crate::expressions::wrap(vm, &expr.0)
}
