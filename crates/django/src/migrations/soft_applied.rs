//! `migrate --fake-initial`: is what a first migration would make there already?
use super::project_state::PyProjectState;
use crate::{modules, py};
use orm_migrations::Operation;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Whether the tables and columns of an initial migration exist, and the state after it.
pub fn detect(vm: &Vm, o: &PyObject, state: PyObjectRef, migration: &PyObjectRef) -> PyResult {
    let answer = |found: bool, state: PyObjectRef| -> PyResult {
        Ok(vm.ctx.new_tuple(vec![py::bool(vm, found), state]).into())
    };
    let app = py::to_string(vm, &py::attr(vm, migration, "app_label")?)?;
    let initial = py::attr(vm, migration, "initial")?;
    if vm.is_none(&initial) {
        for d in py::list(vm, &py::attr(vm, migration, "dependencies")?)? {
            if super::graph::key(vm, &d)?.0 == app {
                return answer(false, state);
            }
        }
    } else if !initial.is_true(vm)? {
        return answer(false, state);
    }
    let after = if vm.is_none(&state) {
        let loader = py::attr(vm, o, "loader")?;
        let name = py::attr(vm, migration, "name")?;
        let key = vm.ctx.new_tuple(vec![py::str(vm, &app), name]);
        let end = [("at_end", py::bool(vm, true))];
        py::call_kw(vm, &loader, "project_state", vec![key.into()], &end)?
    } else {
        py::call(vm, migration, "mutate_state", vec![state.clone()])?
    };
    PyProjectState::of(vm, &after)?;
    let connection = py::attr(vm, o, "connection")?;
    let tables = Tables::of(vm, &connection)?;
    let apps = py::attr(vm, &after, "apps")?;
    let mut found = false;
    for op in py::list(vm, &py::attr(vm, migration, "operations")?)? {
        let (name, field) = match super::convert_operation::operation(vm, &op)? {
            Operation::CreateModel { name, .. } => (name, None),
            Operation::AddField {
                model_name, name, ..
            } => (model_name, Some(name)),
            _ => continue,
        };
        let mut model = py::call(
            vm,
            &apps,
            "get_model",
            vec![py::str(vm, &app), py::str(vm, &name)],
        )?;
        let swapped = py::attr(vm, &py::attr(vm, &model, "_meta")?, "swapped")?;
        if swapped.clone().is_true(vm)? {
            let main = modules::find(vm, "django.apps", "apps")?;
            model = py::call(vm, &main, "get_model", vec![swapped])?;
        }
        let meta = py::attr(vm, &model, "_meta")?;
        let proxy = py::attr(vm, &meta, "proxy")?.is_true(vm)?;
        let managed = py::attr(vm, &meta, "managed")?.is_true(vm)?;
        let router = modules::find(vm, "django.db", "router")?;
        let alias = py::attr(vm, &connection, "alias")?;
        let args = vec![alias, py::str(vm, &app)];
        let named = [("model_name", py::attr(vm, &meta, "model_name")?)];
        let allowed = py::call_kw(vm, &router, "allow_migrate", args, &named)?.is_true(vm)?;
        if proxy || !managed || !allowed {
            continue;
        }
        let table = py::to_string(vm, &py::attr(vm, &meta, "db_table")?)?;
        let there = match field {
            None => tables.has(&table),
            Some(name) => {
                let field = py::call(vm, &meta, "get_field", vec![py::str(vm, name)])?;
                if py::attr(vm, &field, "many_to_many")?.is_true(vm)? {
                    let through = py::attr(vm, &py::attr(vm, &field, "remote_field")?, "through")?;
                    let meta = py::attr(vm, &through, "_meta")?;
                    tables.has(&py::to_string(vm, &py::attr(vm, &meta, "db_table")?)?)
                } else {
                    let column = py::to_string(vm, &py::attr(vm, &field, "column")?)?;
                    tables.has_column(vm, &table, &column)?
                }
            }
        };
        if !there {
            return answer(false, state);
        }
        found = true;
    }
    answer(found, after)
}

/// The tables of a database.
struct Tables {
    introspection: PyObjectRef,
    cursor: PyObjectRef,
    names: Vec<String>,
    fold: bool,
}

impl Tables {
    fn of(vm: &Vm, connection: &PyObject) -> PyResult<Tables> {
        let features = py::attr(vm, connection, "features")?;
        let fold = py::attr(vm, &features, "ignores_table_name_case")?.is_true(vm)?;
        let introspection = py::attr(vm, connection, "introspection")?;
        let cursor = py::call(vm, connection, "cursor", vec![])?;
        let names = py::call(vm, &introspection, "table_names", vec![cursor.clone()])?;
        let names = py::list(vm, &names)?
            .iter()
            .map(|n| py::to_string(vm, n))
            .collect::<PyResult<_>>()?;
        Ok(Tables {
            introspection,
            cursor,
            names,
            fold,
        })
    }
    fn same(&self, a: &str, b: &str) -> bool {
        a == b || (self.fold && a.to_lowercase() == b.to_lowercase())
    }
    fn has(&self, table: &str) -> bool {
        self.names.iter().any(|n| self.same(n, table))
    }
    fn has_column(&self, vm: &Vm, table: &str, column: &str) -> PyResult<bool> {
        let args = vec![self.cursor.clone(), py::str(vm, table)];
        let columns = py::call(vm, &self.introspection, "get_table_description", args)?;
        for c in py::list(vm, &columns)? {
            if self.same(&py::to_string(vm, &py::attr(vm, &c, "name")?)?, column) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
