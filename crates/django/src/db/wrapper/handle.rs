//! `connection.connection`: the driver's own connection, as far as it is asked.
use super::DatabaseWrapper;
use crate::db::sqlite3;
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};

/// `sqlite3.Connection`
#[pyclass(module = "sqlite3", name = "Connection")]
#[derive(PyPayload)]
pub struct Handle {
    database: PyRef<DatabaseWrapper>,
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

#[pyclass(flags(HAS_DICT))]
impl Handle {
    #[pymethod]
    fn getlimit(zelf: &Py<Handle>, category: i32, vm: &VirtualMachine) -> PyResult<i32> {
        let limit = zelf.database.sqlite(vm)?.limit(category);
        limit.map_err(|e| sqlite3::wrapped(vm, e))
    }
    /// Sets a limit, returns the one of before.
    #[pymethod]
    fn setlimit(
        zelf: &Py<Handle>,
        category: i32,
        limit: i32,
        vm: &VirtualMachine,
    ) -> PyResult<i32> {
        let before = zelf.database.sqlite(vm)?.set_limit(category, limit);
        before.map_err(|e| sqlite3::wrapped(vm, e))
    }
    #[pymethod]
    fn close(zelf: &Py<Handle>) {
        zelf.database.drop_sqlite();
    }
    #[pymethod]
    fn commit(zelf: &Py<Handle>, vm: &VirtualMachine) -> PyResult<()> {
        let ended = zelf.database.sqlite(vm)?.commit();
        ended.map_err(|e| sqlite3::wrapped(vm, e))
    }
    #[pymethod]
    fn rollback(zelf: &Py<Handle>, vm: &VirtualMachine) -> PyResult<()> {
        let ended = zelf.database.sqlite(vm)?.rollback();
        ended.map_err(|e| sqlite3::wrapped(vm, e))
    }
}

impl DatabaseWrapper {
    /// `connection.connection`: the same object until the database is closed.
    pub(super) fn driver(zelf: PyRef<DatabaseWrapper>, vm: &VirtualMachine) -> PyObjectRef {
        if !zelf.is_open() {
            return vm.ctx.none();
        }
        if let Some(handle) = &*zelf.handle.borrow() {
            return handle.clone();
        }
        let made = Handle {
            database: zelf.clone(),
        }
        .into_pyobject(vm);
        *zelf.handle.borrow_mut() = Some(made.clone());
        made
    }
}
