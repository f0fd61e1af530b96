//! `get()`, `first()`, `last()`, `earliest()`, `latest()`, `count()`, `exists()`, `contains()`.
use super::PyQuerySet;
use super::methods::model_exception;
use super::ordering::terms;
use crate::error::{self, OrRaise};
use crate::queries::execute;
use crate::queries::hints;
use orm_sql::expressions::Aggregate;
use orm_sql::query::{GroupBy, Ordering};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, Py, PyObjectRef, PyResult, VirtualMachine};

/// `get()` fetches no more than this to say how many there are.
const MAX_GET_RESULTS: u64 = 21;

impl PyQuerySet {
    pub fn get_one(zelf: &Py<Self>, vm: &VirtualMachine, args: FuncArgs) -> PyResult {
        let combinator = zelf.query.borrow().combinator;
        if combinator.is_some() && !args.is_empty() {
            let name = format!("{:?}", combinator).to_lowercase();
            let name = name.trim_start_matches("some(").trim_end_matches(')');
            return Err(error::raise(
                vm,
                "NotSupportedError",
                format!("Calling QuerySet.get(...) with filters after {name}() is not supported."),
            ));
        }
        let one = if combinator.is_some() {
            Self::chain(zelf, vm)?
        } else {
            Self::filtered(zelf, vm, false, args)?
        };
        let can_filter = zelf.query.borrow().can_filter();
        one.with_query(|q| {
            if can_filter && q.distinct_fields.is_empty() {
                q.clear_ordering(true, true);
            }
            q.set_limits(None, Some(MAX_GET_RESULTS))
        })
        .or_raise(vm)?;
        let rows = Self::fetch_all(&one, vm)?;
        let count = rows.__len__() as u64;
        if count == 1
            && let Some(found) = rows.borrow_vec().first().cloned()
        {
            return Ok(found);
        }
        let class = zelf.model_class(vm)?;
        let name = zelf.model(vm)?.object_name().clone();
        if count == 0 {
            let message = format!("{name} matching query does not exist.");
            return Err(model_exception(vm, &class, "DoesNotExist", message));
        }
        let many = if count < MAX_GET_RESULTS {
            count.to_string()
        } else {
            format!("more than {}", MAX_GET_RESULTS - 1)
        };
        let message = format!("get() returned more than one {name} -- it returned {many}!");
        Err(model_exception(
            vm,
            &class,
            "MultipleObjectsReturned",
            message,
        ))
    }
    pub fn first_or_last(zelf: &Py<Self>, vm: &VirtualMachine, last: bool) -> PyResult {
        let ordered = zelf.is_ordered(vm)? || !zelf.query.borrow().default_ordering;
        let qs = if ordered && last {
            Self::reversed(zelf, vm)?
        } else if ordered {
            Self::chain(zelf, vm)?
        } else {
            Self::check_unordered_aggregation(zelf, vm, if last { "last" } else { "first" })?;
            let name = if last { "-pk" } else { "pk" };
            Self::ordered_by(zelf, vm, vec![vm.ctx.new_str(name).into()])?
        };
        if let (true, Some(list)) = (ordered && !last, &*zelf.cache.borrow()) {
            return Ok(vm.unwrap_or_none(list.borrow_vec().first().cloned()));
        }
        qs.with_query(|q| q.set_limits(None, Some(1)))
            .or_raise(vm)?;
        let rows = Self::fetch_all(&qs, vm)?;
        let found = rows.borrow_vec().first().cloned();
        Ok(vm.unwrap_or_none(found))
    }
    fn check_unordered_aggregation(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        method: &str,
    ) -> PyResult<()> {
        let query = zelf.query.borrow();
        let GroupBy::Exprs(group_by) = &query.group_by else {
            return Ok(());
        };
        let model = zelf.model(vm)?;
        let pk = model.pk_field().or_raise(vm)?;
        let is_pk =
            |g: &orm_sql::Expr| matches!(g.output_field_or_none(), Ok(Some(f)) if f.same(&pk));
        if group_by.iter().any(is_pk) {
            return Ok(());
        }
        let keys = model.pk_fields().or_raise(vm)?;
        let grouped_by_key = keys.iter().all(|k| {
            group_by.iter().any(|g| {
                g.as_any()
                    .downcast_ref::<orm_sql::expressions::Col>()
                    .is_some_and(|c| c.target.same(k))
                    || matches!(g.output_field_or_none(), Ok(Some(f)) if f.same(k))
            })
        });
        if grouped_by_key {
            return Ok(());
        }
        Err(vm.new_type_error(format!(
            "Cannot use QuerySet.{method}() on an unordered queryset performing aggregation. Add an ordering with order_by()."
        )))
    }
    pub fn extreme(zelf: &Py<Self>, vm: &VirtualMachine, args: FuncArgs, latest: bool) -> PyResult {
        if zelf.is_sliced() {
            return Err(vm.new_type_error("Cannot change a query once a slice has been taken."));
        }
        let order: Vec<Ordering> = if args.args.is_empty() {
            let by = zelf.model(vm)?.options.borrow().get_latest_by.clone();
            match by {
                Some(names) => names
                    .iter()
                    .map(|n| Ordering::Name(n.as_str().into()))
                    .collect(),
                None => {
                    return Err(vm.new_value_error(
                        "earliest() and latest() require either fields as positional arguments or 'get_latest_by' in the model's Meta.",
                    ));
                }
            }
        } else {
            terms(vm, &args.args)?
        };
        let qs = if latest {
            Self::reversed(zelf, vm)?
        } else {
            Self::chain(zelf, vm)?
        };
        qs.with_query(|q| {
            q.set_limits(None, Some(1))?;
            q.clear_ordering(true, true);
            q.add_ordering(order)
        })
        .or_raise(vm)?;
        Self::get_one(&qs, vm, FuncArgs::default())
    }
    pub fn count_rows(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult {
        if let Some(list) = &*zelf.cache.borrow() {
            return Ok(vm.ctx.new_int(list.__len__()).into());
        }
        let using = zelf.db(vm)?;
        let query = zelf.query.borrow().clone();
        let counted = query
            .get_aggregation(vec![("__count".into(), Aggregate::count_star())])
            .or_raise(vm)?;
        let found = execute::aggregate(vm, &counted, &using)?;
        match found.first() {
            Some((_, v)) => crate::convert::to_py(vm, v),
            None => Ok(vm.ctx.new_int(0).into()),
        }
    }
    pub fn any_row(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<bool> {
        if let Some(list) = &*zelf.cache.borrow() {
            return Ok(list.__len__() > 0);
        }
        let using = zelf.db(vm)?;
        let query = zelf.query.borrow().clone();
        let query = query.exists(true).or_raise(vm)?;
        match execute::compile(vm, &query, &using)? {
            None => Ok(false),
            Some(compiled) => Ok(!execute::run(vm, &compiled, &using)?.is_empty()),
        }
    }
    pub fn contains_instance(
        zelf: &Py<Self>,
        vm: &VirtualMachine,
        obj: PyObjectRef,
    ) -> PyResult<bool> {
        zelf.not_combined(vm, "contains")?;
        if zelf.fields.borrow().is_some() {
            return Err(vm.new_type_error(
                "Cannot call QuerySet.contains() after .values() or .values_list().",
            ));
        }
        let Ok(model) = hints::model_of_class(vm, obj.class().as_object()) else {
            return Err(vm.new_type_error("'obj' must be a model instance."));
        };
        if !model.same_concrete(&zelf.model(vm)?) {
            return Ok(false);
        }
        let key = obj.get_attr("pk", vm)?;
        if vm.is_none(&key) {
            return Err(
                vm.new_value_error("QuerySet.contains() cannot be used on unsaved objects.")
            );
        }
        if let Some(list) = &*zelf.cache.borrow() {
            return vm
                .call_method(list.as_object(), "__contains__", (obj,))?
                .is_true(vm);
        }
        let mut args = FuncArgs::default();
        args.kwargs.insert("pk".into(), key);
        let qs = Self::filtered(zelf, vm, false, args)?;
        Self::any_row(&qs, vm)
    }
}
