//! The Python face: attributes, iteration, indexing; the other methods by name.
use super::super::awaitable::AsyncIterator;
use super::super::fetch;
use super::super::origins;
use super::super::py_query::PyQuery;
use super::{PyQuerySet, Shape, signatures};
use crate::error::{self, OrRaise};
use crate::modules;
use crate::queries::raw::Origin;
use rustpython_vm::Context;
use rustpython_vm::builtins::{PyInt, PyList, PySlice, PyStr, PyType, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::{PyMappingMethods, PyNumberMethods, PySequenceMethods};
use rustpython_vm::types::{
    AsMapping, AsNumber, AsSequence, Constructor, Initializer, Iterable, PyComparisonOp,
    Representable,
};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, atomic_func,
    pyclass,
};
use std::sync::LazyLock;

/// `repr()` shows as many, then says there are more.
const REPR_OUTPUT_SIZE: usize = 20;

impl PyQuerySet {
    /// Every row, fetched once.
    pub fn fetch_all(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyRef<PyList>> {
        let cached = zelf.cache.borrow().clone();
        let list = match cached {
            Some(list) => list,
            None => {
                let list = vm.ctx.new_list(fetch::all(vm, zelf)?);
                *zelf.cache.borrow_mut() = Some(list.clone());
                list
            }
        };
        if !zelf.prefetch.borrow().is_empty() && !zelf.prefetch_done.get() {
            fetch::prefetch(vm, zelf, &list)?;
            zelf.prefetch_done.set(true);
        }
        Ok(list)
    }
    fn item(zelf: &Py<Self>, vm: &VirtualMachine, key: &PyObject) -> PyResult {
        let _scope = origins::calling_plain(vm);
        let negative = || vm.new_value_error("Negative indexing is not supported.");
        if let Some(i) = key.downcast_ref::<PyInt>() {
            let i: i64 = i.try_to_primitive(vm)?;
            let i = u64::try_from(i).map_err(|_| negative())?;
            if let Some(list) = &*zelf.cache.borrow() {
                return list.as_object().get_item(key, vm);
            }
            let one = Self::chain(zelf, vm)?;
            one.with_query(|q| q.set_limits(Some(i), Some(i + 1)))
                .or_raise(vm)?;
            let rows = Self::fetch_all(&one, vm)?;
            let first = rows.borrow_vec().first().cloned();
            return first.ok_or_else(|| vm.new_index_error("list index out of range"));
        }
        let Some(slice) = key.downcast_ref::<PySlice>() else {
            return Err(vm.new_type_error(format!(
                "QuerySet indices must be integers or slices, not {}.",
                key.class().name()
            )));
        };
        let ends = [slice.start.clone(), Some(slice.stop.clone())];
        let ends = ends.map(|end| end.filter(|e| !vm.is_none(e)));
        let zero: PyObjectRef = vm.ctx.new_int(0).into();
        for end in ends.iter().flatten() {
            if end.rich_compare_bool(&zero, PyComparisonOp::Lt, vm)? {
                return Err(negative());
            }
        }
        if let Some(list) = &*zelf.cache.borrow() {
            return list.as_object().get_item(key, vm);
        }
        let number = |end: &PyObjectRef| -> PyResult<u64> {
            let int = vm.ctx.types.int_type.as_object();
            let made = int.call((end.clone(),), vm)?;
            made.try_into_value(vm)
        };
        let [start, stop] = ends.map(|end| end.as_ref().map(number).transpose());
        let (start, stop) = (start?, stop?);
        let part = Self::chain(zelf, vm)?;
        part.with_query(|q| q.set_limits(start, stop))
            .or_raise(vm)?;
        match &slice.step {
            Some(step) if !vm.is_none(step) && step.clone().is_true(vm)? => {
                let rows = Self::fetch_all(&part, vm)?;
                let steps = PySlice {
                    start: None,
                    stop: vm.ctx.none(),
                    step: Some(step.clone()),
                }
                .into_pyobject(vm);
                rows.as_object().get_item(&*steps, vm)
            }
            _ => Ok(part.into()),
        }
    }
}

#[pyclass(
    with(
        Constructor,
        Initializer,
        AsMapping,
        AsSequence,
        AsNumber,
        Iterable,
        Representable
    ),
    flags(HEAPTYPE, BASETYPE, HAS_DICT, HAS_WEAKREF)
)]
impl PyQuerySet {
    #[extend_class]
    fn named(ctx: &Context, class: &'static Py<PyType>) {
        crate::class::lives_in(ctx, class, "django.db.models.query");
    }
    #[pygetset(name = "model")]
    fn py_model(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        let class = zelf.class.borrow().clone();
        class.map_or_else(|| vm.ctx.none(), Into::into)
    }
    #[pygetset(setter)]
    fn set_model(zelf: &Py<PyQuerySet>, value: PyTypeRef) {
        *zelf.class.borrow_mut() = Some(value);
    }
    #[pygetset(name = "query")]
    fn py_query(zelf: PyRef<PyQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        PyQuery::object(vm, zelf)
    }
    #[pygetset(setter)]
    fn set_query(zelf: &Py<PyQuerySet>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        let Some(q) = value.downcast_ref::<PyQuery>() else {
            return Err(vm.new_type_error("query must be a Query"));
        };
        let query = q.queryset.query.borrow().clone();
        if !query.values_select.is_empty() {
            zelf.shape.set(Shape::Dicts);
        }
        *zelf.query.borrow_mut() = query;
        *zelf.steps.borrow_mut() = q.queryset.steps.borrow().clone();
        Ok(())
    }
    #[pygetset(name = "db")]
    fn py_db(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult<String> {
        Ok(zelf.db(vm)?.to_string())
    }
    #[pygetset]
    fn _db(zelf: &Py<PyQuerySet>) -> Option<String> {
        zelf.using.borrow().as_ref().map(|u| u.to_string())
    }
    #[pygetset(setter)]
    fn set__db(zelf: &Py<PyQuerySet>, value: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        *zelf.using.borrow_mut() = if vm.is_none(&value) {
            None
        } else {
            Some((&*value.str(vm)?.to_string_lossy()).into())
        };
        Ok(())
    }
    #[pygetset]
    fn _hints(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        let hints = zelf.hints.borrow().clone();
        hints.unwrap_or_else(|| vm.ctx.new_dict()).into()
    }
    #[pygetset]
    fn _result_cache(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        let cache = zelf.cache.borrow().clone();
        cache.map_or_else(|| vm.ctx.none(), Into::into)
    }
    #[pygetset(setter)]
    fn set__result_cache(zelf: &Py<PyQuerySet>, value: PyObjectRef) {
        *zelf.cache.borrow_mut() = value.downcast().ok();
    }
    #[pygetset]
    fn _prefetch_done(zelf: &Py<PyQuerySet>) -> bool {
        zelf.prefetch_done.get()
    }
    #[pygetset(setter)]
    fn set__prefetch_done(zelf: &Py<PyQuerySet>, value: bool) {
        zelf.prefetch_done.set(value);
    }
    #[pygetset]
    fn _prefetch_related_lookups(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.new_tuple(zelf.prefetch.borrow().to_vec()).into()
    }
    #[pygetset(setter)]
    fn set__prefetch_related_lookups(
        zelf: &Py<PyQuerySet>,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        *zelf.prefetch.borrow_mut() = std::rc::Rc::new(value.try_into_value(vm)?);
        Ok(())
    }
    #[pygetset]
    fn _for_write(zelf: &Py<PyQuerySet>) -> bool {
        zelf.for_write.get()
    }
    #[pygetset(setter)]
    fn set__for_write(zelf: &Py<PyQuerySet>, value: bool) {
        zelf.for_write.set(value);
    }
    #[pygetset]
    fn _fields(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        match &*zelf.fields.borrow() {
            None => vm.ctx.none(),
            Some(names) => {
                let items = names.iter().map(|n| vm.ctx.new_str(&**n).into()).collect();
                vm.ctx.new_tuple(items).into()
            }
        }
    }
    #[pygetset]
    fn _iterable_class(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult {
        if let Some(c) = &*zelf.iterable_class.borrow() {
            return Ok(c.clone());
        }
        let name = match zelf.shape.get() {
            Shape::Models => "ModelIterable",
            Shape::Dicts => "ValuesIterable",
            Shape::Tuples => "ValuesListIterable",
            Shape::Named => "NamedValuesListIterable",
            Shape::Flat => "FlatValuesListIterable",
        };
        modules::find(vm, "django.db.models.query", name)
    }
    #[pygetset(setter)]
    fn set__iterable_class(
        zelf: &Py<PyQuerySet>,
        value: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        for (name, shape) in SHAPES {
            if modules::find(vm, "django.db.models.query", name)?.is(&value) {
                zelf.shape.set(*shape);
                *zelf.iterable_class.borrow_mut() = None;
                return Ok(());
            }
        }
        *zelf.iterable_class.borrow_mut() = Some(value);
        Ok(())
    }
    #[pygetset]
    fn ordered(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult<bool> {
        zelf.is_ordered(vm)
    }
    #[pygetset]
    fn totally_ordered(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult<bool> {
        zelf.is_totally_ordered(vm)
    }
    #[pymethod]
    fn _fetch_all(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult<()> {
        PyQuerySet::fetch_all(zelf, vm).map(drop)
    }
    #[pymethod]
    fn _clone(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult<PyRef<PyQuerySet>> {
        PyQuerySet::chain(zelf, vm)
    }
    #[pymethod]
    fn _chain(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult<PyRef<PyQuerySet>> {
        PyQuerySet::chain(zelf, vm)
    }
    #[pymethod]
    fn _next_is_sticky(zelf: PyRef<PyQuerySet>) -> PyRef<PyQuerySet> {
        zelf.sticky.set(true);
        zelf
    }
    #[pymethod]
    fn _disable_cloning(zelf: PyRef<PyQuerySet>) -> PyRef<PyQuerySet> {
        zelf.in_place.set(true);
        zelf
    }
    #[pymethod]
    fn _enable_cloning(zelf: PyRef<PyQuerySet>) -> PyRef<PyQuerySet> {
        zelf.in_place.set(false);
        zelf
    }
    #[pymethod]
    fn _avoid_cloning(zelf: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        let class = crate::modules::find(vm, "django.db.models.query", "PreventQuerySetCloning")?;
        class.call((zelf,), vm)
    }
    #[pymethod]
    fn _has_filters(zelf: &Py<PyQuerySet>) -> bool {
        zelf.query.borrow().has_filters()
    }
    #[pymethod]
    fn _add_hints(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let hints = zelf.hints.borrow().clone();
        let hints = hints.unwrap_or_else(|| vm.ctx.new_dict());
        for (k, v) in args.kwargs.iter() {
            hints.set_item(&*vm.ctx.new_str(k.clone()), v.clone(), vm)?;
        }
        *zelf.hints.borrow_mut() = Some(hints);
        Ok(())
    }
    #[pymethod]
    fn resolve_expression(
        zelf: PyRef<PyQuerySet>,
        _args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        PyQuery::object(vm, zelf)
    }
    #[pymethod]
    fn __aiter__(zelf: PyRef<PyQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        AsyncIterator::object(vm, zelf.into())
    }
    #[pyclassmethod]
    fn __class_getitem__(cls: PyTypeRef, _item: PyObjectRef) -> PyTypeRef {
        cls
    }
    #[pyclassmethod]
    fn as_manager(cls: PyTypeRef, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::AS_MANAGER.check(vm, &args)?;
        super::super::manager::as_manager(vm, cls)
    }
    #[pymethod]
    fn iterator(zelf: &Py<PyQuerySet>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::ITERATOR.check(vm, &args)?;
        let chunk_size = args.take_positional_keyword("chunk_size");
        fetch::iterator(vm, zelf, chunk_size.filter(|c| !vm.is_none(c)))
    }
    #[pymethod]
    fn aiterator(zelf: &Py<PyQuerySet>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let chunk_size = args.take_positional_keyword("chunk_size");
        let size = chunk_size.unwrap_or_else(|| vm.ctx.new_int(2000).into());
        let queryset = zelf.to_owned();
        Ok(AsyncIterator::later(vm, move |vm| {
            fetch::iterator(vm, &queryset, Some(size))
        }))
    }
    #[pymethod]
    fn filter(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyQuerySet::stepped(zelf, vm, "filter", args, |args| {
            PyQuerySet::filtered(zelf, vm, false, args)
        })
    }
    #[pymethod]
    fn exclude(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyQuerySet::stepped(zelf, vm, "exclude", args, |args| {
            PyQuerySet::filtered(zelf, vm, true, args)
        })
    }
    #[pymethod]
    fn complex_filter(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let filter = signatures::COMPLEX_FILTER.one(vm, args)?;
        let _scope = origins::calling_plain(vm);
        Ok(PyQuerySet::complex(zelf, vm, filter)?.into())
    }
    #[pymethod]
    fn all(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::ALL.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "all", FuncArgs::default(), |_| {
            PyQuerySet::chain(zelf, vm)
        })
    }
    #[pymethod]
    fn none(
        zelf: &Py<PyQuerySet>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<PyQuerySet>> {
        signatures::NONE.check(vm, &args)?;
        let _scope = origins::calling_plain(vm);
        let qs = PyQuerySet::chain(zelf, vm)?;
        qs.with_query(|q| q.set_empty());
        Ok(qs)
    }
    #[pymethod]
    fn get(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let _scope = origins::calling(vm, &args);
        PyQuerySet::get_one(zelf, vm, args)
    }
    #[pymethod]
    fn first(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::FIRST.check(vm, &args)?;
        let _scope = origins::calling_plain(vm);
        PyQuerySet::first_or_last(zelf, vm, false)
    }
    #[pymethod]
    fn last(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::LAST.check(vm, &args)?;
        let _scope = origins::calling_plain(vm);
        PyQuerySet::first_or_last(zelf, vm, true)
    }
    #[pymethod]
    fn earliest(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::EARLIEST.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::extreme(zelf, vm, args, false)
    }
    #[pymethod]
    fn latest(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::LATEST.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::extreme(zelf, vm, args, true)
    }
    #[pymethod]
    fn count(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::COUNT.check(vm, &args)?;
        let _scope = origins::calling_plain(vm);
        PyQuerySet::count_rows(zelf, vm)
    }
    #[pymethod]
    fn exists(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<bool> {
        signatures::EXISTS.check(vm, &args)?;
        let _scope = origins::calling_plain(vm);
        PyQuerySet::any_row(zelf, vm)
    }
    #[pymethod]
    fn contains(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<bool> {
        let obj = signatures::CONTAINS.one(vm, args)?;
        let _scope = origins::calling_plain(vm);
        PyQuerySet::contains_instance(zelf, vm, obj)
    }
    #[pymethod]
    fn aggregate(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let _scope = origins::calling(vm, &args);
        PyQuerySet::aggregated(zelf, vm, args)
    }
    #[pymethod]
    fn annotate(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyQuerySet::stepped(zelf, vm, "annotate", args, |args| {
            PyQuerySet::annotated(zelf, vm, args, true)
        })
    }
    #[pymethod]
    fn alias(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyQuerySet::stepped(zelf, vm, "alias", args, |args| {
            PyQuerySet::annotated(zelf, vm, args, false)
        })
    }
    #[pymethod]
    fn order_by(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::ORDER_BY.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "order_by", args, |args| {
            PyQuerySet::ordered_by(zelf, vm, args.args)
        })
    }
    #[pymethod]
    fn reverse(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::REVERSE.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "reverse", FuncArgs::default(), |_| {
            PyQuerySet::reversed(zelf, vm)
        })
    }
    #[pymethod]
    fn distinct(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::DISTINCT.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "distinct", args, |args| {
            PyQuerySet::distinct_rows(zelf, vm, args.args)
        })
    }
    #[pymethod]
    fn values(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyQuerySet::stepped(zelf, vm, "values", args, |args| {
            PyQuerySet::as_dicts(zelf, vm, args)
        })
    }
    #[pymethod]
    fn values_list(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::VALUES_LIST.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "values_list", args, |args| {
            PyQuerySet::as_tuples(zelf, vm, args)
        })
    }
    #[pymethod]
    fn dates(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::DATES.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::date_list(zelf, vm, args, false)
    }
    #[pymethod]
    fn datetimes(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::DATETIMES.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::date_list(zelf, vm, args, true)
    }
    #[pymethod]
    fn select_related(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::SELECT_RELATED.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        zelf.not_combined(vm, "select_related")?;
        if args.args.is_empty() {
            orm_state::settings::warn(
                "RemovedInDjango2028Warning",
                "Calling select_related() with no arguments is deprecated. Specify the fields to \
                 fetch instead.",
            )
            .or_raise(vm)?;
        }
        PyQuerySet::stepped(zelf, vm, "select_related", args, |args| {
            PyQuerySet::with_related(zelf, vm, args.args)
        })
    }
    #[pymethod]
    fn prefetch_related(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::PREFETCH_RELATED.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        // The query stays what it is: for its pickle this is `all()`.
        PyQuerySet::stepped(zelf, vm, "all", FuncArgs::default(), |_| {
            PyQuerySet::prefetching(zelf, vm, args.args)
        })
    }
    #[pymethod]
    fn select_for_update(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::SELECT_FOR_UPDATE.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "select_for_update", args, |args| {
            PyQuerySet::locked(zelf, vm, args)
        })
    }
    #[pymethod]
    fn defer(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::DEFER.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "defer", args, |args| {
            PyQuerySet::deferring(zelf, vm, args.args)
        })
    }
    #[pymethod]
    fn only(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::ONLY.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "only", args, |args| {
            PyQuerySet::loading_only(zelf, vm, args.args)
        })
    }
    #[pymethod]
    fn using(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let alias = signatures::USING.one(vm, args)?;
        PyQuerySet::stepped(zelf, vm, "all", FuncArgs::default(), |_| {
            let qs = PyQuerySet::chain(zelf, vm)?;
            PyQuerySet::set__db(&qs, alias, vm)?;
            Ok(qs)
        })
    }
    #[pymethod]
    fn fetch_mode(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let mode = signatures::FETCH_MODE.one(vm, args)?;
        PyQuerySet::stepped(zelf, vm, "all", FuncArgs::default(), |_| {
            let qs = PyQuerySet::chain(zelf, vm)?;
            *qs.fetch_mode.borrow_mut() = Some(mode);
            Ok(qs)
        })
    }
    #[pymethod]
    fn extra(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::EXTRA.check(vm, &args)?;
        PyQuerySet::stepped(zelf, vm, "extra", args, |args| {
            PyQuerySet::with_extra(zelf, vm, args)
        })
    }
    #[pymethod]
    fn union(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::UNION.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::united(zelf, vm, args)
    }
    #[pymethod]
    fn intersection(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::INTERSECTION.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::intersected(zelf, vm, args)
    }
    #[pymethod]
    fn difference(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::DIFFERENCE.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::subtracted(zelf, vm, args)
    }
    #[pymethod]
    fn create(zelf: PyRef<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::CREATE.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::create_one(&zelf, vm, args)
    }
    #[pymethod]
    fn get_or_create(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::GET_OR_CREATE.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::get_or_create_one(zelf, vm, args)
    }
    #[pymethod]
    fn update_or_create(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::UPDATE_OR_CREATE.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::update_or_create_one(zelf, vm, args)
    }
    #[pymethod]
    fn bulk_create(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::BULK_CREATE.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::create_many(zelf, vm, args)
    }
    #[pymethod]
    fn bulk_update(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::BULK_UPDATE.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::update_many(zelf, vm, args)
    }
    #[pymethod]
    fn in_bulk(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::IN_BULK.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::by_key(zelf, vm, args)
    }
    #[pymethod]
    fn update(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::UPDATE.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::update_rows(zelf, vm, args)
    }
    #[pymethod]
    fn delete(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::DELETE.check(vm, &args)?;
        let _scope = origins::calling_plain(vm);
        PyQuerySet::delete_rows(zelf, vm)
    }
    #[pymethod]
    fn _raw_delete(
        zelf: &Py<PyQuerySet>,
        using: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<i64> {
        let using = using.str(vm)?;
        PyQuerySet::raw_delete(zelf, vm, &using.to_string_lossy())
    }
    #[pymethod]
    fn explain(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::EXPLAIN.check(vm, &args)?;
        let _scope = origins::calling(vm, &args);
        PyQuerySet::explained(zelf, vm, args)
    }
    #[pymethod]
    fn raw(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        signatures::RAW.check(vm, &args)?;
        let class = zelf.model_class(vm)?;
        let origin = Origin {
            model: Some(class),
            using: zelf.using.borrow().clone(),
            prefetch: zelf.prefetch.borrow().to_vec(),
            fetch_mode: zelf.fetch_mode.borrow().clone(),
        };
        crate::queries::raw::make(vm, origin, args)
    }
    #[pymethod]
    fn __getstate__(zelf: &Py<PyQuerySet>, vm: &VirtualMachine) -> PyResult {
        PyQuerySet::state(zelf, vm)
    }
    #[pymethod]
    fn __deepcopy__(
        zelf: &Py<PyQuerySet>,
        _memo: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<PyRef<PyQuerySet>> {
        PyQuerySet::chain(zelf, vm)
    }
    #[pymethod]
    fn __setstate__(
        zelf: &Py<PyQuerySet>,
        state: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        PyQuerySet::set_state(zelf, vm, state)
    }
    #[pymethod]
    fn __reduce__(zelf: PyRef<PyQuerySet>, vm: &VirtualMachine) -> PyResult {
        PyQuerySet::reduced(&zelf, vm)
    }
    #[pymethod]
    fn aget(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "get", args)
    }
    #[pymethod]
    fn acreate(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "create", args)
    }
    #[pymethod]
    fn acount(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "count", args)
    }
    #[pymethod]
    fn aexists(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "exists", args)
    }
    #[pymethod]
    fn acontains(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "contains", args)
    }
    #[pymethod]
    fn afirst(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "first", args)
    }
    #[pymethod]
    fn alast(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "last", args)
    }
    #[pymethod]
    fn aearliest(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "earliest", args)
    }
    #[pymethod]
    fn alatest(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "latest", args)
    }
    #[pymethod]
    fn aaggregate(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "aggregate", args)
    }
    #[pymethod]
    fn aget_or_create(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "get_or_create", args)
    }
    #[pymethod]
    fn aupdate_or_create(
        zelf: &Py<PyQuerySet>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "update_or_create", args)
    }
    #[pymethod]
    fn abulk_create(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "bulk_create", args)
    }
    #[pymethod]
    fn abulk_update(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "bulk_update", args)
    }
    #[pymethod]
    fn ain_bulk(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "in_bulk", args)
    }
    #[pymethod]
    fn aupdate(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "update", args)
    }
    #[pymethod]
    fn adelete(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "delete", args)
    }
    #[pymethod]
    fn aexplain(zelf: &Py<PyQuerySet>, args: FuncArgs, vm: &VirtualMachine) -> PyObjectRef {
        PyQuerySet::later(zelf, vm, "explain", args)
    }
}

/// The iterable classes, by name.
pub const SHAPES: &[(&str, Shape)] = &[
    ("ModelIterable", Shape::Models),
    ("ValuesIterable", Shape::Dicts),
    ("ValuesListIterable", Shape::Tuples),
    ("NamedValuesListIterable", Shape::Named),
    ("FlatValuesListIterable", Shape::Flat),
];

/// The iterable classes and `EmptyQuerySet`.
pub fn install_markers(vm: &VirtualMachine) -> PyResult<()> {
    let class = |name: &str, base: &[PyTypeRef]| {
        crate::class::class(vm, "django.db.models.query", name, base, |_| {})
    };
    let base = class("BaseIterable", &[])?;
    modules::export(vm, "django.db.models.query", "BaseIterable", base.clone())?;
    let base = [base];
    let tuples = class("ValuesListIterable", &base)?;
    for (name, shape) in SHAPES {
        let made = match shape {
            Shape::Tuples => tuples.clone(),
            Shape::Named => class(name, std::slice::from_ref(&tuples))?,
            _ => class(name, &base)?,
        };
        modules::export(vm, "django.db.models.query", name, made)?;
    }
    let meta = crate::class::class(
        vm,
        "django.db.models.query",
        "InstanceCheckMeta",
        &[vm.ctx.types.type_type.to_owned()],
        |c| {
            c.method(
                "__instancecheck__",
                |_cls: PyObjectRef, instance: PyObjectRef| -> bool {
                    instance
                        .downcast_ref::<PyQuerySet>()
                        .is_some_and(|q| q.is_empty_queryset())
                },
            );
        },
    )?;
    let dict = vm.ctx.new_dict();
    dict.set_item(
        "__module__",
        vm.ctx.new_str("django.db.models.query").into(),
        vm,
    )?;
    let refuse = crate::class::function(vm, "__init__", |_: FuncArgs, vm: &VirtualMachine| {
        PyResult::<()>::Err(vm.new_type_error("EmptyQuerySet can't be instantiated"))
    });
    dict.set_item("__init__", refuse, vm)?;
    let empty = meta.as_object().call(
        (
            vm.ctx.new_str("EmptyQuerySet"),
            vm.ctx.new_tuple(vec![]),
            dict,
        ),
        vm,
    )?;
    modules::export(vm, "django.db.models.query", "EmptyQuerySet", empty)
}

impl Iterable for PyQuerySet {
    fn iter(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        let list: PyObjectRef = PyQuerySet::fetch_all(&zelf, vm)?.into();
        Ok(list.get_iter(vm)?.into())
    }
}

impl AsMapping for PyQuerySet {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            length: atomic_func!(|m, vm| {
                Ok(PyQuerySet::fetch_all(PyQuerySet::mapping_downcast(m), vm)?.__len__())
            }),
            subscript: atomic_func!(|m, key, vm| {
                PyQuerySet::item(PyQuerySet::mapping_downcast(m), vm, key)
            }),
            ..PyMappingMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl AsSequence for PyQuerySet {
    fn as_sequence() -> &'static PySequenceMethods {
        static METHODS: LazyLock<PySequenceMethods> = LazyLock::new(|| PySequenceMethods {
            length: atomic_func!(|s, vm| {
                Ok(PyQuerySet::fetch_all(PyQuerySet::sequence_downcast(s), vm)?.__len__())
            }),
            contains: atomic_func!(|s, needle, vm| {
                let list = PyQuerySet::fetch_all(PyQuerySet::sequence_downcast(s), vm)?;
                let items = list.borrow_vec().to_vec();
                for item in &items {
                    if item.is(needle) || vm.bool_eq(item, needle)? {
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

impl AsNumber for PyQuerySet {
    fn as_number() -> &'static PyNumberMethods {
        use orm_sql::Connector;
        static METHODS: PyNumberMethods = PyNumberMethods {
            boolean: Some(|n, vm| {
                Ok(PyQuerySet::fetch_all(PyQuerySet::number_downcast(n), vm)?.__len__() > 0)
            }),
            and: Some(|a, b, vm| PyQuerySet::merged(vm, a, b, Connector::And)),
            or: Some(|a, b, vm| PyQuerySet::merged(vm, a, b, Connector::Or)),
            xor: Some(|a, b, vm| PyQuerySet::merged(vm, a, b, Connector::Xor)),
            ..PyNumberMethods::NOT_IMPLEMENTED
        };
        &METHODS
    }
}

impl Representable for PyQuerySet {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let cached = zelf.cache.borrow().clone();
        let items: Vec<PyObjectRef> = match cached {
            Some(list) => list
                .borrow_vec()
                .iter()
                .take(REPR_OUTPUT_SIZE + 1)
                .cloned()
                .collect(),
            None => {
                let part = PyQuerySet::chain(zelf, vm)?;
                let limit = REPR_OUTPUT_SIZE as u64 + 1;
                part.with_query(|q| q.set_limits(None, Some(limit)))
                    .or_raise(vm)?;
                PyQuerySet::fetch_all(&part, vm)?.borrow_vec().to_vec()
            }
        };
        let mut shown = vec![];
        for item in items.iter().take(REPR_OUTPUT_SIZE) {
            shown.push(item.repr(vm)?.to_string_lossy().into_owned());
        }
        if items.len() > REPR_OUTPUT_SIZE {
            shown.push("'...(remaining elements truncated)...'".into());
        }
        Ok(format!("<{} [{}]>", zelf.class().name(), shown.join(", ")))
    }
}

/// Names that are taken apart at their `__`.
pub fn paths(vm: &VirtualMachine, args: &[PyObjectRef]) -> PyResult<Vec<std::rc::Rc<str>>> {
    match args.iter().find(|a| a.downcast_ref::<PyStr>().is_none()) {
        Some(other) => Err(vm.new_attribute_error(format!(
            "'{}' object has no attribute 'split'",
            other.class().name()
        ))),
        None => names(vm, args),
    }
}

/// Names given as positional arguments.
pub fn names(vm: &VirtualMachine, args: &[PyObjectRef]) -> PyResult<Vec<std::rc::Rc<str>>> {
    args.iter()
        .map(|a| match a.downcast_ref::<PyStr>() {
            Some(s) => Ok((&*s.to_string_lossy()).into()),
            None => Err(vm.new_type_error(format!(
                "argument of type '{}' is not iterable",
                a.class().name()
            ))),
        })
        .collect()
}

/// An exception class of a model: `DoesNotExist`, `MultipleObjectsReturned`.
pub fn model_exception(
    vm: &VirtualMachine,
    class: &Py<PyType>,
    name: &'static str,
    message: String,
) -> rustpython_vm::builtins::PyBaseExceptionRef {
    match class
        .as_object()
        .get_attr(name, vm)
        .map(|c| c.downcast::<PyType>())
    {
        Ok(Ok(c)) => error::new(vm, c, vec![vm.ctx.new_str(message).into()]),
        _ => error::raise(
            vm,
            if name == "DoesNotExist" {
                "ObjectDoesNotExist"
            } else {
                "MultipleObjectsReturned"
            },
            message,
        ),
    }
}
