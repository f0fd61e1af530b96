//! The parts of each kind of expression by the names that Django gives them: `lookup.lhs`,
//! `order_by.expression`, `col.target`, `subquery.query`.
use super::classes::{find, wrap};
use super::methods::{held, no_attribute};
use super::object::set;
use crate::class::{Getter, fill_class};
use crate::convert::to_py;
use crate::models::fields::object::field_object;
use crate::py;
use crate::queries::py_query::PyQuery;
use crate::queries::queryset::PyQuerySet;
use orm_sql::Expr;
use orm_sql::expressions::window::Window;
use orm_sql::expressions::window_frame::{FrameType, WindowFrame};
use orm_sql::expressions::{
    Aggregate, Case, Col, Combined, Exists, ExpressionWrapper, Func, NegatedExpression, OrderBy,
    RawSql, Ref, Subquery, When,
};
use orm_sql::query::subquery::query_of;
use orm_state::Value;
use rustpython_vm::function::PySetterValue;
use rustpython_vm::{PyObjectRef, PyPayload, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// A part of the expression, read from its Rust type.
macro_rules! part {
    ($kind:ty, $name:literal, |$vm:ident, $e:ident| $read:expr) => {
        (
            $name,
            (|a: PyObjectRef, $vm: &Vm| {
                let whole = held($vm, &a)?;
                match whole.as_any().downcast_ref::<$kind>() {
                    Some($e) => $read,
                    None => Err(no_attribute($vm, &a, $name)),
                }
            }) as Getter,
        )
    };
}

/// Text that SQL is made from, for classes that build on Django's.
const TEMPLATES: &[(&str, &str)] = &[
    ("Subquery", "(%(subquery)s)"),
    ("Exists", "EXISTS(%(subquery)s)"),
    ("Case", "CASE %(cases)s ELSE %(default)s END"),
    ("When", "WHEN %(condition)s THEN %(result)s"),
    ("OrderBy", "%(expression)s %(ordering)s"),
    ("Window", "%(expression)s OVER (%(window)s)"),
    (
        "Aggregate",
        "%(function)s(%(distinct)s%(expressions)s%(order_by)s)%(filter)s",
    ),
];

/// Names of the operators.
const CONNECTORS: &[(&str, &str)] = &[
    ("ADD", "+"),
    ("SUB", "-"),
    ("MUL", "*"),
    ("DIV", "/"),
    ("POW", "^"),
    ("MOD", "%%"),
    ("BITAND", "&"),
    ("BITOR", "|"),
    ("BITLEFTSHIFT", "<<"),
    ("BITRIGHTSHIFT", ">>"),
    ("BITXOR", "#"),
];

pub fn install(vm: &Vm) -> PyResult<()> {
    let parts: Vec<(&str, Vec<(&str, Getter)>)> = vec![
        (
            "ExpressionWrapper",
            vec![("expression", |a, vm| match first(vm, &a)? {
                Some(e) => wrap(vm, &e),
                None => Ok(vm.ctx.none()),
            })],
        ),
        (
            "OrderBy",
            vec![
                part!(OrderBy, "expression", |vm, o| wrap(vm, &o.expression)),
                part!(OrderBy, "descending", |vm, o| Ok(py::bool(
                    vm,
                    o.descending
                ))),
                part!(OrderBy, "nulls_first", |vm, o| Ok(or_none(
                    vm,
                    o.nulls_first
                ))),
                part!(OrderBy, "nulls_last", |vm, o| Ok(or_none(vm, o.nulls_last))),
            ],
        ),
        (
            "CombinedExpression",
            vec![
                part!(Combined, "lhs", |vm, c| wrap(vm, &c.lhs)),
                part!(Combined, "rhs", |vm, c| wrap(vm, &c.rhs)),
                part!(Combined, "connector", |vm, c| Ok(py::str(
                    vm,
                    c.connector.sql()
                ))),
            ],
        ),
        (
            "Col",
            vec![
                part!(Col, "alias", |vm, c| Ok(if c.alias.is_empty() {
                    vm.ctx.none()
                } else {
                    py::str(vm, &*c.alias)
                })),
                part!(Col, "target", |vm, c| field_object(vm, &c.target)),
            ],
        ),
        (
            "Ref",
            vec![
                part!(Ref, "refs", |vm, r| Ok(py::str(vm, &*r.refs))),
                part!(Ref, "source", |vm, r| wrap(vm, &r.source)),
            ],
        ),
        (
            "RawSQL",
            vec![
                part!(RawSql, "sql", |vm, r| Ok(py::str(vm, &*r.sql))),
                part!(RawSql, "params", |vm, r| to_py(
                    vm,
                    &Value::Tuple(r.params.to_vec().into())
                )),
            ],
        ),
        (
            "When",
            vec![
                part!(When, "condition", |vm, w| shown(vm, &w.condition)),
                part!(When, "result", |vm, w| wrap(vm, &w.result)),
            ],
        ),
        (
            "Case",
            vec![
                part!(Case, "cases", |vm, c| list(vm, &c.cases)),
                part!(Case, "default", |vm, c| wrap(vm, &c.default)),
            ],
        ),
        ("Subquery", vec![("query", query)]),
        (
            "Window",
            vec![
                part!(Window, "source_expression", |vm, w| wrap(vm, &w.source)),
                part!(Window, "partition_by", |vm, w| optional(
                    vm,
                    &w.partition_by
                )),
                part!(Window, "order_by", |vm, w| optional(vm, &w.order_by)),
                part!(Window, "frame", |vm, w| optional(vm, &w.frame)),
            ],
        ),
        (
            "WindowFrame",
            vec![
                part!(WindowFrame, "start", |vm, w| to_py(vm, &w.start)),
                part!(WindowFrame, "end", |vm, w| to_py(vm, &w.end)),
                part!(WindowFrame, "frame_type", |vm, w| Ok(py::str(
                    vm,
                    match w.frame_type {
                        FrameType::Rows => "ROWS",
                        FrameType::Range => "RANGE",
                    }
                ))),
            ],
        ),
        (
            "Aggregate",
            vec![
                part!(Aggregate, "distinct", |vm, a| Ok(py::bool(vm, a.distinct))),
                part!(Aggregate, "filter", |vm, a| optional(vm, &a.filter)),
                part!(Aggregate, "order_by", |vm, a| optional(vm, &a.order_by)),
            ],
        ),
    ];
    for (class, getters) in parts {
        let Some(class) = find(class) else { continue };
        fill_class(vm, &class, |c| {
            for (name, get) in getters {
                c.lazy(name, get);
            }
        })?;
    }
    for (class, template) in TEMPLATES {
        let Some(class) = find(class) else { continue };
        fill_class(vm, &class, |c| c.attr("template", py::str(vm, template)))?;
    }
    if let Some(class) = find("Combinable") {
        fill_class(vm, &class, |c| {
            for (name, sql) in CONNECTORS {
                c.attr(name, py::str(vm, sql));
            }
        })?;
    }
    if let Some(class) = find("Func") {
        fill_class(vm, &class, |c| {
            c.property(
                "source_expressions",
                |a, vm| match operands(&held(vm, &a)?) {
                    Some(all) => list(vm, &all),
                    None => py::call(vm, &a, "get_source_expressions", vec![]),
                },
                |a, value, vm| match value {
                    PySetterValue::Assign(v) => {
                        py::call(vm, &a, "set_source_expressions", vec![v]).map(drop)
                    }
                    PySetterValue::Delete => Err(no_attribute(vm, &a, "source_expressions")),
                },
            );
            c.property("extra", extra, |a, value, vm| match (a.dict(), value) {
                (Some(dict), PySetterValue::Assign(v)) => dict.set_item("extra", v, vm),
                _ => Err(no_attribute(vm, &a, "extra")),
            });
        })?;
    }
    if let Some(class) = find("Transform") {
        fill_class(vm, &class, |c| {
            c.property(
                "lhs",
                |a, vm| match first(vm, &a)? {
                    Some(e) => wrap(vm, &e),
                    None => Err(no_attribute(vm, &a, "lhs")),
                },
                |a, value, vm| {
                    let e = held(vm, &a)?;
                    let mut sources = e.sources();
                    if let (PySetterValue::Assign(v), Some(first)) = (value, sources.first_mut()) {
                        *first = super::call::expression(vm, &v)?;
                        set(&a, e.with_sources(sources));
                    }
                    Ok(())
                },
            );
        })?;
    }
    Ok(())
}

fn first(vm: &Vm, a: &PyObjectRef) -> PyResult<Option<Expr>> {
    let e = held(vm, a)?;
    if let Some(n) = e.as_any().downcast_ref::<NegatedExpression>() {
        return Ok(Some(n.expression.clone()));
    }
    if let Some(w) = e.as_any().downcast_ref::<ExpressionWrapper>() {
        return Ok(Some(w.expression.clone()));
    }
    Ok(e.sources().first().cloned())
}

fn or_none(vm: &Vm, flag: bool) -> PyObjectRef {
    if flag {
        py::bool(vm, true)
    } else {
        vm.ctx.none()
    }
}

fn shown(vm: &Vm, e: &Expr) -> PyResult {
    to_py(vm, &orm_sql::ExprObject::value(e.clone()))
}

fn optional(vm: &Vm, e: &Option<Expr>) -> PyResult {
    match e {
        Some(e) => shown(vm, e),
        None => Ok(vm.ctx.none()),
    }
}

fn list(vm: &Vm, all: &[Expr]) -> PyResult {
    let all = all.iter().map(|e| wrap(vm, e));
    Ok(vm.ctx.new_list(all.collect::<PyResult<Vec<_>>>()?).into())
}

/// The arguments of a function, without an aggregate's filter and order.
fn operands(e: &Expr) -> Option<Vec<Expr>> {
    if let Some(f) = e.as_any().downcast_ref::<Func>() {
        return Some(f.args.to_vec());
    }
    e.as_any()
        .downcast_ref::<Aggregate>()
        .map(|a| a.args.to_vec())
}

/// `self.extra`: a dict that user code may change, read again when the SQL is made.
fn extra(a: PyObjectRef, vm: &Vm) -> PyResult {
    let Some(dict) = a.dict() else {
        return Ok(vm.ctx.new_dict().into());
    };
    if let Some(found) = dict.get_item_opt("extra", vm)? {
        return Ok(found);
    }
    let e = held(vm, &a)?;
    let given = match e.as_any().downcast_ref::<Func>() {
        Some(f) => f.extra.clone(),
        None => match e.as_any().downcast_ref::<Aggregate>() {
            Some(f) => f.extra.clone(),
            None => Vec::new().into(),
        },
    };
    let made = vm.ctx.new_dict();
    for (name, value) in given.iter() {
        made.set_item(&**name, to_py(vm, value)?, vm)?;
    }
    dict.set_item("extra", made.clone().into(), vm)?;
    Ok(made.into())
}

/// `subquery.query`
fn query(a: PyObjectRef, vm: &Vm) -> PyResult {
    let e = held(vm, &a)?;
    let inner = match (
        e.as_any().downcast_ref::<Subquery>(),
        e.as_any().downcast_ref::<Exists>(),
    ) {
        (Some(s), _) => query_of(&s.query),
        (_, Some(x)) => query_of(&x.query),
        _ => None,
    };
    let Some(query) = inner else {
        return Err(no_attribute(vm, &a, "query"));
    };
    let class = match &query.model {
        Some(model) => Some(crate::queries::hints::class_of_model(vm, model)?),
        None => None,
    };
    let queryset = PyQuerySet::empty((*query).clone());
    *queryset.class.borrow_mut() = class;
    Ok(PyQuery::object(vm, queryset.into_ref(&vm.ctx)))
}
