//! An expression's operands: reading them, replacing them, walking over them.
//!
//! Where a user's class keeps its operands itself (`get_source_expressions`), it is asked.
use super::call::expression;
use super::classes::{builtin_name, wrap};
use super::methods::held;
use super::object::{inner, required, set};
use crate::class::Class;
use crate::convert::to_value;
use crate::error::OrRaise;
use crate::{modules, py};
use orm_sql::expression::value_expr;
use orm_sql::expressions::F;
use orm_sql::{Expr, Sources};
use rustpython_vm::builtins::PyDict;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("get_source_expressions", sources);
    c.method("set_source_expressions", set_sources);
    c.method("_parse_expressions", parse);
    c.method("flatten", flatten);
    c.method("replace_expressions", replace);
    c.method("prefix_references", prefixed);
    c.method("get_group_by_cols", |a: PyObjectRef, vm: &Vm| -> PyResult {
        // What the class would do by itself: its own override has been called already.
        let cols = held(vm, &a)?.group_by_cols().or_raise(vm)?;
        let cols = cols.iter().map(|e| wrap(vm, e));
        Ok(vm.ctx.new_list(cols.collect::<PyResult<Vec<_>>>()?).into())
    });
    c.method("get_refs", |a: PyObjectRef, vm: &Vm| -> PyResult {
        let mut names = vec![];
        required(vm, &a)?.refs(&mut names);
        let names = vm
            .ctx
            .new_list(names.iter().map(|n| py::str(vm, n)).collect());
        vm.ctx.types.set_type.as_object().call((names,), vm)
    });
    c.method("get_source_fields", |a: PyObjectRef, vm: &Vm| -> PyResult {
        let mut fields = vec![];
        for source in operands(vm, &a)? {
            fields.push(py::attr(vm, &source, "_output_field_or_none")?);
        }
        Ok(vm.ctx.new_list(fields).into())
    });
    c.method("get_expression_for_validation", for_validation);
    c.method("relabeled_clone", relabeled);
}

/// `get_source_expressions()`, as the object's class says.
fn operands(vm: &Vm, a: &PyObject) -> PyResult<Vec<PyObjectRef>> {
    py::list(vm, &py::call(vm, a, "get_source_expressions", vec![])?)
}

fn sources(a: PyObjectRef, vm: &Vm) -> PyResult {
    let e = held(vm, &a)?;
    let items = e.sources();
    let items = items.iter().map(|s| wrap(vm, s));
    Ok(vm.ctx.new_list(items.collect::<PyResult<Vec<_>>>()?).into())
}

fn set_sources(a: PyObjectRef, exprs: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let sources = py::list(vm, &exprs)?
        .iter()
        .filter(|e| !vm.is_none(e))
        .map(|e| expression(vm, e))
        .collect::<PyResult<Sources>>()?;
    let e = held(vm, &a)?;
    set(&a, e.with_sources(sources));
    Ok(())
}

/// Expressions as they are, names as `F`, anything else as `Value`.
fn parse(_a: PyObjectRef, args: rustpython_vm::function::FuncArgs, vm: &Vm) -> PyResult {
    let mut made = vec![];
    for arg in args.args {
        made.push(if value_expr(&to_value(vm, &arg)?).is_some() {
            arg
        } else {
            wrap(vm, &super::call::reference(vm, &arg)?)?
        });
    }
    Ok(vm.ctx.new_list(made).into())
}

fn flatten(a: PyObjectRef, vm: &Vm) -> PyResult {
    fn walk(vm: &Vm, at: &PyObjectRef, out: &mut Vec<PyObjectRef>) -> PyResult<()> {
        out.push(at.clone());
        for source in operands(vm, at)? {
            if vm.is_none(&source) {
                continue;
            }
            match py::attr_opt(vm, &source, "flatten")? {
                Some(inner) => out.extend(py::list(vm, &inner.call((), vm)?)?),
                None => out.push(source),
            }
        }
        Ok(())
    }
    let mut all = vec![];
    walk(vm, &a, &mut all)?;
    Ok(vm.ctx.new_list(all).as_object().get_iter(vm)?.into())
}

/// `replace_expressions({expression: other})`
fn replace(a: PyObjectRef, replacements: PyObjectRef, vm: &Vm) -> PyResult {
    if !py::is_true(vm, &replacements)? {
        return Ok(a);
    }
    let found = py::call(vm, &replacements, "get", vec![a.clone()])?;
    if !vm.is_none(&found) {
        return Ok(found);
    }
    if let Some(e) = inner(&a)
        && let Some(f) = e.as_any().downcast_ref::<F>()
    {
        return replaced_path(vm, &a, &f.name, &replacements);
    }
    let sources = operands(vm, &a)?;
    if sources.is_empty() {
        return Ok(a);
    }
    let mut made = vec![];
    for source in sources {
        made.push(if vm.is_none(&source) {
            source
        } else {
            py::call(
                vm,
                &source,
                "replace_expressions",
                vec![replacements.clone()],
            )?
        });
    }
    with_operands(vm, &a, made)
}

/// A copy with other operands.
fn with_operands(vm: &Vm, a: &PyObject, operands: Vec<PyObjectRef>) -> PyResult {
    let copy = py::call(vm, a, "copy", vec![])?;
    let operands = vm.ctx.new_list(operands).into();
    py::call(vm, &copy, "set_source_expressions", vec![operands])?;
    Ok(copy)
}

/// `F("at__date")` where `F("at")` is replaced: the transform of the replacement.
fn replaced_path(vm: &Vm, a: &PyObjectRef, path: &str, map: &PyObjectRef) -> PyResult {
    let mut parts = path.split("__");
    let first = parts.next().unwrap_or_default();
    if first == path {
        return Ok(a.clone());
    }
    let f = modules::find(vm, "django.db.models", "F")?.call((py::str(vm, first),), vm)?;
    let mut found = py::call(vm, map, "get", vec![f])?;
    if vm.is_none(&found) || py::is_none(vm, &py::attr(vm, &found, "_output_field_or_none")?) {
        return Ok(a.clone());
    }
    for name in parts {
        let transform = py::call(vm, &found, "get_transform", vec![py::str(vm, name)])?;
        if vm.is_none(&transform) {
            return Ok(a.clone());
        }
        found = transform.call((found,), vm)?;
    }
    Ok(found)
}

/// `prefix_references("author__")`: names reached through a relation.
fn prefixed(a: PyObjectRef, prefix: PyObjectRef, vm: &Vm) -> PyResult {
    let before = py::to_string(vm, &prefix)?;
    let mut made = vec![];
    for source in operands(vm, &a)? {
        let e: Option<Expr> = inner(&source);
        let name = e
            .as_ref()
            .and_then(|e| e.as_any().downcast_ref::<F>())
            .map(|f| format!("{before}{}", f.name));
        made.push(match name {
            Some(name) => wrap(vm, &F::new(&name))?,
            None => py::call(vm, &source, "prefix_references", vec![prefix.clone()])?,
        });
    }
    with_operands(vm, &a, made)
}

/// What stands for the expression when a constraint is validated.
fn for_validation(a: PyObjectRef, vm: &Vm) -> PyResult {
    let compatible = py::attr(vm, &a, "constraint_validation_compatible")?;
    if py::is_true(vm, &compatible)? {
        return Ok(a);
    }
    match &operands(vm, &a)?[..] {
        [only] => Ok(only.clone()),
        _ => Err(vm.new_value_error(
            "Expressions with constraint_validation_compatible set to False must have only one \
             source expression.",
        )),
    }
}

/// A copy whose columns use other aliases.
fn relabeled(a: PyObjectRef, changes: PyObjectRef, vm: &Vm) -> PyResult {
    let mut map = orm_sql::AliasMap::default();
    if let Some(changes) = changes.downcast_ref::<PyDict>() {
        for (from, to) in changes.items_vec() {
            let (from, to) = (py::to_string(vm, &from)?, py::to_string(vm, &to)?);
            map.insert(from.as_str().into(), to.as_str().into());
        }
    }
    if builtin_name(a.class()) == Some("F") {
        return Ok(a);
    }
    wrap(vm, &required(vm, &a)?.relabeled(&map))
}
