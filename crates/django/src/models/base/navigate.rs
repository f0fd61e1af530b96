//! `get_next_by_date()`, `get_next_in_order()` and their kin.
use super::identity::{is_pk_set, model};
use crate::class::Class;
use crate::models::fields::properties::inner;
use crate::models::{class_of_model, ordered, state};
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method(
        "_get_next_or_previous_by_FIELD",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| by_field(vm, &o, args),
    );
    c.method(
        "_get_next_or_previous_in_order",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| in_order(vm, &o, args),
    );
}

fn by_field(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult {
    let field = args
        .take_keyword("field")
        .or_else(|| args.take_positional())
        .ok_or_else(|| vm.new_type_error("a field is missing"))?;
    let is_next = match args
        .take_keyword("is_next")
        .or_else(|| args.take_positional())
    {
        Some(v) => v.is_true(vm)?,
        None => true,
    };
    if !is_pk_set(vm, o)? {
        return Err(vm.new_value_error("get_next/get_previous cannot be used on unsaved objects."));
    }
    let field = inner(&field, vm)?;
    let (op, order) = if is_next { ("gt", "") } else { ("lt", "-") };
    let value = py::attr(vm, o, &field.attname())?;
    let pk = py::attr(vm, o, "pk")?;
    let q = modules::find(vm, "django.db.models", "Q")?;
    let name = field.name();
    let same = q.call(
        py::with_kwargs(
            vec![],
            &[(&*name, value.clone()), (&format!("pk__{op}"), pk)],
        ),
        vm,
    )?;
    let beyond = q.call(
        py::with_kwargs(vec![], &[(&format!("{name}__{op}"), value)]),
        vm,
    )?;
    // Equal dates are told apart by the key.
    let both = py::call(vm, &same, "__or__", vec![beyond])?;
    let class: PyObjectRef = o.class().to_owned().into();
    let manager = py::attr(vm, &class, "_default_manager")?;
    let db = vm.unwrap_or_none(state::state_of(vm, o)?.db.borrow().clone());
    let rows = py::call(vm, &manager, "using", vec![db])?;
    let mut filter = FuncArgs::default();
    filter.kwargs = args.kwargs;
    let rows = py::attr(vm, &rows, "filter")?.call(filter, vm)?;
    let rows = py::call(vm, &rows, "filter", vec![both])?;
    let order_by = vec![
        py::str(vm, format!("{order}{name}")),
        py::str(vm, format!("{order}pk")),
    ];
    let rows = py::call(vm, &rows, "order_by", order_by)?;
    first_or_raise(vm, o, &rows)
}

fn first_or_raise(vm: &Vm, o: &PyObject, rows: &PyObject) -> PyResult {
    let slice = rows.get_item(
        &*vm.builtins
            .get_attr("slice", vm)?
            .call((vm.ctx.none(), 1), vm)?,
        vm,
    )?;
    match py::list(vm, &slice)?.into_iter().next() {
        Some(found) => Ok(found),
        None => {
            let class = py::attr(vm, o.class().as_object(), "DoesNotExist")?;
            let message = format!("{} matching query does not exist.", o.class().name());
            Err(crate::models::related::forward::raise(vm, class, message))
        }
    }
}

fn in_order(vm: &Vm, o: &PyObject, mut args: FuncArgs) -> PyResult {
    let is_next = match args
        .take_keyword("is_next")
        .or_else(|| args.take_positional())
    {
        Some(v) => v.is_true(vm)?,
        None => true,
    };
    let m = model(vm, o)?;
    let (op, order) = if is_next {
        ("gt", "_order")
    } else {
        ("lt", "-_order")
    };
    let class = class_of_model(vm, &m)?;
    let manager = py::attr(vm, &class, "_default_manager")?;
    let rows = ordered::rows_beside(vm, &class, &manager, o)?;
    let own = py::call_kw(
        vm,
        &manager,
        "filter",
        vec![],
        &[("pk", py::attr(vm, o, "pk")?)],
    )?;
    let own = py::call(vm, &own, "values", vec![py::str(vm, "_order")])?;
    let rows = py::call_kw(
        vm,
        &rows,
        "filter",
        vec![],
        &[(&format!("_order__{op}"), own)],
    )?;
    let rows = py::call(vm, &rows, "order_by", vec![py::str(vm, order)])?;
    first_or_raise(vm, o, &rows)
}
