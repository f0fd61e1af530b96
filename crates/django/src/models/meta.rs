//! `ModelBase`: the metaclass that makes models out of class statements.
//!
//! ```text
//! class Book(Model): …
//!   split attributes → make the class → _meta → fields contribute → parents (inherit.rs)
//!   → prepare (primary key, managers, signals) → register
//! ```
pub mod inherit;
pub mod prepare;

use crate::class::{Class, fill_class};
use crate::convert::PyObj;
use crate::models::options::{self, PyOptions};
use crate::models::{base, model_of_class};
use crate::{apps, error, modules, py};
use rustpython_vm::builtins::{PyDictRef, PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::Constructor;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::rc::Rc;

type Vm = VirtualMachine;

/// `django.db.models.base.ModelBase`
#[pyclass(name = "ModelBase", base = PyType, module = "django.db.models.base")]
#[derive(Debug)]
#[repr(transparent)]
pub struct PyModelBase(PyType);

impl Constructor for PyModelBase {
    type Args = FuncArgs;
    fn slot_new(metatype: PyTypeRef, args: FuncArgs, vm: &Vm) -> PyResult {
        new_model(vm, metatype, args)
    }
    fn py_new(_: &Py<PyType>, _: FuncArgs, vm: &Vm) -> PyResult<Self> {
        Err(vm.new_type_error("a metaclass makes classes"))
    }
}

#[pyclass(flags(BASETYPE), with(Constructor))]
impl PyModelBase {}

pub fn metaclass(vm: &Vm) -> PyTypeRef {
    PyModelBase::class(&vm.ctx).to_owned()
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let class = PyModelBase::make_static_type();
    fill_class(vm, &class, fill)?;
    modules::export(vm, "django.db.models.base", "ModelBase", class)
}

fn fill(c: &mut Class) {
    c.method(
        "add_to_class",
        |cls: PyObjectRef, name: String, value: PyObjectRef, vm: &Vm| {
            add_to_class(vm, &cls, &name, value)
        },
    );
    c.getter("_base_manager", |cls, vm| {
        let meta = py::attr(vm, &cls, "_meta")?;
        py::attr(vm, &meta, "base_manager")
    });
    c.getter("_default_manager", |cls, vm| {
        let meta = py::attr(vm, &cls, "_meta")?;
        py::attr(vm, &meta, "default_manager")
    });
    c.method("_prepare", |cls: PyObjectRef, vm: &Vm| {
        prepare::prepare(vm, &cls)
    });
}

/// `cls.add_to_class(name, value)`
pub fn add_to_class(vm: &Vm, cls: &PyObject, name: &str, value: PyObjectRef) -> PyResult<()> {
    if contributes(vm, &value)? {
        py::call(
            vm,
            &value,
            "contribute_to_class",
            vec![cls.to_owned(), py::str(vm, name)],
        )
        .map(drop)
    } else {
        py::set_attr(vm, cls, name, value)
    }
}

/// Instances with `contribute_to_class`; classes themselves only look as if.
fn contributes(vm: &Vm, value: &PyObject) -> PyResult<bool> {
    if value.downcast_ref::<PyType>().is_some() {
        return Ok(false);
    }
    Ok(value
        .class()
        .get_attr(vm.ctx.intern_str("contribute_to_class"))
        .is_some()
        || value
            .dict()
            .is_some_and(|d| d.contains_key("contribute_to_class", vm)))
}

fn new_model(vm: &Vm, metatype: PyTypeRef, args: FuncArgs) -> PyResult {
    let meta_class: PyTypeRef = metaclass(vm);
    let parents: Vec<PyObjectRef> = match args.args.get(1) {
        Some(bases) => py::list(vm, bases)?
            .into_iter()
            .filter(|b| b.fast_isinstance(&meta_class))
            .collect(),
        None => vec![],
    };
    if parents.is_empty() {
        return PyType::slot_new(metatype, args, vm);
    }
    let [name, bases, attrs] = args.args.as_slice() else {
        return Err(vm.new_type_error("ModelBase() takes a name, bases and a namespace"));
    };
    let name = py::to_string(vm, name)?;
    let attrs: PyDictRef = match attrs.clone().downcast() {
        Ok(d) => d,
        Err(o) => vm
            .ctx
            .types
            .dict_type
            .as_object()
            .call((o,), vm)?
            .downcast()
            .map_err(|_| vm.new_type_error("a namespace is a dict"))?,
    };
    let mut meta: Option<PyObjectRef> = None;
    let mut contributable: Vec<(String, PyObjectRef)> = vec![];
    let plain = vm.ctx.new_dict();
    let mut module = String::new();
    for (key, value) in &attrs {
        let key_text = py::to_string(vm, &key)?;
        if key_text == "Meta" {
            meta = Some(value);
        } else if key_text == "__module__" {
            module = py::to_string(vm, &value)?;
            plain.set_item(&*key, value, vm)?;
        } else if contributes(vm, &value)? {
            contributable.push((key_text, value));
        } else {
            plain.set_item(&*key, value, vm)?;
        }
    }
    let mut call = FuncArgs::from(vec![py::str(vm, &name), bases.clone(), plain.into()]);
    call.kwargs = args.kwargs.clone();
    let made = PyType::slot_new(metatype, call, vm)?;
    build(vm, made, &name, &module, meta, contributable, &parents)
}

fn build(
    vm: &Vm,
    made: PyObjectRef,
    name: &str,
    module: &str,
    attr_meta: Option<PyObjectRef>,
    contributable: Vec<(String, PyObjectRef)>,
    parents: &[PyObjectRef],
) -> PyResult {
    let is_abstract = match &attr_meta {
        Some(m) => match py::attr_opt(vm, m, "abstract")? {
            Some(v) => v.is_true(vm)?,
            None => false,
        },
        None => false,
    };
    let meta = match attr_meta.clone().filter(|m| !vm.is_none(m)) {
        Some(m) => Some(m),
        None => py::attr_opt(vm, &made, "Meta")?,
    };
    let base_meta = py::attr_opt(vm, &made, "_meta")?;
    let app_label = app_label(vm, meta.as_deref(), module, name, is_abstract)?;
    let registry = match &meta {
        Some(m) => py::attr_opt(vm, m, "apps")?,
        None => None,
    };
    let registry = match registry {
        Some(a) => a,
        None => options::default_apps(vm)?,
    };
    let rust_apps = apps::rust_apps(&registry)
        .ok_or_else(|| vm.new_type_error("Meta.apps must be an Apps instance"))?;
    let opts = options::parse::make(vm, meta.as_deref(), &rust_apps, &app_label, name, module)?;
    py::set_attr(vm, &made, "_meta", opts.clone())?;
    let Some(model) = model_of_class(vm, &made) else {
        return Err(vm.new_type_error("not a model"));
    };
    model.face.set(Rc::new(PyObj(made.clone())));
    apps::remember_face(&registry, vm)?;
    if let Some(this) = opts.downcast_ref::<PyOptions>() {
        crate::models::constraints::refresh(vm, this)?;
    }
    if is_abstract {
        rust_apps.keep(&model);
    } else {
        exceptions(vm, &made, module, parents)?;
        inherit_meta(vm, &opts, base_meta.as_deref(), meta.as_deref())?;
    }
    options::swapped::refresh(vm, &model)?;
    for (attr, value) in contributable {
        add_to_class(vm, &made, &attr, value)?;
    }
    if let Err(e) = inherit::from_parents(vm, &made, &model, parents, name) {
        model.clear();
        return Err(e);
    }
    if is_abstract {
        if let Some(m) = attr_meta {
            py::set_attr(vm, &m, "abstract", py::bool(vm, false))?;
            py::set_attr(vm, &made, "Meta", m)?;
        }
        return Ok(made);
    }
    py::call(vm, &made, "_prepare", vec![])?;
    py::call(
        vm,
        &registry,
        "register_model",
        vec![py::str(vm, &app_label), made.clone()],
    )?;
    Ok(made)
}

fn app_label(
    vm: &Vm,
    meta: Option<&PyObject>,
    module: &str,
    name: &str,
    is_abstract: bool,
) -> PyResult<String> {
    if let Some(meta) = meta
        && let Some(label) = py::attr_opt(vm, meta, "app_label")?
        && !vm.is_none(&label)
    {
        return py::to_string(vm, &label);
    }
    match apps::containing_label(vm, module)? {
        Some(label) => Ok(label),
        None if is_abstract => Ok(String::new()),
        None => Err(vm.new_runtime_error(format!(
            "Model class {module}.{name} doesn't declare an explicit app_label and isn't in an \
             application in INSTALLED_APPS."
        ))),
    }
}

/// `DoesNotExist`, `MultipleObjectsReturned`, `NotUpdated` of the class.
fn exceptions(vm: &Vm, made: &PyObject, module: &str, parents: &[PyObjectRef]) -> PyResult<()> {
    let qualname = py::to_string(vm, &py::attr(vm, made, "__qualname__")?)?;
    for (name, default) in [
        ("DoesNotExist", &["ObjectDoesNotExist"][..]),
        ("MultipleObjectsReturned", &["MultipleObjectsReturned"]),
        ("NotUpdated", &["ObjectNotUpdated", "DatabaseError"]),
    ] {
        let mut bases = vec![];
        for p in parents {
            if model_of_class(vm, p).is_some_and(|m| !m.is_abstract()) {
                bases.push(py::attr(vm, p, name)?);
            }
        }
        if bases.is_empty() {
            bases = default.iter().map(|n| error::class(vm, n).into()).collect();
        }
        let body = vm.ctx.new_dict();
        body.set_item("__module__", py::str(vm, module), vm)?;
        body.set_item(
            "__qualname__",
            py::str(vm, format!("{qualname}.{name}")),
            vm,
        )?;
        let type_type: PyObjectRef = vm.ctx.types.type_type.to_owned().into();
        let class = type_type.call((vm.ctx.new_str(name), vm.ctx.new_tuple(bases), body), vm)?;
        py::set_attr(vm, made, name, class)?;
    }
    Ok(())
}

/// A concrete parent's ordering and `get_latest_by` are inherited.
fn inherit_meta(
    vm: &Vm,
    opts: &PyObject,
    base_meta: Option<&PyObject>,
    meta: Option<&PyObject>,
) -> PyResult<()> {
    let Some(base_meta) = base_meta else {
        return Ok(());
    };
    if options::model_of_options(base_meta).is_none_or(|m| m.is_abstract()) {
        return Ok(());
    }
    for name in ["ordering", "get_latest_by"] {
        let own = match meta {
            Some(m) => py::attr_opt(vm, m, name)?.is_some(),
            None => false,
        };
        if !own {
            py::set_attr(vm, opts, name, py::attr(vm, base_meta, name)?)?;
        }
    }
    Ok(())
}

/// For callers that hold an object.
pub fn is_model_base(vm: &Vm, obj: &PyObject) -> bool {
    obj.fast_isinstance(&metaclass(vm)) && base::model_class().is_some()
}
