//! `ProjectState` for Python code in migrations.
use super::model_state::{self, PyModelState};
use super::{bridge, convert_operation, historical};
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::py;
use indexmap::IndexMap;
use orm_migrations::{Operation, ProjectState};
use orm_state::Result;
use rustpython_vm::builtins::{PyDict, PyDictRef, PySet, PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::types::Constructor;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};
use std::cell::{Cell, RefCell};

type Vm = VirtualMachine;

/// `django.db.migrations.state.ProjectState`
///
/// The Rust state is the truth; the dict of models handed to Python is read back when the state
/// is next used.
#[pyclass(module = "django.db.migrations.state", name = "ProjectState")]
#[derive(PyPayload)]
pub struct PyProjectState {
    state: RefCell<ProjectState>,
    models: RefCell<Option<PyDictRef>>,
    apps: RefCell<Option<PyObjectRef>>,
    /// Have the models changed since the classes were made?
    stale: Cell<bool>,
    delayed: Cell<bool>,
    /// The relations, once they were asked for.
    relations: RefCell<Option<PyDictRef>>,
}

impl std::fmt::Debug for PyProjectState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProjectState")
    }
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let class = PyProjectState::make_static_type();
    crate::class::fill_class(vm, &class, |c| {
        c.classmethod("from_apps", |_: PyObjectRef, apps: PyObjectRef, vm: &Vm| {
            super::state_apps::state_of(vm, &apps)
        });
        for name in ["__copy__", "__deepcopy__"] {
            c.method(name, |o: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult {
                Ok(new(vm, PyProjectState::of(vm, &o)?.snapshot(vm)?))
            });
        }
        c.method(
            "__eq__",
            |a: PyObjectRef, b: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                let (Some(a), Some(b)) = (
                    a.downcast_ref::<PyProjectState>(),
                    b.downcast_ref::<PyProjectState>(),
                ) else {
                    return Ok(false);
                };
                let (x, y) = (a.snapshot(vm)?, b.snapshot(vm)?);
                let models = |s: &Py<PyProjectState>| -> PyResult {
                    Ok(PyProjectState::models(s, vm)?.into())
                };
                Ok(x.real_apps == y.real_apps && py::eq(vm, &models(a)?, &models(b)?)?)
            },
        );
    })?;
    crate::modules::export(vm, "django.db.migrations.state", "ProjectState", class)
}

/// A state for Python.
pub fn new(vm: &Vm, state: ProjectState) -> PyObjectRef {
    of_state(state).into_ref(&vm.ctx).into()
}

fn of_state(state: ProjectState) -> PyProjectState {
    PyProjectState {
        state: RefCell::new(state),
        models: RefCell::default(),
        apps: RefCell::default(),
        stale: Cell::default(),
        delayed: Cell::default(),
        relations: RefCell::default(),
    }
}

impl PyProjectState {
    pub fn of<'a>(vm: &Vm, o: &'a PyObject) -> PyResult<&'a Py<PyProjectState>> {
        o.downcast_ref::<PyProjectState>()
            .ok_or_else(|| vm.new_type_error("not a ProjectState"))
    }
    /// The state, with what Python changed in it.
    pub fn snapshot(&self, vm: &Vm) -> PyResult<ProjectState> {
        let shown = self.models.borrow().clone();
        if let Some(shown) = shown {
            let mut models = IndexMap::new();
            for (key, m) in shown.into_iter() {
                let key = py::list(vm, &key)?;
                let [app, name] = key.as_slice() else {
                    return Err(vm.new_value_error("models are kept by app label and name"));
                };
                let key = (py::to_string(vm, app)?, py::to_string(vm, name)?);
                models.insert(key, PyModelState::of(vm, &m)?.read(vm)?);
            }
            self.state.borrow_mut().models = models;
        }
        Ok(self.state.borrow().clone())
    }
    /// Another state takes its place; models that stay are the same objects.
    pub fn replace(&self, vm: &Vm, state: ProjectState) -> PyResult<()> {
        self.show(vm, &state)?;
        let old = self.state.replace(state);
        self.stale.set(true);
        let gone = {
            let now = self.state.borrow();
            old.models.keys().any(|k| !now.models.contains_key(k))
        };
        self.follow_relations(vm, gone)
    }
    fn show(&self, vm: &Vm, state: &ProjectState) -> PyResult<()> {
        let shown = self.models.borrow().clone();
        let Some(shown) = shown else { return Ok(()) };
        let old: Vec<PyObjectRef> = shown.clone().into_iter().map(|(k, _)| k).collect();
        for key in old {
            let pair = py::list(vm, &key)?;
            let [app, name] = pair.as_slice() else {
                continue;
            };
            let pair = (py::to_string(vm, app)?, py::to_string(vm, name)?);
            if !state.models.contains_key(&pair) {
                shown.del_item(&*key, vm)?;
            }
        }
        for (key, m) in &state.models {
            let key = super::to_python::key(vm, key);
            match shown.get_item_opt(&*key, vm)? {
                Some(o) => {
                    let o = PyModelState::of(vm, &o)?;
                    if !o.is_showing(m) {
                        o.replace(m.clone());
                    }
                }
                None => shown.set_item(&*key, model_state::new(vm, m.clone()), vm)?,
            }
        }
        Ok(())
    }
    /// Brings relations that Python holds up to date.
    fn follow_relations(&self, vm: &Vm, model_gone: bool) -> PyResult<()> {
        let shown = self.relations.borrow().clone();
        match shown {
            Some(shown) => super::relations::follow(vm, &shown, &self.snapshot(vm)?, model_gone),
            None => Ok(()),
        }
    }
    pub fn change(&self, vm: &Vm, f: impl FnOnce(&mut ProjectState) -> Result<()>) -> PyResult<()> {
        let mut state = self.snapshot(vm)?;
        f(&mut state).or_raise(vm)?;
        self.replace(vm, state)
    }
    fn run(&self, vm: &Vm, app: &str, op: Operation) -> PyResult<()> {
        self.change(vm, |s| op.state_forwards(app, s))
    }
}

/// `ProjectState(models=None, real_apps=None)`
impl Constructor for PyProjectState {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let mut state = ProjectState::default();
        let models = args.take_positional_keyword("models");
        if let Some(models) = models.filter(|m| !vm.is_none(m)) {
            let models = models
                .downcast::<PyDict>()
                .map_err(|_| vm.new_type_error("models must be a dict"))?;
            for (_, m) in models.into_iter() {
                let m = PyModelState::of(vm, &m)?.read(vm)?;
                state.models.insert(m.key(), m);
            }
        }
        let real = args.take_positional_keyword("real_apps");
        if let Some(real) = real.filter(|r| !vm.is_none(r)) {
            if real.downcast_ref::<PySet>().is_none() {
                return Err(vm.new_exception_empty(vm.ctx.exceptions.assertion_error.to_owned()));
            }
            for label in py::list(vm, &real)? {
                state.real_apps.push(py::to_string(vm, &label)?);
            }
        }
        of_state(state).into_ref_with_type(vm, cls).map(Into::into)
    }
    fn py_new(_: &Py<PyType>, _: FuncArgs, _vm: &Vm) -> PyResult<Self> {
        Ok(of_state(ProjectState::default()))
    }
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl PyProjectState {
    /// The models as classes.
    #[pygetset]
    fn apps(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        let made = zelf.apps.borrow().clone();
        if let Some(a) = made {
            if zelf.stale.replace(false) {
                super::state_apps::refill(vm, &a, &zelf.snapshot(vm)?)?;
            }
            return Ok(a);
        }
        let made = historical::render(vm, &zelf.snapshot(vm)?)?;
        zelf.apps.replace(Some(made.clone()));
        zelf.stale.set(false);
        Ok(made)
    }
    /// The models as data, by app label and name.
    #[pygetset]
    fn models(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        if let Some(d) = &*zelf.models.borrow() {
            return Ok(d.clone());
        }
        let dict = vm.ctx.new_dict();
        let state = zelf.state.borrow().clone();
        for (key, m) in &state.models {
            let key = super::to_python::key(vm, key);
            dict.set_item(&*key, model_state::new(vm, m.clone()), vm)?;
        }
        zelf.models.replace(Some(dict.clone()));
        Ok(dict)
    }
    #[pygetset]
    fn real_apps(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        let set = PySet::default();
        for label in &zelf.state.borrow().real_apps {
            set.add(py::str(vm, label), vm)?;
        }
        Ok(set.into_ref(&vm.ctx).into())
    }
    #[pygetset(setter)]
    fn set_real_apps(zelf: &Py<Self>, labels: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let mut given = vec![];
        for label in py::list(vm, &labels)? {
            given.push(py::to_string(vm, &label)?);
        }
        zelf.state.borrow_mut().real_apps = given;
        zelf.stale.set(true);
        Ok(())
    }
    /// The model behind a proxy, by its key.
    #[pymethod]
    fn get_concrete_model_key(zelf: &Py<Self>, model: PyObjectRef, vm: &Vm) -> PyResult {
        let key = match bridge::model_of_class(vm, &model) {
            Some(m) => (m.app_label().to_string(), m.model_name().to_string()),
            None => orm_migrations::state::label_key(&py::to_string(vm, &model)?),
        };
        let found = zelf.snapshot(vm)?.concrete(key);
        Ok(super::to_python::key(vm, &found))
    }
    #[pygetset]
    fn is_delayed(zelf: &Py<Self>) -> bool {
        zelf.delayed.get()
    }
    #[pymethod]
    fn clear_delayed_apps_cache(zelf: &Py<Self>) {
        if zelf.delayed.get() {
            zelf.apps.take();
        }
    }
    #[pymethod(name = "clone")]
    fn py_clone(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        Ok(new(vm, zelf.snapshot(vm)?))
    }
    #[pymethod]
    fn add_model(zelf: &Py<Self>, model: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let made = PyModelState::of(vm, &model)?.read(vm)?;
        let dict = Self::models(zelf, vm)?;
        let key = super::to_python::key(vm, &made.key());
        dict.set_item(&*key, model, vm)?;
        zelf.state.borrow_mut().models.insert(made.key(), made);
        zelf.stale.set(true);
        zelf.follow_relations(vm, false)
    }
    #[pymethod]
    fn reload_model(zelf: &Py<Self>, _args: FuncArgs) {
        zelf.stale.set(true);
    }
    #[pymethod]
    fn reload_models(zelf: &Py<Self>, _args: FuncArgs) {
        zelf.stale.set(true);
    }
    #[pymethod]
    fn alter_model_managers(
        zelf: &Py<Self>,
        app: String,
        name: String,
        managers: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let managers = model_state::managers_of(vm, &managers)?;
        zelf.run(vm, &app, Operation::AlterModelManagers { name, managers })
    }
    #[pymethod]
    fn rename_index(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        old: String,
        new_name: String,
        vm: &Vm,
    ) -> PyResult<()> {
        let old_name = Some(old);
        let op = Operation::RenameIndex {
            model_name,
            new_name,
            old_name,
            old_fields: vec![],
        };
        zelf.run(vm, &app, op)
    }
    #[pymethod]
    fn alter_constraint(
        zelf: &Py<Self>,
        app: String,
        model_name: String,
        name: String,
        c: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let constraint = bridge::constraint(vm, &c)?;
        let op = Operation::AlterConstraint {
            model_name,
            name,
            constraint,
        };
        zelf.run(vm, &app, op)
    }
    /// Every relation, from the model it leads to: `{model: {from: {name: field}}}`.
    #[pygetset]
    fn relations(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        if zelf.relations.borrow().is_none() {
            Self::resolve_fields_and_relations(zelf, vm)?;
        }
        Ok(Self::_relations(zelf, vm))
    }
    #[pygetset]
    fn _relations(zelf: &Py<Self>, vm: &Vm) -> PyObjectRef {
        match &*zelf.relations.borrow() {
            Some(d) => d.clone().into(),
            None => vm.ctx.none(),
        }
    }
    #[pymethod]
    fn resolve_fields_and_relations(zelf: &Py<Self>, vm: &Vm) -> PyResult<()> {
        let made = vm.ctx.new_dict();
        super::relations::follow(vm, &made, &zelf.snapshot(vm)?, false)?;
        zelf.relations.replace(Some(made));
        Ok(())
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
        keys: OptionalArg,
        vm: &Vm,
    ) -> PyResult<()> {
        let mut given = IndexMap::new();
        if let Ok(d) = options.downcast::<PyDict>() {
            for (k, v) in py::dict_items(vm, &d)? {
                given.insert(k, to_value(vm, &v)?);
            }
        }
        let mut reset = vec![];
        if let OptionalArg::Present(keys) = keys
            && !vm.is_none(&keys)
        {
            for k in py::list(vm, &keys)? {
                reset.push(py::to_string(vm, &k)?);
            }
        }
        zelf.change(vm, |s| {
            let model = s.model_mut(&app, &name)?;
            model
                .options
                .retain(|k, _| given.contains_key(k) || !reset.contains(k));
            model.options.extend(given);
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
