//! `ProjectState` for Python code in migrations.
use super::{bridge, convert_operation, historical};
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::py;
use indexmap::IndexMap;
use orm_migrations::{Operation, ProjectState};
use orm_state::Result;
use rustpython_vm::builtins::PyDict;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};
use std::cell::RefCell;

type Vm = VirtualMachine;

/// `django.db.migrations.state.ProjectState`
#[pyclass(module = "django.db.migrations.state", name = "ProjectState")]
#[derive(PyPayload)]
pub struct PyProjectState {
    state: RefCell<ProjectState>,
    apps: RefCell<Option<PyObjectRef>>,
}

impl std::fmt::Debug for PyProjectState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProjectState")
    }
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let class = PyProjectState::make_static_type();
    crate::modules::export(vm, "django.db.migrations.state", "ProjectState", class)
}

/// A state for Python.
pub fn new(vm: &Vm, state: ProjectState) -> PyObjectRef {
    PyProjectState {
        state: RefCell::new(state),
        apps: RefCell::default(),
    }
    .into_ref(&vm.ctx)
    .into()
}

impl PyProjectState {
    pub fn of<'a>(vm: &Vm, o: &'a PyObject) -> PyResult<&'a Py<PyProjectState>> {
        o.downcast_ref::<PyProjectState>()
            .ok_or_else(|| vm.new_type_error("not a ProjectState"))
    }
    pub fn snapshot(&self) -> ProjectState {
        self.state.borrow().clone()
    }
    pub fn change(&self, vm: &Vm, f: impl FnOnce(&mut ProjectState) -> Result<()>) -> PyResult<()> {
        let mut state = self.snapshot();
        f(&mut state).or_raise(vm)?;
        self.state.replace(state);
        self.apps.take();
        Ok(())
    }
    fn run(&self, vm: &Vm, app: &str, op: Operation) -> PyResult<()> {
        self.change(vm, |s| op.state_forwards(app, s))
    }
}

#[pyclass(flags(BASETYPE, HAS_DICT))]
impl PyProjectState {
    /// The models as classes.
    #[pygetset]
    fn apps(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        if let Some(a) = &*zelf.apps.borrow() {
            return Ok(a.clone());
        }
        let made = historical::render(vm, &zelf.state.borrow())?;
        zelf.apps.replace(Some(made.clone()));
        Ok(made)
    }
    #[pymethod]
    fn clear_delayed_apps_cache(_zelf: &Py<Self>) {}
    #[pymethod(name = "clone")]
    fn py_clone(zelf: &Py<Self>, vm: &Vm) -> PyObjectRef {
        new(vm, zelf.snapshot())
    }
    #[pymethod]
    fn remove_model(zelf: &Py<Self>, app: String, name: String, vm: &Vm) -> PyResult<()> {
        zelf.run(vm, &app, Operation::DeleteModel { name })
    }
    #[pymethod]
    fn rename_model(
        zelf: &Py<Self>,
        app: String,
        old_name: String,
        new_name: String,
        vm: &Vm,
    ) -> PyResult<()> {
        zelf.run(vm, &app, Operation::RenameModel { old_name, new_name })
    }
    #[pymethod]
    fn add_field(zelf: &Py<Self>, args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let (app, model_name, name, field, preserve_default) = field_args(vm, args)?;
        zelf.run(
            vm,
            &app,
            Operation::AddField {
                model_name,
                name,
                field,
                preserve_default,
            },
        )
    }
    #[pymethod]
    fn alter_field(zelf: &Py<Self>, args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let (app, model_name, name, field, preserve_default) = field_args(vm, args)?;
        zelf.run(
            vm,
            &app,
            Operation::AlterField {
                model_name,
                name,
                field,
                preserve_default,
            },
        )
    }
    #[pymethod]
    fn remove_field(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        name: String,
        vm: &Vm,
    ) -> PyResult<()> {
        zelf.run(vm, &app, Operation::RemoveField { model_name, name })
    }
    #[pymethod]
    fn rename_field(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        old_name: String,
        new_name: String,
        vm: &Vm,
    ) -> PyResult<()> {
        zelf.run(
            vm,
            &app,
            Operation::RenameField {
                model_name,
                old_name,
                new_name,
            },
        )
    }
    #[pymethod]
    fn alter_model_options(
        zelf: &Py<Self>,
        app: String,
        name: String,
        options: PyObjectRef,
        _keys: OptionalArg,
        vm: &Vm,
    ) -> PyResult<()> {
        let mut given = IndexMap::new();
        if let Ok(d) = options.downcast::<PyDict>() {
            for (k, v) in py::dict_items(vm, &d)? {
                given.insert(k, to_value(vm, &v)?);
            }
        }
        zelf.change(vm, |s| {
            s.model_mut(&app, &name)?.options.extend(given);
            Ok(())
        })
    }
    #[pymethod]
    fn add_index(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        index: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let index = bridge::index(vm, &index)?;
        zelf.run(vm, &app, Operation::AddIndex { model_name, index })
    }
    #[pymethod]
    fn remove_index(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        name: String,
        vm: &Vm,
    ) -> PyResult<()> {
        zelf.run(vm, &app, Operation::RemoveIndex { model_name, name })
    }
    #[pymethod]
    fn add_constraint(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        c: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let constraint = bridge::constraint(vm, &c)?;
        zelf.run(
            vm,
            &app,
            Operation::AddConstraint {
                model_name,
                constraint,
            },
        )
    }
    #[pymethod]
    fn remove_constraint(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        name: String,
        vm: &Vm,
    ) -> PyResult<()> {
        zelf.run(vm, &app, Operation::RemoveConstraint { model_name, name })
    }
    /// Applies an operation.
    #[pymethod]
    fn _apply(zelf: &Py<Self>, app: String, operation: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let op = convert_operation::operation(vm, &operation)?;
        zelf.run(vm, &app, op)
    }
}

type FieldArgs = (String, String, String, std::rc::Rc<orm_state::Field>, bool);

fn field_args(vm: &Vm, mut args: FuncArgs) -> PyResult<FieldArgs> {
    let mut take = |name: &str| {
        args.take_positional_keyword(name)
            .ok_or_else(|| vm.new_type_error(format!("missing a required argument: '{name}'")))
    };
    let app = py::to_string(vm, &take("app_label")?)?;
    let model = py::to_string(vm, &take("model_name")?)?;
    let name = py::to_string(vm, &take("name")?)?;
    let field = take("field")?;
    let preserve = take("preserve_default")?.is_true(vm)?;
    let field = bridge::field_of(&field).ok_or_else(|| vm.new_type_error("not a field"))?;
    Ok((
        app,
        model,
        name,
        orm_migrations::state::unbound(&field),
        preserve,
    ))
}
