//! The classes and their constructors.
use crate::class::{Class, class};
use crate::models::model_of_class;
use crate::{checks, modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const CONSTRAINTS: &str = "django.db.models.constraints";
const INDEXES: &str = "django.db.models.indexes";
const MESSAGE: &str = "Constraint “%(name)s” is violated.";

pub fn install(vm: &Vm) -> PyResult<()> {
    crate::library::promise(
        vm,
        INDEXES,
        "django.db.models._index_expressions",
        &["IndexExpression"],
    )?;
    let base = class(vm, CONSTRAINTS, "BaseConstraint", &[], base)?;
    let check = class(
        vm,
        CONSTRAINTS,
        "CheckConstraint",
        std::slice::from_ref(&base),
        |c| {
            c.method("__init__", check_init);
            c.method("check", checks::constraint::check);
            super::validate::fill_check(c);
            super::sql::fill(c);
        },
    )?;
    let unique = class(
        vm,
        CONSTRAINTS,
        "UniqueConstraint",
        std::slice::from_ref(&base),
        |c| {
            c.method("__init__", unique_init);
            c.method("check", checks::constraint::check_unique);
            super::validate::fill_unique(c);
            super::sql::fill(c);
        },
    )?;
    let index = class(vm, INDEXES, "Index", &[], |c| {
        c.attr("suffix", py::str(c.vm, "idx"));
        c.attr("max_name_length", c.vm.ctx.new_int(30));
        c.method("__init__", index_init);
        c.method("set_name_with_model", set_name_with_model);
        c.method("check", checks::index::check);
        super::sql::fill_index(c);
        shared(c);
    })?;
    for (name, made, module) in [
        ("BaseConstraint", base, CONSTRAINTS),
        ("CheckConstraint", check, CONSTRAINTS),
        ("UniqueConstraint", unique, CONSTRAINTS),
        ("Index", index, INDEXES),
    ] {
        modules::export_all(vm, &[module, "django.db.models"], name, made)?;
    }
    modules::export(
        vm,
        "django.db.models",
        "constraints",
        modules::module(vm, CONSTRAINTS)?,
    )?;
    modules::export(
        vm,
        "django.db.models",
        "indexes",
        modules::module(vm, INDEXES)?,
    )
}

fn set(vm: &Vm, o: &PyObject, name: &str, v: impl Into<PyObjectRef>) -> PyResult<()> {
    py::set_attr(vm, o, name, v)
}

fn base(c: &mut Class) {
    c.attr("default_violation_error_message", py::str(c.vm, MESSAGE));
    c.attr("violation_error_code", c.vm.ctx.none());
    c.attr("violation_error_message", c.vm.ctx.none());
    c.method(
        "__init__",
        |o: PyObjectRef, mut args: FuncArgs, vm: &Vm| -> PyResult<()> {
            base_init(vm, &o, &mut args)
        },
    );
    c.getter("contains_expressions", |o, vm| {
        Ok(match py::attr_opt(vm, &o, "expressions")? {
            Some(e) => py::bool(vm, e.is_true(vm)?),
            None => py::bool(vm, false),
        })
    });
    c.method(
        "get_violation_error_message",
        |o: PyObjectRef, vm: &Vm| -> PyResult {
            let message = py::attr(vm, &o, "violation_error_message")?;
            let parts = vm.ctx.new_dict();
            parts.set_item("name", py::attr(vm, &o, "name")?, vm)?;
            vm._mod(&message, parts.as_object())
        },
    );
    for name in ["validate", "constraint_sql", "create_sql", "remove_sql"] {
        c.method(
            name,
            |_: PyObjectRef, _: FuncArgs, vm: &Vm| -> PyResult<()> {
                Err(vm.new_not_implemented_error("This method must be implemented by a subclass."))
            },
        );
    }
    c.method("check", |_: PyObjectRef, _: FuncArgs, vm: &Vm| {
        vm.ctx.new_list(vec![])
    });
    shared(c);
}

/// `deconstruct`, `clone`, `__eq__`, `__repr__`: out of the arguments given.
fn shared(c: &mut Class) {
    c.method("deconstruct", |o: PyObjectRef, vm: &Vm| deconstruct(vm, &o));
    c.method("clone", |o: PyObjectRef, vm: &Vm| clone(vm, &o));
    c.getter("contains_expressions", |o, vm| {
        Ok(match py::attr_opt(vm, &o, "expressions")? {
            Some(e) => py::bool(vm, e.is_true(vm)?),
            None => py::bool(vm, false),
        })
    });
    c.method(
        "__eq__",
        |o: PyObjectRef, other: PyObjectRef, vm: &Vm| -> PyResult {
            if !other.fast_isinstance(o.class()) {
                return Ok(vm.ctx.not_implemented());
            }
            let (a, b) = (deconstruct(vm, &o)?, deconstruct(vm, &other)?);
            Ok(py::bool(vm, py::eq(vm, &a, &b)?))
        },
    );
    c.method("__hash__", |o: PyObjectRef, vm: &Vm| -> PyResult<i64> {
        py::attr(vm, &o, "name")?.hash(vm)
    });
    c.method("__repr__", |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
        let parts = py::list(vm, &deconstruct(vm, &o)?)?;
        let mut out: Vec<String> = vec![];
        if !py::list(vm, &parts[1])?.is_empty() {
            out.push(format!("expressions={}", py::repr(vm, &parts[1])?));
        }
        if let Ok(kwargs) = parts[2].clone().downcast() {
            for (k, v) in py::dict_items(vm, &kwargs)? {
                let shown = if k == "condition" || k == "deferrable" {
                    py::to_string(vm, &v)?
                } else {
                    py::repr(vm, &v)?
                };
                let part = format!("{k}={shown}");
                // A check constraint is told by its condition first.
                if k == "condition" && py::attr_opt(vm, &o, "fields")?.is_none() {
                    out.insert(0, part);
                } else {
                    out.push(part);
                }
            }
        }
        Ok(format!("<{}: {}>", o.class().name(), out.join(" ")))
    });
}

fn deconstruct(vm: &Vm, o: &PyObject) -> PyResult {
    let class = o.class().to_owned();
    let module = py::to_string(vm, &class.as_object().get_attr("__module__", vm)?)?;
    let module = if module == CONSTRAINTS || module == INDEXES {
        "django.db.models".to_string()
    } else {
        module
    };
    let path = format!("{module}.{}", class.name());
    let kwargs = vm.ctx.new_dict();
    let put = |name: &str, skip_empty: bool| -> PyResult<()> {
        if let Some(v) = py::attr_opt(vm, o, name)?.filter(|v| !vm.is_none(v))
            && (!skip_empty || v.clone().is_true(vm)?)
        {
            kwargs.set_item(name, v, vm)?;
        }
        Ok(())
    };
    put("fields", true)?;
    put("name", true)?;
    put("db_tablespace", false)?;
    put("condition", false)?;
    put("deferrable", true)?;
    put("include", true)?;
    put("opclasses", true)?;
    put("nulls_distinct", false)?;
    put("violation_error_code", false)?;
    if let Some(m) = py::attr_opt(vm, o, "violation_error_message")?
        && py::as_string(&m).is_some_and(|m| m != MESSAGE)
    {
        kwargs.set_item("violation_error_message", m, vm)?;
    }
    let args = match py::attr_opt(vm, o, "expressions")? {
        Some(e) => py::list(vm, &e)?,
        None => vec![],
    };
    Ok(vm
        .ctx
        .new_tuple(vec![
            py::str(vm, path),
            vm.ctx.new_tuple(args).into(),
            kwargs.into(),
        ])
        .into())
}

fn clone(vm: &Vm, o: &PyObject) -> PyResult {
    let parts = py::call(vm, o, "deconstruct", vec![])?;
    let parts = py::list(vm, &parts)?;
    let mut call = FuncArgs::from(py::list(vm, &parts[1])?);
    if let Ok(kwargs) = parts[2].clone().downcast() {
        for (k, v) in py::dict_items(vm, &kwargs)? {
            call.kwargs.insert(k.into(), v);
        }
    }
    o.class().as_object().call(call, vm)
}

fn base_init(vm: &Vm, o: &PyObject, args: &mut FuncArgs) -> PyResult<()> {
    let Some(name) = args.take_keyword("name") else {
        return Err(vm.new_type_error(format!(
            "{}.__init__() missing 1 required keyword-only argument: 'name'",
            o.class().name()
        )));
    };
    set(vm, o, "name", name)?;
    if let Some(code) = args
        .take_keyword("violation_error_code")
        .filter(|c| !vm.is_none(c))
    {
        set(vm, o, "violation_error_code", code)?;
    }
    let message = match args
        .take_keyword("violation_error_message")
        .filter(|m| !vm.is_none(m))
    {
        Some(m) => m,
        None => py::attr(vm, o, "default_violation_error_message")?,
    };
    set(vm, o, "violation_error_message", message)
}

fn check_init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let condition = args.take_keyword("condition");
    base_init(vm, &o, &mut args)?;
    let Some(condition) = condition else {
        return Err(vm.new_type_error(
            "CheckConstraint.__init__() missing 1 required keyword-only argument: 'condition'",
        ));
    };
    let conditional = match py::attr_opt(vm, &condition, "conditional")? {
        Some(c) => c.is_true(vm)?,
        None => false,
    };
    if !conditional {
        return Err(vm.new_type_error(
            "CheckConstraint.condition must be a Q instance or boolean expression.",
        ));
    }
    set(vm, &o, "condition", condition)
}

/// Strings become `F()`.
fn expressions(vm: &Vm, given: Vec<PyObjectRef>) -> PyResult<PyObjectRef> {
    let f = modules::find(vm, "django.db.models", "F");
    let made = given
        .into_iter()
        .map(|e| match (py::as_string(&e), &f) {
            (Some(_), Ok(f)) => f.call((e,), vm),
            _ => Ok(e),
        })
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_tuple(made).into())
}

fn tuple_of(vm: &Vm, v: Option<PyObjectRef>) -> PyResult<PyObjectRef> {
    Ok(match v.filter(|v| !vm.is_none(v)) {
        Some(v) => vm.ctx.new_tuple(py::list(vm, &v)?).into(),
        None => vm.ctx.new_tuple(vec![]).into(),
    })
}

fn truthy(vm: &Vm, v: &Option<PyObjectRef>) -> PyResult<bool> {
    match v {
        Some(v) => v.clone().is_true(vm),
        None => Ok(false),
    }
}

/// A list, a tuple, or nothing.
fn is_sequence(vm: &Vm, v: &Option<PyObjectRef>) -> bool {
    v.as_ref().is_none_or(|v| {
        v.fast_isinstance(vm.ctx.types.list_type) || v.fast_isinstance(vm.ctx.types.tuple_type)
    })
}

fn length(vm: &Vm, v: &Option<PyObjectRef>) -> PyResult<usize> {
    v.as_ref().map_or(Ok(0), |v| v.length(vm))
}

/// Operator classes as they were given.
fn as_given(vm: &Vm, v: Option<PyObjectRef>) -> PyObjectRef {
    v.unwrap_or_else(|| vm.ctx.new_tuple(vec![]).into())
}

fn unique_init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let given = std::mem::take(&mut args.args);
    let fields = args.take_keyword("fields");
    let condition = args.take_keyword("condition").filter(|c| !vm.is_none(c));
    let deferrable = args.take_keyword("deferrable").filter(|d| !vm.is_none(d));
    let include = args.take_keyword("include").filter(|d| !vm.is_none(d));
    let opclasses = args.take_keyword("opclasses");
    let nulls_distinct = args
        .take_keyword("nulls_distinct")
        .filter(|d| !vm.is_none(d));
    let name = args.kwargs.get("name").cloned().filter(|n| !vm.is_none(n));
    let has_fields = truthy(vm, &fields)?;
    let fail = |m: &str| Err(vm.new_value_error(m));
    if !truthy(vm, &name)? {
        return fail("A unique constraint must be named.");
    }
    if given.is_empty() && !has_fields {
        return fail("At least one field or expression is required to define a unique constraint.");
    }
    if !given.is_empty() && has_fields {
        return fail("UniqueConstraint.fields and expressions are mutually exclusive.");
    }
    if let Some(c) = &condition {
        let q = modules::find(vm, "django.db.models", "Q")?;
        if !c.is_instance(&q, vm)? {
            return fail("UniqueConstraint.condition must be a Q instance.");
        }
    }
    if condition.is_some() && deferrable.is_some() {
        return fail("UniqueConstraint with conditions cannot be deferred.");
    }
    if truthy(vm, &include)? && deferrable.is_some() {
        return fail("UniqueConstraint with include fields cannot be deferred.");
    }
    if truthy(vm, &opclasses)? && deferrable.is_some() {
        return fail("UniqueConstraint with opclasses cannot be deferred.");
    }
    if !given.is_empty() && deferrable.is_some() {
        return fail("UniqueConstraint with expressions cannot be deferred.");
    }
    if !given.is_empty() && truthy(vm, &opclasses)? {
        return fail(
            "UniqueConstraint.opclasses cannot be used with expressions. Use \
             django.contrib.postgres.indexes.OpClass() instead.",
        );
    }
    let wrong = |m: &str| Err(vm.new_type_error(m));
    if let Some(d) = &deferrable {
        let class = modules::find(vm, CONSTRAINTS, "Deferrable")?;
        if !d.is_instance(&class, vm)? {
            return wrong("UniqueConstraint.deferrable must be a Deferrable instance.");
        }
    }
    if !is_sequence(vm, &include) {
        return wrong("UniqueConstraint.include must be a list or tuple.");
    }
    if !is_sequence(vm, &opclasses) {
        return wrong("UniqueConstraint.opclasses must be a list or tuple.");
    }
    if let Some(n) = &nulls_distinct
        && !n.fast_isinstance(vm.ctx.types.bool_type)
    {
        return wrong("UniqueConstraint.nulls_distinct must be a bool.");
    }
    if truthy(vm, &opclasses)? && length(vm, &fields)? != length(vm, &opclasses)? {
        return fail(
            "UniqueConstraint.fields and UniqueConstraint.opclasses must have the same number of \
             elements.",
        );
    }
    set(vm, &o, "fields", tuple_of(vm, fields)?)?;
    set(vm, &o, "condition", vm.unwrap_or_none(condition))?;
    set(vm, &o, "deferrable", vm.unwrap_or_none(deferrable))?;
    set(vm, &o, "include", tuple_of(vm, include)?)?;
    set(vm, &o, "opclasses", as_given(vm, opclasses))?;
    set(vm, &o, "nulls_distinct", vm.unwrap_or_none(nulls_distinct))?;
    set(vm, &o, "expressions", expressions(vm, given)?)?;
    base_init(vm, &o, &mut args)
}

fn index_init(o: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult<()> {
    let given = std::mem::take(&mut args.args);
    let fields = args.take_keyword("fields");
    let name = args.take_keyword("name").filter(|n| !vm.is_none(n));
    let tablespace = args
        .take_keyword("db_tablespace")
        .filter(|n| !vm.is_none(n));
    let opclasses = args.take_keyword("opclasses");
    let condition = args.take_keyword("condition").filter(|n| !vm.is_none(n));
    let include = args.take_keyword("include").filter(|n| !vm.is_none(n));
    let fail = |m: &str| Err(vm.new_value_error(m));
    let named = truthy(vm, &name)?;
    let has_fields = truthy(vm, &fields)?;
    if truthy(vm, &opclasses)? && !named {
        return fail("An index must be named to use opclasses.");
    }
    if let Some(c) = &condition {
        let q = modules::find(vm, "django.db.models", "Q")?;
        if !c.is_instance(&q, vm)? {
            return fail("Index.condition must be a Q instance.");
        }
    }
    if condition.is_some() && !named {
        return fail("An index must be named to use condition.");
    }
    if !is_sequence(vm, &fields) {
        return fail("Index.fields must be a list or tuple.");
    }
    if !is_sequence(vm, &opclasses) {
        return fail("Index.opclasses must be a list or tuple.");
    }
    if given.is_empty() && !has_fields {
        return fail("At least one field or expression is required to define an index.");
    }
    if !given.is_empty() && has_fields {
        return fail("Index.fields and expressions are mutually exclusive.");
    }
    if !given.is_empty() && !named {
        return fail("An index must be named to use expressions.");
    }
    if !given.is_empty() && truthy(vm, &opclasses)? {
        return fail(
            "Index.opclasses cannot be used with expressions. Use \
             django.contrib.postgres.indexes.OpClass() instead.",
        );
    }
    if truthy(vm, &opclasses)? && length(vm, &fields)? != length(vm, &opclasses)? {
        return fail("Index.fields and Index.opclasses must have the same number of elements.");
    }
    if truthy(vm, &include)? && !named {
        return fail("A covering index must be named.");
    }
    if !is_sequence(vm, &include) {
        return fail("Index.include must be a list or tuple.");
    }
    let fields = match fields {
        Some(f) => py::list(vm, &f)?,
        None => vec![],
    };
    let mut orders: Vec<PyObjectRef> = vec![];
    for f in &fields {
        let Some(text) = py::as_string(f) else {
            return fail("Index.fields must contain only strings with field names.");
        };
        let pair = match text.strip_prefix('-') {
            Some(name) => [name.to_string(), "DESC".into()],
            None => [text, String::new()],
        };
        orders.push(
            vm.ctx
                .new_tuple(pair.map(|p| py::str(vm, p)).to_vec())
                .into(),
        );
    }
    set(vm, &o, "fields", vm.ctx.new_list(fields))?;
    set(vm, &o, "fields_orders", vm.ctx.new_list(orders))?;
    set(vm, &o, "name", name.unwrap_or_else(|| py::str(vm, "")))?;
    set(vm, &o, "db_tablespace", vm.unwrap_or_none(tablespace))?;
    set(vm, &o, "opclasses", as_given(vm, opclasses))?;
    set(vm, &o, "condition", vm.unwrap_or_none(condition))?;
    set(vm, &o, "include", tuple_of(vm, include)?)?;
    set(vm, &o, "expressions", expressions(vm, given)?)
}

/// `table_column_hash_idx`, within 30 characters.
fn set_name_with_model(o: PyObjectRef, class: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let Some(model) = model_of_class(vm, &class) else {
        return Err(vm.new_type_error("set_name_with_model() needs a model"));
    };
    let table = model.db_table();
    let table = table
        .rsplit('.')
        .next()
        .unwrap_or(&table)
        .trim_matches('"')
        .to_string();
    let mut columns = vec![];
    let mut hashed = vec![table.clone()];
    for pair in py::list(vm, &py::attr(vm, &o, "fields_orders")?)? {
        let pair = py::list(vm, &pair)?;
        let name = py::to_string(vm, &pair[0])?;
        let order = py::to_string(vm, &pair[1])?;
        let field = crate::error::OrRaise::or_raise(model.field(&name), vm)?;
        let column = field.column().map(|c| c.to_string()).unwrap_or_default();
        hashed.push(if order.is_empty() {
            column.clone()
        } else {
            format!("-{column}")
        });
        columns.push(column);
    }
    let suffix = py::to_string(vm, &py::attr(vm, &o, "suffix")?)?;
    hashed.push(suffix.clone());
    let digest = names_digest(vm, &hashed, 6)?;
    let cut = |s: &str, n: usize| s.chars().take(n).collect::<String>();
    let first = columns.first().cloned().unwrap_or_default();
    let mut name = format!("{}_{}_{digest}_{suffix}", cut(&table, 11), cut(&first, 7));
    if name.len() > 30 {
        return Err(vm.new_value_error(format!(
            "Index too long for multiple database support. Is self.suffix longer than 3 characters? {name}"
        )));
    }
    if let Some(c) = name.chars().next()
        && (c == '_' || c.is_ascii_digit())
    {
        name = format!("D{}", &name[c.len_utf8()..]);
    }
    py::set_attr(vm, &o, "name", py::str(vm, name))
}

/// The first digits of the MD5 of all names.
fn names_digest(vm: &Vm, names: &[String], length: usize) -> PyResult<String> {
    let _ = vm;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(orm_sql::schema::naming::names_digest(&names, length))
}
