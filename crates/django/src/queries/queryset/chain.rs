//! Methods that narrow or widen what is fetched: filters, related objects, deferred columns.
use super::methods::{names, paths};
use super::{PyQuerySet, Shape};
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::queries::q::{PyQ, kwargs_of, q_of};
use orm_sql::Q;
use orm_sql::origin;
use orm_sql::query::{ForUpdate, SelectRelated};
use orm_state::Value;
use rustpython_vm::builtins::{PyDict, PyStr};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Chained = PyResult<PyRef<PyQuerySet>>;

impl PyQuerySet {
    /// `filter()` and `exclude()`.
    pub fn filtered(zelf: &Py<Self>, vm: &VirtualMachine, negate: bool, args: FuncArgs) -> Chained {
        zelf.not_combined(vm, if negate { "exclude" } else { "filter" })?;
        Self::narrowed(zelf, vm, negate, args)
    }
    /// As `filter()` and `exclude()`, whatever the queryset was combined with.
    fn narrowed(zelf: &Py<Self>, vm: &VirtualMachine, negate: bool, args: FuncArgs) -> Chained {
        if !args.is_empty() && zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot filter a query once a slice has been taken."));
        }
        let invalid: Vec<&str> = ["_connector", "_negated"]
            .into_iter()
            .filter(|k| args.kwargs.get(k).is_some())
            .collect();
        if !invalid.is_empty() {
            let list: Vec<String> = invalid.iter().map(|k| format!("'{k}'")).collect();
            return Err(vm.new_type_error(format!(
                "The following kwargs are invalid: {}",
                list.join(", ")
            )));
        }
        let mut q = q_of(vm, &args.args, kwargs_of(&args))?;
        if negate {
            q = q.invert();
        }
        Self::with_q(zelf, vm, &q)
    }
    fn with_q(zelf: &Py<Self>, vm: &VirtualMachine, q: &Q) -> Chained {
        let qs = Self::chain(zelf, vm)?;
        qs.with_query(|query| query.add_q(q)).or_raise(vm)?;
        Ok(qs)
    }
    /// `complex_filter()`: a `Q` or a dictionary of lookups.
    pub fn complex(zelf: &Py<Self>, vm: &VirtualMachine, filter: PyObjectRef) -> Chained {
        if let Some(q) = filter.downcast_ref::<PyQ>() {
            let q = q.q.borrow().clone();
            return Self::with_q(zelf, vm, &q);
        }
        let mut args = FuncArgs::default();
        if let Some(d) = filter.downcast_ref::<PyDict>() {
            for (k, v) in d.items_vec() {
                args.kwargs.insert(k.str(vm)?.as_wtf8().to_owned(), v);
            }
        } else if filter.clone().is_true(vm)? && !zelf.is_sliced() {
            let _: Vec<PyObjectRef> = filter.try_to_value(vm)?;
            return Err(vm.new_type_error(format!(
                "django.db.models.query_utils.Q() argument after ** must be a mapping, not {}",
                filter.class().name()
            )));
        }
        Self::narrowed(zelf, vm, false, args)
    }
    /// `select_related()`
    pub fn with_related(zelf: &Py<Self>, vm: &VirtualMachine, args: Vec<PyObjectRef>) -> Chained {
        zelf.not_combined(vm, "select_related")?;
        if zelf.fields.borrow().is_some() {
            return Err(
                vm.new_type_error("Cannot call select_related() after .values() or .values_list()")
            );
        }
        let qs = Self::chain(zelf, vm)?;
        match &args[..] {
            [only] if vm.is_none(only) => qs.with_query(|q| q.select_related = SelectRelated::No),
            [] => qs.with_query(|q| q.select_related = SelectRelated::All),
            _ => {
                if let Some(other) = args.iter().find(|a| a.downcast_ref::<PyStr>().is_none()) {
                    return Err(vm.new_attribute_error(format!(
                        "'{}' object has no attribute 'split'",
                        other.class().name()
                    )));
                }
                let fields = names(vm, &args)?;
                qs.with_query(|q| q.add_select_related(fields.iter().map(|f| &**f)));
            }
        }
        Ok(qs)
    }
    /// `prefetch_related()`
    pub fn prefetching(zelf: &Py<Self>, vm: &VirtualMachine, args: Vec<PyObjectRef>) -> Chained {
        zelf.not_combined(vm, "prefetch_related")?;
        let qs = Self::chain(zelf, vm)?;
        if let [only] = &args[..]
            && vm.is_none(only)
        {
            *qs.prefetch.borrow_mut() = Rc::default();
            return Ok(qs);
        }
        for lookup in &args {
            let path = match lookup.downcast_ref::<PyStr>() {
                Some(s) => s.to_string_lossy().into_owned(),
                None => match lookup.get_attr("prefetch_to", vm) {
                    Ok(to) => to.str(vm)?.to_string_lossy().into_owned(),
                    Err(_) => {
                        return Err(vm.new_attribute_error(format!(
                            "'{}' object has no attribute 'split'",
                            lookup.class().name()
                        )));
                    }
                },
            };
            let first = path.split("__").next().unwrap_or_default();
            if zelf.query.borrow().filtered_relations.contains_key(first) {
                return Err(vm.new_value_error(
                    "prefetch_related() is not supported with FilteredRelation.",
                ));
            }
        }
        let mut all = zelf.prefetch.borrow().to_vec();
        if origin::tracing() {
            let mut origins = qs.prefetched_by.borrow_mut();
            origins.resize(all.len(), None);
            origins.extend((0..args.len()).map(origin::argument));
        }
        all.extend(args);
        *qs.prefetch.borrow_mut() = Rc::new(all);
        Ok(qs)
    }
    /// `select_for_update()`
    pub fn locked(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> Chained {
        let mut flag = |name| match args.take_positional_keyword(name) {
            Some(v) => v.is_true(vm),
            None => Ok(false),
        };
        let (nowait, skip_locked) = (flag("nowait")?, flag("skip_locked")?);
        if nowait && skip_locked {
            return Err(vm.new_value_error("The nowait option cannot be used with skip_locked."));
        }
        let of = match args.take_positional_keyword("of") {
            Some(of) => names(vm, &of.try_into_value::<Vec<PyObjectRef>>(vm)?)?,
            None => vec![],
        };
        let no_key = match args.take_positional_keyword("no_key") {
            Some(v) => v.is_true(vm)?,
            None => false,
        };
        let qs = Self::chain(zelf, vm)?;
        qs.for_write.set(true);
        qs.with_query(|q| {
            q.for_update = Some(ForUpdate {
                nowait,
                skip_locked,
                of: of.iter().map(|n| n.to_string()).collect(),
                no_key,
            })
        });
        Ok(qs)
    }
    /// `defer()`
    pub fn deferring(zelf: &Py<Self>, vm: &VirtualMachine, args: Vec<PyObjectRef>) -> Chained {
        zelf.not_combined(vm, "defer")?;
        if zelf.fields.borrow().is_some() {
            return Err(vm.new_type_error("Cannot call defer() after .values() or .values_list()"));
        }
        let qs = Self::chain(zelf, vm)?;
        match &args[..] {
            [only] if vm.is_none(only) => qs.with_query(|q| q.clear_deferred_loading()),
            _ => {
                let fields = paths(vm, &args)?;
                qs.with_query(|q| q.add_deferred_loading(fields));
            }
        }
        Ok(qs)
    }
    /// `only()`
    pub fn loading_only(zelf: &Py<Self>, vm: &VirtualMachine, args: Vec<PyObjectRef>) -> Chained {
        zelf.not_combined(vm, "only")?;
        if zelf.fields.borrow().is_some() {
            return Err(vm.new_type_error("Cannot call only() after .values() or .values_list()"));
        }
        if let [only] = &args[..]
            && vm.is_none(only)
        {
            return Err(vm.new_type_error("Cannot pass None as an argument to only()."));
        }
        let fields = paths(vm, &args)?;
        for f in &fields {
            let first = f.split("__").next().unwrap_or_default();
            if zelf.query.borrow().filtered_relations.contains_key(first) {
                return Err(vm.new_value_error("only() is not supported with FilteredRelation."));
            }
        }
        let qs = Self::chain(zelf, vm)?;
        qs.with_query(|q| {
            for (i, name) in fields.iter().enumerate() {
                let _scope = origin::narrow(origin::argument(i));
                q.column_wanted(name);
            }
            q.add_immediate_loading(fields)
        })
        .or_raise(vm)?;
        Ok(qs)
    }
    /// `extra()`
    pub fn with_extra(zelf: &Py<Self>, vm: &VirtualMachine, mut args: FuncArgs) -> Chained {
        zelf.not_combined(vm, "extra")?;
        if zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot change a query once a slice has been taken."));
        }
        let mut given = |name| {
            args.take_positional_keyword(name)
                .filter(|o: &PyObjectRef| !vm.is_none(o))
        };
        let select = given("select");
        let where_ = given("where");
        let params = given("params");
        let tables = given("tables");
        let order_by = given("order_by");
        let select_params = given("select_params");
        let texts = |o: Option<PyObjectRef>| -> PyResult<Vec<String>> {
            match o {
                None => Ok(vec![]),
                Some(o) => {
                    let items: Vec<PyObjectRef> = o.try_into_value(vm)?;
                    items
                        .iter()
                        .map(|i| Ok(i.str(vm)?.to_string_lossy().into_owned()))
                        .collect()
                }
            }
        };
        let values = |o: Option<PyObjectRef>| -> PyResult<Vec<Value>> {
            match o {
                None => Ok(vec![]),
                Some(o) => {
                    let items: Vec<PyObjectRef> = o.try_into_value(vm)?;
                    items.iter().map(|i| to_value(vm, i)).collect()
                }
            }
        };
        let mut columns = vec![];
        if let Some(select) = select {
            let Some(dict) = select.downcast_ref::<PyDict>() else {
                return Err(vm.new_attribute_error(format!(
                    "'{}' object has no attribute 'items'",
                    select.class().name()
                )));
            };
            for (k, v) in dict.items_vec() {
                columns.push((
                    k.str(vm)?.to_string_lossy().into_owned(),
                    v.str(vm)?.to_string_lossy().into_owned(),
                ));
            }
        }
        let (select_params, where_) = (values(select_params)?, texts(where_)?);
        let (params, tables, order_by) = (values(params)?, texts(tables)?, texts(order_by)?);
        let qs = Self::chain(zelf, vm)?;
        qs.with_query(|q| q.add_extra(columns, select_params, where_, params, tables, order_by))
            .or_raise(vm)?;
        Ok(qs)
    }
    /// True if rows come out as instances.
    pub fn gives_models(&self, vm: &VirtualMachine) -> PyResult<bool> {
        if let Some(class) = &*self.iterable_class.borrow() {
            let models = crate::modules::find(vm, "django.db.models.query", "ModelIterable")?;
            return class.is_subclass(&models, vm);
        }
        Ok(self.shape.get() == Shape::Models)
    }
}
