//! How a query came about: the calls since the model, for pickling.
//!
//! ```text
//! Event.objects.filter(group=g).values("title").query  →  (Event, [("filter", …), ("values", …)])
//! ```
//!
//! A query that was changed in any other way does not know its steps, and cannot be pickled.
use super::{PyQuerySet, Shape};
use crate::queries::origins;
use crate::queries::py_query::PyQuery;
use crate::{modules, py};
use orm_sql::Query;
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// One call, after those before it.
#[derive(Debug)]
pub struct Step {
    parent: Option<Rc<Step>>,
    call: Option<(&'static str, FuncArgs)>,
    /// What the calls led to. A queryset whose query is another one went its own way since.
    query: Rc<Query>,
}

impl PyQuerySet {
    /// A queryset of all rows of a model begins here.
    pub fn begin_steps(&self) {
        *self.steps.borrow_mut() = Some(Rc::new(Step {
            parent: None,
            call: None,
            query: self.query.borrow().clone(),
        }));
    }
    /// The calls that led to its query.
    fn known_steps(&self) -> Option<Rc<Step>> {
        let steps = self.steps.borrow();
        steps
            .as_ref()
            .filter(|s| Rc::ptr_eq(&s.query, &self.query.borrow()))
            .cloned()
    }
    /// Makes a call and remembers it with its result.
    pub fn stepped(
        zelf: &Py<Self>,
        vm: &Vm,
        name: &'static str,
        args: FuncArgs,
        run: impl FnOnce(FuncArgs) -> PyResult<PyRef<PyQuerySet>>,
    ) -> PyResult {
        let _scope = origins::calling(vm, &args);
        let Some(parent) = zelf.known_steps() else {
            return Ok(run(args)?.into());
        };
        let given = args.clone();
        let made = run(args)?;
        let query = made.query.borrow().clone();
        *made.steps.borrow_mut() = Some(Rc::new(Step {
            parent: Some(parent),
            call: Some((name, given)),
            query,
        }));
        Ok(made.into())
    }
}

/// `Query.__reduce__`: the model and the calls.
pub fn reduce(query: &Py<PyQuery>, vm: &Vm) -> PyResult {
    let queryset = &query.queryset;
    let Some(mut step) = queryset.known_steps() else {
        return Err(vm.new_type_error("cannot pickle 'Query' object"));
    };
    let mut calls = vec![];
    while let (Some((name, args)), Some(parent)) = (&step.call, &step.parent) {
        let positional = args.args.iter().map(|a| as_query(vm, a)).collect();
        let keywords = vm.ctx.new_dict();
        for (name, value) in &args.kwargs {
            keywords.set_item(&*vm.ctx.new_str(name.clone()), as_query(vm, value), vm)?;
        }
        let call = vec![
            py::str(vm, name),
            vm.ctx.new_tuple(positional).into(),
            keywords.into(),
        ];
        calls.push(vm.ctx.new_tuple(call).into());
        let parent = parent.clone();
        step = parent;
    }
    calls.reverse();
    let rebuild = modules::find(vm, "django.db.models.sql.query", "_rebuild_query")?;
    let args = vec![
        queryset.model_class(vm)?.into(),
        vm.ctx.new_list(calls).into(),
    ];
    Ok(vm
        .ctx
        .new_tuple(vec![rebuild, vm.ctx.new_tuple(args).into()])
        .into())
}

/// A queryset inside a query is kept as its query: pickling fetches nothing.
pub fn as_query(vm: &Vm, value: &PyObjectRef) -> PyObjectRef {
    match value.clone().downcast::<PyQuerySet>() {
        Ok(queryset) => PyQuery::object(vm, queryset),
        Err(other) => other,
    }
}

/// The pickled query of a queryset; `None` where it cannot be pickled.
pub fn pickled(queryset: &PyRef<PyQuerySet>, vm: &Vm) -> PyResult {
    if queryset.known_steps().is_none() {
        return Ok(vm.ctx.none());
    }
    let query = PyQuery::object(vm, queryset.clone());
    let dumps = vm.import("pickle", 0)?.get_attr("dumps", vm)?;
    // Arguments that cannot be pickled leave the rows, which can.
    Ok(dumps.call((query,), vm).unwrap_or_else(|_| vm.ctx.none()))
}

/// Gives a queryset the query that was pickled with it, in the shape that its rows have.
pub fn restore(
    queryset: &Py<PyQuerySet>,
    pickled: PyObjectRef,
    shape: i32,
    vm: &Vm,
) -> PyResult<()> {
    if vm.is_none(&pickled) {
        return Ok(());
    }
    let loads = vm.import("pickle", 0)?.get_attr("loads", vm)?;
    let query = loads.call((pickled,), vm)?;
    if let Some(query) = query.downcast_ref::<PyQuery>() {
        *queryset.query.borrow_mut() = query.queryset.query.borrow().clone();
        *queryset.steps.borrow_mut() = query.queryset.steps.borrow().clone();
        queryset.shape.set(match shape {
            1 => Shape::Dicts,
            2 => Shape::Tuples,
            3 => Shape::Named,
            4 => Shape::Flat,
            _ => Shape::Models,
        });
    }
    Ok(())
}

/// Makes queries of pickled calls.
pub fn install(vm: &Vm) -> PyResult<()> {
    let rebuild = crate::class::function(
        vm,
        "_rebuild_query",
        |model: PyObjectRef, calls: PyObjectRef, vm: &Vm| -> PyResult {
            let class = PyQuerySet::static_class().to_owned();
            let model = model
                .downcast::<PyType>()
                .map_err(|_| vm.new_type_error("a model was expected"))?;
            let begun = PyQuerySet::of_model(vm, class, &model, None, None)?;
            let mut queryset: PyObjectRef = begun.into();
            for call in py::list(vm, &calls)? {
                let [name, args, kwargs] = &py::list(vm, &call)?[..] else {
                    return Err(vm.new_value_error("a call is a name and its arguments"));
                };
                let mut given = FuncArgs::from(py::list(vm, args)?);
                if let Some(kwargs) = kwargs.downcast_ref::<rustpython_vm::builtins::PyDict>() {
                    for (name, value) in kwargs.items_vec() {
                        let name = py::to_string(vm, &name)?;
                        given.kwargs.insert(name.as_str().into(), value);
                    }
                }
                let name = py::to_string(vm, name)?;
                queryset = py::attr(vm, &queryset, &name)?.call(given, vm)?;
            }
            queryset.get_attr("query", vm)
        },
    );
    modules::export(vm, "django.db.models.sql.query", "_rebuild_query", rebuild)
}
