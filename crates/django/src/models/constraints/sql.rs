//! `create_sql()`, `remove_sql()`, `constraint_sql()`: what a schema editor would run.
use super::{constraint, index};
use crate::class::Class;
use crate::migrations::editor::{PySchemaEditor, statement};
use crate::models::model_of_class;
use crate::py;
use orm_state::Constraint;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

fn editor<'a>(vm: &Vm, o: &'a PyObject) -> PyResult<&'a Py<PySchemaEditor>> {
    o.downcast_ref::<PySchemaEditor>()
        .ok_or_else(|| vm.new_type_error("not a schema editor"))
}

fn model(vm: &Vm, class: &PyObject) -> PyResult<orm_state::ModelRef> {
    model_of_class(vm, class).ok_or_else(|| vm.new_type_error("not a model"))
}

/// The arguments `model` and `schema_editor`.
fn arguments(vm: &Vm, mut call: FuncArgs) -> PyResult<(PyObjectRef, PyObjectRef)> {
    let mut take = |name: &str| {
        call.take_positional_keyword(name)
            .ok_or_else(|| vm.new_type_error(format!("missing 1 required argument: '{name}'")))
    };
    Ok((take("model")?, take("schema_editor")?))
}

/// A statement over a table and a name, for what SQLite itself never runs.
fn named(vm: &Vm, template: &str, table: &str, name: &str, rest: &str) -> PyResult {
    let parts = [("table", table), ("name", name), ("rest", rest)];
    let mut text = template.to_string();
    for (key, value) in parts {
        text = text.replace(&format!("{{{key}}}"), value);
    }
    vm.import("django.db.backends.ddl_references", 0)?;
    let class = crate::modules::find(vm, "django.db.backends.ddl_references", "Statement")?;
    // A part of the text that looks like a parameter is none.
    class.call((text.replace('%', "%%"),), vm)
}

/// Of a constraint.
pub fn fill(c: &mut Class) {
    c.method(
        "constraint_sql",
        |o: PyObjectRef, call: FuncArgs, vm: &Vm| -> PyResult {
            let (class, e) = arguments(vm, call)?;
            let (m, c) = (model(vm, &class)?, constraint(vm, &o)?);
            let sql = editor(vm, &e)?.with(vm, |e| e.constraint_sql(&m, &c))?;
            Ok(py::opt_str(vm, sql.as_deref()))
        },
    );
    c.method(
        "create_sql",
        |o: PyObjectRef, call: FuncArgs, vm: &Vm| -> PyResult {
            let (class, e) = arguments(vm, call)?;
            let (m, c) = (model(vm, &class)?, constraint(vm, &o)?);
            let editor = editor(vm, &e)?;
            if let Constraint::Check { name, .. } = &c {
                let sql = editor.with(vm, |e| e.constraint_sql(&m, &c))?;
                let table = editor.quoted(vm, &m.db_table())?;
                let rest = sql.unwrap_or_default();
                return named(vm, "ALTER TABLE {table} ADD {rest}", &table, name, &rest);
            }
            match editor.with(vm, |e| e.constraint_statement(&m, &c))? {
                Some(made) => statement(vm, &e, &made),
                None => Ok(vm.ctx.none()),
            }
        },
    );
    c.method(
        "remove_sql",
        |o: PyObjectRef, call: FuncArgs, vm: &Vm| -> PyResult {
            let (class, e) = arguments(vm, call)?;
            let (m, c) = (model(vm, &class)?, constraint(vm, &o)?);
            let editor = editor(vm, &e)?;
            let table = editor.quoted(vm, &m.db_table())?;
            let name = editor.quoted(vm, c.name())?;
            let template = match &c {
                Constraint::Check { .. } => "ALTER TABLE {table} DROP CONSTRAINT {name}",
                _ => "DROP INDEX {name}",
            };
            named(vm, template, &table, &name, "")
        },
    );
}

/// Of an index.
pub fn fill_index(c: &mut Class) {
    c.method(
        "create_sql",
        |o: PyObjectRef, call: FuncArgs, vm: &Vm| -> PyResult {
            let (class, e) = arguments(vm, call)?;
            let (m, i) = (model(vm, &class)?, index(vm, &o)?);
            let made = editor(vm, &e)?.with(vm, |e| e.index_statement(&m, &i))?;
            statement(vm, &e, &made)
        },
    );
    c.method(
        "remove_sql",
        |o: PyObjectRef, call: FuncArgs, vm: &Vm| -> PyResult {
            let (class, e) = arguments(vm, call)?;
            let m = model(vm, &class)?;
            let editor = editor(vm, &e)?;
            let name = py::to_string(vm, &py::attr(vm, &o, "name")?)?;
            let name = editor.quoted(vm, &name)?;
            let table = editor.quoted(vm, &m.db_table())?;
            named(vm, "DROP INDEX {name}", &table, &name, "")
        },
    );
}
