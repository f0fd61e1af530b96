//! `compiler.as_sql()`, `compiler.execute_sql()`: the whole query, compiled and run.
use super::{PyCompiler, sql_pair};
use crate::class::Class;
use crate::error::{self, OrRaise};
use crate::queries::rows;
use crate::{modules, py};
use orm_sql::Compiler;
use orm_sql::compiler::Compiled;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("as_sql", as_sql);
    c.method("execute_sql", execute_sql);
    c.method("results_iter", results);
    c.method("pre_sql_setup", setup);
    c.method("has_results", |this: PyObjectRef, vm: &Vm| {
        let single = py::str(vm, "single");
        py::is_true(vm, &py::call(vm, &this, "execute_sql", vec![single])?)
    });
}

/// A compiler of its own: compiling changes the query it works on.
fn fresh(vm: &Vm, this: &PyObject) -> PyResult<Compiler> {
    let held = this
        .downcast_ref::<PyCompiler>()
        .ok_or_else(|| vm.new_type_error("a compiler was expected"))?;
    Ok(held.compiler.snapshot())
}

fn compiled(vm: &Vm, this: &PyObject) -> PyResult<Compiled> {
    fresh(vm, this)?.select().or_raise(vm)
}

fn as_sql(this: PyObjectRef, _args: FuncArgs, vm: &Vm) -> PyResult {
    sql_pair(vm, compiled(vm, &this)?.sql)
}

/// `(extra_select, order_by, group_by)`
fn setup(this: PyObjectRef, _args: FuncArgs, vm: &Vm) -> PyResult {
    let parts = fresh(vm, &this)?.pre_sql_setup().or_raise(vm)?;
    let mut lists = vec![];
    for part in parts {
        let terms = part.into_iter().map(|sql| sql_pair(vm, sql));
        let terms = terms.collect::<PyResult<Vec<_>>>()?;
        lists.push(vm.ctx.new_list(terms).into());
    }
    Ok(vm.ctx.new_tuple(lists).into())
}

/// `execute_sql(result_type=MULTI, chunked_fetch=False, chunk_size=100)`
fn execute_sql(this: PyObjectRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
    let kind = match args.take_positional_keyword("result_type") {
        Some(kind) if !vm.is_none(&kind) => py::to_string(vm, &kind)?,
        Some(_) => "no results".into(),
        None => "multi".into(),
    };
    let chunked = match args.take_positional_keyword("chunked_fetch") {
        Some(chunked) => chunked.is_true(vm)?,
        None => false,
    };
    let size = args
        .take_positional_keyword("chunk_size")
        .unwrap_or_else(|| vm.ctx.new_int(100).into());
    let sql = match fresh(vm, &this)?.select() {
        Ok(found) => found.sql,
        Err(e) if e.is(orm_state::ErrorKind::EmptyResultSet) => {
            return Ok(match kind.as_str() {
                "multi" => vm.ctx.new_list(vec![]).as_object_iter(vm)?,
                _ => vm.ctx.none(),
            });
        }
        Err(e) => return Err(error::to_py(vm, e)),
    };
    let connection = py::attr(vm, &this, "connection")?;
    let cursor = py::call(vm, &connection, "cursor", vec![])?;
    let pair = py::list(vm, &sql_pair(vm, sql)?)?;
    if let Err(raised) = py::call(vm, &cursor, "execute", pair) {
        // The cursor may be closed already; what went wrong with the statement matters.
        match py::call(vm, &cursor, "close", vec![]) {
            Err(e) if error::is_a(vm, &e, "DatabaseError") => error::set_cause(vm, &raised, None),
            Err(e) => return Err(e),
            Ok(_) => {}
        }
        return Err(raised);
    }
    let close = || py::call(vm, &cursor, "close", vec![]);
    match kind.as_str() {
        "cursor" => Ok(cursor),
        "row count" => {
            let count = py::attr(vm, &cursor, "rowcount")?;
            close()?;
            Ok(count)
        }
        "single" => {
            let row = py::call(vm, &cursor, "fetchone", vec![])?;
            close()?;
            Ok(row)
        }
        "no results" => {
            close()?;
            Ok(vm.ctx.none())
        }
        _ => {
            let features = py::attr(vm, &connection, "features")?;
            let chunks = modules::find(vm, "django.db.models.sql.compiler", "cursor_iter")?;
            let nothing = vm.ctx.new_list(vec![]);
            let found = chunks.call((cursor, nothing, vm.ctx.none(), size), vm)?;
            let lazily = py::is_true(vm, &py::attr(vm, &features, "can_use_chunked_reads")?)?;
            if chunked && lazily {
                return Ok(found);
            }
            Ok(vm.ctx.new_list(py::list(vm, &found)?).into())
        }
    }
}

/// `results_iter()`: rows whose values went through their converters.
fn results(this: PyObjectRef, _args: FuncArgs, vm: &Vm) -> PyResult {
    let compiled = match fresh(vm, &this)?.select() {
        Ok(found) => found,
        Err(e) if e.is(orm_state::ErrorKind::EmptyResultSet) => {
            return vm.ctx.new_list(vec![]).as_object_iter(vm);
        }
        Err(e) => return Err(error::to_py(vm, e)),
    };
    let using = py::to_string(vm, &py::attr(vm, &this, "using")?)?;
    let converters = rows::converters(&compiled.select).or_raise(vm)?;
    let mut found = vec![];
    for row in crate::queries::execute::run(vm, &compiled, &using)? {
        let values = rows::objects(vm, row, &converters)?;
        found.push(vm.ctx.new_tuple(values).into());
    }
    vm.ctx.new_list(found).as_object_iter(vm)
}

trait AsIterator {
    fn as_object_iter(self, vm: &Vm) -> PyResult;
}

impl AsIterator for rustpython_vm::builtins::PyListRef {
    fn as_object_iter(self, vm: &Vm) -> PyResult {
        let list: PyObjectRef = self.into();
        Ok(list.get_iter(vm)?.into())
    }
}
