//! `ModelState`: a model as data, with a Python face.
//!
//! The Rust struct is the truth; dicts and lists handed to Python are read back when the state is
//! next used, so that code which changes them is heard.
use super::{bridge, convert_operation, historical, live, to_python};
use crate::convert::{PyObj, to_value};
use crate::{modules, py};
use orm_migrations::state::{model_base, unbound};
use orm_migrations::{Base, ModelState};
use orm_state::{Clause, Constraint, Index, Value};
use rustpython_vm::builtins::{PyDict, PyDictRef, PyListRef, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::types::{Constructor, Representable};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;
use std::rc::Rc;

type Vm = VirtualMachine;

/// What Python holds of a state.
#[derive(Default)]
struct Shown {
    fields: Option<PyDictRef>,
    options: Option<PyDictRef>,
    managers: Option<PyListRef>,
}

/// `django.db.migrations.state.ModelState`
#[pyclass(module = "django.db.migrations.state", name = "ModelState")]
#[derive(PyPayload)]
pub struct PyModelState {
    inner: RefCell<Rc<ModelState>>,
    shown: RefCell<Shown>,
}

impl std::fmt::Debug for PyModelState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ModelState")
    }
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let class = PyModelState::make_static_type();
    crate::class::fill_class(vm, &class, |c| {
        c.classmethod(
            "from_model",
            |cls: PyObjectRef,
             model: PyObjectRef,
             exclude_rels: OptionalArg,
             vm: &Vm|
             -> PyResult {
                let _ = cls;
                let exclude = match exclude_rels {
                    OptionalArg::Present(e) => e.is_true(vm)?,
                    OptionalArg::Missing => false,
                };
                let Some(m) = bridge::model_of_class(vm, &model) else {
                    return Err(vm.new_type_error("not a model"));
                };
                let mut state = live::model_state(vm, &m)?;
                if exclude {
                    state.fields.retain(|_, f| f.remote.is_none());
                }
                Ok(new(vm, Rc::new(state)))
            },
        );
        for name in ["__copy__", "__deepcopy__"] {
            c.method(name, |o: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult {
                Ok(new(vm, PyModelState::of(vm, &o)?.read(vm)?))
            });
        }
        c.method(
            "__eq__",
            |a: PyObjectRef, b: PyObjectRef, vm: &Vm| -> PyResult<bool> {
                match (
                    a.downcast_ref::<PyModelState>(),
                    b.downcast_ref::<PyModelState>(),
                ) {
                    (Some(a), Some(b)) => same(vm, a, b),
                    _ => Ok(false),
                }
            },
        );
    })?;
    modules::export(vm, "django.db.migrations.state", "ModelState", class)
}

/// A state for Python.
pub fn new(vm: &Vm, state: Rc<ModelState>) -> PyObjectRef {
    PyModelState {
        inner: RefCell::new(state),
        shown: RefCell::default(),
    }
    .into_ref(&vm.ctx)
    .into()
}

fn same(vm: &Vm, a: &Py<PyModelState>, b: &Py<PyModelState>) -> PyResult<bool> {
    let (x, y) = (a.read(vm)?, b.read(vm)?);
    if x.app_label != y.app_label
        || x.name != y.name
        || x.bases != y.bases
        || x.fields.len() != y.fields.len()
    {
        return Ok(false);
    }
    let sorted = |s: &ModelState| {
        let mut fields: Vec<_> = s.fields.clone().into_iter().collect();
        fields.sort_by(|a, b| a.0.cmp(&b.0));
        fields
    };
    for ((n, f), (m, g)) in sorted(&x).iter().zip(&sorted(&y)) {
        // The name is not part of what a field says about itself.
        if n != m {
            return Ok(false);
        }
        let parts = |f: &Rc<orm_state::Field>| -> PyResult<Vec<PyObjectRef>> {
            let o = to_python::field(vm, f)?;
            Ok(py::list(vm, &py::call(vm, &o, "deconstruct", vec![])?)?[1..].to_vec())
        };
        if !Rc::ptr_eq(f, g) {
            for (p, q) in parts(f)?.iter().zip(&parts(g)?) {
                if !py::eq(vm, p, q)? {
                    return Ok(false);
                }
            }
        }
    }
    let options = |s: &Py<PyModelState>| -> PyResult { Ok(PyModelState::options(s, vm)?.into()) };
    let managers = |s: &Py<PyModelState>| -> PyResult { Ok(PyModelState::managers(s, vm)?.into()) };
    Ok(py::eq(vm, &options(a)?, &options(b)?)? && py::eq(vm, &managers(a)?, &managers(b)?)?)
}

impl PyModelState {
    pub fn of<'a>(vm: &Vm, o: &'a PyObject) -> PyResult<&'a Py<PyModelState>> {
        o.downcast_ref::<PyModelState>()
            .ok_or_else(|| vm.new_type_error("not a ModelState"))
    }
    /// Is this the very state Python shows here?
    pub fn is_showing(&self, state: &Rc<ModelState>) -> bool {
        Rc::ptr_eq(&self.inner.borrow(), state)
    }
    /// Another state takes its place.
    pub fn replace(&self, state: Rc<ModelState>) {
        *self.inner.borrow_mut() = state;
        self.shown.take();
    }
    /// The state with all that Python changed in it.
    pub fn read(&self, vm: &Vm) -> PyResult<Rc<ModelState>> {
        let shown = {
            let s = self.shown.borrow();
            (s.fields.clone(), s.options.clone(), s.managers.clone())
        };
        if let (None, None, None) = shown {
            return Ok(self.inner.borrow().clone());
        }
        let old = self.inner.borrow().clone();
        let mut next = (*old).clone();
        let mut changed = false;
        if let Some(fields) = shown.0 {
            let given = fields_of(vm, &py::dict_items(vm, &fields)?)?;
            if !same_fields(&given, &old.fields) {
                next.fields = given;
                changed = true;
            }
        }
        if let Some(options) = shown.1 {
            take_options(vm, &mut next, &options)?;
            changed = true;
        }
        if let Some(managers) = shown.2 {
            next.managers = managers_of(vm, managers.as_object())?;
            changed = true;
        }
        if changed {
            *self.inner.borrow_mut() = Rc::new(next);
        }
        Ok(self.inner.borrow().clone())
    }
}

type Fields = indexmap::IndexMap<String, Rc<orm_state::Field>>;

fn same_fields(a: &Fields, b: &Fields) -> bool {
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|((n, f), (m, g))| n == m && Rc::ptr_eq(f, g))
}

fn fields_of(vm: &Vm, items: &[(String, PyObjectRef)]) -> PyResult<Fields> {
    let mut out = Fields::new();
    for (name, o) in items {
        let field = bridge::field_of(o).ok_or_else(|| vm.new_type_error("not a field"))?;
        if bridge::is_users(&field)
            && let Some(object) = o.downcast_ref::<crate::models::fields::PyField>()
        {
            crate::models::fields::object::bind_face(object);
        }
        out.insert(name.clone(), field);
    }
    Ok(out)
}

/// Fills options, indexes and constraints from a dict as `ModelState` takes it.
fn take_options(vm: &Vm, state: &mut ModelState, given: &Py<PyDict>) -> PyResult<()> {
    state.options.clear();
    state.indexes.clear();
    state.constraints.clear();
    for (name, v) in py::dict_items(vm, &given.to_owned())? {
        match name.as_str() {
            "indexes" => {
                for i in py::list(vm, &v)? {
                    state.indexes.push(bridge::index(vm, &i)?);
                }
            }
            "constraints" => {
                for c in py::list(vm, &v)? {
                    state.constraints.push(bridge::constraint(vm, &c)?);
                }
            }
            _ => {
                state.options.insert(name, to_value(vm, &v)?);
            }
        }
    }
    Ok(())
}

/// `[("objects", manager)]`
pub fn managers_of(vm: &Vm, given: &PyObject) -> PyResult<Vec<(String, Clause)>> {
    let mut out = vec![];
    for pair in py::list(vm, given)? {
        if let [name, manager] = py::list(vm, &pair)?.as_slice() {
            let name = py::to_string(vm, name)?;
            out.push((name, Rc::new(PyObj(manager.clone())) as Clause));
        }
    }
    Ok(out)
}

/// `ModelState(app_label, name, fields, options=None, bases=None, managers=None)`
impl Constructor for PyModelState {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let mut take = |name: &str| args.take_positional_keyword(name);
        let (Some(app), Some(name), Some(fields)) =
            (take("app_label"), take("name"), take("fields"))
        else {
            return Err(vm.new_type_error(
                "ModelState.__init__() missing required arguments: 'app_label', 'name', and 'fields'",
            ));
        };
        let (options, bases, managers) = (take("options"), take("bases"), take("managers"));
        let mut items = vec![];
        match fields.downcast_ref::<PyDict>() {
            Some(d) => items = py::dict_items(vm, &d.to_owned())?,
            None => {
                for pair in py::list(vm, &fields)? {
                    if let [n, f] = py::list(vm, &pair)?.as_slice() {
                        items.push((py::to_string(vm, n)?, f.clone()));
                    }
                }
            }
        }
        let fields = fields_of(vm, &items)?;
        let (app_label, model_name) = (py::to_string(vm, &app)?, py::to_string(vm, &name)?);
        for (name, field) in &items {
            let bound = py::attr_opt(vm, field, "model")?;
            if bound.is_some_and(|m| !vm.is_none(&m)) {
                return Err(vm.new_value_error(format!(
                    "ModelState.fields cannot be bound to a model - \"{name}\" is."
                )));
            }
        }
        for (name, field) in &fields {
            check_field(vm, &format!("{app_label}.{model_name}.{name}"), field)?;
        }
        let given = |o: Option<PyObjectRef>| o.filter(|o| !vm.is_none(o));
        let mut state = ModelState {
            app_label,
            name: model_name,
            fields: fields.into_iter().map(|(n, f)| (n, keep(&f))).collect(),
            options: Default::default(),
            indexes: vec![],
            constraints: vec![],
            bases: vec![],
            managers: vec![],
        };
        if let Some(options) = given(options) {
            let options = options
                .downcast::<PyDict>()
                .map_err(|_| vm.new_type_error("options must be a dict"))?;
            take_options(vm, &mut state, &options)?;
            if let Some(all) = options.get_item_opt("indexes", vm)? {
                for (o, index) in py::list(vm, &all)?.iter().zip(&state.indexes) {
                    if index.name.is_empty() {
                        return Err(vm.new_value_error(format!(
                            "Indexes passed to ModelState require a name attribute. {} doesn't have one.",
                            py::repr(vm, o)?
                        )));
                    }
                }
            }
        }
        if let Some(bases) = given(bases) {
            for b in py::list(vm, &bases)? {
                state.bases.push(convert_operation::base(vm, &b)?);
            }
        }
        if state.bases.is_empty() {
            state.bases.push(model_base());
        }
        if let Some(managers) = given(managers) {
            state.managers = managers_of(vm, &managers)?;
        }
        let made = PyModelState {
            inner: RefCell::new(Rc::new(state)),
            shown: RefCell::default(),
        };
        made.into_ref_with_type(vm, cls).map(Into::into)
    }
    fn py_new(_: &Py<rustpython_vm::builtins::PyType>, _: FuncArgs, vm: &Vm) -> PyResult<Self> {
        Err(vm.new_type_error("a ModelState needs a name"))
    }
}

/// States hold the field they are given; its Python object stays the same one.
fn keep(field: &Rc<orm_state::Field>) -> Rc<orm_state::Field> {
    if field.remote.is_some() && field.is_bound() {
        unbound(field)
    } else {
        field.clone()
    }
}

/// Relations of a state name their models; `label` is the field's.
fn check_field(vm: &Vm, label: &str, field: &Rc<orm_state::Field>) -> PyResult<()> {
    let Some(rel) = &field.remote else {
        return Ok(());
    };
    let is_class = |t: &orm_state::rel::RelTarget| matches!(t, orm_state::rel::RelTarget::Model(_));
    let refuse = |what: &str| {
        vm.new_value_error(format!(
            "Model fields in \"ModelState.fields\" cannot refer to a model class - \"{label}.{what}\" \
             does. Use a string reference instead."
        ))
    };
    if is_class(&rel.target()) {
        return Err(refuse("to"));
    }
    if rel.through.borrow().as_ref().is_some_and(is_class) {
        return Err(refuse("through"));
    }
    Ok(())
}

impl Representable for PyModelState {
    fn repr_str(zelf: &Py<Self>, _vm: &Vm) -> PyResult<String> {
        let s = zelf.inner.borrow();
        Ok(format!("<ModelState: '{}.{}'>", s.app_label, s.name))
    }
}

#[pyclass(with(Constructor, Representable), flags(BASETYPE, HAS_DICT))]
impl PyModelState {
    #[pygetset]
    fn app_label(zelf: &Py<Self>) -> String {
        zelf.inner.borrow().app_label.clone()
    }
    #[pygetset]
    fn name(zelf: &Py<Self>) -> String {
        zelf.inner.borrow().name.clone()
    }
    #[pygetset(setter)]
    fn set_name(zelf: &Py<Self>, name: String, vm: &Vm) -> PyResult<()> {
        let mut next = (*zelf.read(vm)?).clone();
        next.name = name;
        *zelf.inner.borrow_mut() = Rc::new(next);
        Ok(())
    }
    #[pygetset]
    fn name_lower(zelf: &Py<Self>) -> String {
        zelf.inner.borrow().name_lower()
    }
    #[pygetset]
    fn fields(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        if let Some(d) = &zelf.shown.borrow().fields {
            return Ok(d.clone());
        }
        let dict = vm.ctx.new_dict();
        let state = zelf.inner.borrow().clone();
        for (name, f) in &state.fields {
            dict.set_item(name.as_str(), to_python::field(vm, f)?, vm)?;
        }
        zelf.shown.borrow_mut().fields = Some(dict.clone());
        Ok(dict)
    }
    #[pygetset(setter)]
    fn set_fields(zelf: &Py<Self>, fields: PyDictRef) {
        zelf.shown.borrow_mut().fields = Some(fields);
    }
    #[pygetset]
    fn options(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyDictRef> {
        if let Some(d) = &zelf.shown.borrow().options {
            return Ok(d.clone());
        }
        let dict = vm.ctx.new_dict();
        let state = zelf.inner.borrow().clone();
        for (name, v) in &state.options {
            dict.set_item(name.as_str(), to_python::value(vm, v)?, vm)?;
        }
        dict.set_item("indexes", indexes(vm, &state.indexes)?, vm)?;
        dict.set_item("constraints", constraints(vm, &state.constraints)?, vm)?;
        zelf.shown.borrow_mut().options = Some(dict.clone());
        Ok(dict)
    }
    #[pygetset(setter)]
    fn set_options(zelf: &Py<Self>, options: PyDictRef) {
        zelf.shown.borrow_mut().options = Some(options);
    }
    #[pygetset]
    fn bases(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        let state = zelf.inner.borrow().clone();
        let bases = state
            .bases
            .iter()
            .map(|b| to_python::base(vm, b))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(vm.ctx.new_tuple(bases).into())
    }
    #[pygetset(setter)]
    fn set_bases(zelf: &Py<Self>, bases: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let mut next = (*zelf.read(vm)?).clone();
        next.bases = py::list(vm, &bases)?
            .iter()
            .map(|b| convert_operation::base(vm, b))
            .collect::<PyResult<Vec<Base>>>()?;
        *zelf.inner.borrow_mut() = Rc::new(next);
        Ok(())
    }
    #[pygetset]
    fn managers(zelf: &Py<Self>, vm: &Vm) -> PyResult<PyListRef> {
        if let Some(l) = &zelf.shown.borrow().managers {
            return Ok(l.clone());
        }
        let state = zelf.inner.borrow().clone();
        let mut made = vec![];
        for (name, m) in &state.managers {
            let pair = vec![
                py::str(vm, name),
                to_python::value(vm, &Value::Object(m.clone()))?,
            ];
            made.push(vm.ctx.new_tuple(pair).into());
        }
        let list = vm.ctx.new_list(made);
        zelf.shown.borrow_mut().managers = Some(list.clone());
        Ok(list)
    }
    #[pygetset(setter)]
    fn set_managers(zelf: &Py<Self>, managers: PyObjectRef, vm: &Vm) -> PyResult<()> {
        zelf.shown.borrow_mut().managers = Some(vm.ctx.new_list(py::list(vm, &managers)?));
        Ok(())
    }
    #[pymethod]
    fn get_field(zelf: &Py<Self>, name: PyObjectRef, vm: &Vm) -> PyResult {
        let state = zelf.read(vm)?;
        let text = py::to_string(vm, &name)?;
        match state.get_field(&text) {
            Ok(f) => to_python::field(vm, f),
            Err(_) => Err(vm.new_key_error(name)),
        }
    }
    #[pymethod(name = "clone")]
    fn py_clone(zelf: &Py<Self>, vm: &Vm) -> PyResult {
        Ok(new(vm, zelf.read(vm)?))
    }
    #[pymethod]
    fn render(zelf: &Py<Self>, apps: PyObjectRef, vm: &Vm) -> PyResult {
        historical::render_model(vm, &*zelf.read(vm)?, &apps)
    }
    #[pymethod]
    fn get_index_by_name(zelf: &Py<Self>, name: String, vm: &Vm) -> PyResult {
        let options = Self::options(zelf, vm)?;
        match named(vm, &options, "indexes", &name)? {
            Some(i) => Ok(i),
            None => Err(vm.new_value_error(format!(
                "No index named {name} on model {}",
                Self::name(zelf)
            ))),
        }
    }
    #[pymethod]
    fn get_constraint_by_name(zelf: &Py<Self>, name: String, vm: &Vm) -> PyResult {
        let options = Self::options(zelf, vm)?;
        match named(vm, &options, "constraints", &name)? {
            Some(c) => Ok(c),
            None => Err(vm.new_value_error(format!(
                "No constraint named {name} on model {}",
                Self::name(zelf)
            ))),
        }
    }
}

fn named(vm: &Vm, options: &Py<PyDict>, part: &str, name: &str) -> PyResult<Option<PyObjectRef>> {
    let Some(all) = options.get_item_opt(part, vm)? else {
        return Ok(None);
    };
    for o in py::list(vm, &all)? {
        if py::to_string(vm, &py::attr(vm, &o, "name")?)? == name {
            return Ok(Some(o));
        }
    }
    Ok(None)
}

fn indexes(vm: &Vm, all: &[Index]) -> PyResult {
    let made = all
        .iter()
        .map(|i| to_python::index(vm, i))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_list(made).into())
}

fn constraints(vm: &Vm, all: &[Constraint]) -> PyResult {
    let made = all
        .iter()
        .map(|c| to_python::constraint(vm, c))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_list(made).into())
}
