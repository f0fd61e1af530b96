//! What a connection hands out: its query log, execute wrappers, constraint checks turned off.
use super::{DatabaseWrapper, QUERIES_LIMIT};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::{PyMappingMethods, PySequenceMethods};
use rustpython_vm::types::{AsMapping, AsSequence};
use rustpython_vm::{
    AsObject, Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, atomic_func, pyclass,
};
use std::cell::Cell;
use std::sync::LazyLock;

/// `connection.queries_log`: its length and `clear()`.
#[pyclass(module = "collections", name = "deque")]
#[derive(PyPayload)]
pub struct QueriesLog {
    pub(super) database: PyRef<DatabaseWrapper>,
}

impl std::fmt::Debug for QueriesLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("QueriesLog")
    }
}

impl AsSequence for QueriesLog {
    fn as_sequence() -> &'static PySequenceMethods {
        static METHODS: LazyLock<PySequenceMethods> = LazyLock::new(|| PySequenceMethods {
            length: atomic_func!(|seq, _vm| Ok(QueriesLog::sequence_downcast(seq)
                .database
                .queries
                .borrow()
                .len())),
            ..PySequenceMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

impl AsMapping for QueriesLog {
    fn as_mapping() -> &'static PyMappingMethods {
        static METHODS: LazyLock<PyMappingMethods> = LazyLock::new(|| PyMappingMethods {
            subscript: atomic_func!(|mapping, key, vm| {
                let database = &QueriesLog::mapping_downcast(mapping).database;
                let all = DatabaseWrapper::listed_queries(database, vm)?;
                all.as_object().get_item(key, vm)
            }),
            ..PyMappingMethods::NOT_IMPLEMENTED
        });
        &METHODS
    }
}

#[pyclass(with(AsSequence, AsMapping))]
impl QueriesLog {
    #[pymethod]
    fn clear(zelf: &Py<QueriesLog>) {
        zelf.database.forget_queries();
    }
    #[pygetset]
    fn maxlen(_zelf: &Py<QueriesLog>) -> usize {
        QUERIES_LIMIT
    }
}

/// `with connection.execute_wrapper(f):`
#[pyclass(module = "contextlib", name = "_GeneratorContextManager")]
#[derive(PyPayload)]
pub struct ExecuteWrapper {
    pub(super) database: PyRef<DatabaseWrapper>,
    pub(super) wrapper: PyObjectRef,
}

impl std::fmt::Debug for ExecuteWrapper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ExecuteWrapper")
    }
}

#[pyclass]
impl ExecuteWrapper {
    #[pymethod]
    fn __enter__(zelf: &Py<ExecuteWrapper>) {
        let list = zelf.database.execute_wrappers.borrow().clone();
        list.borrow_vec_mut().push(zelf.wrapper.clone());
    }
    #[pymethod]
    fn __exit__(zelf: &Py<ExecuteWrapper>, _args: FuncArgs) {
        let list = zelf.database.execute_wrappers.borrow().clone();
        list.borrow_vec_mut().pop();
    }
}

/// `with connection.constraint_checks_disabled():`
#[pyclass(module = "contextlib", name = "_GeneratorContextManager")]
#[derive(PyPayload)]
pub struct ChecksDisabled {
    pub(super) database: PyRef<DatabaseWrapper>,
    pub(super) disabled: Cell<bool>,
}

impl std::fmt::Debug for ChecksDisabled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ChecksDisabled")
    }
}

#[pyclass]
impl ChecksDisabled {
    #[pymethod]
    fn __enter__(zelf: &Py<ChecksDisabled>, vm: &VirtualMachine) -> PyResult<()> {
        zelf.disabled
            .set(DatabaseWrapper::disable_constraint_checking(
                &zelf.database,
                vm,
            )?);
        Ok(())
    }
    #[pymethod]
    fn __exit__(zelf: &Py<ChecksDisabled>, _args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        if zelf.disabled.get() {
            DatabaseWrapper::enable_constraint_checking(&zelf.database, vm)?;
        }
        Ok(())
    }
}
