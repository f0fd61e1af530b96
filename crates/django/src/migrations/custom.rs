//! `RunPython` and users' own operations: called back.
use super::project_state::{self, PyProjectState};
use super::{editor, operations};
use crate::convert::{PyObj, to_value};
use crate::error::OrForeign;
use crate::py;
use orm_migrations::ProjectState;
use orm_migrations::deconstruct::OperationParts;
use orm_migrations::operation::CustomOperation;
use orm_sql::schema::SchemaEditor;
use orm_state::{Object, Result};
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// An operation that is a Python object.
#[derive(Clone)]
pub struct PyOperation(pub PyObjectRef);

impl std::fmt::Debug for PyOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.class().name())
    }
}

impl PyOperation {
    fn flag(&self, name: &str) -> Option<bool> {
        with_current_vm(|vm| py::attr(vm, &self.0, name).and_then(|v| v.is_true(vm)).ok())
    }
    fn call_database(
        &self,
        method: &str,
        app: &str,
        editor: &mut SchemaEditor<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<()> {
        with_current_vm(|vm| {
            let from = project_state::new(vm, from.clone());
            let to = project_state::new(vm, to.clone());
            editor::lend(vm, editor, |lent| {
                py::call(vm, &self.0, method, vec![py::str(vm, app), lent, from, to]).map(drop)
            })
            .or_foreign()
        })
    }
}

impl CustomOperation for PyOperation {
    fn object(&self) -> Rc<dyn Object> {
        Rc::new(PyObj(self.0.clone()))
    }
    fn describe(&self) -> String {
        with_current_vm(|vm| {
            py::call(vm, &self.0, "describe", vec![])
                .and_then(|d| py::to_string(vm, &d))
                .unwrap_or_else(|_| self.0.class().name().to_string())
        })
    }
    fn parts(&self) -> Result<OperationParts> {
        with_current_vm(|vm| parts(vm, &self.0).or_foreign())
    }
    fn migration_name_fragment(&self) -> Option<String> {
        with_current_vm(|vm| {
            let v = py::attr(vm, &self.0, "migration_name_fragment").ok()?;
            py::as_string(&v)
        })
    }
    fn reversible(&self) -> bool {
        self.flag("reversible").unwrap_or(true)
    }
    fn reduces_to_sql(&self) -> bool {
        self.flag("reduces_to_sql").unwrap_or(true)
    }
    fn elidable(&self) -> bool {
        self.flag("elidable").unwrap_or(false)
    }
    fn state_forwards(&self, app_label: &str, state: &mut ProjectState) -> Result<()> {
        with_current_vm(|vm| {
            let lent = project_state::new(vm, std::mem::take(state));
            let done = py::call(
                vm,
                &self.0,
                "state_forwards",
                vec![py::str(vm, app_label), lent.clone()],
            );
            *state = PyProjectState::of(vm, &lent)
                .and_then(|s| s.snapshot(vm))
                .or_foreign()?;
            done.map(drop).or_foreign()
        })
    }
    fn database_forwards(
        &self,
        app_label: &str,
        editor: &mut SchemaEditor<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<()> {
        self.call_database("database_forwards", app_label, editor, from, to)
    }
    fn database_backwards(
        &self,
        app_label: &str,
        editor: &mut SchemaEditor<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<()> {
        self.call_database("database_backwards", app_label, editor, from, to)
    }
}

/// The class and arguments of an operation, for a migration file.
fn parts(vm: &Vm, o: &PyObject) -> PyResult<OperationParts> {
    let parts = py::list(vm, &py::call(vm, o, "deconstruct", vec![])?)?;
    let [name, args, kwargs] = parts.as_slice() else {
        return Err(vm.new_value_error("deconstruct() must return three values"));
    };
    let name = py::to_string(vm, name)?;
    let module = py::to_string(vm, &py::attr(vm, o, "__module__")?)?;
    let ours = module.starts_with("django.db.migrations");
    let mut names: Vec<String> = match super::convert_operation::base_name(vm, o)? {
        Some(base) => operations::argument_names(&base)
            .into_iter()
            .map(String::from)
            .collect(),
        None => vec![],
    };
    if !ours && let Ok(own) = init_names(vm, o) {
        names = own;
    }
    let mut out = vec![];
    for (i, value) in py::list(vm, args)?.iter().enumerate() {
        let name = names.get(i).cloned().unwrap_or_default();
        out.push((name, to_value(vm, value)?));
    }
    if let Ok(kwargs) = kwargs.clone().downcast::<rustpython_vm::builtins::PyDict>() {
        let mut given = py::dict_items(vm, &kwargs)?;
        given.sort_by_key(|(k, _)| names.iter().position(|n| n == k).unwrap_or(usize::MAX));
        for (k, v) in given {
            out.push((k, to_value(vm, &v)?));
        }
    }
    let expand = py::list(vm, &py::attr(vm, o, "serialization_expand_args")?)?
        .iter()
        .map(|n| py::to_string(vm, n))
        .collect::<PyResult<_>>()?;
    Ok(OperationParts {
        module: (!ours).then_some(module),
        name,
        args: out,
        expand,
    })
}

/// The names of the arguments of a user's `__init__`.
fn init_names(vm: &Vm, o: &PyObject) -> PyResult<Vec<String>> {
    let init = py::attr(vm, o, "__init__")?;
    let function = py::attr(vm, &init, "__func__")?;
    let code = py::attr(vm, &function, "__code__")?;
    let count: usize = py::attr(vm, &code, "co_argcount")?.try_into_value(vm)?;
    py::list(vm, &py::attr(vm, &code, "co_varnames")?)?
        .iter()
        .take(count)
        .skip(1)
        .map(|n| py::to_string(vm, n))
        .collect()
}

/// `RunPython`: the user's function gets the models as they were.
pub fn run_python(
    vm: &Vm,
    o: &PyObject,
    app: &str,
    editor: PyObjectRef,
    from: &PyObject,
    forwards: bool,
) -> PyResult<()> {
    let code = py::attr(vm, o, if forwards { "code" } else { "reverse_code" })?;
    if vm.is_none(&code) {
        return Err(vm.new_not_implemented_error("You cannot reverse this operation"));
    }
    let alias = py::attr(vm, &py::attr(vm, &editor, "connection")?, "alias")?;
    let hints = py::attr(vm, o, "hints")?;
    if !editor::allowed(vm, &py::to_string(vm, &alias)?, app, None, &hints)? {
        return Ok(());
    }
    let apps = py::attr(vm, from, "apps")?;
    code.call((apps, editor), vm).map(drop)
}
