//! `SQLCompiler`: what a user's `as_sql(self, compiler, connection)` gets, and what
//! `query.get_compiler()` makes.
mod execute;

use crate::class::fill_class;
use crate::convert::{to_py, to_value};
use crate::error::OrRaise;
use crate::queries::py_query::PyQuery;
use crate::queries::queryset::PyQuerySet;
use crate::{modules, py};
use orm_sql::expression::value_expr;
use orm_sql::{Compiler, SqlWriter};
use rustpython_vm::builtins::{PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::types::{Constructor, Representable};
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;
use std::rc::Rc;

/// A compiler seen from Python: a copy of the one at work, enough to compile parts and quote names.
#[pyclass(module = "django.db.models.sql.compiler", name = "SQLCompiler")]
#[derive(PyPayload)]
pub struct PyCompiler {
    pub compiler: Rc<Compiler>,
    /// The query it was made for by `get_compiler()`.
    query: Option<PyRef<PyQuery>>,
    connection: Option<PyObjectRef>,
}

impl std::fmt::Debug for PyCompiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<SQLCompiler>")
    }
}

#[pyclass(with(Constructor, Representable), flags(BASETYPE, HAS_DICT))]
impl PyCompiler {}

impl PyCompiler {
    fn connection(&self, vm: &VirtualMachine) -> PyResult {
        match &self.connection {
            Some(c) => Ok(c.clone()),
            None => connection(vm, &self.compiler.using),
        }
    }
}

/// `SQLCompiler(query, connection, using, elide_empty=True)`
impl Constructor for PyCompiler {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let mut given = |name| {
            args.take_positional_keyword(name)
                .filter(|v: &PyObjectRef| !vm.is_none(v))
        };
        let query = given("query")
            .and_then(|q| q.downcast::<PyQuery>().ok())
            .ok_or_else(|| vm.new_type_error("SQLCompiler() needs a query"))?;
        let connection = given("connection");
        let using = match given("using") {
            Some(using) => py::to_string(vm, &using)?,
            None => "default".into(),
        };
        let elide = match given("elide_empty") {
            Some(e) => e.is_true(vm)?,
            None => true,
        };
        let inner = (**query.queryset.query.borrow()).clone();
        let mut compiler = Compiler::new(inner, crate::queries::execute::dialect(), using.into());
        compiler.elide_empty = elide;
        PyCompiler {
            compiler: Rc::new(compiler),
            query: Some(query),
            connection,
        }
        .into_ref_with_type(vm, cls)
        .map(Into::into)
    }
    fn py_new(_: &Py<PyType>, _: FuncArgs, vm: &VirtualMachine) -> PyResult<Self> {
        Err(vm.new_type_error("SQLCompiler() needs a query"))
    }
}

impl Representable for PyCompiler {
    fn repr_str(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<String> {
        let model = match &zelf.compiler.query().model {
            Some(m) => m.object_name().to_string(),
            None => "None".to_string(),
        };
        // `django.db.connection` stands for the one it leads to.
        let connection = zelf.connection(vm)?;
        let alias = py::to_string(vm, &py::attr(vm, &connection, "alias")?)?;
        let connection = match self::connection(vm, &alias) {
            Ok(real) => real,
            Err(_) => connection,
        };
        let connection = py::repr(vm, &connection)?;
        Ok(format!(
            "<{} model={model} connection={connection} using='{}'>",
            zelf.class().name(),
            zelf.compiler.using
        ))
    }
}

thread_local! {
    static CLASS: RefCell<Option<PyTypeRef>> = const { RefCell::new(None) };
}

pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let made = PyCompiler::make_static_type();
    fill_class(vm, &made, |c| {
        c.method("compile", compile);
        c.method(
            "quote_name",
            |zelf: PyObjectRef, name: PyObjectRef, vm: &VirtualMachine| -> PyResult {
                let compiler = compiler_of(vm, &zelf)?;
                let mut out = SqlWriter::default();
                compiler.quote_name(&name.str(vm)?.to_string_lossy(), &mut out);
                Ok(vm.ctx.new_str(out.sql).into())
            },
        );
        c.method(
            "quote_name_unless_alias",
            |zelf: PyObjectRef, name: PyObjectRef, vm: &VirtualMachine| -> PyResult {
                orm_state::settings::warn(
                    "RemovedInDjango2028Warning",
                    "SQLCompiler.quote_name_unless_alias() is deprecated. Use .quote_name() \
                     instead.",
                )
                .or_raise(vm)?;
                py::call(vm, &zelf, "quote_name", vec![name])
            },
        );
        c.getter("using", |zelf, vm| {
            Ok(vm.ctx.new_str(&*compiler_of(vm, &zelf)?.using).into())
        });
        c.getter("connection", |zelf, vm| {
            match zelf.downcast_ref::<PyCompiler>() {
                Some(c) => c.connection(vm),
                None => Ok(vm.ctx.none()),
            }
        });
        c.getter("query", |zelf, vm| {
            match zelf.downcast_ref::<PyCompiler>() {
                Some(c) => match &c.query {
                    Some(q) => Ok(q.clone().into()),
                    None => query_object(vm, &c.compiler.query()),
                },
                None => Ok(vm.ctx.none()),
            }
        });
        execute::fill(c);
    })?;
    modules::export(
        vm,
        "django.db.models.sql.compiler",
        "SQLCompiler",
        made.clone(),
    )?;
    CLASS.with(|c| *c.borrow_mut() = Some(made));
    Ok(())
}

/// `Query` for a query of the ORM.
pub fn query_object(vm: &VirtualMachine, query: &orm_sql::Query) -> PyResult {
    let class = match &query.model {
        Some(model) => Some(crate::queries::hints::class_of_model(vm, model)?),
        None => None,
    };
    let queryset = PyQuerySet::empty(query.clone());
    *queryset.class.borrow_mut() = class;
    Ok(PyQuery::object(vm, queryset.into_ref(&vm.ctx)))
}

/// `compiler.compile(node)`: an expression's SQL; any other node writes its own.
fn compile(zelf: PyObjectRef, node: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let compiler = compiler_of(vm, &zelf)?;
    if let Some(e) = value_expr(&to_value(vm, &node)?) {
        let out = compiler.compiled(&e).or_raise(vm)?;
        return sql_pair(vm, out);
    }
    let connection = py::attr(vm, &zelf, "connection")?;
    let vendor = format!("as_{}", compiler.dialect().vendor());
    let method = match py::attr_opt(vm, &node, &vendor)? {
        Some(found) => found,
        None => py::attr(vm, &node, "as_sql")?,
    };
    method.call((zelf, connection), vm)
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
        query: None,
        connection: None,
    }
    .into_ref_with_type(vm, class)
    .map(Into::into)
}

/// `query.get_compiler(using=None, connection=None, elide_empty=True)`
pub fn of_query(vm: &VirtualMachine, query: PyRef<PyQuery>, mut args: FuncArgs) -> PyResult {
    let mut given = |name| {
        args.take_positional_keyword(name)
            .filter(|v: &PyObjectRef| !vm.is_none(v))
    };
    let (using, connection) = (given("using"), given("connection"));
    let elide = given("elide_empty").unwrap_or_else(|| py::bool(vm, true));
    let using = match (using, &connection) {
        (Some(using), _) => using,
        (None, Some(connection)) => py::attr(vm, connection, "alias")?,
        (None, None) => {
            return Err(vm.new_value_error("Need either using or connection"));
        }
    };
    let class = CLASS.with(|c| c.borrow().clone());
    let class = class.ok_or_else(|| vm.new_runtime_error("expressions are not installed"))?;
    let connection = connection.unwrap_or_else(|| vm.ctx.none());
    class
        .as_object()
        .call((query, connection, using, elide), vm)
}

/// `connections[using]`
pub fn connection(vm: &VirtualMachine, using: &str) -> PyResult {
    modules::find(vm, "django.db", "connections")?.get_item(using, vm)
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
            vm.ctx.new_tuple(params).into(),
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
        ..SqlWriter::default()
    })
}
