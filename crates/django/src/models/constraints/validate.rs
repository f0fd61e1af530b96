//! Do the values of an instance keep a constraint?
use crate::checks::constraint::references;
use crate::class::Class;
use crate::core::validation_error;
use crate::error::OrRaise;
use crate::models::base::identity::{class_model, is_pk_set};
use crate::models::state;
use crate::{modules, py};
use orm_state::FieldKind;
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

/// A condition that holds where it is not known whether it does: no check fails there.
fn unless_unknown(vm: &Vm, condition: PyObjectRef) -> PyResult {
    let coalesce = modules::find(vm, "django.db.models.functions", "Coalesce")?;
    let boolean = models(vm, "BooleanField")?.call((), vm)?;
    let args = py::with_kwargs(
        vec![condition, py::bool(vm, true)],
        &[("output_field", boolean)],
    );
    coalesce.call(args, vm)
}

/// Does an expression name a field that is excluded, itself or through a generated one?
fn names_excluded(vm: &Vm, c: &Call, expression: &PyObject) -> PyResult<bool> {
    if c.exclude.is_empty() {
        return Ok(false);
    }
    let meta = py::attr(vm, &c.class, "_meta")?;
    for path in references(vm, expression)? {
        let Some(first) = path.first() else { continue };
        let field = match first.as_str() {
            "pk" => py::attr(vm, &meta, "pk")?,
            name => py::call(vm, &meta, "get_field", vec![py::str(vm, name)])?,
        };
        let name = py::to_string(vm, &py::attr(vm, &field, "name")?)?;
        if c.exclude.contains(first) || c.exclude.contains(&name) {
            return Ok(true);
        }
        if py::attr(vm, &field, "generated")?.is_true(vm)?
            && names_excluded(vm, c, &*py::attr(vm, &field, "expression")?)?
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn models(vm: &Vm, name: &str) -> PyResult {
    modules::find(vm, "django.db.models", name)
}

pub fn fill_check(c: &mut Class) {
    c.method(
        "validate",
        |o: PyObjectRef, args: FuncArgs, vm: &Vm| -> PyResult<()> {
            let call = call(vm, args)?;
            let values = against(vm, &call)?;
            let condition = py::attr(vm, &o, "condition")?;
            if names_excluded(vm, &call, &condition)? {
                return Ok(());
            }
            match check_q(vm, &*unless_unknown(vm, condition)?, values, call.using)? {
                true => Ok(()),
                false => Err(violation(vm, &o)?),
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

/// `lhs = rhs`, or, where nulls are the same, both null.
fn same_or_null(vm: &Vm, lhs: PyObjectRef, rhs: PyObjectRef) -> PyResult {
    let lookup = |name: &str| modules::find(vm, "django.db.models.lookups", name);
    let q = models(vm, "Q")?;
    let exact = lookup("Exact")?.call((lhs.clone(), rhs.clone()), vm)?;
    let null = |side: PyObjectRef| lookup("IsNull")?.call((side, true), vm);
    let nulls = q.call((null(lhs)?, null(rhs)?), vm)?;
    let exact = q.call((exact,), vm)?;
    vm._or(&exact, &nulls)
}

/// `{F(name): value}`
fn replacements(vm: &Vm, values: &PyObject) -> PyResult {
    let out = vm.ctx.new_dict();
    let f = models(vm, "F")?;
    for name in py::list(vm, values)? {
        let value = values.get_item(&*name, vm)?;
        let key = f.call((name,), vm)?;
        out.set_item(&*key, value, vm)?;
    }
    Ok(out.into())
}

/// The rows that have the constraint's values already. Nothing where it cannot be broken.
fn rows_alike(vm: &Vm, o: &PyObject, c: &Call) -> PyResult<Option<PyObjectRef>> {
    let manager = py::attr(vm, &c.class, "_default_manager")?;
    let rows = py::call(vm, &manager, "using", vec![c.using.clone()])?;
    let distinct = py::attr(vm, o, "nulls_distinct")?;
    let nulls_differ = vm.is_none(&distinct) || distinct.is_true(vm)?;
    let fields = py::list(vm, &py::attr(vm, o, "fields")?)?;
    let mut filter = FuncArgs::default();
    if fields.is_empty() {
        let all = py::list(vm, &py::attr(vm, o, "expressions")?)?;
        for e in &all {
            if names_excluded(vm, c, e)? {
                return Ok(None);
            }
        }
        let map = replacements(vm, &*against(vm, c)?)?;
        for mut e in all {
            if let Some(own) = py::attr_opt(vm, &e, "get_expression_for_validation")? {
                e = own.call((), vm)?;
            } else if py::attr_opt(vm, &e, "descending")?.is_some() {
                e = py::attr(vm, &e, "expression")?;
            }
            let other = py::call(vm, &e, "replace_expressions", vec![map.clone()])?;
            filter.args.push(match nulls_differ {
                true => {
                    modules::find(vm, "django.db.models.lookups", "Exact")?.call((e, other), vm)?
                }
                false => same_or_null(vm, e, other)?,
            });
        }
        return py::attr(vm, &rows, "filter")?.call(filter, vm).map(Some);
    }
    let model = class_model(vm, &c.class)?;
    for name in &fields {
        let name = py::to_string(vm, name)?;
        if c.exclude.contains(&name) {
            return Ok(None);
        }
        let f = model.field(&name).or_raise(vm)?;
        if f.kind == FieldKind::Generated {
            let meta = py::attr(vm, &c.class, "_meta")?;
            let field = py::call(vm, &meta, "get_field", vec![py::str(vm, &name)])?;
            if names_excluded(vm, c, &*py::attr(vm, &field, "expression")?)? {
                return Ok(None);
            }
            let value = against(vm, c)?.get_item(&*name, vm)?;
            if nulls_differ {
                filter.kwargs.insert(name.into(), value);
            } else {
                let f = models(vm, "F")?.call((name,), vm)?;
                filter.args.push(same_or_null(vm, f, value)?);
            }
            continue;
        }
        let value = py::attr(vm, &c.instance, &f.attname())?;
        if vm.is_none(&value) {
            if nulls_differ {
                return Ok(None);
            }
            filter
                .kwargs
                .insert(format!("{name}__isnull").into(), py::bool(vm, true));
        } else {
            filter.kwargs.insert(name.into(), value);
        }
    }
    py::attr(vm, &rows, "filter")?.call(filter, vm).map(Some)
}

fn validate_unique(vm: &Vm, o: &PyObject, c: Call) -> PyResult<()> {
    let Some(mut rows) = rows_alike(vm, o, &c)? else {
        return Ok(());
    };
    let fields = py::list(vm, &py::attr(vm, o, "fields")?)?;
    if is_pk_set(vm, &c.instance)? && !state::state_of(vm, &c.instance)?.adding.get() {
        let pk = py::attr(vm, &c.instance, "pk")?;
        rows = py::call_kw(vm, &rows, "exclude", vec![], &[("pk", pk)])?;
    }
    let condition = py::attr(vm, o, "condition")?;
    if !vm.is_none(&condition) && condition.clone().is_true(vm)? {
        if names_excluded(vm, &c, &condition)? {
            return Ok(());
        }
        let among = py::call(vm, &rows, "filter", vec![condition.clone()])?;
        let exists = models(vm, "Exists")?.call((among,), vm)?;
        let broken = vm._and(&condition, &exists)?;
        return match check_q(vm, &broken, against(vm, &c)?, c.using.clone())? {
            true => Err(violation(vm, o)?),
            false => Ok(()),
        };
    }
    if !py::call(vm, &rows, "exists", vec![])?.is_true(vm)? {
        return Ok(());
    }
    let message = py::attr(vm, o, "violation_error_message")?;
    let usual = py::attr(vm, o, "default_violation_error_message")?;
    if fields.is_empty() || !py::eq(vm, &message, &usual)? {
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
