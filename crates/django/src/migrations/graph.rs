//! `MigrationGraph`, `Node`, `DummyNode` over Rust's graph, whose nodes hold what Python gives.
use super::project_state::{self, PyProjectState};
use super::to_python;
use crate::class::class;
use crate::error::OrRaise;
use crate::{modules, py};
use indexmap::IndexMap;
use orm_migrations::ProjectState;
use orm_migrations::graph::{Digraph, Key};
use orm_state::{Error, ErrorKind};
use rustpython_vm::builtins::{PyDictRef, PyListRef, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::types::{Constructor, Representable};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;

type Vm = VirtualMachine;

const MODULE: &str = "django.db.migrations.graph";

/// `django.db.migrations.graph.MigrationGraph`
#[pyclass(module = "django.db.migrations.graph", name = "MigrationGraph")]
#[derive(PyPayload)]
pub struct PyGraph {
    pub nodes: RefCell<Digraph<PyObjectRef>>,
}

impl std::fmt::Debug for PyGraph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MigrationGraph")
    }
}

impl PyGraph {
    pub fn of<'a>(vm: &Vm, o: &'a PyObject) -> PyResult<&'a Py<PyGraph>> {
        o.downcast_ref::<PyGraph>()
            .ok_or_else(|| vm.new_type_error("not a MigrationGraph"))
    }
}

/// A graph for Python.
pub fn new(vm: &Vm, graph: Digraph<PyObjectRef>) -> PyObjectRef {
    PyGraph {
        nodes: RefCell::new(graph),
    }
    .into_ref(&vm.ctx)
    .into()
}

/// `("app", "name")` as a key.
pub fn key(vm: &Vm, o: &PyObject) -> PyResult<Key> {
    match py::list(vm, o)?.as_slice() {
        [app, name] => Ok((py::to_string(vm, app)?, py::to_string(vm, name)?)),
        _ => Err(vm.new_value_error("a migration is known by its app label and name")),
    }
}

/// A list of keys.
pub fn keys(vm: &Vm, o: &PyObject) -> PyResult<Vec<Key>> {
    py::list(vm, o)?.iter().map(|k| key(vm, k)).collect()
}

fn key_list(vm: &Vm, keys: &[Key]) -> PyListRef {
    let keys = keys.iter().map(|k| to_python::key(vm, k));
    vm.ctx.new_list(keys.collect())
}

/// `NodeNotFoundError` with the node it speaks of.
fn with_node<T>(
    vm: &Vm,
    result: Result<T, Error>,
    node: Option<&Key>,
    origin: Option<&str>,
) -> PyResult<T> {
    let missing = matches!(&result, Err(e) if e.kind() == ErrorKind::NodeNotFoundError);
    let result = result.or_raise(vm);
    if missing && let Err(e) = &result {
        let node = node.map_or_else(|| vm.ctx.none(), |k| to_python::key(vm, k));
        py::set_attr(vm, e, "node", node)?;
        py::set_attr(vm, e, "origin", py::opt_str(vm, origin))?;
    }
    result
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let graph = PyGraph::make_static_type();
    crate::class::fill_class(vm, &graph, |c| {
        c.method(
            "__contains__",
            |o: PyObjectRef, k: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                let k = key(vm, &k)?;
                Ok(PyGraph::of(vm, &o)?.nodes.borrow().nodes.contains_key(&k))
            },
        );
    })?;
    modules::export(vm, MODULE, "MigrationGraph", graph)?;
    let missing = crate::error::class(vm, "NodeNotFoundError");
    crate::class::fill_class(vm, &missing, |c| {
        c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let node = match py::attr_opt(vm, &o, "node")? {
                Some(node) => Some(node),
                None => py::list(vm, &py::attr(vm, &o, "args")?)?.into_iter().nth(1),
            };
            let node = vm.unwrap_or_none(node);
            Ok(format!("NodeNotFoundError({})", py::repr(vm, &node)?))
        });
    })?;
    let node = class(vm, MODULE, "Node", &[], |c| {
        c.method("__init__", |o: PyObjectRef, k: PyObjectRef, vm: &Vm| {
            set_node(vm, &o, k)
        });
        c.method("__str__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            py::to_string(vm, &py::attr(vm, &o, "key")?)
        });
        c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
            let key = py::repr(vm, &py::attr(vm, &o, "key")?)?;
            Ok(format!("<{}: {key}>", o.class().name()))
        });
        c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
            py::attr(vm, &o, "key")?.hash(vm)
        });
        c.method(
            "__eq__",
            |o: PyObjectRef, other: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                let other = py::attr_opt(vm, &other, "key")?.unwrap_or(other);
                py::eq(vm, &py::attr(vm, &o, "key")?, &other)
            },
        );
        c.method(
            "__lt__",
            |o: PyObjectRef, other: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                let other = py::attr_opt(vm, &other, "key")?.unwrap_or(other);
                Ok(key(vm, &*py::attr(vm, &o, "key")?)? < key(vm, &other)?)
            },
        );
        c.method(
            "__getitem__",
            |o: PyObjectRef, at: PyObjectRef, vm: &Vm| -> PyResult {
                py::attr(vm, &o, "key")?.get_item(&*at, vm)
            },
        );
        for name in ["add_child", "add_parent"] {
            c.method(
                name,
                if name == "add_child" {
                    |o: PyObjectRef, other: PyObjectRef, vm: &Vm| join(vm, &o, "children", other)
                } else {
                    |o: PyObjectRef, other: PyObjectRef, vm: &Vm| join(vm, &o, "parents", other)
                },
            );
        }
    })?;
    modules::export(vm, MODULE, "Node", node.clone())?;
    let dummy = class(vm, MODULE, "DummyNode", &[node], |c| {
        c.method(
            "__init__",
            |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
                for name in ["key", "origin", "error_message"] {
                    let Some(v) = args.take_positional_keyword(name) else {
                        return Err(vm.new_type_error(format!("DummyNode needs {name}")));
                    };
                    match name {
                        "key" => set_node(vm, &o, v)?,
                        _ => py::set_attr(vm, &o, name, v)?,
                    }
                }
                Ok(())
            },
        );
        c.method("raise_error", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let text = |name: &str| py::to_string(vm, &py::attr(vm, &o, name)?);
            let node = key(vm, &*py::attr(vm, &o, "key")?)?;
            let error = Error::new(ErrorKind::NodeNotFoundError, text("error_message")?);
            with_node(vm, Err(error), Some(&node), Some(&text("origin")?))
        });
    })?;
    modules::export(vm, MODULE, "DummyNode", dummy)
}

fn set_node(vm: &Vm, o: &PyObject, key: PyObjectRef) -> PyResult<()> {
    let set = || vm.ctx.types.set_type.as_object().call((), vm);
    py::set_attr(vm, o, "key", key)?;
    py::set_attr(vm, o, "children", set()?)?;
    py::set_attr(vm, o, "parents", set()?)
}

fn join(vm: &Vm, o: &PyObject, side: &str, other: PyObjectRef) -> PyResult<()> {
    py::call(vm, &py::attr(vm, o, side)?, "add", vec![other]).map(drop)
}

impl Constructor for PyGraph {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, _: FuncArgs, vm: &Vm) -> PyResult {
        let nodes = RefCell::default();
        PyGraph { nodes }
            .into_ref_with_type(vm, cls)
            .map(Into::into)
    }
    fn py_new(_: &Py<rustpython_vm::builtins::PyType>, _: FuncArgs, _vm: &Vm) -> PyResult<Self> {
        let nodes = RefCell::default();
        Ok(PyGraph { nodes })
    }
}

impl Representable for PyGraph {
    fn repr_str(zelf: &Py<Self>, _vm: &Vm) -> PyResult<String> {
        let g = zelf.nodes.borrow();
        Ok(format!(
            "<{}: nodes={}, edges={}>",
            zelf.class().name(),
            g.nodes.len(),
            g.edge_count()
        ))
    }
}

#[pyclass(with(Constructor, Representable), flags(BASETYPE, HAS_DICT))]
impl PyGraph {
    #[pymethod]
    fn __str__(zelf: &Py<Self>) -> String {
        let g = zelf.nodes.borrow();
        format!("Graph: {} nodes, {} edges", g.nodes.len(), g.edge_count())
    }
    #[pygetset]
    fn nodes(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        let out = vm.ctx.new_dict();
        for (k, v) in &zelf.nodes.borrow().nodes {
            out.set_item(&*to_python::key(vm, k), v.clone(), vm)?;
        }
        Ok(out)
    }
    /// Every node with its neighbours.
    #[pygetset]
    fn node_map(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        let g = zelf.nodes.borrow();
        let (node, dummy) = (
            modules::find(vm, MODULE, "Node")?,
            modules::find(vm, MODULE, "DummyNode")?,
        );
        let mut made: IndexMap<Key, PyObjectRef> = IndexMap::new();
        for k in g.nodes.keys() {
            made.insert(k.clone(), node.call((to_python::key(vm, k),), vm)?);
        }
        for (k, d) in &g.dummies {
            let args = (
                to_python::key(vm, k),
                py::str(vm, &d.origin),
                py::str(vm, &d.message),
            );
            made.insert(k.clone(), dummy.call(args, vm)?);
        }
        for (k, o) in &made {
            for parent in g.parents(k).iter().filter_map(|p| made.get(p)) {
                join(vm, o, "parents", parent.clone())?;
                join(vm, parent, "children", o.clone())?;
            }
        }
        let out = vm.ctx.new_dict();
        for (k, o) in made {
            out.set_item(&*to_python::key(vm, &k), o, vm)?;
        }
        Ok(out)
    }
    #[pymethod]
    fn add_node(zelf: &Py<Self>, k: PyObjectRef, migration: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let k = key(vm, &k)?;
        zelf.nodes.borrow_mut().add_node(k, migration);
        Ok(())
    }
    #[pymethod]
    fn add_dummy_node(zelf: &Py<Self>, args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let [k, origin, message] = take(vm, args, ["key", "origin", "error_message"])?;
        let (k, origin) = (key(vm, &k)?, py::to_string(vm, &origin)?);
        let error_message = py::to_string(vm, &message)?;
        zelf.nodes.borrow_mut().add_dummy(k, &origin, error_message);
        Ok(())
    }
    #[pymethod]
    fn add_dependency(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let mut take = |name: &str| {
            args.take_positional_keyword(name)
                .ok_or_else(|| vm.new_type_error(format!("add_dependency() needs {name}")))
        };
        let origin = py::to_string(vm, &take("migration")?)?;
        let (child, parent) = (key(vm, &*take("child")?)?, key(vm, &*take("parent")?)?);
        let skip = match take("skip_validation") {
            Ok(s) => s.is_true(vm)?,
            Err(_) => false,
        };
        let done = zelf
            .nodes
            .borrow_mut()
            .add_dependency(&origin, &child, &parent, skip);
        with_node(vm, done, Some(&parent), Some(&origin))
    }
    #[pymethod]
    fn remove_replaced_nodes(zelf: &Py<Self>, args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let [replacement, replaced] = take(vm, args, ["replacement", "replaced"])?;
        let (k, all) = (key(vm, &replacement)?, keys(vm, &replaced)?);
        let done = zelf.nodes.borrow_mut().remove_replaced_nodes(&k, &all);
        with_node(vm, done, Some(&k), None)
    }
    #[pymethod]
    fn remove_replacement_node(zelf: &Py<Self>, args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let [replacement, replaced] = take(vm, args, ["replacement", "replaced"])?;
        let (k, all) = (key(vm, &replacement)?, keys(vm, &replaced)?);
        let done = zelf.nodes.borrow_mut().remove_replacement_node(&k, &all);
        with_node(vm, done, Some(&k), None)
    }
    #[pymethod]
    fn validate_consistency(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        let g = zelf.nodes.borrow();
        let first = g.dummies.first();
        let origin = first.map(|(_, d)| d.origin.as_str());
        with_node(vm, g.validate_consistency(), first.map(|(k, _)| k), origin)
    }
    #[pymethod]
    fn ensure_not_cyclic(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        zelf.nodes.borrow().ensure_not_cyclic().or_raise(vm)
    }
    #[pymethod]
    fn forwards_plan(zelf: &Py<Self>, target: PyObjectRef, vm: &Vm) -> PyResult<PyListRef> {
        let k = key(vm, &target)?;
        let plan = zelf.nodes.borrow().forwards_plan(&k);
        Ok(key_list(vm, &with_node(vm, plan, Some(&k), None)?))
    }
    #[pymethod]
    fn backwards_plan(zelf: &Py<Self>, target: PyObjectRef, vm: &Vm) -> PyResult<PyListRef> {
        let k = key(vm, &target)?;
        let plan = zelf.nodes.borrow().backwards_plan(&k);
        Ok(key_list(vm, &with_node(vm, plan, Some(&k), None)?))
    }
    #[pymethod]
    fn root_nodes(zelf: &Py<Self>, app: OptionalArg, vm: &Vm) -> PyResult<PyListRef> {
        let app = app_name(vm, app)?;
        Ok(key_list(
            vm,
            &zelf.nodes.borrow().root_nodes(app.as_deref()),
        ))
    }
    #[pymethod]
    fn leaf_nodes(zelf: &Py<Self>, app: OptionalArg, vm: &Vm) -> PyResult<PyListRef> {
        let app = app_name(vm, app)?;
        Ok(key_list(
            vm,
            &zelf.nodes.borrow().leaf_nodes(app.as_deref()),
        ))
    }
    #[pymethod]
    fn _generate_plan(zelf: &Py<Self>, mut call: FuncArgs, vm: &Vm) -> PyResult<PyListRef> {
        let mut take = |name: &str| call.take_positional_keyword(name);
        let (Some(nodes), Some(at_end)) = (take("nodes"), take("at_end")) else {
            return Err(vm.new_type_error("_generate_plan() needs nodes and at_end"));
        };
        let at_end = at_end.is_true(vm)?;
        let plan = zelf.nodes.borrow().plan_for(&keys(vm, &nodes)?, at_end);
        Ok(key_list(vm, &with_node(vm, plan, None, None)?))
    }
    #[pymethod]
    fn make_state(zelf: &Py<Self>, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let nodes = args.take_positional_keyword("nodes");
        let at_end = match args.take_positional_keyword("at_end") {
            Some(a) => a.is_true(vm)?,
            None => true,
        };
        let mut state = ProjectState::default();
        if let Some(real) = args.take_positional_keyword("real_apps")
            && !vm.is_none(&real)
        {
            for label in py::list(vm, &real)? {
                state.real_apps.push(py::to_string(vm, &label)?);
            }
        }
        let nodes = match nodes.filter(|n| !vm.is_none(n)) {
            None => zelf.nodes.borrow().leaf_nodes(None),
            Some(n) => {
                let first = py::list(vm, &n)?.into_iter().next();
                match first {
                    None => vec![],
                    Some(f) if py::as_string(&f).is_some() => vec![key(vm, &n)?],
                    Some(_) => keys(vm, &n)?,
                }
            }
        };
        let plan = zelf.nodes.borrow().plan_for(&nodes, at_end);
        let plan = with_node(vm, plan, None, None)?;
        super::real_apps::add(vm, &mut state)?;
        let mut state = project_state::new(vm, state);
        for k in plan {
            let migration = zelf.nodes.borrow().nodes.get(&k).cloned();
            if let Some(m) = migration {
                state = py::call(vm, &m, "mutate_state", vec![state, py::bool(vm, false)])?;
            }
        }
        PyProjectState::of(vm, &state)?;
        Ok(state)
    }
}

/// Arguments given by position or by name.
fn take<const N: usize>(
    vm: &Vm,
    mut args: FuncArgs,
    names: [&str; N],
) -> PyResult<[PyObjectRef; N]> {
    let mut out = vec![];
    for name in names {
        match args.take_positional_keyword(name) {
            Some(v) => out.push(v),
            None => return Err(vm.new_type_error(format!("missing a required argument: '{name}'"))),
        }
    }
    out.try_into()
        .map_err(|_| vm.new_type_error("missing a required argument"))
}

fn app_name(vm: &Vm, app: OptionalArg) -> PyResult<Option<String>> {
    match app {
        OptionalArg::Present(a) if a.clone().is_true(vm)? => py::to_string(vm, &a).map(Some),
        _ => Ok(None),
    }
}
