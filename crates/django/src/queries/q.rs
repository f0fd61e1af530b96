//! `Q`: conditions as Python writes them.
mod check;
mod replace;
mod unknown;

use crate::convert::{PyObj, to_py, to_value};
use crate::error::OrRaise;
use crate::modules;
use crate::queries::origins;
use orm_sql::expression::{ExprObject, value_expr};
use orm_sql::expressions::condition::{q_identity, q_repr, same_q};
use orm_sql::q::{Connector, Q, QChild};
use orm_state::Value;
use rustpython_vm::Context;
use rustpython_vm::builtins::{PyStr, PyTuple, PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::common::hash::PyHash;
use rustpython_vm::function::{FuncArgs, PyComparisonValue};
use rustpython_vm::protocol::{PyNumberMethods, PySequenceMethods};
use rustpython_vm::types::{
    AsNumber, AsSequence, Comparable, Constructor, Hashable, PyComparisonOp, Representable,
};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, atomic_func, pyclass,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;
use unknown::Unknown;

#[pyclass(module = false, name = "Q")]
#[derive(PyPayload)]
pub struct PyQ {
    pub q: RefCell<Q>,
}

impl std::fmt::Debug for PyQ {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.q.borrow())
    }
}

/// The conditions of `filter(*args, **kwargs)`.
pub fn q_of(
    vm: &VirtualMachine,
    args: &[PyObjectRef],
    kwargs: Vec<(String, PyObjectRef)>,
) -> PyResult<Q> {
    let mut children = Vec::with_capacity(args.len());
    for arg in args {
        children.push(child(vm, arg)?);
    }
    let mut lookups: Vec<(Rc<str>, Value)> = Vec::with_capacity(kwargs.len());
    for (name, value) in kwargs {
        lookups.push((name.as_str().into(), to_value(vm, &value)?));
    }
    let positional = children.len();
    let mut q = Q::new(children, lookups);
    origins::of_conditions(&mut q, positional);
    Ok(q)
}

/// Keyword arguments as pairs, in order.
pub fn kwargs_of(args: &FuncArgs) -> Vec<(String, PyObjectRef)> {
    args.kwargs
        .iter()
        .map(|(k, v)| (k.to_string_lossy().into_owned(), v.clone()))
        .collect()
}

fn child(vm: &VirtualMachine, arg: &PyObjectRef) -> PyResult<QChild> {
    if let Some(q) = arg.downcast_ref::<PyQ>() {
        return Ok(QChild::Q(q.q.borrow().clone()));
    }
    if let Some(pair) = arg.downcast_ref::<PyTuple>()
        && let [name, value] = pair.as_slice()
        && let Some(name) = name.downcast_ref::<PyStr>()
    {
        return Ok(QChild::Lookup(
            (&*name.to_string_lossy()).into(),
            to_value(vm, value)?,
        ));
    }
    // Whatever has two items is such a pair for Django, a text of two letters too.
    if let Some(text) = arg.downcast_ref::<PyStr>() {
        let text = text.to_string_lossy();
        let mut letters = text.chars().map(String::from);
        if let (Some(name), Some(value), None) = (letters.next(), letters.next(), letters.next()) {
            return Ok(QChild::Lookup(name.as_str().into(), value.as_str().into()));
        }
    }
    let value = to_value(vm, arg)?;
    Ok(QChild::Expr(match value_expr(&value) {
        Some(e) => e,
        // Whatever it is, it is refused when it is filtered by.
        None => Rc::new(Unknown { value }),
    }))
}

impl PyQ {
    pub fn object(vm: &VirtualMachine, q: Q) -> PyObjectRef {
        PyQ { q: RefCell::new(q) }.into_pyobject(vm)
    }
    pub fn child_object(vm: &VirtualMachine, child: &QChild) -> PyResult {
        Ok(match child {
            QChild::Q(q) => PyQ::object(vm, q.clone()),
            QChild::Expr(e) if e.as_any().is::<Unknown>() => {
                let unknown = e.as_any().downcast_ref::<Unknown>();
                to_py(vm, &unknown.map_or(Value::Null, |u| u.value.clone()))?
            }
            QChild::Expr(e) => to_py(vm, &ExprObject::value(e.clone()))?,
            QChild::Lookup(name, value) => {
                let value = to_py(vm, value)?;
                vm.ctx
                    .new_tuple(vec![vm.ctx.new_str(&**name).into(), value])
                    .into()
            }
        })
    }
    fn combined(vm: &VirtualMachine, a: &PyObject, b: &PyObject, connector: Connector) -> PyResult {
        let Some(a) = a.downcast_ref::<PyQ>() else {
            // A conditional expression on the left: `Exists(…) & Q(…)`.
            let left = match value_expr(&to_value(vm, a)?) {
                Some(e) if e.conditional() => Q::new(vec![QChild::Expr(e)], vec![]),
                _ => return Err(vm.new_type_error(a.repr(vm)?.to_string_lossy().into_owned())),
            };
            let left = PyQ {
                q: RefCell::new(left),
            }
            .into_pyobject(vm);
            let right = match b.downcast_ref::<PyQ>() {
                Some(q) => Self::object(vm, Q::new(vec![QChild::Q(q.q.borrow().clone())], vec![])),
                None => b.to_owned(),
            };
            return Self::combined(vm, &left, &right, connector);
        };
        let right = match b.downcast_ref::<PyQ>() {
            Some(q) => q.q.borrow().clone(),
            None => match value_expr(&to_value(vm, b)?) {
                Some(e) if e.conditional() => Q::new(vec![QChild::Expr(e)], vec![]),
                _ => return Err(vm.new_type_error(b.repr(vm)?.to_string_lossy().into_owned())),
            },
        };
        if a.q.borrow().is_empty() && b.downcast_ref::<PyQ>().is_none() {
            return vm.call_method(b, "copy", ());
        }
        let made = a.q.borrow().combine(&right, connector);
        Ok(PyQ::object(vm, made))
    }
}

/// `AND` unless one is given.
fn connector_of(vm: &VirtualMachine, given: Option<PyObjectRef>) -> PyResult<Connector> {
    let Some(given) = given.filter(|c| !vm.is_none(c)) else {
        return Ok(Connector::And);
    };
    match &*given.str(vm)?.to_string_lossy() {
        "AND" => Ok(Connector::And),
        "OR" => Ok(Connector::Or),
        "XOR" => Ok(Connector::Xor),
        _ => Err(vm.new_value_error("connector must be one of 'AND', 'OR', 'XOR', or None.")),
    }
}

impl Constructor for PyQ {
    type Args = FuncArgs;
    fn py_new(_cls: &Py<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let connector = args.take_keyword("_connector");
        let negated = match args.take_keyword("_negated") {
            Some(n) => n.is_true(vm)?,
            None => false,
        };
        let _scope = origins::calling(vm, &args);
        let mut q = q_of(vm, &args.args, kwargs_of(&args))?;
        q.negated = negated;
        q.connector = connector_of(vm, connector)?;
        Ok(PyQ { q: RefCell::new(q) })
    }
}

#[pyclass(
    with(Constructor, AsNumber, AsSequence, Comparable, Hashable, Representable),
    flags(HEAPTYPE, BASETYPE, HAS_DICT)
)]
impl PyQ {
    #[extend_class]
    fn named(ctx: &Context, class: &'static Py<PyType>) {
        crate::class::lives_in(ctx, class, "django.db.models.query_utils");
    }
    #[pygetset]
    fn children(zelf: &Py<PyQ>, vm: &VirtualMachine) -> PyResult {
        let children = zelf.q.borrow().children.clone();
        let items = children
            .iter()
            .map(|c| PyQ::child_object(vm, c))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(vm.ctx.new_list(items).into())
    }
    #[pygetset]
    fn connector(zelf: &Py<PyQ>) -> &'static str {
        zelf.q.borrow().connector.sql()
    }
    #[pygetset]
    fn negated(zelf: &Py<PyQ>) -> bool {
        zelf.q.borrow().negated
    }
    #[pygetset]
    fn conditional(_zelf: &Py<PyQ>) -> bool {
        true
    }
    #[pymethod]
    fn resolve_expression(zelf: &Py<PyQ>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        use crate::expressions::resolving::{against, how};
        let query = args.take_positional_keyword("query");
        let how = how(vm, &mut args)?;
        let q = zelf.q.borrow().clone();
        let resolved = against(vm, query, |query| query.resolve_q(&q, &how))?;
        to_py(vm, &ExprObject::value(resolved))
    }
    #[pyclassmethod]
    fn create(cls: PyTypeRef, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let children = match args.take_positional_keyword("children") {
            Some(c) if !vm.is_none(&c) => c.try_to_value::<Vec<PyObjectRef>>(vm)?,
            _ => vec![],
        };
        let connector = connector_of(vm, args.take_positional_keyword("connector"))?;
        let negated = match args.take_positional_keyword("negated") {
            Some(n) => n.is_true(vm)?,
            None => false,
        };
        let q = Q {
            connector,
            negated,
            ..q_of(vm, &children, vec![])?
        };
        PyQ { q: RefCell::new(q) }
            .into_ref_with_type(vm, cls)
            .map(Into::into)
    }
    #[pymethod]
    fn add(
        zelf: &Py<PyQ>,
        data: PyObjectRef,
        connector: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let name = connector.str(vm)?;
        let connector = match &*name.to_string_lossy() {
            "OR" => Connector::Or,
            "XOR" => Connector::Xor,
            _ => Connector::And,
        };
        let added = child(vm, &data)?;
        zelf.q.borrow_mut().add(added, connector);
        Ok(())
    }
    #[pymethod]
    fn __str__(zelf: &Py<PyQ>) -> String {
        let text = q_repr(&zelf.q.borrow());
        match text.strip_prefix("<Q: ").and_then(|t| t.strip_suffix('>')) {
            Some(inner) => inner.to_string(),
            None => text,
        }
    }
    #[pymethod]
    fn negate(zelf: &Py<PyQ>) {
        let mut q = zelf.q.borrow_mut();
        q.negated = !q.negated;
    }
    #[pymethod]
    fn flatten(zelf: &Py<PyQ>, vm: &VirtualMachine) -> PyResult {
        let q = zelf.q.borrow().clone();
        let mut items: Vec<PyObjectRef> = vec![zelf.as_object().to_owned()];
        for child in &q.children {
            let object = match child {
                QChild::Lookup(_, value) => to_py(vm, value)?,
                other => PyQ::child_object(vm, other)?,
            };
            match vm.get_attribute_opt(&object, "flatten")? {
                Some(inner) => {
                    items.extend(inner.call((), vm)?.try_to_value::<Vec<PyObjectRef>>(vm)?);
                }
                None => items.push(object),
            }
        }
        let list: PyObjectRef = vm.ctx.new_list(items).into();
        Ok(list.get_iter(vm)?.into())
    }
    #[pymethod]
    fn copy(zelf: &Py<PyQ>, vm: &VirtualMachine) -> PyObjectRef {
        PyQ::object(vm, zelf.q.borrow().clone())
    }
    #[pymethod]
    fn __copy__(zelf: &Py<PyQ>, vm: &VirtualMachine) -> PyObjectRef {
        PyQ::object(vm, zelf.q.borrow().clone())
    }
    #[pymethod]
    fn __deepcopy__(zelf: &Py<PyQ>, _memo: PyObjectRef, vm: &VirtualMachine) -> PyObjectRef {
        PyQ::object(vm, zelf.q.borrow().clone())
    }
    #[pymethod]
    fn __reduce__(zelf: &Py<PyQ>, vm: &VirtualMachine) -> PyResult {
        let (_, args, kwargs) = parts(zelf, vm, true)?;
        let rebuild = modules::find(vm, "django.db.models.query_utils", "_rebuild_q")?;
        Ok(vm
            .ctx
            .new_tuple(vec![
                rebuild,
                vm.ctx
                    .new_tuple(vec![vm.ctx.new_tuple(args).into(), kwargs])
                    .into(),
            ])
            .into())
    }
    #[pymethod]
    fn deconstruct(zelf: &Py<PyQ>, vm: &VirtualMachine) -> PyResult {
        let (path, args, kwargs) = parts(zelf, vm, false)?;
        Ok(vm
            .ctx
            .new_tuple(vec![
                vm.ctx.new_str(path).into(),
                vm.ctx.new_tuple(args).into(),
                kwargs,
            ])
            .into())
    }
    /// Names of the model's own fields that the condition reads.
    #[pygetset]
    fn referenced_base_fields(zelf: &Py<PyQ>, vm: &VirtualMachine) -> PyResult {
        let mut names = vec![];
        zelf.q.borrow().names(&mut names);
        let set = rustpython_vm::builtins::PySet::default();
        for name in names {
            let first = name.split("__").next().unwrap_or(&name);
            set.add(vm.ctx.new_str(first).into(), vm)?;
        }
        Ok(set.into_ref(&vm.ctx).into())
    }
}

type Parts = (String, Vec<PyObjectRef>, PyObjectRef);

/// What it takes to make it again.
fn parts(zelf: &Py<PyQ>, vm: &VirtualMachine, always_connector: bool) -> PyResult<Parts> {
    let q = zelf.q.borrow().clone();
    let kwargs = vm.ctx.new_dict();
    if q.connector != Connector::And || always_connector {
        kwargs.set_item("_connector", vm.ctx.new_str(q.connector.sql()).into(), vm)?;
    }
    if q.negated {
        kwargs.set_item("_negated", vm.ctx.new_bool(true).into(), vm)?;
    }
    let args = q
        .children
        .iter()
        .map(|c| PyQ::child_object(vm, c))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(("django.db.models.Q".into(), args, kwargs.into()))
}

impl AsNumber for PyQ {
    fn as_number() -> &'static PyNumberMethods {
        static METHODS: PyNumberMethods = PyNumberMethods {
            and: Some(|a, b, vm| PyQ::combined(vm, a, b, Connector::And)),
            or: Some(|a, b, vm| PyQ::combined(vm, a, b, Connector::Or)),
            xor: Some(|a, b, vm| PyQ::combined(vm, a, b, Connector::Xor)),
            invert: Some(|a, vm| {
                let zelf = PyQ::number_downcast(a);
                let made = zelf.q.borrow().invert();
                Ok(PyQ::object(vm, made))
            }),
            boolean: Some(|a, _vm| Ok(!PyQ::number_downcast(a).q.borrow().is_empty())),
            ..PyNumberMethods::NOT_IMPLEMENTED
        };
        &METHODS
    }
}

impl AsSequence for PyQ {
    fn as_sequence() -> &'static PySequenceMethods {
        static METHODS: LazyLock<PySequenceMethods> = LazyLock::new(|| PySequenceMethods {
            length: atomic_func!(|s, _vm| Ok(PyQ::sequence_downcast(s).q.borrow().children.len())),
            contains: atomic_func!(|s, needle, vm| {
                let q = PyQ::sequence_downcast(s).q.borrow().clone();
                for c in &q.children {
                    let object = PyQ::child_object(vm, c)?;
                    if vm.bool_eq(&object, needle)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }),
            ..PySequenceMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl Comparable for PyQ {
    fn cmp(
        zelf: &Py<Self>,
        other: &PyObject,
        op: PyComparisonOp,
        _vm: &VirtualMachine,
    ) -> PyResult<PyComparisonValue> {
        let Some(other) = other.downcast_ref::<PyQ>() else {
            return Ok(PyComparisonValue::NotImplemented);
        };
        let same = same_q(&zelf.q.borrow(), &other.q.borrow());
        Ok(match op {
            PyComparisonOp::Eq => PyComparisonValue::Implemented(same),
            PyComparisonOp::Ne => PyComparisonValue::Implemented(!same),
            _ => PyComparisonValue::NotImplemented,
        })
    }
}

impl Hashable for PyQ {
    fn hash(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<PyHash> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let mut h = DefaultHasher::new();
        q_identity(&zelf.q.borrow()).hash(&mut h);
        Ok(h.finish() as PyHash)
    }
}

impl Representable for PyQ {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        let text = q_repr(&zelf.q.borrow());
        Ok(if text.starts_with("<Q") {
            text
        } else {
            format!("<Q: {text}>")
        })
    }
}

/// The class, for `isinstance`.
pub fn class() -> PyTypeRef {
    PyQ::make_static_type()
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = class();
    for (name, value) in [
        ("AND", "AND"),
        ("OR", "OR"),
        ("XOR", "XOR"),
        ("default", "AND"),
    ] {
        class.set_attr(vm.ctx.intern_str(name), vm.ctx.new_str(value).into());
    }
    crate::class::fill_class(vm, &class, |c| {
        c.method("replace_expressions", replace::replace_expressions);
        c.method("check", check::check);
    })?;
    let rebuild = vm.new_function(
        "_rebuild_q",
        |args: FuncArgs, vm: &VirtualMachine| -> PyResult {
            let mut call = FuncArgs::default();
            if let Some(positional) = args.args.first() {
                call.args = positional.clone().try_into_value(vm)?;
            }
            if let Some(kwargs) = args.args.get(1)
                && let Some(d) = kwargs.downcast_ref::<rustpython_vm::builtins::PyDict>()
            {
                for (k, v) in d.items_vec() {
                    call.kwargs.insert(k.str(vm)?.as_wtf8().to_owned(), v);
                }
            }
            self::class().as_object().call(call, vm)
        },
    );
    modules::export(vm, "django.db.models.query_utils", "_rebuild_q", rebuild)?;
    modules::export_all(
        vm,
        &[
            "django.db.models",
            "django.db.models.query_utils",
            "django.db.models.query",
        ],
        "Q",
        class,
    )
}

/// A Python object kept as it is.
pub fn opaque(obj: &PyObjectRef) -> Value {
    Value::Object(Rc::new(PyObj(obj.clone())))
}

/// Raises what the ORM reports.
pub fn checked<T>(vm: &VirtualMachine, result: orm_state::Result<T>) -> PyResult<T> {
    result.or_raise(vm)
}
