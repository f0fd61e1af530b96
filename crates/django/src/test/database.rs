//! The databases of a test case: which ones, their atomic blocks, emptying them.
use super::call::{attr, call, call_with, items, set, string, truth};
use crate::db::DatabaseWrapper;
use crate::db::registry;
use crate::{db, modules};
use orm_sql::dialect::Sqlite;
use orm_sql::schema::{SchemaEditor, SchemaHost};
use orm_sqlite::Params;
use orm_state::{Error, ErrorKind, Field, ModelRef, Value};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::{AsObject, PyObjectRef, PyRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// The aliases that a case declares, in the order of the setting.
pub fn names(vm: &Vm, case: &PyObjectRef) -> PyResult<Vec<String>> {
    let declared = attr(vm, case, "databases")?;
    let all = registry::aliases();
    if declared.fast_isinstance(vm.ctx.types.str_type) {
        return Ok(all);
    }
    let declared = items(vm, &declared)?
        .iter()
        .map(|d| string(vm, d))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(all.into_iter().filter(|a| declared.contains(a)).collect())
}

/// What a query on a database raises that the test case does not name.
pub const FORBIDDEN: &str = "DatabaseOperationForbidden";

/// The databases that a case does not name refuse to work for it.
pub fn forbid_others(vm: &Vm, case: &PyObjectRef) -> PyResult<()> {
    let allowed = names(vm, case)?;
    let class = super::call::class_of(vm, "django.test.testcases", FORBIDDEN)?;
    let test = format!(
        "{}.{}",
        string(vm, &*attr(vm, case, "__module__")?)?,
        string(vm, &*attr(vm, case, "__qualname__")?)?
    );
    let template = string(vm, &*attr(vm, case, "_disallowed_database_msg")?)?;
    for alias in registry::aliases() {
        if allowed.contains(&alias) {
            continue;
        }
        let message = template
            .replace("%(alias)r", &format!("'{alias}'"))
            .replace("%(test)s", &test)
            .replace("%(operation)s", "{operation}");
        *db::database(vm, &alias)?.forbidden.borrow_mut() = Some((class.clone(), message));
    }
    Ok(())
}

/// Every database works again.
pub fn allow_all(vm: &Vm) -> PyResult<()> {
    for alias in registry::aliases() {
        db::database(vm, &alias)?.forbidden.take();
    }
    Ok(())
}

/// `connections[alias]`
pub fn connection(vm: &Vm, alias: &str) -> PyResult {
    modules::find(vm, "django.db", "connections")?.get_item(alias, vm)
}

/// An open atomic block on every database of the case.
pub fn enter_atomics(vm: &Vm, case: &PyObjectRef) -> PyResult<PyDictRef> {
    let held = vm.ctx.new_dict();
    let atomic = modules::find(vm, "django.db.transaction", "atomic")?;
    for alias in names(vm, case)? {
        let using = vm.ctx.new_str(alias.as_str()).into();
        let block = call_with(vm, &atomic, vec![], &[("using", using)])?;
        set(vm, &block, "_from_testcase", vm.ctx.new_bool(true))?;
        call(vm, &block, "__enter__", vec![])?;
        held.set_item(alias.as_str(), block, vm)?;
    }
    Ok(held)
}

/// Rolls those blocks back.
pub fn rollback_atomics(vm: &Vm, case: &PyObjectRef, held: &PyObjectRef) -> PyResult<()> {
    let set_rollback = modules::find(vm, "django.db.transaction", "set_rollback")?;
    for alias in names(vm, case)?.into_iter().rev() {
        let using: PyObjectRef = vm.ctx.new_str(alias.as_str()).into();
        let yes = vm.ctx.new_bool(true).into();
        call_with(vm, &set_rollback, vec![yes], &[("using", using)])?;
        let none = || vm.ctx.none();
        let block = held.get_item(alias.as_str(), vm)?;
        call(vm, &block, "__exit__", vec![none(), none(), none()])?;
    }
    Ok(())
}

/// What a test leaves in deferred constraints fails the test.
pub fn check_constraints(vm: &Vm, case: &PyObjectRef) -> PyResult<()> {
    for alias in names(vm, case)?.into_iter().rev() {
        let connection = connection(vm, &alias)?;
        let features = attr(vm, &connection, "features")?;
        if truth(vm, &features, "can_defer_constraint_checks")?
            && !truth(vm, &connection, "needs_rollback")?
        {
            call(vm, &connection, "check_constraints", vec![])?;
        }
    }
    Ok(())
}

/// Empties every table, as `flush` does.
pub fn flush(vm: &Vm, alias: &str, reset_sequences: bool) -> PyResult<()> {
    let database = db::database(vm, alias)?;
    let sqlite = database.sqlite(vm)?;
    let failed = |e| db::sqlite3::wrapped(vm, e);
    let tables = sqlite.tables().map_err(failed)?;
    let run = |sql: &str| sqlite.run(sql, Params::None).map(drop).map_err(failed);
    run("PRAGMA foreign_keys = OFF")?;
    for table in &tables {
        if !table.is_view && table.name != "django_migrations" {
            run(&format!("DELETE FROM {}", db::ops::quote_name(&table.name)))?;
        }
    }
    if reset_sequences && sqlite.has_table("sqlite_sequence").map_err(failed)? {
        run("UPDATE \"sqlite_sequence\" SET \"seq\" = 0")?;
    }
    run("PRAGMA foreign_keys = ON")
}

/// Makes the tables of all models in every database: those of apps with migrations by these.
pub fn create_tables(vm: &Vm) -> PyResult<()> {
    let loader = crate::migrations::Loader::load(vm)?;
    let migrated: Vec<&str> = loader
        .apps
        .iter()
        .filter(|a| a.migrated)
        .map(|a| a.label.as_str())
        .collect();
    make_unmigrated(vm, &migrated)?;
    if migrated.is_empty() {
        return Ok(());
    }
    for alias in registry::aliases() {
        let mut words = vec![format!("--database={alias}")];
        words.extend(["--verbosity=0", "--noinput"].map(String::from));
        crate::management::perform(vm, "migrate", &words)?;
        // What migrations brought is there again for cases that ask for it.
        let made = connection(vm, &alias)?;
        let creation = attr(vm, &made, "creation")?;
        call(vm, &creation, "serialize_test_db", vec![])?;
    }
    Ok(())
}

/// Makes the tables of models whose apps have no migrations.
fn make_unmigrated(vm: &Vm, migrated: &[&str]) -> PyResult<()> {
    let apps = modules::find(vm, "django.apps", "apps")?;
    let Some(apps) = crate::apps::rust_apps(&apps) else {
        return Ok(());
    };
    for alias in registry::aliases() {
        let database = db::database(vm, &alias)?;
        let sqlite = database.sqlite(vm)?;
        let failed = |e| db::sqlite3::wrapped(vm, e);
        sqlite
            .run("PRAGMA foreign_keys = OFF", Params::None)
            .map_err(failed)?;
        let mut host = Tables { vm, database };
        let using = alias.as_str().into();
        let mut editor = SchemaEditor::new(&mut host, Rc::new(Sqlite), using, false);
        for model in apps.models().iter().filter(|m| has_table(m)) {
            if migrated.contains(&&**model.app_label()) {
                continue;
            }
            editor.create_model(model).map_err(failed)?;
        }
        editor.finish().map_err(failed)?;
        orm_migrations::recorder::ensure_schema(&sqlite).map_err(failed)?;
        sqlite
            .run("PRAGMA foreign_keys = ON", Params::None)
            .map_err(failed)?;
    }
    Ok(())
}

/// Brings back what the databases of a case began with, for `serialized_rollback`.
pub fn deserialize(vm: &Vm, case: &PyObjectRef) -> PyResult<()> {
    let apps = modules::find(vm, "django.apps", "apps")?;
    let available = attr(vm, case, "available_apps")?;
    let limited = !vm.is_none(&available);
    for alias in names(vm, case)? {
        let connection = connection(vm, &alias)?;
        let name = vm.ctx.intern_str("_test_serialized_contents");
        let Some(contents) = vm.get_attribute_opt(&connection, name)? else {
            continue;
        };
        if limited {
            call(vm, &apps, "unset_available_apps", vec![])?;
        }
        let creation = attr(vm, &connection, "creation")?;
        call(vm, &creation, "deserialize_db_from_string", vec![contents])?;
        if limited {
            let only = vec![available.clone()];
            call(vm, &apps, "set_available_apps", only)?;
        }
    }
    Ok(())
}

/// Says that the tables of every app are there: content types and permissions are made then.
pub fn tell_migrated(vm: &Vm, alias: &str) -> PyResult<()> {
    let signal = modules::find(vm, "django.db.models.signals", "post_migrate")?;
    let apps = modules::find(vm, "django.apps", "apps")?;
    for config in items(vm, &*call(vm, &apps, "get_app_configs", vec![])?)? {
        let named = [
            ("sender", config.clone()),
            ("app_config", config),
            ("verbosity", vm.ctx.new_int(0).into()),
            ("interactive", vm.ctx.new_bool(false).into()),
            ("using", vm.ctx.new_str(alias).into()),
            ("apps", apps.clone()),
            ("plan", vm.ctx.new_list(vec![]).into()),
        ];
        call_with(vm, &*attr(vm, &signal, "send")?, vec![], &named)?;
    }
    Ok(())
}

fn has_table(model: &ModelRef) -> bool {
    let options = model.options.borrow();
    options.managed
        && !options.proxy
        && !options.auto_created
        && !options.abstract_
        && model.swapped.borrow().is_none()
}

/// A database whose tables are being made.
struct Tables<'a> {
    vm: &'a Vm,
    database: PyRef<DatabaseWrapper>,
}

impl SchemaHost for Tables<'_> {
    fn execute(&mut self, sql: &str, params: Option<&[Value]>) -> orm_state::Result<()> {
        let sqlite = self.database.sqlite(self.vm).map_err(|_| {
            Error::new(ErrorKind::OperationalError, "the database cannot be opened")
        })?;
        let params = params.map_or(Params::None, Params::Positional);
        sqlite.run(sql, params).map(drop)
    }
    fn effective_default(&mut self, _field: &Rc<Field>) -> orm_state::Result<Value> {
        Ok(Value::Null)
    }
    fn constraint_names(
        &mut self,
        _table: &str,
        _columns: &[String],
        _unique: bool,
    ) -> orm_state::Result<Vec<String>> {
        Ok(vec![])
    }
}
