//! Running a queryset's query and building what its rows stand for.
use super::execute;
use super::fetch_modes;
use super::hints::class_of_model;
use super::queryset::{KnownRelated, PyQuerySet, Shape};
use super::rows;
use crate::error::OrRaise;
use crate::models::base::construct::RowPlan;
use crate::models::state;
use orm_sql::compiler::{Compiled, KlassInfo, SelectItem};
use orm_sql::expression::Converter;
use orm_sql::expressions::Col;
use orm_sqlite::SqliteCursor;
use orm_state::{AnyField, Value};
use rustpython_vm::builtins::{PyListRef, PyStrInterned};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::types::{IterNext, SelfIter};
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// Every row.
pub fn all(vm: &VirtualMachine, qs: &Py<PyQuerySet>) -> PyResult<Vec<PyObjectRef>> {
    crate::gc::collect_old(vm);
    if let Some(class) = qs.iterable_class.borrow().clone() {
        let iterable = class.call((qs.to_owned(),), vm)?;
        return iterable.try_into_value(vm);
    }
    let using = qs.db(vm)?;
    let query = qs.query.borrow().clone();
    let Some(compiled) = execute::compile(vm, &query, &using)? else {
        return Ok(vec![]);
    };
    let build = || Builder::new(vm, qs, &compiled, &using);
    // Names that no tuple can have are refused before anything is asked.
    let early = match qs.shape.get() {
        Shape::Named => Some(build()?),
        _ => None,
    };
    let fetched = execute::run(vm, &compiled, &using)?;
    let builder = early.map_or_else(build, Ok)?;
    fetched
        .into_iter()
        .map(|row| builder.build(vm, row))
        .collect()
}

/// `iterator()`: rows as they come.
pub fn iterator(
    vm: &VirtualMachine,
    qs: &Py<PyQuerySet>,
    chunk_size: Option<PyObjectRef>,
) -> PyResult {
    let size = match &chunk_size {
        None if !qs.prefetch.borrow().is_empty() => {
            return Err(vm.new_value_error(
                "chunk_size must be provided when using QuerySet.iterator() after prefetch_related().",
            ));
        }
        None => 2000,
        Some(n) => match n.clone().try_into_value::<i64>(vm)? {
            n if n <= 0 => {
                return Err(vm.new_value_error("Chunk size must be strictly positive."));
            }
            n => n as usize,
        },
    };
    if let Some(class) = qs.iterable_class.borrow().clone() {
        let iterable = class.call((qs.to_owned(),), vm)?;
        return Ok(iterable.get_iter(vm)?.into());
    }
    let qs = PyQuerySet::chain(qs, vm)?;
    Ok(RowIterator {
        queryset: qs,
        size,
        running: RefCell::new(Running::NotStarted),
    }
    .into_pyobject(vm))
}

/// Fills the prefetch caches of fetched instances.
pub fn prefetch(vm: &VirtualMachine, qs: &Py<PyQuerySet>, list: &PyListRef) -> PyResult<()> {
    let items = list.borrow_vec().to_vec();
    let lookups = qs.prefetch.borrow().to_vec();
    let origins = qs.prefetched_by.borrow().clone();
    super::prefetch::prefetch_for(vm, items, lookups, &origins)
}

enum Running {
    NotStarted,
    Open(Box<(SqliteCursor, Builder)>, VecDeque<PyObjectRef>),
    Done,
}

/// What `iterator()` returns.
#[pyclass(module = "builtins", name = "generator")]
#[derive(PyPayload)]
pub struct RowIterator {
    queryset: rustpython_vm::PyRef<PyQuerySet>,
    size: usize,
    running: RefCell<Running>,
}

impl std::fmt::Debug for RowIterator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RowIterator")
    }
}

#[pyclass(with(IterNext))]
impl RowIterator {
    #[pymethod]
    fn close(zelf: &Py<RowIterator>) {
        *zelf.running.borrow_mut() = Running::Done;
    }
}

impl SelfIter for RowIterator {}
impl IterNext for RowIterator {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        let state = std::mem::replace(&mut *zelf.running.borrow_mut(), Running::Done);
        let (mut open, mut ready) = match state {
            Running::Done => return Ok(PyIterReturn::StopIteration(None)),
            Running::Open(open, ready) => (open, ready),
            Running::NotStarted => {
                let using = zelf.queryset.db(vm)?;
                let query = zelf.queryset.query.borrow().clone();
                let Some(compiled) = execute::compile(vm, &query, &using)? else {
                    return Ok(PyIterReturn::StopIteration(None));
                };
                let cursor = execute::start(vm, &compiled, &using)?;
                let builder = Builder::new(vm, &zelf.queryset, &compiled, &using)?;
                (Box::new((cursor, builder)), VecDeque::new())
            }
        };
        if ready.is_empty() {
            let lookups = zelf.queryset.prefetch.borrow().to_vec();
            // Without prefetching, one row at a time is as good as a chunk.
            let wanted = if lookups.is_empty() { 1 } else { zelf.size };
            let mut chunk = vec![];
            while chunk.len() < wanted {
                let row = open.0.next_row();
                match row.map_err(|e| crate::db::sqlite3::wrapped(vm, e))? {
                    Some(row) => chunk.push(open.1.build(vm, row)?),
                    None => break,
                }
            }
            if !lookups.is_empty() && !chunk.is_empty() {
                let origins = zelf.queryset.prefetched_by.borrow().clone();
                super::prefetch::prefetch_for(vm, chunk.clone(), lookups, &origins)?;
            }
            ready.extend(chunk);
        }
        match ready.pop_front() {
            Some(item) => {
                *zelf.running.borrow_mut() = Running::Open(open, ready);
                Ok(PyIterReturn::Return(item))
            }
            None => Ok(PyIterReturn::StopIteration(None)),
        }
    }
}

/// Builds what one row stands for.
pub struct Builder {
    shape: Shape,
    converters: Vec<Vec<Converter>>,
    composites: Vec<rows::Composite>,
    names: Vec<&'static PyStrInterned>,
    named_class: Option<PyObjectRef>,
    model: Option<Instances>,
    annotations: Vec<(&'static PyStrInterned, usize)>,
    known: KnownRelated,
}

/// Instances of one model out of a row, and of the models related to it.
struct Instances {
    plan: RowPlan,
    positions: Vec<usize>,
    keys: Vec<usize>,
    /// Weak references to the instances made so far, where the fetch mode wants them.
    /// An exception is the first row's: what is no mode is not seen before.
    peers: PyResult<Option<PyObjectRef>>,
    related: Vec<Related>,
}

struct Related {
    instances: Instances,
    /// Where the related instance is remembered on this side, and this one on the other.
    local: Option<String>,
    remote: Option<String>,
    /// A filtered relation sets a plain attribute.
    attribute: Option<String>,
}

impl Builder {
    fn new(
        vm: &VirtualMachine,
        qs: &Py<PyQuerySet>,
        compiled: &Compiled,
        using: &Rc<str>,
    ) -> PyResult<Builder> {
        let shape = qs.shape.get();
        let query = &compiled.query;
        let mut builder = Builder {
            shape,
            converters: rows::converters(&compiled.select).or_raise(vm)?,
            composites: rows::composites(&compiled.select).or_raise(vm)?,
            names: vec![],
            named_class: None,
            model: None,
            annotations: vec![],
            known: qs.known_related.borrow().clone(),
        };
        match shape {
            Shape::Models => {
                if let Some(info) = &compiled.klass_info {
                    let mode = qs.fetch_mode.borrow().clone();
                    builder.model = Some(Instances::new(vm, info, &compiled.select, using, mode)?);
                }
                builder.annotations = compiled
                    .annotation_col_map
                    .iter()
                    .map(|(k, at)| (vm.ctx.intern_str(k.as_str()), *at))
                    .collect();
            }
            Shape::Dicts | Shape::Named => {
                // As they were asked for: compiling a union may select more to order by.
                let selected = qs.with_query(|q| q.selected.clone());
                let names: Vec<String> = match (&*qs.fields.borrow(), &selected) {
                    (Some(f), _) if shape == Shape::Named && !f.is_empty() => {
                        f.iter().map(|n| n.to_string()).collect()
                    }
                    (_, Some(selected)) if shape == Shape::Dicts => {
                        selected.keys().cloned().collect()
                    }
                    _ => query
                        .extra_select()
                        .map(|(k, _)| k.clone())
                        .chain(query.values_select.iter().map(|n| n.to_string()))
                        .chain(query.annotation_select().map(|(k, _)| k.to_string()))
                        .collect(),
                };
                builder.names = names
                    .iter()
                    .map(|n| vm.ctx.intern_str(n.as_str()))
                    .collect();
                if shape == Shape::Named {
                    vm.import("django.db.models.utils", 0)?;
                    let make = crate::modules::find(
                        vm,
                        "django.db.models.utils",
                        "create_namedtuple_class",
                    )?;
                    builder.named_class = Some({
                        let names: Vec<PyObjectRef> = builder
                            .names
                            .iter()
                            .map(|n| (*n).to_owned().into())
                            .collect();
                        make.call(names, vm)?
                    });
                }
            }
            Shape::Tuples | Shape::Flat => {}
        }
        Ok(builder)
    }
    fn build(&self, vm: &VirtualMachine, row: Vec<Value>) -> PyResult {
        let row = rows::folded(row, &self.composites).or_raise(vm)?;
        self.check_length(vm, row.len())?;
        let values = rows::objects(vm, row, &self.converters)?;
        let width = self.converters.len();
        match self.shape {
            Shape::Flat => Ok(vm.unwrap_or_none(values.into_iter().next())),
            Shape::Tuples => {
                let mut values = values;
                values.truncate(width);
                Ok(vm.ctx.new_tuple(values).into())
            }
            Shape::Named => {
                let mut values = values;
                values.truncate(width);
                match &self.named_class {
                    Some(class) => class.call(values, vm),
                    None => Ok(vm.ctx.new_tuple(values).into()),
                }
            }
            Shape::Dicts => {
                let dict = vm.ctx.new_dict();
                for (name, value) in self.names.iter().zip(values) {
                    dict.set_item(*name, value, vm)?;
                }
                Ok(dict.into())
            }
            Shape::Models => {
                let Some(model) = &self.model else {
                    return Err(vm.new_runtime_error("The query selects no model."));
                };
                let obj = model.build(vm, &values)?;
                for (name, at) in &self.annotations {
                    if let Some(v) = values.get(*at) {
                        obj.set_attr(*name, v.clone(), vm)?;
                    }
                }
                self.attach_known(vm, &obj)?;
                Ok(obj)
            }
        }
    }
    /// A filter over a window selects what was selected twice only once: a row then is too short.
    fn check_length(&self, vm: &VirtualMachine, length: usize) -> PyResult<()> {
        let Some(missing) = self.converters.get(length..).filter(|m| !m.is_empty()) else {
            return Ok(());
        };
        let converted = self.converters.iter().any(|c| !c.is_empty());
        if self.shape != Shape::Dicts && missing.iter().all(Vec::is_empty) {
            return Ok(());
        }
        Err(vm.new_index_error(if converted {
            "list index out of range"
        } else {
            "tuple index out of range"
        }))
    }
    fn attach_known(&self, vm: &VirtualMachine, obj: &PyObjectRef) -> PyResult<()> {
        for (field, known) in self.known.iter() {
            let name = field.name();
            if fields_cache(vm, obj)?.get_item(&*name, vm).is_ok() {
                continue;
            }
            let Some(dict) = obj.dict() else { continue };
            // A key of several columns is a tuple.
            let pairs = field.related_fields().or_raise(vm)?;
            let mut keys = vec![];
            for (ours, _) in &pairs {
                keys.extend(dict.get_item_opt(&*ours.attname(), vm)?);
            }
            let key = match keys.len() {
                n if n != pairs.len() => continue,
                1 => keys.remove(0),
                _ => vm.ctx.new_tuple(keys).into(),
            };
            if let Some(found) = known.get_item_opt(&*key, vm)? {
                obj.set_attr(vm.ctx.intern_str(&*name), found, vm)?;
            }
        }
        Ok(())
    }
}

/// `obj._state.fields_cache`
pub fn fields_cache(vm: &VirtualMachine, obj: &PyObjectRef) -> PyResult {
    obj.get_attr("_state", vm)?.get_attr("fields_cache", vm)
}

impl Instances {
    fn new(
        vm: &VirtualMachine,
        info: &KlassInfo,
        select: &[SelectItem],
        using: &Rc<str>,
        mode: Option<PyObjectRef>,
    ) -> PyResult<Instances> {
        let column = |at: &usize| {
            select
                .get(*at)
                .and_then(|s| s.expr.as_any().downcast_ref::<Col>())
                .map(|c| c.target.clone())
        };
        // In the order of the model's own columns, as `from_db` expects them.
        let fields = info.model.concrete_fields();
        let mut chosen: Vec<(usize, String, usize)> = vec![];
        for at in &info.select_fields {
            if let Some(target) = column(at) {
                let order = fields
                    .iter()
                    .position(|f| f.attname() == target.attname())
                    .unwrap_or(usize::MAX);
                chosen.push((order, target.attname().to_string(), *at));
            }
        }
        chosen.sort_by_key(|(order, _, _)| *order);
        let keys = info.model.pk_fields().or_raise(vm)?;
        let key_positions = keys
            .iter()
            .filter_map(|k| {
                chosen
                    .iter()
                    .find(|(_, name, _)| **name == *k.attname())
                    .map(|(_, _, at)| *at)
            })
            .collect();
        let class = class_of_model(vm, &info.model)?;
        let names: Vec<&str> = chosen.iter().map(|(_, n, _)| n.as_str()).collect();
        let db = vm.ctx.new_str(&**using).into();
        let peers = fetch_modes::tracks_peers(vm, mode.as_ref())
            .map(|tracked| tracked.then(|| vm.ctx.new_list(vec![]).into()));
        let mut related = vec![];
        for r in &info.related {
            related.push(Related::new(vm, r, select, using, mode.clone())?);
        }
        Ok(Instances {
            plan: RowPlan::new(
                vm,
                class.clone(),
                &names,
                db,
                fetch_modes::for_from_db(vm, &class, mode)?,
            )?,
            positions: chosen.into_iter().map(|(_, _, at)| at).collect(),
            keys: key_positions,
            peers,
            related,
        })
    }
    fn build(&self, vm: &VirtualMachine, row: &[PyObjectRef]) -> PyResult {
        let values = self
            .positions
            .iter()
            .map(|at| row.get(*at).cloned().unwrap_or_else(|| vm.ctx.none()));
        let obj = self.plan.build(vm, values)?;
        if let Some(peers) = self.peers.as_ref().map_err(Clone::clone)? {
            fetch_modes::add_peer(vm, peers, &obj)?;
        }
        for related in &self.related {
            related.populate(vm, row, &obj)?;
        }
        Ok(obj)
    }
    fn is_missing(&self, vm: &VirtualMachine, row: &[PyObjectRef]) -> bool {
        self.keys
            .iter()
            .all(|at| row.get(*at).is_none_or(|v| vm.is_none(v)))
    }
}

impl Related {
    fn new(
        vm: &VirtualMachine,
        info: &KlassInfo,
        select: &[SelectItem],
        using: &Rc<str>,
        mode: Option<PyObjectRef>,
    ) -> PyResult<Related> {
        let forward_name = |f: &orm_state::Field| f.name().to_string();
        let (local, remote) = match &info.field {
            // Over several joins, the two objects are no neighbours.
            _ if info.filtered_relation.is_some() && !info.direct => (None, None),
            Some(AnyField::Field(f)) if info.filtered_relation.is_some() => {
                (None, f.remote.as_ref().and_then(|r| r.accessor_name()))
            }
            Some(AnyField::Field(f)) if !info.reverse => {
                let back = f
                    .remote
                    .as_ref()
                    .filter(|_| f.is_unique())
                    .and_then(|r| r.accessor_name());
                (Some(forward_name(f)), back)
            }
            Some(AnyField::Field(f)) => {
                let back = f.remote.as_ref().and_then(|r| r.accessor_name());
                (back, Some(forward_name(f)))
            }
            Some(AnyField::Rel(r)) => (r.accessor_name(), r.field_opt().map(|f| forward_name(&f))),
            None => (None, None),
        };
        Ok(Related {
            instances: Instances::new(vm, info, select, using, mode)?,
            local,
            remote,
            attribute: info.filtered_relation.clone(),
        })
    }
    fn populate(
        &self,
        vm: &VirtualMachine,
        row: &[PyObjectRef],
        from: &PyObjectRef,
    ) -> PyResult<()> {
        let missing = self.instances.is_missing(vm, row);
        let obj = if missing {
            vm.ctx.none()
        } else {
            self.instances.build(vm, row)?
        };
        if let Some(name) = &self.attribute {
            if !missing {
                from.set_attr(vm.ctx.intern_str(name.as_str()), obj.clone(), vm)?;
            }
        } else if let Some(name) = &self.local {
            state::fields_cache(vm, from)?.set_item(name.as_str(), obj.clone(), vm)?;
        }
        if !missing && let Some(name) = &self.remote {
            state::fields_cache(vm, &obj)?.set_item(name.as_str(), from.clone(), vm)?;
        }
        Ok(())
    }
}

/// Makes the classes of this file.
pub fn install() {
    let _ = RowIterator::make_static_type();
}
