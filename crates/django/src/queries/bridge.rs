//! How querysets, `Q`s and expressions cross into the ORM and back.
use super::py_query::PyQuery;
use super::q::PyQ;
use super::queryset::PyQuerySet;
use super::where_node;
use crate::convert;
use orm_sql::Expr;
use orm_sql::expression::ExprObject;
use orm_sql::expressions::QExpr;
use orm_sql::query::subquery::QueryExpr;
use orm_sql::where_node::{NothingNode, WhereNode};
use orm_state::Object;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
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
    where_node::expr(obj).map(|e| Rc::new(ExprObject(e)) as Rc<dyn Object>)
}

fn wrap(vm: &VirtualMachine, object: &Rc<dyn Object>) -> Option<PyObjectRef> {
    let expr = object.as_any().downcast_ref::<ExprObject>()?;
    crate::expressions::wrap(vm, &expr.0)
}

/// Objects for the nodes that are no `Expression` in Python: conditions and queries.
pub fn wrap_node(vm: &VirtualMachine, expr: &Expr) -> PyResult<Option<PyObjectRef>> {
    let any = expr.as_any();
    if let Some(q) = any.downcast_ref::<QExpr>() {
        return Ok(Some(PyQ::object(vm, q.q.clone())));
    }
    if let Some(node) = any.downcast_ref::<WhereNode>() {
        return where_node::object(vm, node).map(Some);
    }
    if any.is::<NothingNode>() {
        return where_node::nothing(vm).map(Some);
    }
    if let Some(q) = any.downcast_ref::<QueryExpr>() {
        return crate::expressions::compiler_object::query_object(vm, &q.0).map(Some);
    }
    Ok(None)
}
