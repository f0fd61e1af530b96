//! `queryset.query`: the SQL it becomes, and the few attributes of Django's `Query` that user code
//! looks at.
use super::execute;
use super::queryset::PyQuerySet;
use crate::convert::to_py;
use crate::error::{self, OrRaise};
use crate::modules;
use orm_sql::query::{Combinator, GroupBy, Ordering};
use orm_sqlite::percent;
use orm_state::Value;
use rustpython_vm::Context;
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Representable};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};

#[pyclass(module = false, name = "Query")]
#[derive(PyPayload)]
pub struct PyQuery {
    pub queryset: PyRef<PyQuerySet>,
}

impl std::fmt::Debug for PyQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.queryset.query.borrow())
    }
}

impl PyQuery {
    pub fn object(vm: &VirtualMachine, queryset: PyRef<PyQuerySet>) -> PyObjectRef {
        PyQuery { queryset }.into_pyobject(vm)
    }
    /// The SQL and its parameters.
    pub fn sql(&self, vm: &VirtualMachine) -> PyResult<(String, Vec<Value>)> {
        let query = self.queryset.query.borrow().clone();
        let using = crate::db::registry::DEFAULT_DB_ALIAS.into();
        match execute::compile(vm, &query, &using)? {
            Some(c) => Ok((c.sql.sql, c.sql.params)),
            None => {
                let class = error::class(vm, "EmptyResultSet");
                Err(error::new(vm, class, vec![]))
            }
        }
    }
}

#[pyclass(with(Constructor, Representable), flags(HEAPTYPE, BASETYPE, HAS_DICT))]
impl PyQuery {
    #[extend_class]
    fn named(ctx: &Context, class: &'static Py<PyType>) {
        crate::class::lives_in(ctx, class, "django.db.models.sql.query");
    }
    #[pymethod]
    fn __str__(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult<String> {
        let (sql, params) = zelf.sql(vm)?;
        let shown: Vec<String> = params.iter().map(Value::to_str).collect();
        if params.is_empty() {
            // `sql % ()` still turns `%%` into `%`.
            return Ok(percent(&sql, &[]));
        }
        Ok(percent(&sql, &shown))
    }
    #[pymethod]
    fn __reduce__(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        super::queryset::steps::reduce(zelf, vm)
    }
    #[pymethod]
    fn sql_with_params(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        let (sql, params) = zelf.sql(vm)?;
        let params = to_py(vm, &Value::Tuple(params.into()))?;
        Ok(vm
            .ctx
            .new_tuple(vec![vm.ctx.new_str(sql).into(), params])
            .into())
    }
    #[pymethod]
    fn get_compiler(zelf: PyRef<PyQuery>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        crate::expressions::compiler_object::of_query(vm, zelf, args)
    }
    #[pymethod]
    fn as_sql(zelf: &Py<PyQuery>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyQuery::sql_with_params(zelf, vm)
    }
    #[pymethod]
    fn clone(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        let copy = PyQuerySet::chain(&zelf.queryset, vm)?;
        Ok(PyQuery::object(vm, copy))
    }
    #[pymethod]
    fn chain(zelf: &Py<PyQuery>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        PyQuery::clone(zelf, vm)
    }
    #[pygetset]
    fn model(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        Ok(zelf.queryset.model_class(vm)?.into())
    }
    #[pymethod]
    fn get_meta(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        zelf.queryset
            .model_class(vm)?
            .as_object()
            .get_attr("_meta", vm)
    }
    #[pygetset]
    fn is_sliced(zelf: &Py<PyQuery>) -> bool {
        zelf.queryset.is_sliced()
    }
    #[pygetset]
    fn low_mark(zelf: &Py<PyQuery>) -> u64 {
        zelf.queryset.query.borrow().low_mark
    }
    #[pygetset(setter)]
    fn set_low_mark(zelf: &Py<PyQuery>, mark: u64) {
        zelf.queryset.with_query(|q| q.low_mark = mark);
    }
    #[pygetset]
    fn high_mark(zelf: &Py<PyQuery>) -> Option<u64> {
        zelf.queryset.query.borrow().high_mark
    }
    #[pygetset]
    fn distinct(zelf: &Py<PyQuery>) -> bool {
        zelf.queryset.query.borrow().distinct
    }
    #[pygetset]
    fn default_ordering(zelf: &Py<PyQuery>) -> bool {
        zelf.queryset.query.borrow().default_ordering
    }
    #[pygetset]
    fn standard_ordering(zelf: &Py<PyQuery>) -> bool {
        zelf.queryset.query.borrow().standard_ordering
    }
    #[pygetset]
    fn combinator(zelf: &Py<PyQuery>) -> Option<&'static str> {
        zelf.queryset.query.borrow().combinator.map(|c| match c {
            Combinator::Union => "union",
            Combinator::Intersection => "intersection",
            Combinator::Difference => "difference",
        })
    }
    #[pygetset]
    fn select_for_update(zelf: &Py<PyQuery>) -> bool {
        zelf.queryset.query.borrow().for_update.is_some()
    }
    #[pygetset]
    fn values_select(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyObjectRef {
        let names = zelf.queryset.query.borrow().values_select.clone();
        let items = names.iter().map(|n| vm.ctx.new_str(&**n).into()).collect();
        vm.ctx.new_tuple(items).into()
    }
    #[pygetset]
    fn annotations(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        let annotations = zelf.queryset.query.borrow().annotations.clone();
        let dict = vm.ctx.new_dict();
        for (name, expr) in annotations.iter() {
            let value = orm_sql::ExprObject::value(expr.clone());
            let object = to_py(vm, &value).unwrap_or_else(|_| vm.ctx.new_str(expr.repr()).into());
            dict.set_item(&**name, object, vm)?;
        }
        Ok(dict.into())
    }
    #[pygetset]
    fn group_by(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyObjectRef {
        match &zelf.queryset.query.borrow().group_by {
            GroupBy::None => vm.ctx.none(),
            GroupBy::All => vm.ctx.new_bool(true).into(),
            GroupBy::Exprs(exprs) => {
                let items = exprs
                    .iter()
                    .map(|e| vm.ctx.new_str(e.repr()).into())
                    .collect();
                vm.ctx.new_tuple(items).into()
            }
        }
    }
    #[pygetset]
    fn order_by(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        let order = zelf.queryset.query.borrow().order_by.clone();
        let mut items = vec![];
        for o in order {
            items.push(match o {
                Ordering::Name(n) => vm.ctx.new_str(&*n).into(),
                Ordering::Expr(e) => to_py(vm, &orm_sql::ExprObject::value(e.clone()))
                    .unwrap_or_else(|_| vm.ctx.new_str(e.repr()).into()),
            });
        }
        Ok(vm.ctx.new_tuple(items).into())
    }
    #[pygetset]
    fn select_related(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        use orm_sql::query::{RelatedTree, SelectRelated};
        fn dict(vm: &VirtualMachine, tree: &RelatedTree) -> PyResult {
            let found = vm.ctx.new_dict();
            for (name, inner) in &tree.0 {
                found.set_item(&**name, dict(vm, inner)?, vm)?;
            }
            Ok(found.into())
        }
        match &zelf.queryset.query.borrow().select_related {
            SelectRelated::No => Ok(vm.ctx.new_bool(false).into()),
            SelectRelated::All => Ok(vm.ctx.new_bool(true).into()),
            SelectRelated::Fields(tree) => dict(vm, tree),
        }
    }
    #[pygetset]
    fn alias_map(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        let dict = vm.ctx.new_dict();
        let mut tables = zelf.queryset.query.borrow().alias_map.clone();
        if tables.is_empty() && zelf.queryset.cache.borrow().is_some() {
            // It was run: the tables that its statement had.
            let query = zelf.queryset.query.borrow().clone();
            let using = crate::db::registry::DEFAULT_DB_ALIAS.into();
            if let Some(compiled) = execute::compile(vm, &query, &using)? {
                tables = compiled.query.alias_map;
            }
        }
        for (alias, entry) in &tables {
            dict.set_item(&**alias, super::sql_names::table(vm, entry)?, vm)?;
        }
        Ok(dict.into())
    }
    #[pygetset]
    fn alias_refcount(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        let dict = vm.ctx.new_dict();
        for (alias, entry) in &zelf.queryset.query.borrow().alias_map {
            dict.set_item(&**alias, vm.ctx.new_int(entry.refcount).into(), vm)?;
        }
        Ok(dict.into())
    }
    #[pygetset]
    fn subq_aliases(zelf: &Py<PyQuery>, vm: &VirtualMachine) -> PyResult {
        let query = zelf.queryset.query.borrow();
        let names = query.subq_aliases.iter();
        let names = vm
            .ctx
            .new_list(names.map(|n| vm.ctx.new_str(&**n).into()).collect());
        vm.ctx.types.set_type.as_object().call((names,), vm)
    }
    #[pymethod]
    fn build_where(zelf: &Py<PyQuery>, filter: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        let q = match filter.downcast_ref::<super::q::PyQ>() {
            Some(q) => q.q.borrow().clone(),
            None => super::q::q_of(vm, &[filter], vec![])?,
        };
        let node = zelf.queryset.with_query(|query| query.build_where(&q));
        let node: orm_sql::Expr = std::rc::Rc::new(node.or_raise(vm)?);
        to_py(vm, &orm_sql::ExprObject::value(node))
    }
    #[pymethod]
    fn count_active_tables(zelf: &Py<PyQuery>) -> usize {
        zelf.queryset.query.borrow().count_active_tables()
    }
    #[pymethod]
    fn add_select_related(
        zelf: &Py<PyQuery>,
        names: PyObjectRef,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        let names: Vec<PyObjectRef> = names.try_to_value(vm)?;
        let names = names
            .iter()
            .map(|n| n.str(vm).map(|n| n.to_string_lossy().into_owned()))
            .collect::<PyResult<Vec<_>>>()?;
        zelf.queryset
            .with_query(|q| q.add_select_related(names.iter().map(String::as_str)));
        Ok(())
    }
    #[pymethod]
    fn is_empty(zelf: &Py<PyQuery>) -> bool {
        zelf.queryset.is_empty_queryset()
    }
    #[pymethod]
    fn can_filter(zelf: &Py<PyQuery>) -> bool {
        zelf.queryset.query.borrow().can_filter()
    }
    #[pymethod]
    fn set_limits(zelf: &Py<PyQuery>, args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let mut args = args;
        let mut limit = |name| match args.take_positional_keyword(name) {
            Some(v) if !vm.is_none(&v) => v.try_to_value::<u64>(vm).map(Some),
            _ => Ok(None),
        };
        let (low, high) = (limit("low")?, limit("high")?);
        zelf.queryset
            .with_query(|q| q.set_limits(low, high))
            .or_raise(vm)
    }
    #[pymethod]
    fn clear_limits(zelf: &Py<PyQuery>) {
        zelf.queryset.with_query(|q| q.clear_limits());
    }
    #[pymethod]
    fn clear_ordering(zelf: &Py<PyQuery>, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        let force = match args.take_positional_keyword("force") {
            Some(f) => f.is_true(vm)?,
            None => false,
        };
        let default = match args.take_positional_keyword("clear_default") {
            Some(f) => f.is_true(vm)?,
            None => true,
        };
        zelf.queryset
            .with_query(|q| q.clear_ordering(force, default));
        Ok(())
    }
}

/// `Query(model, alias_cols=True)`
impl Constructor for PyQuery {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let model = args
            .take_positional_keyword("model")
            .ok_or_else(|| vm.new_type_error("Query() needs a model"))?;
        let queryset = match model.downcast::<PyType>() {
            Ok(model) => {
                let class = modules::find(vm, "django.db.models.query", "QuerySet")?
                    .downcast::<PyType>()
                    .map_err(|_| vm.new_type_error("QuerySet is a class"))?;
                PyQuerySet::of_model(vm, class, &model, None, None)?
            }
            Err(_) => PyQuerySet::empty(orm_sql::Query::empty()).into_ref(&vm.ctx),
        };
        if let Some(alias_cols) = args.take_positional_keyword("alias_cols") {
            let alias_cols = alias_cols.is_true(vm)?;
            queryset.with_query(|q| q.alias_cols = alias_cols);
        }
        PyQuery { queryset }
            .into_ref_with_type(vm, cls)
            .map(Into::into)
    }
    fn py_new(_: &Py<PyType>, _: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_type_error("use slot_new"))
    }
}

impl Representable for PyQuery {
    fn repr_str(zelf: &Py<Self>, _vm: &VirtualMachine) -> PyResult<String> {
        Ok(format!(
            "<django.db.models.sql.query.Query object at {:#x}>",
            zelf.as_object().get_id()
        ))
    }
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let class = PyQuery::make_static_type();
    super::query_methods::install(vm, &class)?;
    modules::export_all(
        vm,
        &["django.db.models.sql", "django.db.models.sql.query"],
        "Query",
        class,
    )
}
