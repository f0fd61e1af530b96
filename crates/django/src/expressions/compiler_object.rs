//! The `compiler` that a user's `as_sql(self, compiler, connection)` gets.
use crate::class::fill_class;
use crate::convert::{to_py, to_value};
use crate::error::OrRaise;
use orm_sql::expression::value_expr;
use orm_sql::{Compiler, SqlWriter};
use rustpython_vm::builtins::PyTypeRef;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::{
    AsObject, PyObject, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;
use std::rc::Rc;

/// A compiler seen from Python: a copy of the one at work, enough to compile parts and quote names.
#[pyclass(module = "django.db.models.sql.compiler", name = "SQLCompiler")]
#[derive(PyPayload)]
pub struct PyCompiler {
    pub compiler: Rc<Compiler>,
}

impl std::fmt::Debug for PyCompiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<SQLCompiler>")
    }
}

#[pyclass(flags(BASETYPE))]
impl PyCompiler {}

thread_local! {
    static CLASS: RefCell<Option<PyTypeRef>> = const { RefCell::new(None) };
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let made = PyCompiler::make_static_type();
    fill_class(vm, &made, |c| {
        c.method(
            "compile",
            |zelf: PyObjectRef, node: PyObjectRef, vm: &VirtualMachine| -> PyResult {
                let compiler = compiler_of(vm, &zelf)?;
                let Some(e) = value_expr(&to_value(vm, &node)?) else {
                    return Err(vm.new_attribute_error(format!(
                        "'{}' object has no attribute 'as_sql'",
                        node.class().name()
                    )));
                };
                let out = compiler.compiled(&e).or_raise(vm)?;
                sql_pair(vm, out)
            },
        );
        for name in ["quote_name", "quote_name_unless_alias"] {
            c.method(
                name,
                |zelf: PyObjectRef, name: PyObjectRef, vm: &VirtualMachine| -> PyResult {
                    let compiler = compiler_of(vm, &zelf)?;
                    let mut out = SqlWriter::default();
                    compiler.quote_name(&name.str(vm)?.to_string_lossy(), &mut out);
                    Ok(vm.ctx.new_str(out.sql).into())
                },
            );
        }
        c.getter("using", |zelf, vm| {
            Ok(vm.ctx.new_str(&*compiler_of(vm, &zelf)?.using).into())
        });
        c.getter("connection", |zelf, vm| {
            connection(vm, &compiler_of(vm, &zelf)?.using)
        });
    })?;
    crate::modules::export(
        vm,
        "django.db.models.sql.compiler",
        "SQLCompiler",
        made.clone(),
    )?;
    CLASS.with(|c| *c.borrow_mut() = Some(made));
    Ok(())
}

/// The compiler inside a Python object.
pub fn compiler_of(vm: &VirtualMachine, obj: &PyObject) -> PyResult<Rc<Compiler>> {
    match obj.downcast_ref::<PyCompiler>() {
        Some(c) => Ok(c.compiler.clone()),
        None => Err(vm.new_type_error(format!("{} is not a compiler.", obj.class().name()))),
    }
}

/// A Python object for the compiler at work.
pub fn object(vm: &VirtualMachine, compiler: &Compiler) -> PyResult {
    let class = CLASS.with(|c| c.borrow().clone());
    let class = class.ok_or_else(|| vm.new_runtime_error("expressions are not installed"))?;
    PyCompiler {
        compiler: Rc::new(compiler.snapshot()),
    }
    .into_ref_with_type(vm, class)
    .map(Into::into)
}

/// `connections[using]`
pub fn connection(vm: &VirtualMachine, using: &str) -> PyResult {
    crate::modules::find(vm, "django.db", "connections")?.get_item(using, vm)
}

/// `(sql, params)`
pub fn sql_pair(vm: &VirtualMachine, out: SqlWriter) -> PyResult {
    let params = out
        .params
        .iter()
        .map(|p| to_py(vm, p))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm
        .ctx
        .new_tuple(vec![
            vm.ctx.new_str(out.sql).into(),
            vm.ctx.new_list(params).into(),
        ])
        .into())
}

/// Reads what a user's `as_sql` returned.
pub fn read_pair(vm: &VirtualMachine, obj: &PyObject) -> PyResult<SqlWriter> {
    let pair: Vec<PyObjectRef> = obj.try_to_value(vm)?;
    let [sql, params] = &pair[..] else {
        return Err(vm.new_value_error(format!(
            "not enough values to unpack (expected 2, got {})",
            pair.len()
        )));
    };
    let items: Vec<PyObjectRef> = params.try_to_value(vm)?;
    let params = items
        .iter()
        .map(|p| to_value(vm, p))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(SqlWriter {
        sql: sql.str(vm)?.to_string_lossy().into_owned(),
        params,
    })
}
