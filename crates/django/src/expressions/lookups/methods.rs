//! What a `Lookup` can do: its sides, its SQL, and the pieces that user code calls and overrides.
use super::kind::{UserKind, kept};
use crate::class::Class;
use crate::convert::{to_py, to_value};
use crate::error::OrRaise;
use crate::expressions::call::{Arguments, expression};
use crate::expressions::callback::overrides;
use crate::expressions::compiler_object::{compiler_of, read_pair, sql_pair};
use crate::expressions::{classes, object};
use orm_sql::expression::ExprObject;
use orm_sql::lookup::{Lookup, LookupKind, Rhs};
use orm_sql::lookups::kind::Builtin;
use orm_sql::lookups::tuple::Tuple;
use orm_sql::{Expr, SqlWriter};
use rustpython_vm::builtins::{PyList, PyTuple};
use rustpython_vm::function::{OptionalArg, PySetterValue};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// `Lookup(lhs, rhs)`
pub fn build(vm: &Vm, zelf: &PyObject, class: &str, mut a: Arguments<'_>) -> PyResult<Expr> {
    let left = a.required(class, "lhs")?;
    let right = a.required(class, "rhs")?;
    a.finish(class)?;
    let kind = kind_of(vm, zelf)?;
    let lhs = match kind.takes_tuples().then(|| items(&left)).flatten() {
        Some(items) => {
            let items = items.iter().map(|i| expression(vm, i));
            Tuple::new(items.collect::<PyResult<_>>()?)
        }
        None => expression(vm, &left)?,
    };
    let bilateral = lhs.bilateral_transforms();
    let lookup = Lookup::new(kind, lhs, Rhs::new(to_value(vm, &right)?), bilateral);
    if !lookup.bilateral.is_empty()
        && let Rhs::Expr(e) = &lookup.rhs
        && orm_sql::query::subquery::query_of(e).is_some()
    {
        return Err(vm.new_not_implemented_error(
            "Bilateral transformations on nested querysets are not implemented.",
        ));
    }
    if !overrides(vm, zelf.class(), &["get_prep_lookup"]) {
        let kind = lookup.kind.clone();
        return Ok(Rc::new(kind.prepare(lookup).or_raise(vm)?));
    }
    // The user's own preparation sees the sides as they were given.
    object::set(&zelf.to_owned(), Rc::new(lookup.clone()));
    let prepared = vm.call_method(zelf, "get_prep_lookup", ())?;
    Ok(Rc::new(Lookup {
        rhs: Rhs::new(to_value(vm, &prepared)?),
        ..lookup
    }))
}

/// What is in a tuple or a list.
fn items(o: &PyObject) -> Option<Vec<PyObjectRef>> {
    match o.downcast_ref::<PyTuple>() {
        Some(tuple) => Some(tuple.as_slice().to_vec()),
        None => Some(o.downcast_ref::<PyList>()?.borrow_vec().to_vec()),
    }
}

/// The operation behind a class: a built-in one, or a name whose SQL the class writes.
fn kind_of(vm: &Vm, zelf: &PyObject) -> PyResult<Rc<dyn LookupKind>> {
    let class = zelf.class();
    let builtin = classes::builtin_name(class).unwrap_or("Lookup");
    if let Some(b) = Builtin::all()
        .into_iter()
        .find(|b| LookupKind::class_name(b) == builtin)
    {
        return Ok(Rc::new(b));
    }
    let flag = |name: &str| {
        class
            .get_attr(vm.ctx.intern_str(name))
            .map_or(Ok(false), |v| v.is_true(vm))
    };
    Ok(Rc::new(UserKind {
        lookup_name: kept(&super::factory::lookup_name(vm, &class.to_owned())?.unwrap_or_default()),
        class_name: kept(&class.name()),
        prepares: flag("prepare_rhs")?,
        db_prepares: class
            .get_attr(vm.ctx.intern_str("get_db_prep_lookup_value_is_iterable"))
            .is_some(),
        none_as_rhs: flag("can_use_none_as_rhs")?,
    }))
}

/// The lookup inside an object.
fn held(vm: &Vm, obj: &PyObject) -> PyResult<Lookup> {
    object::inner(obj)
        .and_then(|e| e.as_any().downcast_ref::<Lookup>().cloned())
        .ok_or_else(|| {
            vm.new_attribute_error(format!(
                "'{}' object has no attribute 'lhs'",
                obj.class().name()
            ))
        })
}

fn right(vm: &Vm, rhs: &Rhs) -> PyResult {
    match rhs {
        Rhs::Value(v) => to_py(vm, v),
        Rhs::Expr(e) => to_py(vm, &ExprObject::value(e.clone())),
    }
}

pub fn fill(c: &mut Class) {
    c.property(
        "lhs",
        |o, vm| classes::wrap(vm, &held(vm, &o)?.lhs),
        |o, value, vm| {
            let PySetterValue::Assign(value) = value else {
                return Err(vm.new_attribute_error("lhs"));
            };
            let lookup = Lookup {
                lhs: expression(vm, &value)?,
                ..held(vm, &o)?
            };
            object::set(&o, Rc::new(lookup));
            Ok(())
        },
    );
    c.property(
        "rhs",
        |o, vm| right(vm, &held(vm, &o)?.rhs),
        |o, value, vm| {
            let PySetterValue::Assign(value) = value else {
                return Err(vm.new_attribute_error("rhs"));
            };
            let lookup = Lookup {
                rhs: Rhs::new(to_value(vm, &value)?),
                ..held(vm, &o)?
            };
            object::set(&o, Rc::new(lookup));
            Ok(())
        },
    );
    c.getter("bilateral_transforms", |o, vm| {
        let all = held(vm, &o)?
            .bilateral
            .iter()
            .map(|t| super::class_of(vm, &orm_sql::Registered::Transform(t.clone())))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(vm.ctx.new_list(all).into())
    });
    c.method(
        "rhs_is_direct_value",
        |o: PyObjectRef, vm: &Vm| -> PyResult<bool> {
            Ok(matches!(held(vm, &o)?.rhs, Rhs::Value(_)))
        },
    );
    c.method("get_prep_lookup", |o: PyObjectRef, vm: &Vm| -> PyResult {
        let lookup = held(vm, &o)?;
        let kind = lookup.kind.clone();
        right(vm, &kind.prepare(lookup).or_raise(vm)?.rhs)
    });
    c.method("get_prep_lhs", |o: PyObjectRef, vm: &Vm| -> PyResult {
        classes::wrap(vm, &held(vm, &o)?.lhs)
    });
    c.method(
        "get_db_prep_lookup",
        |_: PyObjectRef, value: PyObjectRef, _connection: PyObjectRef, vm: &Vm| -> PyResult {
            let params = vm.ctx.new_list(vec![value]);
            Ok(vm
                .ctx
                .new_tuple(vec![vm.ctx.new_str("%s").into(), params.into()])
                .into())
        },
    );
    c.method("process_lhs", process_lhs);
    c.method("process_rhs", process_rhs);
    c.method("get_rhs_op", get_rhs_op);
    c.method("as_sql", as_sql);
}

fn process_lhs(
    o: PyObjectRef,
    compiler: PyObjectRef,
    _connection: PyObjectRef,
    lhs: OptionalArg<PyObjectRef>,
    vm: &Vm,
) -> PyResult {
    let mut lookup = held(vm, &o)?;
    if let OptionalArg::Present(other) = lhs
        && !vm.is_none(&other)
    {
        lookup.lhs = expression(vm, &other)?;
    }
    let mut out = SqlWriter::default();
    lookup
        .kind
        .lhs_sql(&lookup, &*compiler_of(vm, &compiler)?, &mut out)
        .or_raise(vm)?;
    sql_pair(vm, out)
}

fn process_rhs(
    o: PyObjectRef,
    compiler: PyObjectRef,
    connection: PyObjectRef,
    vm: &Vm,
) -> PyResult {
    let lookup = held(vm, &o)?;
    // A plain value goes through the user's own `get_db_prep_lookup`.
    if let Rhs::Value(v) = &lookup.rhs
        && lookup.bilateral.is_empty()
        && overrides(vm, o.class(), &["get_db_prep_lookup"])
    {
        let args = (to_py(vm, v)?, connection);
        return vm.call_method(&o, "get_db_prep_lookup", args);
    }
    let out = lookup
        .kind
        .rhs_sql(&lookup, &*compiler_of(vm, &compiler)?)
        .or_raise(vm)?;
    sql_pair(vm, out)
}

/// `connection.operators[lookup_name] % rhs`
fn get_rhs_op(o: PyObjectRef, connection: PyObjectRef, rhs: PyObjectRef, vm: &Vm) -> PyResult {
    let name = o.get_attr("lookup_name", vm)?;
    let operator = connection.get_attr("operators", vm)?.get_item(&*name, vm)?;
    let operator = operator.str(vm)?.to_string_lossy().into_owned();
    let rhs = rhs.str(vm)?.to_string_lossy().into_owned();
    Ok(vm.ctx.new_str(operator.replacen("%s", &rhs, 1)).into())
}

/// The SQL of Django's own class; the pieces that a user's class overrides are asked for.
fn as_sql(o: PyObjectRef, compiler: PyObjectRef, connection: PyObjectRef, vm: &Vm) -> PyResult {
    const PIECES: [&str; 4] = [
        "process_lhs",
        "process_rhs",
        "get_rhs_op",
        "get_db_prep_lookup",
    ];
    let lookup = held(vm, &o)?;
    let abstract_class = classes::builtin_name(o.class()) == Some("Lookup");
    let user_kind = classes::find(lookup.kind.class_name()).is_none();
    if abstract_class || !(user_kind || overrides(vm, o.class(), &PIECES)) {
        let mut out = SqlWriter::default();
        lookup
            .kind
            .as_sql(&lookup, &*compiler_of(vm, &compiler)?, &mut out)
            .or_raise(vm)?;
        return sql_pair(vm, out);
    }
    let args = (compiler.clone(), connection.clone());
    let mut out = read_pair(vm, &*vm.call_method(&o, "process_lhs", args)?)?;
    if lookup.kind.lookup_name() == "isnull" {
        let wanted = matches!(lookup.rhs, Rhs::Value(orm_state::Value::Bool(true)));
        out.push(if wanted { " IS NULL" } else { " IS NOT NULL" });
        return sql_pair(vm, out);
    }
    let rhs = vm.call_method(&o, "process_rhs", (compiler, connection.clone()))?;
    let rhs = read_pair(vm, &rhs)?;
    let text = vm.call_method(&o, "get_rhs_op", (connection, vm.ctx.new_str(rhs.sql)))?;
    out.push(" ");
    out.push(&text.str(vm)?.to_string_lossy());
    out.params.extend(rhs.params);
    sql_pair(vm, out)
}
