//! What a Python `Migration` does: `mutate_state()`, `apply()`, `unapply()`, operation by operation,
//! each through its own Python methods.
use crate::class::Class;
use crate::{modules, py};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Adds the methods to `Migration`.
pub fn methods(c: &mut Class) {
    c.method("mutate_state", mutate_state);
    c.method(
        "apply",
        |o: PyObjectRef, state: PyObjectRef, editor: PyObjectRef, collect: OptionalArg, vm: &Vm| {
            let collect = flag(vm, collect)?;
            apply(vm, &o, state, &editor, collect)
        },
    );
    c.method(
        "unapply",
        |o: PyObjectRef, state: PyObjectRef, editor: PyObjectRef, collect: OptionalArg, vm: &Vm| {
            let collect = flag(vm, collect)?;
            unapply(vm, &o, state, &editor, collect)
        },
    );
}

fn flag(vm: &Vm, given: OptionalArg) -> PyResult<bool> {
    match given {
        OptionalArg::Present(v) => v.is_true(vm),
        OptionalArg::Missing => Ok(false),
    }
}

fn operations(vm: &Vm, o: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    py::list(vm, &py::attr(vm, o, "operations")?)
}

fn mutate_state(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let Some(state) = args.take_positional_keyword("project_state") else {
        return Err(vm.new_type_error("mutate_state() needs project_state"));
    };
    let preserve = match args.take_positional_keyword("preserve") {
        Some(p) => p.is_true(vm)?,
        None => true,
    };
    let state = if preserve {
        py::call(vm, &state, "clone", vec![])?
    } else {
        state
    };
    let app = py::attr(vm, &o, "app_label")?;
    for op in operations(vm, &o)? {
        py::call(vm, &op, "state_forwards", vec![app.clone(), state.clone()])?;
    }
    Ok(state)
}

fn apply(
    vm: &Vm,
    o: &PyObject,
    state: PyObjectRef,
    editor: &PyObjectRef,
    collect: bool,
) -> PyResult {
    let app = py::attr(vm, o, "app_label")?;
    for op in operations(vm, o)? {
        told(vm, &op, editor, collect, || {
            let old = py::call(vm, &state, "clone", vec![])?;
            py::call(vm, &op, "state_forwards", vec![app.clone(), state.clone()])?;
            let args = vec![app.clone(), editor.clone(), old, state.clone()];
            on_database(vm, o, &op, editor, "database_forwards", args)
        })?;
    }
    Ok(state)
}

fn unapply(
    vm: &Vm,
    o: &PyObject,
    state: PyObjectRef,
    editor: &PyObjectRef,
    collect: bool,
) -> PyResult {
    let app = py::attr(vm, o, "app_label")?;
    let mut steps = vec![];
    let mut next = state.clone();
    for op in operations(vm, o)? {
        if !py::attr(vm, &op, "reversible")?.is_true(vm)? {
            return Err(crate::error::raise(
                vm,
                "IrreversibleError",
                format!(
                    "Operation {} in {} is not reversible",
                    py::to_string(vm, &op)?,
                    py::to_string(vm, o)?
                ),
            ));
        }
        next = py::call(vm, &next, "clone", vec![])?;
        let old = py::call(vm, &next, "clone", vec![])?;
        py::call(vm, &op, "state_forwards", vec![app.clone(), next.clone()])?;
        steps.push((op, old, next.clone()));
    }
    for (op, to, from) in steps.into_iter().rev() {
        told(vm, &op, editor, collect, || {
            let args = vec![app.clone(), editor.clone(), from, to];
            on_database(vm, o, &op, editor, "database_backwards", args)
        })?;
    }
    Ok(state)
}

/// Runs an operation. Where statements are collected it is announced, left out if it cannot be
/// written as SQL, and said to do nothing if no statement came of it.
fn told(
    vm: &Vm,
    op: &PyObject,
    editor: &PyObject,
    collect: bool,
    run: impl FnOnce() -> PyResult<()>,
) -> PyResult<()> {
    if !collect {
        return run();
    }
    if !announce(vm, op, editor)? {
        return Ok(());
    }
    let before = collected(vm, editor)?;
    run()?;
    if collected(vm, editor)? == before {
        collect_line(vm, editor, "-- (no-op)")?;
    }
    Ok(())
}

/// Runs one operation, in a transaction of its own where the migration has none.
fn on_database(
    vm: &Vm,
    migration: &PyObject,
    op: &PyObject,
    editor: &PyObject,
    method: &str,
    args: Vec<PyObjectRef>,
) -> PyResult<()> {
    let own = py::attr(vm, op, "atomic")?;
    let refused = !vm.is_none(&own) && !own.clone().is_true(vm)?;
    let wanted = own.is_true(vm)? || (py::attr(vm, migration, "atomic")?.is_true(vm)? && !refused);
    if !wanted || py::attr(vm, editor, "atomic_migration")?.is_true(vm)? {
        return py::call(vm, op, method, args).map(drop);
    }
    let alias = py::attr(vm, &py::attr(vm, editor, "connection")?, "alias")?;
    let block = modules::find(vm, "django.db.transaction", "atomic")?.call((alias,), vm)?;
    py::call(vm, &block, "__enter__", vec![])?;
    let done = py::call(vm, op, method, args).map(drop);
    super::project::leave(vm, &block, &done)?;
    done
}

/// The comment before an operation's statements. No, if it has none that can be written.
fn announce(vm: &Vm, op: &PyObject, editor: &PyObject) -> PyResult<bool> {
    let described = py::to_string(vm, &py::call(vm, op, "describe", vec![])?)?;
    for line in ["--", &format!("-- {described}"), "--"] {
        collect_line(vm, editor, line)?;
    }
    if py::attr(vm, op, "reduces_to_sql")?.is_true(vm)? {
        return Ok(true);
    }
    collect_line(vm, editor, "-- THIS OPERATION CANNOT BE WRITTEN AS SQL")?;
    Ok(false)
}

fn collected(vm: &Vm, editor: &PyObject) -> PyResult<usize> {
    Ok(py::list(vm, &py::attr(vm, editor, "collected_sql")?)?.len())
}

fn collect_line(vm: &Vm, editor: &PyObject, line: &str) -> PyResult<()> {
    match editor.downcast_ref::<super::editor::PySchemaEditor>() {
        Some(e) => e.collect(line),
        None => {
            let lines = py::attr(vm, editor, "collected_sql")?;
            py::call(vm, &lines, "append", vec![py::str(vm, line)])?;
        }
    }
    Ok(())
}
