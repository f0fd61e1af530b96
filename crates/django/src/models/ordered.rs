//! Rows in an order of their own beside each owner: `Meta.order_with_respect_to`.
//!
//! ```text
//! class Answer:  question = ForeignKey(Question);  Meta: order_with_respect_to = "question"
//!   question.get_answer_order()          the answers' keys
//!   question.set_answer_order([3, 1, 2])
//!   answer.get_next_in_order()
//! ```
use super::class_of_model;
use super::options::PyOptions;
use super::related::lazy::{Waiting, key_of, when_ready};
use crate::class::function;
use crate::models::fields::field_of;
use crate::{modules, py};
use orm_state::{ModelRef, RelTarget};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODULE: &str = "django.db.models.base";

pub fn install(vm: &Vm) -> PyResult<()> {
    let get = function(vm, "method_get_order", get_order);
    modules::export(vm, MODULE, "method_get_order", get)?;
    let set = function(vm, "method_set_order", set_order);
    modules::export(vm, MODULE, "method_set_order", set)?;
    let both = function(
        vm,
        "make_foreign_order_accessors",
        |model: PyObjectRef, related: PyObjectRef, vm: &Vm| accessors(vm, &model, &related),
    );
    modules::export(vm, MODULE, "make_foreign_order_accessors", both)
}

/// `get_answer_order()` and `set_answer_order()` on the owner's class, once that is there.
pub fn order_accessors(vm: &Vm, class: &PyObject, model: &ModelRef) -> PyResult<()> {
    let Some(field) = order_field(vm, class)?.and_then(|f| field_of(&f)) else {
        return Ok(());
    };
    // Whom a generic key leads to, only their own generic relations know.
    let (Some(rel), Some(apps)) = (&field.remote, model.apps()) else {
        return Ok(());
    };
    let keys = vec![
        key_of(model, &RelTarget::Name("self".into())),
        key_of(model, &rel.target()),
    ];
    when_ready(
        vm,
        &apps,
        keys,
        Waiting::Nothing,
        Box::new(|vm, models| {
            let (ordered, owner) = (&models[0], &models[1]);
            accessors(
                vm,
                &*class_of_model(vm, ordered)?,
                &*class_of_model(vm, owner)?,
            )
        }),
    )
}

fn accessors(vm: &Vm, model: &PyObject, related: &PyObject) -> PyResult<()> {
    let name = py::to_string(vm, &py::attr(vm, model, "__name__")?)?.to_lowercase();
    let partial = py::attr(vm, &vm.import("functools", 0)?, "partialmethod")?;
    for (verb, function) in [("get", "method_get_order"), ("set", "method_set_order")] {
        let function = modules::find(vm, MODULE, function)?;
        let method = partial.call((function, model.to_owned()), vm)?;
        py::set_attr(vm, related, &format!("{verb}_{name}_order"), method)?;
    }
    Ok(())
}

/// The field that a model's rows are ordered beside.
pub fn order_field(vm: &Vm, class: &PyObject) -> PyResult<Option<PyObjectRef>> {
    let meta = py::attr(vm, class, "_meta")?;
    let field = meta
        .downcast_ref::<PyOptions>()
        .and_then(|m| m.part("order_wrt"));
    Ok(field.filter(|f| !vm.is_none(f)))
}

fn needed_field(vm: &Vm, class: &PyObject) -> PyResult {
    order_field(vm, class)?.ok_or_else(|| vm.new_attribute_error("order_with_respect_to"))
}

/// A dict as keyword arguments.
pub fn keywords(vm: &Vm, dict: PyObjectRef) -> PyResult<FuncArgs> {
    let dict: PyDictRef = dict
        .downcast()
        .map_err(|_| vm.new_type_error("the filter of an object must be a dict"))?;
    let mut args = FuncArgs::default();
    for (name, value) in py::dict_items(vm, &dict)? {
        args.kwargs.insert(name.into(), value);
    }
    Ok(args)
}

/// The filter that finds the rows beside `o`: those of the same owner.
fn beside(vm: &Vm, class: &PyObject, o: &PyObject) -> PyResult<FuncArgs> {
    let field = needed_field(vm, class)?;
    let kwargs = py::call(
        vm,
        &field,
        "get_filter_kwargs_for_object",
        vec![o.to_owned()],
    )?;
    keywords(vm, kwargs)
}

/// The filter that finds the rows of an owner.
fn belonging(vm: &Vm, class: &PyObject, owner: &PyObject) -> PyResult<FuncArgs> {
    let field = needed_field(vm, class)?;
    let owner = vec![owner.to_owned()];
    keywords(
        vm,
        py::call(vm, &field, "get_forward_related_filter", owner)?,
    )
}

fn get_order(owner: PyObjectRef, ordered: PyObjectRef, vm: &Vm) -> PyResult {
    let rows = py::attr(vm, &ordered, "objects")?;
    let filter = belonging(vm, &ordered, &owner)?;
    let rows = py::attr(vm, &rows, "filter")?.call(filter, vm)?;
    let pk = py::attr(vm, &py::attr(vm, &ordered, "_meta")?, "pk")?;
    let flat = [("flat", py::bool(vm, true))];
    let name = vec![py::attr(vm, &pk, "name")?];
    py::call_kw(vm, &rows, "values_list", name, &flat)
}

fn set_order(
    owner: PyObjectRef,
    ordered: PyObjectRef,
    keys: PyObjectRef,
    using: OptionalArg,
    vm: &Vm,
) -> PyResult<()> {
    let rows = py::attr(vm, &ordered, "objects")?;
    let rows = py::call(
        vm,
        &rows,
        "db_manager",
        vec![vm.unwrap_or_none(using.into_option())],
    )?;
    let filter = belonging(vm, &ordered, &owner)?;
    let rows = py::attr(vm, &rows, "filter")?.call(filter, vm)?;
    let mut changed = vec![];
    for (order, pk) in py::list(vm, &keys)?.into_iter().enumerate() {
        let order = vm.ctx.new_int(order).into();
        changed.push(ordered.call(
            py::with_kwargs(vec![], &[("pk", pk), ("_order", order)]),
            vm,
        )?);
    }
    let fields = vm.ctx.new_list(vec![py::str(vm, "_order")]).into();
    let changed = vm.ctx.new_list(changed).into();
    py::call(vm, &rows, "bulk_update", vec![changed, fields]).map(drop)
}

/// The rows beside `o`, itself included.
pub fn rows_beside(vm: &Vm, class: &PyObject, manager: &PyObject, o: &PyObject) -> PyResult {
    py::attr(vm, manager, "filter")?.call(beside(vm, class, o)?, vm)
}

/// Gives a new row its place: behind the last one beside it.
pub fn set_next_order(vm: &Vm, o: &PyObject, class: &PyObject, using: &PyObject) -> PyResult<()> {
    let manager = py::attr(vm, class, "_base_manager")?;
    let rows = py::call(vm, &manager, "using", vec![using.to_owned()])?;
    let rows = rows_beside(vm, class, &rows, o)?;
    let models = |name| modules::find(vm, "django.db.models", name);
    let integer = models("IntegerField")?.call((), vm)?;
    let next = py::with_kwargs(vec![after_last(vm)?], &[("output_field", integer)]);
    let next = models("ExpressionWrapper")?.call(next, vm)?;
    let next = modules::find(vm, "django.db.models.functions", "Coalesce")?.call((next, 0), vm)?;
    let found = py::call_kw(vm, &rows, "aggregate", vec![], &[("_order__max", next)])?;
    py::set_attr(vm, o, "_order", found.get_item("_order__max", vm)?)
}

/// `Max("_order") + 1`
fn after_last(vm: &Vm) -> PyResult {
    let max = modules::find(vm, "django.db.models", "Max")?.call((py::str(vm, "_order"),), vm)?;
    vm._add(&max, vm.ctx.new_int(1).as_ref())
}

/// Gives many new rows their places, asking once for the last ones of all their owners.
pub fn set_orders(
    vm: &Vm,
    objs: &[PyObjectRef],
    class: &PyObject,
    using: &PyObject,
) -> PyResult<()> {
    let Some(field) = order_field(vm, class)? else {
        return Ok(());
    };
    let mut names: Vec<PyObjectRef> = vec![];
    let mut owners = vec![];
    let next = vm.ctx.new_dict();
    let any = modules::find(vm, "django.db.models", "Q")?;
    let mut condition = any.call((), vm)?;
    for o in objs {
        let filter = py::call(vm, &field, "get_filter_kwargs_for_object", vec![o.clone()])?;
        let filter = keywords(vm, filter)?;
        if names.is_empty() {
            names = filter
                .kwargs
                .keys()
                .map(|k| vm.ctx.new_str(k.clone()).into())
                .collect();
        }
        let owner: PyObjectRef = vm
            .ctx
            .new_tuple(filter.kwargs.values().cloned().collect())
            .into();
        if next.get_item_opt(&*owner, vm)?.is_none() {
            next.set_item(&*owner, vm.ctx.new_int(0).into(), vm)?;
            let owned = any.call(filter, vm)?;
            condition = vm._or(&condition, &owned)?;
        }
        owners.push(owner);
    }
    let manager = py::attr(vm, class, "_base_manager")?;
    let rows = py::call(vm, &manager, "using", vec![using.to_owned()])?;
    let rows = py::call(vm, &rows, "filter", vec![condition])?;
    let rows = py::call(vm, &rows, "values_list", names)?;
    let rows = py::call_kw(
        vm,
        &rows,
        "annotate",
        vec![],
        &[("_order__max", after_last(vm)?)],
    )?;
    for row in py::list(vm, &rows)? {
        let mut row = py::list(vm, &row)?;
        if let Some(order) = row.pop() {
            let owner: PyObjectRef = vm.ctx.new_tuple(row).into();
            next.set_item(&*owner, order, vm)?;
        }
    }
    for (o, owner) in objs.iter().zip(owners) {
        if py::attr_opt(vm, o, "_order")?.is_some_and(|order| !vm.is_none(&order)) {
            continue;
        }
        let order = next.get_item(&*owner, vm)?;
        py::set_attr(vm, o, "_order", order.clone())?;
        next.set_item(&*owner, vm._add(&order, vm.ctx.new_int(1).as_ref())?, vm)?;
    }
    Ok(())
}
