//! What every expression tells about itself: its type, what it contains, what it may be used for.
use super::callback;
use super::lookups::class_of;
use super::methods::{held, no_attribute};
use super::object::{inner, required, set};
use crate::class::{Class, Getter, function};
use crate::convert::{to_py, to_value};
use crate::error::OrRaise;
use crate::models::fields::object::{field_object, field_of};
use crate::py;
use orm_sql::expression::EmptyValue;
use orm_sql::expressions::{F, OuterRef, Val};
use orm_sql::{Expr, Expression};
use rustpython_vm::builtins::PyDict;
use rustpython_vm::function::PySetterValue;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Flags that user code may set on an instance.
const FLAGS: &[&str] = &[
    "contains_aggregate",
    "contains_over_clause",
    "conditional",
    "filterable",
    "constraint_validation_compatible",
];

/// Was a flag set on the instance itself?
pub fn has_flags(obj: &PyObject) -> bool {
    obj.dict().is_some_and(|d| {
        !d.is_empty() && with_current_vm(|vm| FLAGS.iter().any(|f| d.contains_key(*f, vm)))
    })
}

/// A flag that was set on the instance itself.
pub fn flag(obj: &PyObject, name: &str) -> Option<bool> {
    let dict = obj.dict().filter(|d| !d.is_empty())?;
    with_current_vm(|vm| {
        let value = dict.get_item_opt(name, vm).ok().flatten()?;
        value.is_true(vm).ok()
    })
}

pub fn fill(c: &mut Class) {
    flags(c);
    types(c);
    c.lazy("name", |a, vm| match inner(&a) {
        Some(e) => match (
            e.as_any().downcast_ref::<F>(),
            e.as_any().downcast_ref::<OuterRef>(),
        ) {
            (Some(f), _) => Ok(py::str(vm, &*f.name)),
            (_, Some(o)) => Ok(py::str(vm, o.repr())),
            _ => Ok(py::str(vm, e.name())),
        },
        None => Ok(vm.ctx.none()),
    });
    c.lazy("value", |a, vm| {
        match inner(&a).and_then(|e| e.as_any().downcast_ref::<Val>().map(|v| v.value.clone())) {
            Some(value) => to_py(vm, &value),
            None => Err(no_attribute(vm, &a, "value")),
        }
    });
    c.lazy("default_alias", |a, vm| {
        let alias = held(vm, &a)?.default_alias().or_raise(vm)?;
        Ok(py::str(vm, alias))
    });
    c.lazy("empty_result_set_value", |a, vm| {
        match held(vm, &a)?.empty_result_set_value() {
            EmptyValue::Propagate => Ok(vm.ctx.not_implemented()),
            EmptyValue::Value(v) => to_py(vm, &v),
        }
    });
    c.method(
        "get_lookup",
        |a: PyObjectRef, name: PyObjectRef, vm: &Vm| {
            let name = py::to_string(vm, &name)?;
            match plain(vm, &a)?.get_lookup(&name).or_raise(vm)? {
                Some(found) => class_of(vm, &found),
                None => Ok(vm.ctx.none()),
            }
        },
    );
    c.method(
        "get_transform",
        |a: PyObjectRef, name: PyObjectRef, vm: &Vm| {
            let name = py::to_string(vm, &name)?;
            match plain(vm, &a)?.get_transform(&name).or_raise(vm)? {
                Some(found) => class_of(vm, &found),
                None => Ok(vm.ctx.none()),
            }
        },
    );
}

/// What the class does by itself: a user's own method has been called already.
fn plain(vm: &Vm, a: &PyObjectRef) -> PyResult<Expr> {
    callback::plain(a).ok_or_else(|| no_attribute(vm, a, "get_lookup"))
}

macro_rules! settable_flags {
    ($c:expr, $($name:literal => $method:ident),* $(,)?) => {
        $($c.property(
            $name,
            |a, vm| match flag(&a, $name) {
                Some(set) => Ok(py::bool(vm, set)),
                None => Ok(py::bool(vm, required(vm, &a)?.$method())),
            },
            |a, value, vm| set_flag(vm, &a, $name, value),
        );)*
    };
}

fn flags(c: &mut Class) {
    settable_flags!(c,
        "contains_aggregate" => contains_aggregate,
        "contains_over_clause" => contains_over_clause,
        "conditional" => conditional,
        "filterable" => filterable,
        "constraint_validation_compatible" => constraint_validation_compatible,
    );
    let known: [(&str, Getter); 7] = [
        ("contains_column_references", |a, vm| {
            Ok(py::bool(
                vm,
                held(vm, &a)?.contains_column_references().or_raise(vm)?,
            ))
        }),
        ("contains_subquery", |a, vm| {
            Ok(py::bool(vm, held(vm, &a)?.contains_subquery()))
        }),
        ("is_summary", |a, vm| {
            Ok(py::bool(vm, held(vm, &a)?.is_summary()))
        }),
        ("window_compatible", |a, vm| {
            Ok(py::bool(vm, held(vm, &a)?.window_compatible()))
        }),
        ("allowed_default", |a, vm| {
            Ok(py::bool(vm, held(vm, &a)?.allowed_default()))
        }),
        ("set_returning", |a, vm| {
            Ok(py::bool(vm, held(vm, &a)?.set_returning()))
        }),
        ("allows_composite_expressions", |a, vm| {
            Ok(py::bool(vm, held(vm, &a)?.allows_composite_expressions()))
        }),
    ];
    for (name, get) in known {
        c.lazy(name, get);
    }
}

fn set_flag(vm: &Vm, a: &PyObject, name: &str, value: PySetterValue) -> PyResult<()> {
    if a.dict().is_none() {
        return Err(no_attribute(vm, a, name));
    }
    py::set_own(vm, a, name, value)
}

fn types(c: &mut Class) {
    c.property(
        "output_field",
        |a, vm| {
            let field = held(vm, &a)?.output_field().or_raise(vm)?;
            field_object(vm, &field)
        },
        |a, value, _vm| {
            // `None` takes nothing away: the type is then found from the value or the operands.
            if let PySetterValue::Assign(value) = value
                && let Some(field) = field_of(&value)
                && let Some(typed) = inner(&a).and_then(|e| e.with_output_field(field))
            {
                set(&a, typed);
            }
            Ok(())
        },
    );
    c.lazy("field", |a, vm| py::attr(vm, &a, "output_field"));
    c.lazy("_output_field_or_none", |a, vm| {
        match required(vm, &a)?.output_field_or_none().or_raise(vm)? {
            Some(f) => field_object(vm, &f),
            None => Ok(vm.ctx.none()),
        }
    });
    c.method(
        "_resolve_output_field",
        |a: PyObjectRef, vm: &Vm| match held(vm, &a)?.output_field_or_none().or_raise(vm)? {
            Some(f) => field_object(vm, &f),
            None => Ok(vm.ctx.none()),
        },
    );
    c.lazy("convert_value", |a, vm| {
        let convert = function(vm, "convert_value", convert_value);
        vm.import("functools", 0)?
            .get_attr("partial", vm)?
            .call((convert, a), vm)
    });
    c.method(
        "get_db_converters",
        |a: PyObjectRef, connection: PyObjectRef, vm: &Vm| -> PyResult {
            let field = py::attr(vm, &a, "output_field")?;
            let mut all = vec![];
            if held(vm, &a)?.convert_value().is_some() {
                all.push(py::attr(vm, &a, "convert_value")?);
            }
            let of_field = py::call(vm, &field, "get_db_converters", vec![connection])?;
            all.extend(py::list(vm, &of_field)?);
            Ok(vm.ctx.new_list(all).into())
        },
    );
    c.method(
        "select_format",
        |_: PyObjectRef, _compiler: PyObjectRef, sql: PyObjectRef, params: PyObjectRef, vm: &Vm| {
            vm.ctx.new_tuple(vec![sql, params])
        },
    );
}

/// `convert_value(value, expression, connection)`: what the database gave as the expression's type.
fn convert_value(
    a: PyObjectRef,
    value: PyObjectRef,
    _expression: PyObjectRef,
    _connection: PyObjectRef,
    vm: &Vm,
) -> PyResult {
    match held(vm, &a)?.convert_value() {
        Some(convert) => to_py(vm, &convert(to_value(vm, &value)?).or_raise(vm)?),
        None => Ok(value),
    }
}

/// What user code put into `self.extra` after the expression was made.
pub fn changed_extra(vm: &Vm, a: &PyObject) -> PyResult<Vec<(String, String)>> {
    let Some(dict) = a.dict() else {
        return Ok(vec![]);
    };
    let Some(extra) = dict.get_item_opt("extra", vm)? else {
        return Ok(vec![]);
    };
    let Some(extra) = extra.downcast_ref::<PyDict>() else {
        return Ok(vec![]);
    };
    extra
        .items_vec()
        .iter()
        .map(|(k, v)| Ok((py::to_string(vm, k)?, py::to_string(vm, v)?)))
        .collect()
}
