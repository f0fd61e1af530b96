//! Prefetching relations that lead to one object: `book.author`, `place.restaurant`.
//!
//! ```text
//! Book.objects.prefetch_related("author")
//!   SELECT … FROM "author" WHERE ("author"."id") IN ((3), (1))
//! ```
use crate::error::OrRaise;
use crate::models::state;
use crate::py;
use crate::queries::queryset::PyQuerySet;
use orm_sql::expression::Expr;
use orm_sql::expressions::{Col, ColPairs};
use orm_sql::lookup::{LookupFactory, Rhs};
use orm_sql::lookups::kind::{Builtin, Family, Op};
use orm_state::{Error, Field, Result, Value};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// The instances, and the queryset that their related objects come from.
pub fn sources(
    vm: &Vm,
    o: &PyObject,
    mut args: FuncArgs,
) -> PyResult<(Vec<PyObjectRef>, PyObjectRef)> {
    let instances = args
        .take_positional_keyword("instances")
        .ok_or_else(|| vm.new_type_error("instances are missing"))?;
    let instances = py::list(vm, &instances)?;
    let given = match args.take_positional_keyword("querysets") {
        Some(q) if py::is_true(vm, &q)? => py::list(vm, &q)?,
        _ => vec![],
    };
    let first: Vec<_> = instances
        .first()
        .map(|i| ("instance", i.clone()))
        .into_iter()
        .collect();
    let rows = match given.as_slice() {
        [] => py::call_kw(vm, o, "get_queryset", vec![], &first)?,
        [rows] => {
            py::call_kw(vm, rows, "_add_hints", vec![], &first)?;
            rows.clone()
        }
        _ => {
            return Err(vm.new_value_error(
                "querysets argument of get_prefetch_querysets() should have a length of 1.",
            ));
        }
    };
    Ok((instances, rows))
}

/// The instances by their keys: the last one of those that share a key.
pub fn by_key(vm: &Vm, instances: &[PyObjectRef], names: &[Rc<str>]) -> PyResult<PyDictRef> {
    let found = vm.ctx.new_dict();
    for i in instances {
        found.set_item(&*values(vm, i, names)?, i.clone(), vm)?;
    }
    Ok(found)
}

/// The rows of `keys`; `fields` are compared.
pub fn with_keys(
    vm: &Vm,
    rows: &PyObject,
    relation: &Rc<Field>,
    fields: &[Rc<Field>],
    keys: &PyDictRef,
) -> PyResult {
    let mut wanted = vec![];
    for (key, _) in keys {
        let key = py::list(vm, &key)?;
        let key = key.iter().map(|v| crate::convert::to_value(vm, v));
        wanted.push(Value::Tuple(key.collect::<PyResult<_>>()?));
    }
    let condition = lookup(queryset(vm, rows)?, relation, fields, wanted).or_raise(vm)?;
    let condition = crate::expressions::wrap(vm, &condition)
        .ok_or_else(|| vm.new_type_error("a lookup was expected"))?;
    py::call(vm, rows, "filter", vec![condition])
}

fn queryset<'a>(vm: &Vm, rows: &'a PyObject) -> PyResult<&'a Py<PyQuerySet>> {
    rows.downcast_ref::<PyQuerySet>()
        .ok_or_else(|| vm.new_type_error("get_queryset() must return a QuerySet"))
}

fn lookup(
    rows: &PyQuerySet,
    relation: &Rc<Field>,
    fields: &[Rc<Field>],
    keys: Vec<Value>,
) -> Result<Expr> {
    rows.with_query(|query| {
        let mut targets = vec![];
        for field in fields {
            let found = query.resolve_ref(&field.name(), &Default::default())?;
            let col = found.as_any().downcast_ref::<Col>();
            let col = col.ok_or_else(|| Error::field_error("A column was expected."))?;
            targets.push(col.target.clone());
        }
        let table = query.model()?.db_table();
        let columns = ColPairs::new(
            table.as_str().into(),
            targets.clone(),
            targets,
            relation.clone(),
        );
        let kind = Builtin {
            op: Op::In,
            family: Family::Tuple,
        };
        kind.make(columns, Rhs::Value(Value::List(keys.into())), vec![])
    })
}

/// What a descriptor's `get_prefetch_querysets()` returns. There is one object for each instance,
/// so its order says nothing.
pub fn answer(
    vm: &Vm,
    rows: PyObjectRef,
    theirs: Vec<Rc<str>>,
    ours: Vec<Rc<str>>,
    name: &str,
) -> PyResult {
    let getter = |names: Vec<Rc<str>>| {
        vm.new_function("rel_attr", move |obj: PyObjectRef, vm: &Vm| {
            values(vm, &obj, &names)
        })
    };
    let parts = vec![
        rows,
        getter(theirs).into(),
        getter(ours).into(),
        py::bool(vm, true),
        py::str(vm, name),
        py::bool(vm, false),
    ];
    Ok(vm.ctx.new_tuple(parts).into())
}

/// Forgets the order of rows that are looked up by their key.
pub fn unordered(vm: &Vm, rows: &PyObject) -> PyResult<()> {
    queryset(vm, rows)?
        .with_query(|query| {
            query.clear_ordering(false, true);
            Ok(())
        })
        .or_raise(vm)
}

/// Tells each row which instance leads to it, under `name`.
pub fn tie(
    vm: &Vm,
    rows: &PyObject,
    theirs: &[Rc<str>],
    instances: &PyDictRef,
    name: &str,
) -> PyResult<()> {
    for row in py::list(vm, rows)? {
        let key = values(vm, &row, theirs)?;
        if let Some(instance) = instances.get_item_opt(&*key, vm)? {
            state::fields_cache(vm, &row)?.set_item(name, instance, vm)?;
        }
    }
    Ok(())
}

fn values(vm: &Vm, obj: &PyObject, names: &[Rc<str>]) -> PyResult {
    let values = names.iter().map(|n| py::attr(vm, obj, n));
    Ok(vm.ctx.new_tuple(values.collect::<PyResult<_>>()?).into())
}
