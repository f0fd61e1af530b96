//! What code below querysets asks of a `Query`: adding to it by hand, finding where names lead.
use super::py_query::PyQuery;
use crate::class::{Class, fill_class};
use crate::convert::to_value;
use crate::error::{self, OrRaise};
use crate::expressions::call::expression;
use crate::expressions::{classes, compiler_object};
use crate::models::fields::any_field_object;
use crate::models::fields::object::{field_object, field_of};
use crate::py;
use crate::queries::q::PyQ;
use orm_sql::Query;
use orm_sql::expression::Expression;
use orm_sql::expressions::Col;
use orm_sql::lookup::Rhs;
use orm_sql::query::names::PathError;
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn install(vm: &Vm, class: &PyTypeRef) -> PyResult<()> {
    fill_class(vm, class, |c| {
        adding(c);
        asking(c);
    })
}

fn this<'a>(vm: &Vm, o: &'a PyObject) -> PyResult<&'a Py<PyQuery>> {
    o.downcast_ref::<PyQuery>()
        .ok_or_else(|| vm.new_type_error("a Query was expected"))
}

fn query(vm: &Vm, o: &PyObject) -> PyResult<Query> {
    Ok((**this(vm, o)?.queryset.query.borrow()).clone())
}

fn names(vm: &Vm, o: &PyObject) -> PyResult<Vec<String>> {
    py::list(vm, o)?
        .iter()
        .map(|n| py::to_string(vm, n))
        .collect()
}

fn adding(c: &mut Class) {
    c.method(
        "add_annotation",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
            let mut take = |name: &str| {
                args.take_positional_keyword(name)
                    .ok_or_else(|| vm.new_type_error(format!("add_annotation() needs {name}")))
            };
            let annotation = take("annotation")?;
            let annotation = expression(vm, &annotation)?;
            let alias = py::to_string(vm, &take("alias")?)?;
            let select = match take("select") {
                Ok(select) => select.is_true(vm)?,
                Err(_) => true,
            };
            this(vm, &o)?
                .queryset
                .with_query(|q| q.add_annotation(annotation, &alias, select))
                .or_raise(vm)
        },
    );
    c.method(
        "add_q",
        |o: PyObjectRef, condition: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let q = match condition.downcast_ref::<PyQ>() {
                Some(q) => q.q.borrow().clone(),
                None => super::q::q_of(vm, &[condition], vec![])?,
            };
            this(vm, &o)?
                .queryset
                .with_query(|query| query.add_q(&q))
                .or_raise(vm)
        },
    );
    c.method(
        "add_filter",
        |o: PyObjectRef, lookup: PyObjectRef, value: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let lookup = py::to_string(vm, &lookup)?;
            let value = to_value(vm, &value)?;
            this(vm, &o)?
                .queryset
                .with_query(|query| query.add_filter(&lookup, value))
                .or_raise(vm)
        },
    );
    c.method("set_empty", |o: PyObjectRef, vm: &Vm| -> PyResult<()> {
        this(vm, &o)?.queryset.with_query(Query::set_empty);
        Ok(())
    });
}

fn asking(c: &mut Class) {
    c.method(
        "exists",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult {
            let limit = match args.take_positional_keyword("limit") {
                Some(limit) => limit.is_true(vm)?,
                None => true,
            };
            let made = query(vm, &o)?.exists(limit).or_raise(vm)?;
            compiler_object::query_object(vm, &made)
        },
    );
    c.method("build_lookup", build_lookup);
    c.method("names_to_path", names_to_path);
    c.getter("subquery", |o, vm| {
        Ok(py::bool(vm, query(vm, &o)?.subquery))
    });
    c.getter("where", |o, vm| {
        super::where_node::object(vm, &query(vm, &o)?.where_)
    });
    c.getter("alias_prefix", |o, vm| {
        Ok(py::str(vm, &*query(vm, &o)?.alias_prefix))
    });
    c.getter("base_table", |o, vm| {
        Ok(py::opt_str(vm, query(vm, &o)?.base_table.as_deref()))
    });
    c.getter("max_depth", |o, vm| {
        Ok(vm.ctx.new_int(query(vm, &o)?.max_depth).into())
    });
    c.getter("distinct_fields", |o, vm| {
        let names = query(vm, &o)?.distinct_fields;
        let names = names.iter().map(|n| py::str(vm, n)).collect();
        Ok(vm.ctx.new_tuple(names).into())
    });
    c.getter("default_cols", |o, vm| {
        Ok(py::bool(vm, query(vm, &o)?.default_cols))
    });
    c.getter("select", |o, vm| {
        let select = query(vm, &o)?.select;
        let select = select.iter().map(|e| classes::wrap(vm, e));
        Ok(vm.ctx.new_tuple(select.collect::<PyResult<_>>()?).into())
    });
    c.getter("annotation_select", |o, vm| {
        let found = vm.ctx.new_dict();
        for (name, e) in query(vm, &o)?.annotation_select() {
            found.set_item(&**name, classes::wrap(vm, e)?, vm)?;
        }
        Ok(found.into())
    });
    c.getter("combined_queries", |o, vm| {
        let parts = query(vm, &o)?.combined_queries;
        let parts = parts.iter().map(|q| compiler_object::query_object(vm, q));
        Ok(vm.ctx.new_tuple(parts.collect::<PyResult<_>>()?).into())
    });
}

/// `build_lookup(lookups, lhs, rhs)`: of an expression, or of a field as a column would have it.
fn build_lookup(
    o: PyObjectRef,
    lookups: PyObjectRef,
    lhs: PyObjectRef,
    rhs: PyObjectRef,
    vm: &Vm,
) -> PyResult {
    let query = query(vm, &o)?;
    let left = match field_of(&lhs) {
        Some(field) => {
            let table = match field.model() {
                Some(model) => model.db_table(),
                None => String::new(),
            };
            Col::new(table.as_str().into(), field, None).into_expr()
        }
        None => expression(vm, &lhs)?,
    };
    let right = Rhs::new(to_value(vm, &rhs)?);
    let built = query
        .build_lookup(&names(vm, &lookups)?, left, right)
        .or_raise(vm)?;
    match built {
        Some(e) => classes::wrap(vm, &e),
        None => Ok(vm.ctx.none()),
    }
}

/// `names_to_path(names, opts)` → `(path, final_field, targets, names left over)`
fn names_to_path(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let query = query(vm, &o)?;
    let given = args
        .take_positional_keyword("names")
        .ok_or_else(|| vm.new_type_error("names_to_path() needs names"))?;
    let given = names(vm, &given)?;
    let opts = args.take_positional_keyword("opts");
    let mut flag = |name: &str, default: bool| match args.take_positional_keyword(name) {
        Some(v) => v.is_true(vm),
        None => Ok(default),
    };
    let allow_many = flag("allow_many", true)?;
    let fail_on_missing = flag("fail_on_missing", false)?;
    let model = match opts.filter(|o| !vm.is_none(o)) {
        Some(opts) => {
            let class = py::attr(vm, &opts, "model")?;
            Some(super::hints::model_of_class(vm, &class)?)
        }
        None => None,
    };
    let parts: Vec<&str> = given.iter().map(String::as_str).collect();
    let found = match query.names_to_path(&parts, model.as_ref(), allow_many, fail_on_missing) {
        Ok(found) => found,
        Err(PathError::Orm(e)) => return Err(error::to_py(vm, e)),
        Err(PathError::MultiJoin(_)) => {
            return Err(vm.new_not_implemented_error(
                "names_to_path() over a relation to many with allow_many=False",
            ));
        }
    };
    let mut path = vec![];
    for step in &found.steps {
        if step.filtered_relation.is_some() {
            return Err(vm.new_not_implemented_error("names_to_path() over a FilteredRelation"));
        }
        let infos = std::slice::from_ref(&step.info);
        let made = crate::models::related::paths::to_python(vm, infos, OptionalArg::Missing)?;
        path.extend(py::list(vm, &made)?);
    }
    let targets = found
        .targets
        .iter()
        .map(|f| field_object(vm, f))
        .collect::<PyResult<Vec<_>>>()?;
    let rest = given[found.used.min(given.len())..]
        .iter()
        .map(|n| py::str(vm, n))
        .collect();
    Ok(vm
        .ctx
        .new_tuple(vec![
            vm.ctx.new_list(path).into(),
            any_field_object(vm, &found.final_field)?,
            vm.ctx.new_tuple(targets).into(),
            vm.ctx.new_list(rest).into(),
        ])
        .into())
}
