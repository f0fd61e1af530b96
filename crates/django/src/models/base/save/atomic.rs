//! Running a part of saving inside a context manager.
use crate::{modules, py};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// `with transaction.atomic(using=using, savepoint=False):`
pub(super) fn in_atomic<T>(
    vm: &Vm,
    using: &PyObject,
    run: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    let Ok(atomic) = modules::find(vm, "django.db.transaction", "atomic") else {
        return run();
    };
    let parts = [
        ("using", using.to_owned()),
        ("savepoint", py::bool(vm, false)),
    ];
    let block = atomic.call(py::with_kwargs(vec![], &parts), vm)?;
    inside(vm, &block, run)
}

pub(super) fn marking_rollback<T>(
    vm: &Vm,
    using: &PyObject,
    run: impl FnOnce() -> PyResult<T>,
) -> PyResult<T> {
    match modules::find(vm, "django.db.transaction", "mark_for_rollback_on_error") {
        Ok(mark) => {
            let block = mark.call(py::with_kwargs(vec![], &[("using", using.to_owned())]), vm)?;
            inside(vm, &block, run)
        }
        Err(_) => run(),
    }
}

/// Runs inside a context manager.
pub fn inside<T>(vm: &Vm, block: &PyObject, run: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    py::call(vm, block, "__enter__", vec![])?;
    match run() {
        Ok(v) => {
            let none = vm.ctx.none();
            py::call(
                vm,
                block,
                "__exit__",
                vec![none.clone(), none.clone(), none],
            )?;
            Ok(v)
        }
        Err(e) => {
            let class: PyObjectRef = e.class().to_owned().into();
            let args = vec![class, e.clone().into(), vm.ctx.none()];
            py::call(vm, block, "__exit__", args)?;
            Err(e)
        }
    }
}
