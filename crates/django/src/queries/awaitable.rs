//! Async methods: there is one thread and no waiting, so the work is done when awaited.
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::protocol::PyIterReturn;
use rustpython_vm::types::{IterNext, SelfIter};
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};
use std::cell::RefCell;

type Work = Box<dyn FnOnce(&VirtualMachine) -> PyResult>;

/// What `qs.aget(…)` returns.
#[pyclass(module = "builtins", name = "coroutine")]
#[derive(PyPayload)]
pub struct Awaitable {
    work: RefCell<Option<Work>>,
}

impl std::fmt::Debug for Awaitable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("coroutine")
    }
}

impl Awaitable {
    /// The work runs when the result is awaited.
    pub fn object(
        vm: &VirtualMachine,
        work: impl FnOnce(&VirtualMachine) -> PyResult + 'static,
    ) -> PyObjectRef {
        Awaitable {
            work: RefCell::new(Some(Box::new(work))),
        }
        .into_pyobject(vm)
    }
    /// Awaiting it calls `object.name(*args)`.
    pub fn call(
        vm: &VirtualMachine,
        object: PyObjectRef,
        name: &'static str,
        args: FuncArgs,
    ) -> PyObjectRef {
        Self::object(vm, move |vm| object.get_attr(name, vm)?.call(args, vm))
    }
    fn finish(&self, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        match self.work.take() {
            Some(work) => Ok(PyIterReturn::StopIteration(Some(work(vm)?))),
            None => Err(vm.new_runtime_error("cannot reuse already awaited coroutine")),
        }
    }
}

#[pyclass(with(IterNext))]
impl Awaitable {
    #[pymethod]
    fn __await__(zelf: PyRef<Awaitable>) -> PyRef<Awaitable> {
        zelf
    }
    #[pymethod]
    fn send(zelf: &Py<Awaitable>, _value: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        match zelf.finish(vm)? {
            PyIterReturn::Return(v) => Ok(v),
            PyIterReturn::StopIteration(v) => Err(vm.new_stop_iteration(v)),
        }
    }
    #[pymethod]
    fn close(zelf: &Py<Awaitable>) {
        zelf.work.take();
    }
    #[pymethod]
    fn throw(_zelf: &Py<Awaitable>, args: FuncArgs, vm: &VirtualMachine) -> PyResult {
        let raised = args.args.last().cloned();
        match raised.map(|r| r.downcast()) {
            Some(Ok(e)) => Err(e),
            _ => Err(vm.new_runtime_error("thrown into a coroutine")),
        }
    }
}

impl SelfIter for Awaitable {}
impl IterNext for Awaitable {
    fn next(zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<PyIterReturn> {
        zelf.finish(vm)
    }
}

/// `async for` over a synchronous iterator.
#[pyclass(module = "builtins", name = "async_generator")]
#[derive(PyPayload)]
pub struct AsyncIterator {
    /// Makes what is iterated, when the first item is asked for.
    source: RefCell<Option<Work>>,
    iter: RefCell<Option<PyObjectRef>>,
}

impl std::fmt::Debug for AsyncIterator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("async_generator")
    }
}

impl AsyncIterator {
    pub fn object(vm: &VirtualMachine, source: PyObjectRef) -> PyObjectRef {
        Self::later(vm, move |_| Ok(source))
    }
    /// As a generator: nothing happens, and nothing fails, before the first item.
    pub fn later(
        vm: &VirtualMachine,
        source: impl FnOnce(&VirtualMachine) -> PyResult + 'static,
    ) -> PyObjectRef {
        AsyncIterator {
            source: RefCell::new(Some(Box::new(source))),
            iter: RefCell::default(),
        }
        .into_pyobject(vm)
    }
}

#[pyclass]
impl AsyncIterator {
    #[pymethod]
    fn __aiter__(zelf: PyRef<AsyncIterator>) -> PyRef<AsyncIterator> {
        zelf
    }
    #[pymethod]
    fn __anext__(zelf: PyRef<AsyncIterator>, vm: &VirtualMachine) -> PyObjectRef {
        Awaitable::object(vm, move |vm| {
            if let Some(source) = zelf.source.take() {
                let source = source(vm)?;
                *zelf.iter.borrow_mut() = Some(source.get_iter(vm)?.into());
            }
            let iter = zelf.iter.borrow().clone();
            let next = match iter {
                Some(i) => rustpython_vm::protocol::PyIter::new(i).next(vm)?,
                None => PyIterReturn::StopIteration(None),
            };
            match next {
                PyIterReturn::Return(v) => Ok(v),
                PyIterReturn::StopIteration(_) => {
                    let class = vm.ctx.exceptions.stop_async_iteration.to_owned();
                    Err(vm.new_exception_empty(class))
                }
            }
        })
    }
    #[pymethod]
    fn aclose(zelf: PyRef<AsyncIterator>, vm: &VirtualMachine) -> PyObjectRef {
        Awaitable::object(vm, move |vm| {
            zelf.iter.take();
            Ok(vm.ctx.none())
        })
    }
}

pub fn install() {
    let _ = [
        Awaitable::make_static_type(),
        AsyncIterator::make_static_type(),
    ];
}
