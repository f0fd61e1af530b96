//! Do the values of an instance keep a constraint?
use crate::class::Class;
use crate::core::validation_error;
use crate::error::OrRaise;
use crate::models::base::identity::{class_model, is_pk_set};
use crate::models::state;
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

struct Call {
    class: PyObjectRef,
    instance: PyObjectRef,
    exclude: Vec<String>,
    using: PyObjectRef,
}

fn call(vm: &Vm, mut args: FuncArgs) -> PyResult<Call> {
    let mut take = |n: &str| args.take_positional_keyword(n);
    let class = take("model").ok_or_else(|| vm.new_type_error("model is missing"))?;
    let instance = take("instance").ok_or_else(|| vm.new_type_error("instance is missing"))?;
    let exclude = match take("exclude").filter(|e| !vm.is_none(e)) {
        Some(e) => py::list(vm, &e)?
            .iter()
            .map(|n| py::to_string(vm, n))
            .collect::<PyResult<_>>()?,
        None => vec![],
    };
    let using = take("using").unwrap_or_else(|| py::str(vm, "default"));
    Ok(Call {
        class,
        instance,
        exclude,
        using,
    })
}

fn violation(vm: &Vm, o: &PyObject) -> PyResult<rustpython_vm::builtins::PyBaseExceptionRef> {
    let message = py::call(vm, o, "get_violation_error_message", vec![])?;
    let code = py::attr(vm, o, "violation_error_code")?;
    let code = py::as_string(&code);
    Ok(validation_error::raise(vm, message, code.as_deref(), None))
}

fn against(vm: &Vm, c: &Call) -> PyResult {
    let meta = py::attr(vm, &c.class, "_meta")?;
    let exclude = vm
        .ctx
        .new_list(c.exclude.iter().map(|n| py::str(vm, n)).collect());
    py::call(
        vm,
        &c.instance,
        "_get_field_expression_map",
        vec![meta, exclude.into()],
    )
}

fn check_q(
    vm: &Vm,
    condition: &PyObject,
    against: PyObjectRef,
    using: PyObjectRef,
) -> PyResult<bool> {
    let q = modules::find(vm, "django.db.models", "Q")?;
    let q = if condition.is_instance(&q, vm)? {
        condition.to_owned()
    } else {
        q.call((condition.to_owned(),), vm)?
    };
    py::call_kw(vm, &q, "check", vec![against], &[("using", using)])?.is_true(vm)
}

pub fn fill_check(c: &mut Class) {
    c.method(
        "validate",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyResult<()> {
            let call = call(vm, args)?;
            let values = against(vm, &call)?;
            let condition = py::attr(vm, &o, "condition")?;
            match check_q(vm, &condition, values, call.using) {
                Ok(true) => Ok(()),
                Ok(false) => Err(violation(vm, &o)?),
                // A field that is excluded cannot be judged.
                Err(e) if crate::error::is_a(vm, &e, "FieldError") => Ok(()),
                Err(e) => Err(e),
            }
        },
    );
}

pub fn fill_unique(c: &mut Class) {
    c.method(
        "validate",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyResult<()> {
            validate_unique(vm, &o, call(vm, args)?)
        },
    );
}

fn validate_unique(vm: &Vm, o: &PyObject, c: Call) -> PyResult<()> {
    let manager = py::attr(vm, &c.class, "_default_manager")?;
    let mut rows = py::call(vm, &manager, "using", vec![c.using.clone()])?;
    let model = class_model(vm, &c.class)?;
    let fields = py::list(vm, &py::attr(vm, o, "fields")?)?;
    let condition = py::attr(vm, o, "condition")?;
    let has_condition = !vm.is_none(&condition);
    if fields.is_empty() {
        let values = against(vm, &c)?;
        let exact = modules::find(vm, "django.db.models.lookups", "Exact")?;
        let mut lookups = vec![];
        for e in py::list(vm, &py::attr(vm, o, "expressions")?)? {
            let e = match py::attr_opt(vm, &e, "descending")? {
                Some(_) => py::attr(vm, &e, "expression")?,
                None => e,
            };
            let replaced = match py::call(vm, &e, "replace_expressions", vec![values.clone()]) {
                Ok(r) => r,
                Err(_) => return Ok(()),
            };
            lookups.push(exact.call((e, replaced), vm)?);
        }
        rows = py::call(vm, &rows, "filter", lookups)?;
    } else {
        let mut filter = FuncArgs::default();
        for name in &fields {
            let name = py::to_string(vm, name)?;
            if c.exclude.contains(&name) {
                return Ok(());
            }
            let f = model.field(&name).or_raise(vm)?;
            let value = py::attr(vm, &c.instance, &f.attname())?;
            if vm.is_none(&value) {
                let distinct = py::attr(vm, o, "nulls_distinct")?;
                if vm.is_none(&distinct) || distinct.is_true(vm)? {
                    return Ok(());
                }
                filter
                    .kwargs
                    .insert(format!("{name}__isnull").into(), py::bool(vm, true));
            } else {
                filter.kwargs.insert(name.into(), value);
            }
        }
        rows = py::attr(vm, &rows, "filter")?.call(filter, vm)?;
    }
    if is_pk_set(vm, &c.instance)? && !state::state_of(vm, &c.instance)?.adding.get() {
        let pk = py::attr(vm, &c.instance, "pk")?;
        rows = py::call_kw(vm, &rows, "exclude", vec![], &[("pk", pk)])?;
    }
    if has_condition {
        let values = against(vm, &c)?;
        match check_q(vm, &condition, values, c.using.clone()) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(e) if crate::error::is_a(vm, &e, "FieldError") => return Ok(()),
            Err(e) => return Err(e),
        }
        rows = py::call(vm, &rows, "filter", vec![condition])?;
    }
    if !py::call(vm, &rows, "exists", vec![])?.is_true(vm)? {
        return Ok(());
    }
    let message = py::attr(vm, o, "violation_error_message")?;
    let custom = py::as_string(&message).is_some_and(|m| m != "Constraint “%(name)s” is violated.")
        || !py::is_none(vm, &py::attr(vm, o, "violation_error_code")?);
    if fields.is_empty() || has_condition || custom {
        return Err(violation(vm, o)?);
    }
    let args = vec![c.class.clone(), vm.ctx.new_tuple(fields).into()];
    let error = py::call(vm, &c.instance, "unique_error_message", args)?;
    match error.downcast() {
        Ok(e) => Err(e),
        Err(_) => Err(violation(vm, o)?),
    }
}

/// For callers that only have an object.
pub fn class_object(o: &PyObject) -> PyObjectRef {
    o.class().to_owned().into()
}
