//! Opening a database: its name, what `OPTIONS` ask for, who is told.
use super::DatabaseWrapper;
use crate::db::registry;
use crate::db::sqlite3;
use crate::{error, modules, py};
use orm_sqlite::{Params, SqliteConnection};
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODES: [&str; 3] = ["DEFERRED", "EXCLUSIVE", "IMMEDIATE"];

impl DatabaseWrapper {
    /// Opens the database anew.
    pub(super) fn open(&self, vm: &Vm) -> PyResult<SqliteConnection> {
        self.in_atomic_block.set(false);
        self.savepoint_ids.borrow_vec_mut().clear();
        self.atomic_blocks.borrow_mut().clear();
        self.needs_rollback.set(false);
        self.closed_in_transaction.set(false);
        self.errors_occurred.set(false);
        let name = self.setting(vm, "NAME")?;
        if !name.clone().is_true(vm)? {
            return Err(error::raise(
                vm,
                "ImproperlyConfigured",
                "settings.DATABASES is improperly configured. Please supply the NAME value.",
            ));
        }
        self.transaction_mode(vm)?;
        let name = name.str(vm)?;
        let name = name.to_string_lossy();
        let path = if cfg!(target_arch = "wasm32") && name.contains("mode=memory") {
            ":memory:"
        } else {
            &name
        };
        let failed = |e| sqlite3::wrapped(vm, e);
        let connection = SqliteConnection::open(path).map_err(failed)?;
        if let Some(commands) = self.option(vm, "init_command")? {
            for command in py::to_string(vm, &commands)?.split(';') {
                if !command.trim().is_empty() {
                    connection
                        .run(command.trim(), Params::None)
                        .map_err(failed)?;
                }
            }
        }
        self.handle.take();
        *self.sqlite.borrow_mut() = Some(connection.clone());
        let autocommit = self.setting(vm, "AUTOCOMMIT")?;
        let autocommit = vm.is_none(&autocommit) || autocommit.is_true(vm)?;
        connection.set_implicit_begin(!autocommit);
        self.autocommit.set(autocommit);
        self.tell_created(vm)?;
        self.run_on_commit.borrow_mut().clear();
        Ok(connection)
    }
    fn option(&self, vm: &Vm, name: &str) -> PyResult<Option<PyObjectRef>> {
        let options = self.setting(vm, "OPTIONS")?;
        if vm.is_none(&options) {
            return Ok(None);
        }
        let found = py::call(vm, &options, "get", vec![py::str(vm, name)])?;
        Ok((!vm.is_none(&found)).then_some(found))
    }
    /// `OPTIONS["transaction_mode"]`, in capitals.
    pub(in crate::db) fn transaction_mode(&self, vm: &Vm) -> PyResult<Option<&'static str>> {
        let Some(given) = self.option(vm, "transaction_mode")? else {
            return Ok(None);
        };
        let text = py::to_string(vm, &given)?;
        let known = MODES.iter().find(|m| **m == text.to_uppercase());
        known.copied().map(Some).ok_or_else(|| {
            let modes = MODES.map(|m| format!("'{m}'")).join(", ");
            let text = format!(
                "settings.DATABASES['{}']['OPTIONS']['transaction_mode'] is improperly \
                 configured to '{text}'. Use one of {modes}, or None.",
                self.alias
            );
            error::raise(vm, "ImproperlyConfigured", text)
        })
    }
    /// Sends `connection_created`; copies of a connection are nobody's business.
    fn tell_created(&self, vm: &Vm) -> PyResult<()> {
        let Some(own) = registry::registered(&self.alias) else {
            return Ok(());
        };
        if !std::ptr::eq(&**own, self) {
            return Ok(());
        }
        let signal = modules::find(vm, "django.db.backends._signals", "connection_created")?;
        let sender = own.class().to_owned().into();
        let named = [("sender", sender), ("connection", own.into())];
        py::call_kw(vm, &signal, "send", vec![], &named).map(drop)
    }
}
