//! What every expression can do: arithmetic, conditions, ordering, comparison.
use super::classes::wrap;
use super::object::{PyExpr, inner, required};
use super::signatures::{self, ORDER_BY};
use crate::class::Class;
use crate::convert::{to_py, to_value};
use crate::error::OrRaise;
use orm_sql::expression::value_expr;
use orm_sql::expressions::func::FuncStyle;
use orm_sql::expressions::{
    Arith, Combined, F, Func, NegatedExpression, OrderBy, OuterRef, Sliced, Val,
};
use orm_sql::q::{Connector, Q, QChild};
use orm_sql::{Expr, Expression, SqlWriter};
use rustpython_vm::builtins::{PyInt, PySlice};
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

macro_rules! arithmetic {
    ($c:expr, $($name:literal, $reflected:literal, $arith:expr);* $(;)?) => {
        $(
            $c.method($name, |a: PyObjectRef, b: PyObjectRef, vm: &Vm| combine(vm, &a, $arith, &b, false));
            $c.method($reflected, |a: PyObjectRef, b: PyObjectRef, vm: &Vm| combine(vm, &a, $arith, &b, true));
        )*
    };
}

macro_rules! bitwise {
    ($c:expr, $($name:literal, $arith:expr);* $(;)?) => {
        $($c.method($name, |a: PyObjectRef, b: PyObjectRef, vm: &Vm| combine(vm, &a, $arith, &b, false));)*
    };
}

pub fn fill(c: &mut Class) {
    arithmetic!(c,
        "__add__", "__radd__", Arith::Add;
        "__sub__", "__rsub__", Arith::Sub;
        "__mul__", "__rmul__", Arith::Mul;
        "__truediv__", "__rtruediv__", Arith::Div;
        "__mod__", "__rmod__", Arith::Mod;
    );
    c.method(
        "__pow__",
        |a: PyObjectRef, b: PyObjectRef, _m: OptionalArg<PyObjectRef>, vm: &Vm| {
            combine(vm, &a, Arith::Pow, &b, false)
        },
    );
    c.method(
        "__rpow__",
        |a: PyObjectRef, b: PyObjectRef, _m: OptionalArg<PyObjectRef>, vm: &Vm| {
            combine(vm, &a, Arith::Pow, &b, true)
        },
    );
    c.method("__neg__", |a: PyObjectRef, vm: &Vm| {
        combine(vm, &a, Arith::Mul, vm.ctx.new_int(-1).as_object(), false)
    });
    bitwise!(c,
        "bitand", Arith::BitAnd;
        "bitor", Arith::BitOr;
        "bitxor", Arith::BitXor;
        "bitleftshift", Arith::BitLeftShift;
        "bitrightshift", Arith::BitRightShift;
    );
    c.method("__and__", |a: PyObjectRef, b: PyObjectRef, vm: &Vm| {
        logical(vm, &a, &b, Connector::And)
    });
    c.method("__or__", |a: PyObjectRef, b: PyObjectRef, vm: &Vm| {
        logical(vm, &a, &b, Connector::Or)
    });
    c.method("__xor__", |a: PyObjectRef, b: PyObjectRef, vm: &Vm| {
        logical(vm, &a, &b, Connector::Xor)
    });
    for name in ["__rand__", "__ror__", "__rxor__"] {
        c.method(
            name,
            |_a: PyObjectRef, _b: PyObjectRef, vm: &Vm| -> PyResult { Err(not_bitwise(vm)) },
        );
    }
    c.method("__invert__", |a: PyObjectRef, vm: &Vm| -> PyResult {
        wrap(vm, &NegatedExpression::new(required(vm, &a)?))
    });
    c.method("asc", |a: PyObjectRef, args: FuncArgs, vm: &Vm| {
        ordered(vm, &a, false, args)
    });
    c.method("desc", |a: PyObjectRef, args: FuncArgs, vm: &Vm| {
        ordered(vm, &a, true, args)
    });
    c.method("reverse_ordering", |a: PyObjectRef, _vm: &Vm| -> PyResult {
        if let Some(e) = inner(&a)
            && let Some(o) = e.as_any().downcast_ref::<OrderBy>()
        {
            super::object::set(&a, std::rc::Rc::new(o.reversed()).into_expr());
        }
        Ok(a)
    });
    c.method("__getitem__", get_item);
    c.method("__iter__", |a: PyObjectRef, vm: &Vm| -> PyResult {
        Err(vm.new_type_error(format!("'{}' object is not iterable", a.class().name())))
    });
    c.method(
        "__contains__",
        |a: PyObjectRef, _: PyObjectRef, vm: &Vm| -> PyResult {
            let class = a.class().name().to_string();
            Err(vm.new_type_error(format!("argument of type '{class}' is not iterable")))
        },
    );
    c.method("__repr__", |a: PyObjectRef, vm: &Vm| -> PyResult {
        let text = inner(&a).map_or_else(|| format!("<{}>", a.class().name()), |e| e.repr());
        Ok(vm.ctx.new_str(text).into())
    });
    c.method("__str__", |a: PyObjectRef, vm: &Vm| -> PyResult {
        match inner(&a) {
            Some(e) if super::classes::is_builtin(a.class()) => {
                Ok(vm.ctx.new_str(e.display()).into())
            }
            _ => Ok(a.repr(vm)?.into()),
        }
    });
    c.method("copy", copy);
    c.method("__copy__", copy);
    c.method(
        "__deepcopy__",
        |a: PyObjectRef, _memo: PyObjectRef, vm: &Vm| copy(a, vm),
    );
    c.method("as_sql", as_sql);
}

pub fn no_attribute(
    vm: &Vm,
    obj: &PyObject,
    name: &str,
) -> rustpython_vm::builtins::PyBaseExceptionRef {
    vm.new_attribute_error(format!(
        "'{}' object has no attribute '{name}'",
        obj.class().name()
    ))
}

pub fn held(vm: &Vm, obj: &PyObject) -> PyResult<Expr> {
    inner(obj).ok_or_else(|| no_attribute(vm, obj, "get_source_expressions"))
}

/// `self <arith> other`; durations and plain values become `Value`.
fn combine(vm: &Vm, a: &PyObject, arith: Arith, b: &PyObject, reflected: bool) -> PyResult {
    let this = required(vm, a)?;
    let value = to_value(vm, b)?;
    let other = value_expr(&value).unwrap_or_else(|| Val::new(value));
    let made = if reflected {
        Combined::new(other, arith, this)
    } else {
        Combined::new(this, arith, other)
    };
    wrap(vm, &made)
}

fn not_bitwise(vm: &Vm) -> rustpython_vm::builtins::PyBaseExceptionRef {
    vm.new_not_implemented_error(
        "Use .bitand(), .bitor(), and .bitxor() for bitwise logical operations.",
    )
}

fn logical(vm: &Vm, a: &PyObject, b: &PyObject, connector: Connector) -> PyResult {
    let as_q = |o: &PyObject| -> PyResult<Option<Q>> {
        Ok(value_expr(&to_value(vm, o)?)
            .filter(|e| e.conditional())
            .map(
                |e| match e.as_any().downcast_ref::<orm_sql::expressions::QExpr>() {
                    // A `Q` inside a `Q` stays one: how joins are promoted depends on it.
                    Some(q) => Q::new(vec![QChild::Q(q.q.clone())], vec![]),
                    None => Q::new(vec![QChild::Expr(e)], vec![]),
                },
            ))
    };
    match (as_q(a)?, as_q(b)?) {
        (Some(x), Some(y)) => {
            let q = orm_sql::expressions::QExpr::new(x.combine(&y, connector));
            to_py(vm, &orm_sql::ExprObject::value(q))
        }
        _ => Err(not_bitwise(vm)),
    }
}

fn ordered(vm: &Vm, a: &PyObject, descending: bool, mut args: FuncArgs) -> PyResult {
    if !args.args.is_empty() {
        let name = inner(a).is_some_and(|e| e.as_any().is::<F>());
        signatures::direction(name, descending).check(vm, &args)?;
    }
    ORDER_BY.check(vm, &args)?;
    let first = args.take_keyword("nulls_first");
    let last = args.take_keyword("nulls_last");
    let made = super::init::order_by(vm, a, descending, first, last)?;
    wrap(vm, &made)
}

/// `F("name")[0:3]`
fn get_item(a: PyObjectRef, key: PyObjectRef, vm: &Vm) -> PyResult {
    let e = held(vm, &a)?;
    if !e.as_any().is::<F>() && !e.as_any().is::<OuterRef>() && !e.as_any().is::<Sliced>() {
        return Err(vm.new_type_error(format!(
            "'{}' object is not subscriptable",
            a.class().name()
        )));
    }
    let made = if let Some(i) = key.downcast_ref::<PyInt>() {
        Sliced::index(e, i.try_to_primitive(vm)?).or_raise(vm)?
    } else if let Some(s) = key.downcast_ref::<PySlice>() {
        let bound = |v: &Option<PyObjectRef>| -> PyResult<Option<i64>> {
            match v {
                Some(v) if !vm.is_none(v) => v.clone().try_to_value(vm).map(Some),
                _ => Ok(None),
            }
        };
        let stop = if vm.is_none(&s.stop) {
            None
        } else {
            Some(s.stop.clone().try_to_value(vm)?)
        };
        let step = s.step.as_ref().is_some_and(|v| !vm.is_none(v));
        Sliced::slice(e, bound(&s.start)?, stop, step).or_raise(vm)?
    } else {
        return Err(vm.new_type_error("Argument to slice must be either int or slice instance."));
    };
    wrap(vm, &made)
}

fn copy(a: PyObjectRef, vm: &Vm) -> PyResult {
    let made = PyExpr {
        expr: std::cell::RefCell::new(inner(&a)),
        given: a.downcast_ref::<PyExpr>().and_then(|e| e.given.clone()),
    };
    let made: PyObjectRef =
        rustpython_vm::PyPayload::into_ref_with_type(made, vm, a.class().to_owned())?.into();
    if let (Some(from), Some(to)) = (a.dict(), made.dict()) {
        for (k, v) in from {
            to.set_item(&*k, v, vm)?;
        }
    }
    Ok(made)
}

/// `as_sql(compiler, connection, function=…, template=…)`: what `super().as_sql(…)` gives.
fn as_sql(a: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let compiler = match args.args.first() {
        Some(c) => super::compiler_object::compiler_of(vm, c)?,
        None => {
            return Err(
                vm.new_type_error("as_sql() missing 1 required positional argument: 'compiler'")
            );
        }
    };
    let e = held(vm, &a)?;
    let text = |v: Option<PyObjectRef>| -> PyResult<Option<String>> {
        match v {
            Some(v) if !vm.is_none(&v) => Ok(Some(v.str(vm)?.to_string_lossy().into_owned())),
            _ => Ok(None),
        }
    };
    let function = text(args.take_keyword("function"))?;
    let template = text(args.take_keyword("template"))?;
    let joiner = text(args.take_keyword("arg_joiner"))?;
    let mut extra: Vec<(String, String)> = args
        .kwargs
        .iter()
        .map(|(k, v)| {
            Ok((
                k.to_string_lossy().into_owned(),
                v.str(vm)?.to_string_lossy().into_owned(),
            ))
        })
        .collect::<PyResult<_>>()?;
    let (mut function, mut template) = (function, template);
    for (name, value) in super::attributes::changed_extra(vm, &a)? {
        match name.as_str() {
            "function" => function = function.or(Some(value)),
            "template" => template = template.or(Some(value)),
            _ if extra.iter().any(|(n, _)| *n == name) => {}
            _ => extra.push((name, value)),
        }
    }
    let extra: Vec<(&str, String)> = extra.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
    let style = FuncStyle {
        function: function.as_deref(),
        template: template.as_deref(),
        arg_joiner: joiner.as_deref(),
        extra: &extra,
    };
    let mut out = SqlWriter::default();
    match e.as_any().downcast_ref::<Func>() {
        Some(f) => f.sql_with(&compiler, &style, &mut out).or_raise(vm)?,
        None => match e.as_any().downcast_ref::<orm_sql::expressions::Aggregate>() {
            Some(f) => f.sql_with(&compiler, &style, &mut out).or_raise(vm)?,
            None => compiler.compile(&e, &mut out).or_raise(vm)?,
        },
    }
    super::compiler_object::sql_pair(vm, out)
}
