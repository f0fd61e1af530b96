//! `QuerySet`: a query, and its rows once they were asked for.
//!
//! The methods are spread over the files below by what they do.
mod aggregate;
mod annotate;
mod async_methods;
mod bulk;
mod bulk_update;
mod chain;
mod cloning;
mod combine;
mod create;
mod dates;
mod explain;
mod get;
mod in_bulk;
mod methods;
mod ordering;
mod pickle;
mod signatures;
pub mod steps;
pub mod update;

pub use update::{run_returning, run_update};
mod values;

use super::hints;
use crate::error;
use crate::gc::{self, Held};
use crate::modules;
use orm_sql::Query;
use orm_sql::expression::Expr;
use orm_sql::origin::Origin;
use orm_state::{Field, ModelRef};
use rustpython_vm::builtins::{PyDictRef, PyListRef, PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::object::{Traverse, TraverseFn};
use rustpython_vm::types::{Constructor, Initializer};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What iterating gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Models,
    Dicts,
    Tuples,
    Named,
    Flat,
}

/// Objects already in memory that rows are related to: a foreign key, and instances by key.
pub type KnownRelated = Rc<Vec<(Rc<Field>, PyDictRef)>>;

#[pyclass(module = false, name = "QuerySet", traverse = "manual")]
#[derive(PyPayload)]
pub struct PyQuerySet {
    pub class: RefCell<Option<PyTypeRef>>,
    pub query: RefCell<Rc<Query>>,
    pub using: RefCell<Option<Rc<str>>>,
    pub hints: Held<Option<PyDictRef>>,
    pub cache: Held<Option<PyListRef>>,
    pub sticky: Cell<bool>,
    pub for_write: Cell<bool>,
    pub prefetch: RefCell<Rc<Vec<PyObjectRef>>>,
    /// Which argument asked for each of them, while the engine traces.
    pub prefetched_by: RefCell<Vec<Option<Origin>>>,
    pub prefetch_done: Cell<bool>,
    pub known_related: RefCell<KnownRelated>,
    pub shape: Cell<Shape>,
    pub iterable_class: RefCell<Option<PyObjectRef>>,
    pub fields: RefCell<Option<Rc<[Rc<str>]>>>,
    pub fetch_mode: RefCell<Option<PyObjectRef>>,
    /// Changes happen in place (`_disable_cloning`).
    pub in_place: Cell<bool>,
    /// The calls that led here, as far as they are known.
    pub steps: RefCell<Option<Rc<steps::Step>>>,
}

// SAFETY: shows each object that the queryset alone owns, once, and clones nothing.
unsafe impl Traverse for PyQuerySet {
    fn traverse(&self, see: &mut TraverseFn<'_>) {
        self.hints.traverse(see);
        self.cache.traverse(see);
        if let Ok(known) = self.known_related.try_borrow() {
            gc::see_unshared(&*known, |known| {
                for (_, instances) in known {
                    instances.traverse(see);
                }
            });
        }
        if let Ok(lookups) = self.prefetch.try_borrow() {
            gc::see_unshared(&*lookups, |lookups| lookups.traverse(see));
        }
    }
}

impl std::fmt::Debug for PyQuerySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QuerySet({:?})", self.query.borrow().model)
    }
}

impl PyQuerySet {
    pub fn empty(query: Query) -> PyQuerySet {
        PyQuerySet {
            class: RefCell::default(),
            query: RefCell::new(Rc::new(query)),
            using: RefCell::default(),
            hints: Held::default(),
            cache: Held::default(),
            sticky: Cell::new(false),
            for_write: Cell::new(false),
            prefetch: RefCell::default(),
            prefetched_by: RefCell::default(),
            prefetch_done: Cell::new(false),
            known_related: RefCell::default(),
            shape: Cell::new(Shape::Models),
            iterable_class: RefCell::default(),
            fields: RefCell::default(),
            fetch_mode: RefCell::default(),
            in_place: Cell::new(false),
            steps: RefCell::default(),
        }
    }
    /// A queryset over all rows of a model.
    pub fn of_model(
        vm: &VirtualMachine,
        queryset_class: PyTypeRef,
        model_class: &PyTypeRef,
        using: Option<Rc<str>>,
        hints: Option<PyDictRef>,
    ) -> PyResult<PyRef<PyQuerySet>> {
        let model = hints::model_of_class(vm, model_class.as_object())?;
        let mut query = Query::new(&model);
        query.begun_by(super::origins::receiver(vm));
        let qs = PyQuerySet::empty(query);
        *qs.class.borrow_mut() = Some(model_class.clone());
        *qs.using.borrow_mut() = using;
        *qs.hints.borrow_mut() = hints;
        qs.begin_steps();
        qs.into_ref_with_type(vm, queryset_class)
    }
    pub fn model_class(&self, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
        self.class
            .borrow()
            .clone()
            .ok_or_else(|| vm.new_attribute_error("'NoneType' object has no attribute '_meta'"))
    }
    pub fn model(&self, vm: &VirtualMachine) -> PyResult<ModelRef> {
        match &self.query.borrow().model {
            Some(m) => Ok(m.clone()),
            None => Err(vm.new_attribute_error("'NoneType' object has no attribute '_meta'")),
        }
    }
    /// The database used if it is executed now.
    pub fn db(&self, vm: &VirtualMachine) -> PyResult<Rc<str>> {
        if let Some(db) = &*self.using.borrow() {
            return Ok(db.clone());
        }
        let class = self.model_class(vm)?;
        hints::route(
            vm,
            self.for_write.get(),
            class.into(),
            self.hints.borrow().clone(),
        )
    }
    /// A copy that is ready for another operation.
    pub fn chain(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyQuerySet>> {
        if zelf.in_place.get() {
            zelf.cache.take();
            return Ok(zelf.to_owned());
        }
        let query = zelf.query.borrow();
        let mut copy = query.chain();
        if zelf.sticky.get() {
            copy.filter_is_sticky = true;
        }
        drop(query);
        let qs = PyQuerySet::empty(copy);
        *qs.class.borrow_mut() = zelf.class.borrow().clone();
        *qs.using.borrow_mut() = zelf.using.borrow().clone();
        *qs.hints.borrow_mut() = zelf.hints.borrow().clone();
        qs.for_write.set(zelf.for_write.get());
        *qs.prefetch.borrow_mut() = zelf.prefetch.borrow().clone();
        *qs.prefetched_by.borrow_mut() = zelf.prefetched_by.borrow().clone();
        *qs.known_related.borrow_mut() = zelf.known_related.borrow().clone();
        qs.shape.set(zelf.shape.get());
        *qs.iterable_class.borrow_mut() = zelf.iterable_class.borrow().clone();
        *qs.fields.borrow_mut() = zelf.fields.borrow().clone();
        *qs.fetch_mode.borrow_mut() = zelf.fetch_mode.borrow().clone();
        let made = qs.into_ref_with_type(vm, zelf.class().to_owned())?;
        if zelf.class().is(PyQuerySet::static_class()) {
            return Ok(made);
        }
        super::chain_hook::after_clone(vm, zelf, made)
    }
    pub fn static_class() -> &'static Py<PyType> {
        use rustpython_vm::class::StaticType;
        PyQuerySet::static_type()
    }
    /// Changes the query.
    pub fn with_query<T>(&self, f: impl FnOnce(&mut Query) -> T) -> T {
        f(Rc::make_mut(&mut self.query.borrow_mut()))
    }
    /// As the right side of a lookup.
    pub fn as_subquery(&self) -> Expr {
        let mut query = (**self.query.borrow()).clone();
        query.db = self.using.borrow().clone();
        query.into_expr()
    }
    pub fn is_empty_queryset(&self) -> bool {
        self.query.borrow().is_empty()
    }
    pub fn is_sliced(&self) -> bool {
        self.query.borrow().is_sliced()
    }
    fn not_combined(&self, vm: &VirtualMachine, operation: &str) -> PyResult<()> {
        use orm_sql::query::Combinator;
        let name = match self.query.borrow().combinator {
            None => return Ok(()),
            Some(Combinator::Union) => "union",
            Some(Combinator::Intersection) => "intersection",
            Some(Combinator::Difference) => "difference",
        };
        Err(error::raise(
            vm,
            "NotSupportedError",
            format!("Calling QuerySet.{operation}() after {name}() is not supported."),
        ))
    }
}

impl Initializer for PyQuerySet {
    type Args = FuncArgs;
    /// All is done when it is made; a subclass's own `__init__` may call this.
    fn init(_zelf: &Py<Self>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<()> {
        Ok(())
    }
}

impl Constructor for PyQuerySet {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let model = args.take_positional_keyword("model");
        let query = args.take_positional_keyword("query");
        let using = args.take_positional_keyword("using");
        let hints = args.take_positional_keyword("hints");
        let given = |o: Option<PyObjectRef>| o.filter(|o| !vm.is_none(o));
        let qs = match given(query) {
            Some(q) => match q.downcast_ref::<super::py_query::PyQuery>() {
                Some(q) => {
                    let query = (**q.queryset.query.borrow()).clone();
                    let values = !query.values_select.is_empty();
                    let qs = PyQuerySet::empty(query);
                    if values {
                        qs.shape.set(Shape::Dicts);
                    }
                    qs
                }
                None => return Err(vm.new_type_error("query must be a Query")),
            },
            None => PyQuerySet::empty(Query::empty()),
        };
        if let Some(class) = given(model) {
            let class = class
                .downcast::<PyType>()
                .map_err(|_| vm.new_type_error("model must be a model class"))?;
            if qs.query.borrow().model.is_none() {
                let model = hints::model_of_class(vm, class.as_object())?;
                *qs.query.borrow_mut() = Rc::new(Query::new(&model));
                qs.begin_steps();
            }
            *qs.class.borrow_mut() = Some(class);
        }
        if let Some(db) = given(using) {
            *qs.using.borrow_mut() = Some((&*db.str(vm)?.to_string_lossy()).into());
        }
        *qs.hints.borrow_mut() = given(hints).and_then(|h| h.downcast().ok());
        qs.into_ref_with_type(vm, cls).map(Into::into)
    }
    fn py_new(_cls: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
        Ok(PyQuerySet::empty(Query::empty()))
    }
}

/// The class, its markers, and where they are found.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    // What `get()` fetches at most, and what `repr()` shows.
    for (name, value) in [("MAX_GET_RESULTS", 21), ("REPR_OUTPUT_SIZE", 20)] {
        modules::export(vm, "django.db.models.query", name, vm.ctx.new_int(value))?;
    }
    let class = PyQuerySet::make_static_type();
    modules::export_all(
        vm,
        &["django.db.models", "django.db.models.query"],
        "QuerySet",
        class,
    )?;
    cloning::install(vm)?;
    pickle::install(vm)?;
    steps::install(vm)?;
    methods::install_markers(vm)
}
