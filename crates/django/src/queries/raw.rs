//! `Manager.raw()`: instances from SQL that the user wrote.
use super::fetch::fields_cache;
use super::fetch_modes;
use super::hints::{model_of_class, route};
use super::rows;
use crate::convert::{to_py, to_value};
use crate::db;
use crate::error::{self, OrRaise};
use crate::modules;
use orm_sql::connection::RowCursor;
use orm_sql::expression::{Converter, Expression};
use orm_sql::expressions::Col;
use orm_sqlite::Params;
use orm_state::{Field, Value};
use rustpython_vm::Context;
use rustpython_vm::builtins::{PyDict, PyDictRef, PyListRef, PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::{PyMappingMethods, PySequenceMethods};
use rustpython_vm::types::{AsMapping, AsSequence, Constructor, Iterable, Representable};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, atomic_func, pyclass,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

#[pyclass(module = false, name = "RawQuerySet")]
#[derive(PyPayload)]
pub struct RawQuerySet {
    model: Option<PyTypeRef>,
    sql: String,
    params: PyObjectRef,
    translations: Option<PyDictRef>,
    using: RefCell<Option<Rc<str>>>,
    cache: RefCell<Option<PyListRef>>,
    prefetch: RefCell<Vec<PyObjectRef>>,
    fetch_mode: Option<PyObjectRef>,
}

impl std::fmt::Debug for RawQuerySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RawQuerySet({:?})", self.sql)
    }
}

/// Where a raw query comes from: its model, database, prefetches and fetch mode.
pub struct Origin {
    pub model: Option<PyTypeRef>,
    pub using: Option<Rc<str>>,
    pub prefetch: Vec<PyObjectRef>,
    pub fetch_mode: Option<PyObjectRef>,
}

/// `raw(raw_query, params=(), translations=None, using=None)`
pub fn make(vm: &VirtualMachine, origin: Origin, mut args: FuncArgs) -> PyResult {
    let sql = args.take_positional_keyword("raw_query").ok_or_else(|| {
        vm.new_type_error("raw() missing 1 required positional argument: 'raw_query'")
    })?;
    Ok(RawQuerySet::of(vm, origin, sql, args)?.into_pyobject(vm))
}

impl Constructor for RawQuerySet {
    type Args = FuncArgs;
    fn py_new(_: &Py<PyType>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        let sql = args.take_positional_keyword("raw_query").ok_or_else(|| {
            vm.new_type_error("RawQuerySet() missing 1 required positional argument: 'raw_query'")
        })?;
        let model = args.take_positional_keyword("model");
        args.take_positional_keyword("query");
        let origin = Origin {
            model: model.and_then(|m| m.downcast().ok()),
            using: None,
            prefetch: vec![],
            fetch_mode: args.take_keyword("fetch_mode"),
        };
        RawQuerySet::of(vm, origin, sql, args)
    }
}

impl RawQuerySet {
    fn of(
        vm: &VirtualMachine,
        origin: Origin,
        sql: PyObjectRef,
        mut args: FuncArgs,
    ) -> PyResult<RawQuerySet> {
        let params = args.take_positional_keyword("params");
        let translations = args.take_positional_keyword("translations");
        let using = match args.take_positional_keyword("using") {
            Some(u) if !vm.is_none(&u) => Some((&*u.str(vm)?.to_string_lossy()).into()),
            _ => origin.using,
        };
        Ok(RawQuerySet {
            model: origin.model,
            sql: sql.str(vm)?.to_string_lossy().into_owned(),
            params: params.unwrap_or_else(|| vm.ctx.new_tuple(vec![]).into()),
            translations: translations.and_then(|t| t.downcast().ok()),
            using: RefCell::new(using),
            cache: RefCell::default(),
            prefetch: RefCell::new(origin.prefetch),
            fetch_mode: origin.fetch_mode,
        })
    }
    fn class(&self, vm: &VirtualMachine) -> PyResult<PyTypeRef> {
        let model = self.model.clone();
        model.ok_or_else(|| vm.new_attribute_error("'NoneType' object has no attribute '_meta'"))
    }
    /// The query as it would be sent: `sql % params`.
    fn shown(&self, vm: &VirtualMachine) -> PyResult<String> {
        let sql: PyObjectRef = vm.ctx.new_str(self.sql.as_str()).into();
        let params = match self.params.downcast_ref::<PyDict>() {
            Some(_) => self.params.clone(),
            None if vm.is_none(&self.params) => return Ok(self.sql.clone()),
            None => {
                let items: Vec<PyObjectRef> = self.params.clone().try_into_value(vm)?;
                vm.ctx.new_tuple(items).into()
            }
        };
        Ok(vm
            ._mod(&sql, &params)?
            .str(vm)?
            .to_string_lossy()
            .into_owned())
    }
    fn alias(&self, vm: &VirtualMachine) -> PyResult<Rc<str>> {
        match &*self.using.borrow() {
            Some(u) => Ok(u.clone()),
            None => {
                let model = self.model.clone().map(Into::into);
                route(vm, false, vm.unwrap_or_none(model), None)
            }
        }
    }
    fn run(&self, vm: &VirtualMachine) -> PyResult<(Vec<String>, Vec<Vec<Value>>)> {
        let database = db::database(vm, &self.alias(vm)?)?;
        let fail = |e| db::sqlite3::wrapped(vm, e);
        let ops = database.as_object().get_attr("ops", vm)?;
        let to_value = |vm: &VirtualMachine, given: &PyObjectRef| {
            // Moments are kept in the database's zone.
            let adapted = match vm.get_attribute_opt(given, "tzinfo")? {
                Some(_) => vm.call_method(&ops, "adapt_unknown_value", (given.clone(),))?,
                None => given.clone(),
            };
            to_value(vm, &adapted)
        };
        let named;
        let positional;
        let params = if let Some(d) = self.params.downcast_ref::<PyDict>() {
            let mut pairs = vec![];
            for (k, v) in d.items_vec() {
                pairs.push((k.str(vm)?.to_string_lossy().into_owned(), to_value(vm, &v)?));
            }
            named = pairs;
            Params::Named(&named)
        } else if vm.is_none(&self.params) {
            Params::None
        } else {
            let items: Vec<PyObjectRef> = self.params.clone().try_into_value(vm)?;
            positional = items
                .iter()
                .map(|i| to_value(vm, i))
                .collect::<PyResult<Vec<_>>>()?;
            Params::Positional(&positional)
        };
        let mut cursor = db::DatabaseWrapper::run_raw(&database, vm, &self.sql, params)?;
        let columns = cursor.columns().to_vec();
        let rows = cursor.fetch(usize::MAX).map_err(fail)?;
        Ok((columns, rows))
    }
    fn fetch(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyListRef> {
        if let Some(list) = &*zelf.cache.borrow() {
            return Ok(list.clone());
        }
        let found = zelf.instances(vm)?;
        let lookups = zelf.prefetch.borrow().clone();
        if !lookups.is_empty() {
            super::prefetch::prefetch_related_objects(vm, found.clone(), lookups)?;
        }
        let list = vm.ctx.new_list(found);
        *zelf.cache.borrow_mut() = Some(list.clone());
        Ok(list)
    }
    /// The rows, asked for anew.
    fn instances(&self, vm: &VirtualMachine) -> PyResult<Vec<PyObjectRef>> {
        let zelf = self;
        let class = self.class(vm)?;
        let model = model_of_class(vm, class.as_object())?;
        let (mut columns, rows) = zelf.run(vm)?;
        if let Some(t) = &zelf.translations {
            for (from, to) in t.items_vec() {
                let from = from.str(vm)?;
                if let Some(c) = columns.iter_mut().find(|c| **c == from.to_string_lossy()) {
                    *c = to.str(vm)?.to_string_lossy().into_owned();
                }
            }
        }
        // Columns that are fields, by the field's column name, in the model's order.
        let fields = model.concrete_fields();
        let column_of = |f: &Field| f.column().map(|c| c.to_string()).unwrap_or_default();
        let mut chosen: Vec<(Rc<Field>, usize)> = vec![];
        for f in fields.iter() {
            let name = column_of(f);
            if let Some(at) = columns.iter().position(|c| *c == name) {
                chosen.push((f.clone(), at));
            }
        }
        for key in model.pk_fields().or_raise(vm)? {
            if !chosen.iter().any(|(f, _)| f.attname() == key.attname()) {
                return Err(error::raise(
                    vm,
                    "FieldDoesNotExist",
                    "Raw query must include the primary key",
                ));
            }
        }
        let mut converters: Vec<Vec<Converter>> = vec![vec![]; columns.len()];
        for (f, at) in &chosen {
            let col = Col::new(model.db_table().as_str().into(), f.clone(), None).into_expr();
            converters[*at] =
                orm_sql::converters::converters(&col, &orm_sql::dialect::Sqlite).or_raise(vm)?;
        }
        let extra: Vec<(String, usize)> = columns
            .iter()
            .enumerate()
            .filter(|(_, c)| !fields.iter().any(|f| column_of(f) == **c))
            .map(|(i, c)| (c.clone(), i))
            .collect();
        let from_db = class.as_object().get_attr("from_db", vm)?;
        let own = zelf.fetch_mode.clone();
        let peers = fetch_modes::tracks_peers(vm, own.as_ref())?
            .then(|| PyObjectRef::from(vm.ctx.new_list(vec![])));
        let mode = fetch_modes::for_from_db(vm, &class, own)?;
        let alias: PyObjectRef = vm.ctx.new_str(&*zelf.alias(vm)?).into();
        let names: Vec<PyObjectRef> = chosen
            .iter()
            .map(|(f, _)| vm.ctx.new_str(&*f.attname()).into())
            .collect();
        let names: PyObjectRef = vm.ctx.new_list(names).into();
        let mut found = vec![];
        for row in rows {
            let values = rows::objects(vm, row, &converters)?;
            let own = chosen.iter().map(|(_, at)| values[*at].clone()).collect();
            let own = vm.ctx.new_tuple(own).into();
            let mut args = FuncArgs::from(vec![alias.clone(), names.clone(), own]);
            if let Some(mode) = &mode {
                args.kwargs.insert("fetch_mode".into(), mode.clone());
            }
            let obj = from_db.call(args, vm)?;
            if let Some(peers) = &peers {
                fetch_modes::add_peer(vm, peers, &obj)?;
            }
            for (name, at) in &extra {
                obj.set_attr(vm.ctx.intern_str(name.as_str()), values[*at].clone(), vm)?;
            }
            let _ = fields_cache(vm, &obj)?;
            found.push(obj);
        }
        Ok(found)
    }
    fn copy(&self) -> RawQuerySet {
        RawQuerySet {
            model: self.model.clone(),
            sql: self.sql.clone(),
            params: self.params.clone(),
            translations: self.translations.clone(),
            using: RefCell::new(self.using.borrow().clone()),
            cache: RefCell::default(),
            prefetch: RefCell::new(self.prefetch.borrow().clone()),
            fetch_mode: self.fetch_mode.clone(),
        }
    }
}

#[pyclass(
    with(Constructor, AsMapping, AsSequence, Iterable, Representable),
    flags(HEAPTYPE, BASETYPE, HAS_DICT)
)]
impl RawQuerySet {
    #[extend_class]
    fn named(ctx: &Context, class: &'static Py<PyType>) {
        crate::class::lives_in(ctx, class, "django.db.models.query");
    }
    #[pymethod]
    fn __aiter__(zelf: PyRef<RawQuerySet>, vm: &VirtualMachine) -> PyObjectRef {
        super::awaitable::AsyncIterator::object(vm, zelf.into())
    }
    #[pygetset]
    fn model(zelf: &Py<RawQuerySet>) -> Option<PyTypeRef> {
        zelf.model.clone()
    }
    #[pygetset]
    fn raw_query(zelf: &Py<RawQuerySet>) -> String {
        zelf.sql.clone()
    }
    /// What is sent to the database.
    #[pygetset]
    fn query(zelf: &Py<RawQuerySet>, vm: &VirtualMachine) -> PyResult<RawQuery> {
        Ok(RawQuery {
            sql: zelf.sql.clone(),
            params: zelf.params.clone(),
            using: zelf.alias(vm)?.to_string(),
            shown: zelf.shown(vm)?,
        })
    }
    #[pygetset]
    fn params(zelf: &Py<RawQuerySet>) -> PyObjectRef {
        zelf.params.clone()
    }
    #[pygetset]
    fn db(zelf: &Py<RawQuerySet>, vm: &VirtualMachine) -> PyResult<String> {
        Ok(zelf.alias(vm)?.to_string())
    }
    #[pygetset]
    fn columns(zelf: &Py<RawQuerySet>, vm: &VirtualMachine) -> PyResult {
        let (columns, _) = zelf.run(vm)?;
        to_py(
            vm,
            &Value::List(columns.into_iter().map(Value::from).collect()),
        )
    }
    #[pymethod]
    fn iterator(zelf: &Py<RawQuerySet>, vm: &VirtualMachine) -> PyResult {
        let list: PyObjectRef = vm.ctx.new_list(zelf.instances(vm)?).into();
        Ok(list.get_iter(vm)?.into())
    }
    #[pymethod]
    fn using(zelf: &Py<RawQuerySet>, alias: String, vm: &VirtualMachine) -> PyObjectRef {
        let copy = zelf.copy();
        *copy.using.borrow_mut() = Some(alias.as_str().into());
        copy.into_pyobject(vm)
    }
    #[pymethod]
    fn prefetch_related(
        zelf: &Py<RawQuerySet>,
        args: FuncArgs,
        vm: &VirtualMachine,
    ) -> PyObjectRef {
        let copy = zelf.copy();
        match &args.args[..] {
            [only] if vm.is_none(only) => copy.prefetch.borrow_mut().clear(),
            more => copy.prefetch.borrow_mut().extend(more.iter().cloned()),
        }
        copy.into_pyobject(vm)
    }
}

impl AsSequence for RawQuerySet {
    fn as_sequence() -> &'static PySequenceMethods {
        static METHODS: LazyLock<PySequenceMethods> = LazyLock::new(|| PySequenceMethods {
            length: atomic_func!(|s, vm| {
                Ok(RawQuerySet::fetch(RawQuerySet::sequence_downcast(s), vm)?.__len__())
            }),
            ..PySequenceMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl AsMapping for RawQuerySet {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            subscript: atomic_func!(|m, key, vm| {
                let list = RawQuerySet::fetch(RawQuerySet::mapping_downcast(m), vm)?;
                list.as_object().get_item(key, vm)
            }),
            ..PyMappingMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl Iterable for RawQuerySet {
    fn iter(zelf: PyRef<Self>, vm: &VirtualMachine) -> PyResult {
        let list: PyObjectRef = RawQuerySet::fetch(&zelf, vm)?.into();
        Ok(list.get_iter(vm)?.into())
    }
}

impl Representable for RawQuerySet {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<RawQuerySet: {}>", zelf.shown(vm)?))
    }
}

/// The SQL of a [`RawQuerySet`].
#[pyclass(module = "django.db.models.sql.query", name = "RawQuery")]
#[derive(Debug, PyPayload)]
struct RawQuery {
    sql: String,
    params: PyObjectRef,
    using: String,
    shown: String,
}

#[pyclass(with(Representable), flags(HAS_DICT))]
impl RawQuery {
    #[pygetset]
    fn sql(zelf: &Py<RawQuery>) -> String {
        zelf.sql.clone()
    }
    #[pygetset]
    fn params(zelf: &Py<RawQuery>) -> PyObjectRef {
        zelf.params.clone()
    }
    #[pygetset]
    fn using(zelf: &Py<RawQuery>) -> String {
        zelf.using.clone()
    }
    #[pymethod]
    fn __str__(zelf: &Py<RawQuery>) -> String {
        zelf.shown.clone()
    }
}

impl Representable for RawQuery {
    fn repr_str(zelf: &Py<Self>, _: &VirtualMachine) -> PyResult<String> {
        Ok(format!("<RawQuery: {}>", zelf.shown))
    }
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let query = RawQuery::make_static_type();
    let paths = ["django.db.models.sql.query", "django.db.models.sql"];
    modules::export_all(vm, &paths, "RawQuery", query)?;
    let class = RawQuerySet::make_static_type();
    modules::export(vm, "django.db.models.query", "RawQuerySet", class)
}
