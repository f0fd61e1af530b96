//! `schema_editor` for Python code in migrations, and the database behind the schema editor.
use crate::convert::{self, to_value};
use crate::db::DatabaseWrapper;
use crate::db::{registry, router};
use crate::error::{OrForeign, OrRaise};
use crate::migrations::bridge;
use crate::py;
use orm_sql::Connection;
use orm_sql::schema::{Name, SchemaEditor, SchemaHost, Statement};
use orm_state::field::FieldDefault;
use orm_state::{Field, FieldKind, Result, Value};
use rustpython_vm::builtins::{PyDict, PyType, PyTypeRef};
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::{FuncArgs, OptionalArg};
use rustpython_vm::types::Constructor;
use rustpython_vm::vm::thread::with_current_vm;
use rustpython_vm::{
    AsObject, Py, PyObject, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass,
};
use std::cell::RefCell;
use std::rc::Rc;

type Vm = VirtualMachine;

/// A database as the schema editor sees it: statements go through the wrapper, and so into the log.
#[derive(Clone, Debug)]
pub struct Database {
    pub wrapper: PyRef<DatabaseWrapper>,
    /// What somebody put in the place of the editor's `execute()`.
    execute: Option<PyObjectRef>,
}

impl Database {
    pub fn new(vm: &Vm, alias: &str) -> PyResult<Database> {
        Ok(Database {
            wrapper: registry::database(vm, alias)?,
            execute: None,
        })
    }
}

impl SchemaHost for Database {
    fn execute(&mut self, sql: &str, params: Option<&[Value]>) -> Result<()> {
        with_current_vm(|vm| {
            if let Some(own) = &self.execute {
                return told(vm, own, sql, params).or_foreign();
            }
            log(vm, sql, params).or_foreign()?;
            let done = match params {
                Some(p) if !p.is_empty() => {
                    DatabaseWrapper::execute(&self.wrapper, vm, sql, p).map(drop)
                }
                // Without parameters a percent sign is a percent sign.
                _ => DatabaseWrapper::run_raw(&self.wrapper, vm, sql, orm_sqlite::Params::None)
                    .and_then(|mut c| {
                        loop {
                            match c.next_row() {
                                Ok(Some(_)) => {}
                                Ok(None) => return Ok(()),
                                Err(e) => return Err(crate::db::sqlite3::wrapped(vm, e)),
                            }
                        }
                    }),
            };
            done.or_foreign()
        })
    }
    fn log(&mut self, sql: &str, params: Option<&[Value]>) -> Result<()> {
        with_current_vm(|vm| log(vm, sql, params).or_foreign())
    }
    fn effective_default(&mut self, field: &Rc<Field>) -> Result<Value> {
        with_current_vm(|vm| effective_default(vm, field))
    }
    fn allow_migrate(
        &mut self,
        app_label: &str,
        model_name: Option<&str>,
        hints: &Value,
    ) -> Result<bool> {
        if router::is_empty() {
            return Ok(true);
        }
        with_current_vm(|vm| {
            let hints = convert::to_py(vm, hints)?;
            allowed(vm, &self.wrapper.alias, app_label, model_name, &hints)
        })
        .or_foreign()
    }
    fn setting(&mut self, name: &str) -> Option<String> {
        with_current_vm(|vm| {
            let settings = crate::modules::find(vm, "django.conf", "settings").ok()?;
            let value = py::attr_opt(vm, &settings, name).ok()??;
            py::to_string(vm, &value).ok()
        })
    }
    fn has_feature(&mut self, name: &str) -> bool {
        with_current_vm(|vm| {
            let features = py::attr(vm, &self.wrapper, "features")?;
            py::attr(vm, &features, name)?.is_true(vm)
        })
        .unwrap_or(false)
    }
    fn constraint_names(
        &mut self,
        table: &str,
        columns: &[String],
        unique: bool,
    ) -> Result<Vec<String>> {
        let connection = with_current_vm(|vm| self.wrapper.sqlite(vm).or_foreign())?;
        Ok(connection
            .constraints(table)?
            .into_iter()
            .filter(|(_, c)| {
                let same = c.columns.len() == columns.len()
                    && c.columns
                        .iter()
                        .zip(columns)
                        .all(|(a, b)| a.as_ref() == Some(b));
                let kind = if unique {
                    c.unique
                } else {
                    c.index && !c.unique
                };
                same && kind && !c.primary_key
            })
            .map(|(name, _)| name)
            .collect())
    }
}

/// `BaseDatabaseSchemaEditor.execute`, if it is not what it was.
fn replaced_execute(vm: &Vm) -> PyResult<Option<PyObjectRef>> {
    let home = "django.db.backends.base.schema";
    let class = crate::modules::find(vm, home, "BaseDatabaseSchemaEditor")?;
    let own = py::attr(vm, &class, "execute")?;
    let native = own.class().is(vm.ctx.types.method_descriptor_type);
    Ok((!native).then_some(own))
}

/// Hands a statement to what stands in for `execute()`.
fn told(vm: &Vm, execute: &PyObjectRef, sql: &str, params: Option<&[Value]>) -> PyResult<()> {
    let mut args = vec![py::str(vm, sql)];
    if let Some(p) = params {
        let items = p.iter().map(|v| convert::to_py(vm, v));
        args.push(vm.ctx.new_tuple(items.collect::<PyResult<_>>()?).into());
    }
    execute.call(args, vm).map(drop)
}

/// Tells `django.db.backends.schema`, where somebody listens: a logger needs `logging` imported.
fn log(vm: &Vm, sql: &str, params: Option<&[Value]>) -> PyResult<()> {
    let all = vm.sys_module.get_attr("modules", vm)?;
    let Ok(logging) = all.get_item("logging", vm) else {
        return Ok(());
    };
    let name = py::str(vm, "django.db.backends.schema");
    let logger = py::call(vm, &logging, "getLogger", vec![name])?;
    let debug = py::attr(vm, &logging, "DEBUG")?;
    if !py::call(vm, &logger, "isEnabledFor", vec![debug])?.is_true(vm)? {
        return Ok(());
    }
    let params = match params {
        Some([]) => vm.ctx.empty_tuple.clone().into(),
        Some(p) => {
            let items = p.iter().map(|v| convert::to_py(vm, v));
            vm.ctx.new_list(items.collect::<PyResult<_>>()?).into()
        }
        None => vm.ctx.none(),
    };
    let extra = vm.ctx.new_dict();
    extra.set_item("params", params.clone(), vm)?;
    extra.set_item("sql", py::str(vm, sql), vm)?;
    let args = vec![py::str(vm, "%s; (params %r)"), py::str(vm, sql), params];
    py::call_kw(vm, &logger, "debug", args, &[("extra", extra.into())]).map(drop)
}

/// `router.allow_migrate(alias, app_label, model_name=…, **hints)`
pub fn allowed(
    vm: &Vm,
    alias: &str,
    app_label: &str,
    model_name: Option<&str>,
    hints: &PyObjectRef,
) -> PyResult<bool> {
    let mut call = FuncArgs::default();
    call.args = vec![py::str(vm, alias), py::str(vm, app_label)];
    if let Some(name) = model_name {
        call.kwargs.insert("model_name".into(), py::str(vm, name));
    }
    if let Ok(hints) = hints.clone().downcast::<PyDict>() {
        for (name, value) in py::dict_items(vm, &hints)? {
            call.kwargs.insert(name.into(), value);
        }
    }
    let router = crate::modules::find(vm, "django.db", "router")?;
    py::attr(vm, &router, "allow_migrate")?
        .call(call, vm)?
        .is_true(vm)
}

/// The value existing rows get (`effective_default`).
fn effective_default(vm: &Vm, field: &Rc<Field>) -> Result<Value> {
    let default = field.options.borrow().default.clone();
    let value = match default {
        FieldDefault::Value(v) => v,
        FieldDefault::Callable(c) => {
            let callable = convert::to_py(vm, &Value::Object(c)).or_foreign()?;
            let made = callable.call((), vm).or_foreign()?;
            to_value(vm, &made).or_foreign()?
        }
        FieldDefault::NotProvided => {
            let o = field.options.borrow();
            let empty_text = matches!(
                field.kind,
                FieldKind::Char
                    | FieldKind::Text
                    | FieldKind::Slug
                    | FieldKind::Email
                    | FieldKind::Url
                    | FieldKind::File
                    | FieldKind::FilePath
                    | FieldKind::Image
            );
            if !field.null.get() && field.blank.get() && empty_text {
                Value::from("")
            } else if !field.null.get() && field.blank.get() && field.kind == FieldKind::Binary {
                Value::Bytes(Rc::from([]))
            } else if o.auto_now || o.auto_now_add {
                now(vm, field.kind).or_foreign()?
            } else {
                Value::Null
            }
        }
    };
    let connection = registry::database(vm, registry::DEFAULT_DB_ALIAS)
        .and_then(|d| d.sqlite(vm))
        .or_foreign()?;
    let dialect = connection.dialect();
    let compiler = orm_sql::Compiler::new(
        orm_sql::Query::empty(),
        dialect,
        registry::DEFAULT_DB_ALIAS.into(),
    );
    orm_sql::prep::db_prep_save(field, value, &compiler)
}

fn now(vm: &Vm, kind: FieldKind) -> PyResult<Value> {
    let now = crate::modules::find(vm, "django.utils.timezone", "now")?;
    let moment = now.call((), vm)?;
    let moment = match kind {
        FieldKind::DateTime => moment,
        FieldKind::Date => py::call(vm, &moment, "date", vec![])?,
        _ => py::call(vm, &moment, "time", vec![])?,
    };
    to_value(vm, &moment)
}

const MODULE: &str = "django.db.backends.sqlite3.schema";

/// What an editor holds while Python code works with it.
#[derive(Debug, Default)]
struct Held {
    deferred: Vec<Statement>,
    collected: Option<Vec<String>>,
}

/// `django.db.backends.base.schema.BaseDatabaseSchemaEditor`; SQLite's derives from it.
#[pyclass(
    module = "django.db.backends.base.schema",
    name = "BaseDatabaseSchemaEditor"
)]
#[derive(Debug, PyPayload)]
pub struct PySchemaEditor {
    database: Database,
    held: RefCell<Held>,
    atomic: RefCell<Option<PyObjectRef>>,
    atomic_migration: bool,
}

/// Lends an editor to Python code; what it deferred or collected comes back.
pub fn lend<T>(
    vm: &Vm,
    editor: &mut SchemaEditor<'_>,
    body: impl FnOnce(PyObjectRef) -> PyResult<T>,
) -> PyResult<T> {
    let lent = PySchemaEditor {
        database: Database::new(vm, &editor.using)?,
        held: RefCell::new(Held {
            deferred: std::mem::take(&mut editor.deferred_sql),
            collected: editor.collected_sql.take(),
        }),
        atomic: RefCell::default(),
        atomic_migration: true,
    };
    let class = crate::modules::find(vm, MODULE, "DatabaseSchemaEditor")?
        .downcast::<PyType>()
        .map_err(|_| vm.new_type_error("DatabaseSchemaEditor is no class"))?;
    let lent = lent.into_ref_with_type(vm, class)?;
    let result = body(lent.clone().into());
    let held = lent.held.take();
    editor.deferred_sql = held.deferred;
    editor.collected_sql = held.collected;
    result
}

/// The sets of names of an option `…_together`.
fn together(vm: &Vm, option: &PyObject) -> PyResult<Vec<Vec<String>>> {
    Ok(orm_migrations::state::together(&to_value(vm, option)?))
}

/// Whether an editor has statements for the end: `bool(editor.deferred_sql)`, for which none of
/// them has to become an object.
pub fn puts_off(vm: &Vm, editor: &PyObject) -> PyResult<bool> {
    match editor.downcast_ref::<PySchemaEditor>() {
        Some(editor) => Ok(!editor.held.borrow().deferred.is_empty()),
        None => py::attr(vm, editor, "deferred_sql")?.is_true(vm),
    }
}

/// A statement as Python has it: it knows what it names.
pub fn statement(vm: &Vm, editor: &PyObjectRef, made: &Statement) -> PyResult {
    const MODULE: &str = "django.db.backends.ddl_references";
    vm.import(MODULE, 0)?;
    let make = |name: &str| crate::modules::find(vm, MODULE, name);
    let quote = py::attr(vm, editor, "quote_name")?;
    let columns = made.columns.iter().map(|c| py::str(vm, c)).collect();
    let columns: PyObjectRef = vm.ctx.new_list(columns).into();
    let table = py::str(vm, &made.table);
    let name = match &made.name {
        Name::Given(name) => make("Table")?.call((py::str(vm, name), quote.clone()), vm)?,
        Name::Index { suffix } => {
            let namer = py::attr(vm, editor, "_create_index_name")?;
            let args = (
                table.clone(),
                columns.clone(),
                py::str(vm, suffix),
                namer,
                quote.clone(),
            );
            make("_QuotedIndexName")?.call(args, vm)?
        }
    };
    let inside =
        make("_Written")?.call((table.clone(), columns, py::str(vm, &made.columns_sql)), vm)?;
    let parts = [
        ("name", name),
        ("table", make("Table")?.call((table, quote), vm)?),
        ("columns", inside),
        ("condition", py::str(vm, &made.condition)),
    ];
    let unique = if made.unique { "UNIQUE " } else { "" };
    let template = format!("CREATE {unique}INDEX %(name)s ON %(table)s (%(columns)s)%(condition)s");
    make("Statement")?.call(py::with_kwargs(vec![py::str(vm, template)], &parts), vm)
}

impl PySchemaEditor {
    /// A quoted name.
    pub fn quoted(&self, vm: &Vm, name: &str) -> PyResult<String> {
        Ok(self.database.wrapper.sqlite(vm)?.dialect().quote_name(name))
    }
    /// Adds a line to the collected ones.
    pub fn collect(&self, line: &str) {
        if let Some(lines) = &mut self.held.borrow_mut().collected {
            lines.push(line.to_string());
        }
    }
    /// Runs something with a real editor.
    pub fn with<T>(
        &self,
        vm: &Vm,
        body: impl FnOnce(&mut SchemaEditor<'_>) -> Result<T>,
    ) -> PyResult<T> {
        let mut host = self.database.clone();
        let dialect = self.database.wrapper.sqlite(vm)?.dialect();
        let held = self.held.take();
        let mut editor = SchemaEditor::new(
            &mut host,
            dialect,
            self.database.wrapper.alias.clone(),
            held.collected.is_some(),
        );
        editor.deferred_sql = held.deferred;
        editor.collected_sql = held.collected;
        let result = body(&mut editor);
        let held = Held {
            deferred: editor.deferred_sql,
            collected: editor.collected_sql,
        };
        self.held.replace(held);
        result.or_raise(vm)
    }
}

/// Statements as SQLite takes them, for code that makes its own.
const TEMPLATES: &[(&str, &str)] = &[
    (
        "sql_create_table",
        "CREATE TABLE %(table)s (%(definition)s)",
    ),
    (
        "sql_rename_table",
        "ALTER TABLE %(old_table)s RENAME TO %(new_table)s",
    ),
    ("sql_delete_table", "DROP TABLE %(table)s"),
    (
        "sql_create_column",
        "ALTER TABLE %(table)s ADD COLUMN %(column)s %(definition)s",
    ),
    (
        "sql_delete_column",
        "ALTER TABLE %(table)s DROP COLUMN %(column)s",
    ),
    (
        "sql_create_index",
        "CREATE INDEX %(name)s ON %(table)s (%(columns)s)%(include)s%(extra)s%(condition)s",
    ),
    (
        "sql_create_unique_index",
        "CREATE UNIQUE INDEX %(name)s ON %(table)s (%(columns)s)%(include)s%(nulls_distinct)s%(condition)s",
    ),
    ("sql_delete_index", "DROP INDEX %(name)s"),
    (
        "sql_create_unique",
        "CREATE UNIQUE INDEX %(name)s ON %(table)s (%(columns)s)",
    ),
    ("sql_delete_unique", "DROP INDEX %(name)s"),
    (
        "sql_alter_column_no_default",
        "ALTER COLUMN %(column)s DROP DEFAULT",
    ),
    (
        "sql_update_with_default",
        "UPDATE %(table)s SET %(column)s = %(default)s WHERE %(column)s IS NULL",
    ),
];

pub fn install(vm: &Vm) -> PyResult<()> {
    let base = PySchemaEditor::make_static_type();
    crate::class::fill_class(vm, &base, |_| {})?;
    let class = crate::class::class(
        vm,
        MODULE,
        "DatabaseSchemaEditor",
        std::slice::from_ref(&base),
        |c| {
            for (name, text) in TEMPLATES {
                c.attr(name, c.vm.ctx.new_str(*text));
            }
            // Foreign keys stand where their column does.
            c.attr("sql_create_fk", c.vm.ctx.none());
            c.attr(
                "sql_create_inline_fk",
                c.vm.ctx.new_str(
                    "REFERENCES %(to_table)s (%(to_column)s)%(on_delete_db)s DEFERRABLE INITIALLY \
                     DEFERRED",
                ),
            );
        },
    )?;
    let home = "django.db.backends.base.schema";
    crate::modules::export(vm, home, "BaseDatabaseSchemaEditor", base)?;
    crate::modules::export(vm, MODULE, "DatabaseSchemaEditor", class)
}

/// `connection.schema_editor(collect_sql=False, atomic=True)`
impl Constructor for PySchemaEditor {
    type Args = FuncArgs;
    fn slot_new(cls: PyTypeRef, mut args: FuncArgs, vm: &Vm) -> PyResult {
        let wrapper = args.take_positional_keyword("connection");
        let Some(Ok(wrapper)) = wrapper.map(|w| w.downcast::<DatabaseWrapper>()) else {
            return Err(vm.new_type_error("a schema editor needs a connection"));
        };
        let collect = match args.take_positional_keyword("collect_sql") {
            Some(c) => c.is_true(vm)?,
            None => false,
        };
        let atomic = match args.take_positional_keyword("atomic") {
            Some(a) => a.is_true(vm)?,
            None => true,
        };
        let made = PySchemaEditor {
            database: Database {
                wrapper,
                execute: replaced_execute(vm)?,
            },
            held: RefCell::new(Held {
                deferred: vec![],
                collected: collect.then(Vec::new),
            }),
            atomic: RefCell::default(),
            atomic_migration: atomic,
        };
        made.into_ref_with_type(vm, cls).map(Into::into)
    }
    fn py_new(_: &Py<PyType>, _: FuncArgs, vm: &Vm) -> PyResult<Self> {
        Err(vm.new_type_error("a schema editor needs a connection"))
    }
}

fn model(vm: &Vm, class: &PyObjectRef) -> PyResult<orm_state::ModelRef> {
    bridge::model_of_class(vm, class).ok_or_else(|| vm.new_type_error("not a model"))
}

fn field(vm: &Vm, obj: &PyObjectRef) -> PyResult<Rc<Field>> {
    bridge::field_of(obj).ok_or_else(|| vm.new_type_error("not a field"))
}

#[pyclass(with(Constructor), flags(BASETYPE, HAS_DICT))]
impl PySchemaEditor {
    #[pygetset]
    fn connection(zelf: PyRef<Self>) -> PyObjectRef {
        zelf.database.wrapper.clone().into()
    }
    #[pygetset]
    fn collect_sql(zelf: &Py<Self>) -> bool {
        zelf.held.borrow().collected.is_some()
    }
    #[pygetset]
    fn collected_sql(zelf: &Py<Self>, vm: &Vm) -> PyObjectRef {
        let held = zelf.held.borrow();
        let lines = held
            .collected
            .iter()
            .flatten()
            .map(|l| vm.ctx.new_str(l.as_str()).into());
        vm.ctx.new_list(lines.collect()).into()
    }
    #[pygetset]
    fn atomic_migration(zelf: &Py<Self>) -> bool {
        zelf.atomic_migration
    }
    #[pygetset]
    fn deferred_sql(zelf: PyRef<Self>, vm: &Vm) -> PyResult {
        let deferred = zelf.held.borrow().deferred.clone();
        let editor: PyObjectRef = zelf.into();
        let all = deferred
            .iter()
            .map(|s| statement(vm, &editor, s))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(vm.ctx.new_list(all).into())
    }
    #[pymethod]
    fn __enter__(zelf: PyRef<Self>, vm: &Vm) -> PyResult<PyRef<Self>> {
        let connection = zelf.database.wrapper.clone();
        if !py::call(vm, &connection, "disable_constraint_checking", vec![])?.is_true(vm)? {
            return Err(crate::error::raise(
                vm,
                "NotSupportedError",
                "SQLite schema editor cannot be used while foreign key constraint checks are \
                 enabled. Make sure to disable them before entering a transaction.atomic() \
                 context because SQLite does not support disabling them in the middle of a \
                 multi-statement transaction.",
            ));
        }
        if zelf.atomic_migration && zelf.held.borrow().collected.is_none() {
            let atomic = crate::modules::find(vm, "django.db.transaction", "atomic")?;
            let alias = vm.ctx.new_str(&*zelf.database.wrapper.alias);
            let block = atomic.call((alias,), vm)?;
            py::call(vm, &block, "__enter__", vec![])?;
            zelf.atomic.replace(Some(block));
        }
        Ok(zelf)
    }
    #[pymethod]
    fn __exit__(zelf: &Py<Self>, args: FuncArgs, vm: &Vm) -> PyResult<()> {
        let failed = args.args.first().is_some_and(|e| !vm.is_none(e));
        let finished = if failed {
            Ok(())
        } else {
            zelf.with(vm, |e| e.finish())
        };
        if let Some(block) = zelf.atomic.take() {
            let none = || vm.ctx.none();
            let exit = match &finished {
                Err(e) => vec![e.class().to_owned().into(), e.clone().into(), none()],
                Ok(()) if failed => args.args.clone(),
                Ok(()) => vec![none(), none(), none()],
            };
            py::call(vm, &block, "__exit__", exit)?;
        }
        DatabaseWrapper::execute(&zelf.database.wrapper, vm, "PRAGMA foreign_keys = ON", &[])?;
        finished
    }
    #[pymethod]
    fn execute(zelf: &Py<Self>, sql: PyObjectRef, params: OptionalArg, vm: &Vm) -> PyResult<()> {
        let sql = py::to_string(vm, &sql)?;
        let params = match params {
            OptionalArg::Present(p) if !vm.is_none(&p) => {
                let items = py::list(vm, &p)?;
                Some(
                    items
                        .iter()
                        .map(|i| to_value(vm, i))
                        .collect::<PyResult<Vec<_>>>()?,
                )
            }
            _ => None,
        };
        zelf.with(vm, |e| e.execute(&sql, params.as_deref()))
    }
    /// A value as it stands in a statement that takes no parameters.
    #[pymethod]
    fn quote_value(zelf: &Py<Self>, value: PyObjectRef, vm: &Vm) -> PyResult<String> {
        let value = to_value(vm, &value)?;
        let quoted = zelf.database.wrapper.sqlite(vm)?.quote(&value);
        quoted.map_err(|e| crate::error::to_py(vm, e))
    }
    #[pymethod]
    fn quote_name(zelf: &Py<Self>, name: String, vm: &Vm) -> PyResult<String> {
        Ok(zelf
            .database
            .wrapper
            .sqlite(vm)?
            .dialect()
            .quote_name(&name))
    }
    #[pymethod]
    fn create_model(zelf: &Py<Self>, class: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let m = model(vm, &class)?;
        zelf.with(vm, |e| e.create_model(&m))
    }
    #[pymethod]
    fn delete_model(zelf: &Py<Self>, class: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let m = model(vm, &class)?;
        zelf.with(vm, |e| e.delete_model(&m))
    }
    #[pymethod]
    fn alter_unique_together(
        zelf: &Py<Self>,
        class: PyObjectRef,
        old: PyObjectRef,
        new: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let m = model(vm, &class)?;
        let (old, new) = (together(vm, &old)?, together(vm, &new)?);
        zelf.with(vm, |e| e.alter_unique_together(&m, &old, &new))
    }
    #[pymethod]
    fn alter_index_together(
        zelf: &Py<Self>,
        class: PyObjectRef,
        old: PyObjectRef,
        new: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let m = model(vm, &class)?;
        let (old, new) = (together(vm, &old)?, together(vm, &new)?);
        zelf.with(vm, |e| e.alter_index_together(&m, &old, &new))
    }
    /// A unique index over fields.
    #[pymethod]
    fn _create_unique_sql(
        zelf: PyRef<Self>,
        class: PyObjectRef,
        fields: PyObjectRef,
        name: PyObjectRef,
        vm: &Vm,
    ) -> PyResult {
        let m = model(vm, &class)?;
        let fields = py::list(vm, &fields)?
            .iter()
            .map(|f| field(vm, f))
            .collect::<PyResult<Vec<_>>>()?;
        let mut made = zelf.with(vm, |e| Ok(e.unique_statement(&m, &fields)))?;
        if !vm.is_none(&name) {
            made.name = Name::Given(py::to_string(vm, &name)?);
        }
        statement(vm, &zelf.into(), &made)
    }
    /// SQLite keeps no comments.
    #[pymethod]
    fn alter_db_table_comment(_zelf: &Py<Self>, _args: FuncArgs) {}
    #[pymethod]
    fn _create_index_name(_zelf: &Py<Self>, mut call: FuncArgs, vm: &Vm) -> PyResult<String> {
        let mut take = |name: &str| call.take_positional_keyword(name);
        let (Some(table), Some(columns)) = (take("table_name"), take("column_names")) else {
            return Err(vm.new_type_error("an index is named by its table and columns"));
        };
        let table = py::to_string(vm, &table)?;
        let suffix = match take("suffix") {
            Some(s) => py::to_string(vm, &s)?,
            None => String::new(),
        };
        let columns = py::list(vm, &columns)?
            .iter()
            .map(|c| py::to_string(vm, c))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(orm_sql::schema::naming::index_name(
            &table, &columns, &suffix,
        ))
    }
    #[pymethod]
    fn alter_db_table(
        zelf: &Py<Self>,
        _model: PyObjectRef,
        old: String,
        new: String,
        vm: &Vm,
    ) -> PyResult<()> {
        zelf.with(vm, |e| e.alter_db_table(&old, &new))
    }
    #[pymethod]
    fn add_field(zelf: &Py<Self>, class: PyObjectRef, f: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let (m, f) = (model(vm, &class)?, field(vm, &f)?);
        zelf.with(vm, |e| e.add_field(&m, &f))
    }
    #[pymethod]
    fn remove_field(zelf: &Py<Self>, class: PyObjectRef, f: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let (m, f) = (model(vm, &class)?, field(vm, &f)?);
        zelf.with(vm, |e| e.remove_field(&m, &f))
    }
    #[pymethod]
    fn alter_field(
        zelf: &Py<Self>,
        class: PyObjectRef,
        old: PyObjectRef,
        new: PyObjectRef,
        _args: FuncArgs,
        vm: &Vm,
    ) -> PyResult<()> {
        let (m, old, new) = (model(vm, &class)?, field(vm, &old)?, field(vm, &new)?);
        zelf.with(vm, |e| e.alter_field(&m, &old, &new))
    }
    #[pymethod]
    fn add_index(zelf: &Py<Self>, class: PyObjectRef, index: PyObjectRef, vm: &Vm) -> PyResult<()> {
        let (m, i) = (model(vm, &class)?, bridge::index(vm, &index)?);
        zelf.with(vm, |e| e.add_index(&m, &i))
    }
    #[pymethod]
    fn remove_index(
        zelf: &Py<Self>,
        _class: PyObjectRef,
        index: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let i = bridge::index(vm, &index)?;
        zelf.with(vm, |e| e.remove_index(&i.name))
    }
    #[pymethod]
    fn add_constraint(
        zelf: &Py<Self>,
        class: PyObjectRef,
        c: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let (m, c) = (model(vm, &class)?, bridge::constraint(vm, &c)?);
        zelf.with(vm, |e| e.add_constraint(&m, &c))
    }
    #[pymethod]
    fn remove_constraint(
        zelf: &Py<Self>,
        class: PyObjectRef,
        c: PyObjectRef,
        vm: &Vm,
    ) -> PyResult<()> {
        let (m, c) = (model(vm, &class)?, bridge::constraint(vm, &c)?);
        zelf.with(vm, |e| e.remove_constraint(&m, &c))
    }
}
