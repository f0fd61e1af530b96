//! `django.db.models.sql.where`: conditions put together by hand.
//!
//! ```python
//! WhereNode(children=[a, NothingNode()], connector=OR).as_sql(compiler, connection)   # a's SQL
//! ```
//!
//! Querysets keep theirs in `orm_sql`; this one asks Python objects for their SQL.
use crate::class::class;
use crate::convert::to_value;
use crate::{error, modules, py};
use orm_sql::expression::value_expr;
use orm_sql::{Connector, Expr};
use rustpython_vm::AsObject;
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::rc::Rc;

type Vm = VirtualMachine;

const MODULE: &str = "django.db.models.sql.where";

pub fn install(vm: &Vm) -> PyResult<()> {
    for name in ["AND", "OR", "XOR"] {
        modules::export(vm, MODULE, name, py::str(vm, name))?;
    }
    let nothing = class(vm, MODULE, "NothingNode", &[], |c| {
        c.attr("contains_aggregate", py::bool(vm, false));
        c.attr("contains_over_clause", py::bool(vm, false));
        c.method(
            "as_sql",
            |_: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult {
                Err(error::raise(vm, "EmptyResultSet", ""))
            },
        );
    })?;
    modules::export(vm, MODULE, "NothingNode", nothing.clone())?;
    let node = class(vm, MODULE, "WhereNode", &[], |c| {
        c.attr("default", py::str(vm, "AND"));
        c.attr("resolved", py::bool(vm, false));
        c.attr("conditional", py::bool(vm, true));
        c.method("__init__", init);
        c.method("negate", |this: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let negated = py::is_true(vm, &py::attr(vm, &this, "negated")?)?;
            py::set_attr(vm, &this, "negated", py::bool(vm, !negated))
        });
        c.method("__bool__", |this: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            Ok(!children(vm, &this)?.is_empty())
        });
        c.method("__len__", |this: PyObjectRef, vm: &Vm| -> PyResult<usize> {
            Ok(children(vm, &this)?.len())
        });
        c.method(
            "__contains__",
            |this: PyObjectRef, other: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                for child in children(vm, &this)? {
                    if py::eq(vm, &child, &other)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            },
        );
        c.method("as_sql", as_sql);
    })?;
    CLASSES.set(Some([node.clone(), nothing]));
    modules::export(vm, MODULE, "WhereNode", node)
}

thread_local! {
    /// `WhereNode` and `NothingNode`.
    static CLASSES: RefCell<Option<[PyTypeRef; 2]>> = const { RefCell::new(None) };
}

/// A node of the ORM as Python sees it.
pub fn object(vm: &Vm, node: &orm_sql::where_node::WhereNode) -> PyResult {
    let children = node
        .children
        .iter()
        .map(|c| crate::expressions::classes::wrap(vm, c))
        .collect::<PyResult<Vec<_>>>()?;
    let children = vm.ctx.new_list(children).into();
    let connector = py::str(vm, node.connector.sql());
    let class = modules::find(vm, MODULE, "WhereNode")?;
    let made = class.call(vec![children, connector, py::bool(vm, node.negated)], vm)?;
    if node.resolved {
        py::set_attr(vm, &made, "resolved", py::bool(vm, true))?;
    }
    Ok(made)
}

/// `NothingNode()`
pub fn nothing(vm: &Vm) -> PyResult {
    modules::find(vm, MODULE, "NothingNode")?.call((), vm)
}

/// The ORM's node for a Python one, where every child is one that the ORM knows.
pub fn expr(obj: &PyObject) -> Option<Expr> {
    let [node, nothing] = CLASSES.with_borrow(Clone::clone)?;
    if obj.fast_isinstance(&nothing) {
        return Some(Rc::new(orm_sql::where_node::NothingNode));
    }
    if !obj.fast_isinstance(&node) {
        return None;
    }
    with_current_vm(|vm| {
        let mut made = orm_sql::where_node::WhereNode::default();
        for child in children(vm, obj).ok()? {
            made.children.push(value_expr(&to_value(vm, &child).ok()?)?);
        }
        let flag = |name: &str| py::is_true(vm, &py::attr(vm, obj, name).ok()?).ok();
        made.negated = flag("negated")?;
        made.resolved = flag("resolved")?;
        let connector = py::attr(vm, obj, "connector").ok()?;
        made.connector = match py::as_string(&connector)?.as_str() {
            "OR" => Connector::Or,
            "XOR" => Connector::Xor,
            _ => Connector::And,
        };
        Some(Rc::new(made) as Expr)
    })
}

pub fn reset() {
    CLASSES.set(None);
}

fn init(this: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let given = |o: Option<PyObjectRef>| o.filter(|o| !vm.is_none(o));
    let children = match given(args.take_positional_keyword("children")) {
        Some(c) => py::list(vm, &c)?,
        None => vec![],
    };
    let connector = match given(args.take_positional_keyword("connector")) {
        Some(c) if py::is_true(vm, &c)? => c,
        _ => py::attr(vm, &this, "default")?,
    };
    let negated = match args.take_positional_keyword("negated") {
        Some(n) => py::is_true(vm, &n)?,
        None => false,
    };
    py::set_attr(vm, &this, "children", vm.ctx.new_list(children))?;
    py::set_attr(vm, &this, "connector", connector)?;
    py::set_attr(vm, &this, "negated", py::bool(vm, negated))
}

fn children(vm: &Vm, node: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    py::list(vm, &py::attr(vm, node, "children")?)
}

/// A child is full (no condition), empty (no rows), or has SQL; the node's own SQL follows from how
/// many of a kind its connector needs.
fn as_sql(this: PyObjectRef, compiler: PyObjectRef, _connection: PyObjectRef, vm: &Vm) -> PyResult {
    let items = children(vm, &this)?;
    let connector = py::to_string(vm, &py::attr(vm, &this, "connector")?)?;
    let negated = py::is_true(vm, &py::attr(vm, &this, "negated")?)?;
    let (mut full_needed, mut empty_needed) = match connector.as_str() {
        "AND" => (items.len(), 1),
        "OR" => (1, items.len()),
        _ => {
            return Err(vm.new_not_implemented_error(format!(
                "WhereNode.as_sql() with connector {connector}"
            )));
        }
    };
    let (mut parts, mut params) = (vec![], vec![]);
    for child in items {
        match py::call(vm, &compiler, "compile", vec![child]) {
            Ok(pair) => {
                let pair = py::list(vm, &pair)?;
                let [sql, values] = &pair[..] else {
                    return Err(vm.new_value_error("as_sql() returns SQL and its parameters"));
                };
                let sql = py::to_string(vm, sql)?;
                if sql.is_empty() {
                    full_needed -= 1;
                } else {
                    parts.push(sql);
                    params.extend(py::list(vm, values)?);
                }
            }
            Err(e) if error::is_a(vm, &e, "EmptyResultSet") => empty_needed -= 1,
            Err(e) if error::is_a(vm, &e, "FullResultSet") => full_needed -= 1,
            Err(e) => return Err(e),
        }
        let empty = empty_needed == 0;
        if empty || full_needed == 0 {
            return Err(nothing_to_say(vm, empty != negated));
        }
    }
    if parts.is_empty() {
        return Err(nothing_to_say(vm, false));
    }
    let mut sql = parts.join(&format!(" {connector} "));
    if negated {
        sql = format!("NOT ({sql})");
    } else if parts.len() > 1 || py::is_true(vm, &py::attr(vm, &this, "resolved")?)? {
        sql = format!("({sql})");
    }
    Ok(vm
        .ctx
        .new_tuple(vec![py::str(vm, sql), vm.ctx.new_list(params).into()])
        .into())
}

fn nothing_to_say(vm: &Vm, empty: bool) -> rustpython_vm::builtins::PyBaseExceptionRef {
    let name = if empty {
        "EmptyResultSet"
    } else {
        "FullResultSet"
    };
    error::raise(vm, name, "")
}
