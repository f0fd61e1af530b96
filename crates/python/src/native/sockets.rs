//! `_socket` and `select`: as much as `asyncio` needs for a loop that only waits for time.
//!
//! There is no network here. A loop's own wake-up pair is two objects that never have anything to
//! say, and waiting on them is sleeping.
pub(crate) use _posixsubprocess::module_def as subprocess_module;
pub(crate) use _socket::module_def as socket_module;
pub(crate) use select::module_def as select_module;

#[rustpython_vm::pymodule(name = "_socket")]
mod _socket {
    use rustpython_vm::builtins::PyType;
    use rustpython_vm::function::FuncArgs;
    use rustpython_vm::types::{Constructor, Initializer};
    use rustpython_vm::{Py, PyObjectRef, PyPayload, PyResult, VirtualMachine, pyclass};
    use std::cell::Cell;

    #[pyattr]
    const AF_UNSPEC: i32 = 0;
    #[pyattr]
    const AF_UNIX: i32 = 1;
    #[pyattr]
    const AF_INET: i32 = 2;
    #[pyattr]
    const AF_INET6: i32 = 10;
    #[pyattr]
    const SOCK_STREAM: i32 = 1;
    #[pyattr]
    const SOCK_DGRAM: i32 = 2;
    #[pyattr]
    const SOL_SOCKET: i32 = 1;
    #[pyattr]
    const SO_REUSEADDR: i32 = 2;
    #[pyattr]
    const SO_KEEPALIVE: i32 = 9;
    #[pyattr]
    const SO_ERROR: i32 = 4;
    #[pyattr]
    const SOMAXCONN: i32 = 128;
    #[pyattr]
    const IPPROTO_TCP: i32 = 6;
    #[pyattr]
    const IPPROTO_IPV6: i32 = 41;
    #[pyattr]
    const IPV6_V6ONLY: i32 = 26;
    #[pyattr]
    const TCP_NODELAY: i32 = 1;
    #[pyattr]
    const AI_PASSIVE: i32 = 1;
    #[pyattr]
    const NI_NUMERICHOST: i32 = 1;
    #[pyattr(name = "has_ipv6")]
    const HAS_IPV6: bool = false;

    #[pyattr(name = "error")]
    fn error(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.exceptions.os_error.to_owned().into()
    }
    #[pyattr(name = "herror")]
    fn herror(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.exceptions.os_error.to_owned().into()
    }
    #[pyattr(name = "gaierror")]
    fn gaierror(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.exceptions.os_error.to_owned().into()
    }
    #[pyattr(name = "timeout")]
    fn timeout(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.exceptions.timeout_error.to_owned().into()
    }

    thread_local! {
        static NEXT: Cell<i32> = const { Cell::new(3) };
    }

    /// An end of a pair that stays silent.
    #[pyattr]
    #[pyclass(name = "socket", module = "_socket")]
    #[derive(Debug, PyPayload)]
    struct Socket {
        number: i32,
    }

    impl Constructor for Socket {
        type Args = FuncArgs;
        fn py_new(_class: &Py<PyType>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<Self> {
            Ok(Socket {
                number: NEXT.with(|n| n.replace(n.get() + 1)),
            })
        }
    }

    impl Initializer for Socket {
        type Args = FuncArgs;
        fn init(_zelf: &Py<Self>, _args: FuncArgs, _vm: &VirtualMachine) -> PyResult<()> {
            Ok(())
        }
    }

    #[pyclass(with(Constructor, Initializer), flags(BASETYPE, HAS_DICT))]
    impl Socket {
        #[pymethod]
        fn fileno(zelf: &Py<Self>) -> i32 {
            zelf.number
        }
        #[pymethod]
        fn setblocking(_zelf: &Py<Self>, _on: bool) {}
        #[pymethod]
        fn settimeout(_zelf: &Py<Self>, _timeout: PyObjectRef) {}
        #[pymethod]
        fn gettimeout(_zelf: &Py<Self>) -> f64 {
            0.0
        }
        #[pymethod]
        fn close(_zelf: &Py<Self>) {}
        #[pymethod]
        fn detach(zelf: &Py<Self>) -> i32 {
            zelf.number
        }
        #[pymethod]
        fn send(_zelf: &Py<Self>, data: PyObjectRef, vm: &VirtualMachine) -> PyResult<usize> {
            data.length(vm)
        }
        #[pymethod]
        fn recv(_zelf: &Py<Self>, _size: usize, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
            Err(vm.new_exception_empty(vm.ctx.exceptions.blocking_io_error.to_owned()))
        }
        #[pygetset]
        fn family(_zelf: &Py<Self>) -> i32 {
            AF_UNIX
        }
        #[pygetset(name = "type")]
        fn kind(_zelf: &Py<Self>) -> i32 {
            SOCK_STREAM
        }
        #[pygetset]
        fn proto(_zelf: &Py<Self>) -> i32 {
            0
        }
    }

    #[pyattr(name = "SocketType")]
    fn socket_type(_vm: &VirtualMachine) -> PyObjectRef {
        use rustpython_vm::class::{PyClassImpl, StaticType};
        let _ = Socket::make_static_type();
        Socket::static_type().to_owned().into()
    }
    #[pyfunction]
    fn socketpair(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<PyObjectRef> {
        let end = || {
            let number = NEXT.with(|n| n.replace(n.get() + 1));
            Socket { number }.into_pyobject(vm)
        };
        Ok(vm.ctx.new_tuple(vec![end(), end()]).into())
    }
    #[pyfunction]
    fn close(_number: i32) {}
    #[pyfunction]
    fn dup(number: i32) -> i32 {
        number
    }
    #[pyfunction]
    fn gethostname() -> &'static str {
        "localhost"
    }
    #[pyfunction]
    fn getdefaulttimeout(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.none()
    }
    #[pyfunction]
    fn setdefaulttimeout(_timeout: PyObjectRef) {}
    #[pyfunction]
    fn getaddrinfo(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        Err(vm.new_os_error("there is no network here"))
    }
}

/// Only so that `subprocess` imports: there are no processes.
#[rustpython_vm::pymodule(name = "_posixsubprocess")]
mod _posixsubprocess {
    use rustpython_vm::function::FuncArgs;
    use rustpython_vm::{PyResult, VirtualMachine};

    #[pyfunction]
    fn fork_exec(_args: FuncArgs, vm: &VirtualMachine) -> PyResult<()> {
        Err(vm.new_not_implemented_error("processes cannot be started here"))
    }
}

#[rustpython_vm::pymodule(name = "select")]
mod select {
    use crate::host;
    use rustpython_vm::{PyObjectRef, PyResult, TryFromObject, VirtualMachine};
    use std::time::Duration;

    #[pyattr(name = "error")]
    fn error(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.exceptions.os_error.to_owned().into()
    }

    /// Nothing ever becomes ready: sleeps as long as it was told to wait.
    #[pyfunction]
    fn select(
        _read: PyObjectRef,
        _write: PyObjectRef,
        _failed: PyObjectRef,
        timeout: rustpython_vm::function::OptionalArg<Option<PyObjectRef>>,
        vm: &VirtualMachine,
    ) -> PyResult<PyObjectRef> {
        let Some(timeout) = timeout.flatten() else {
            return Err(vm.new_runtime_error("waiting for something that cannot happen"));
        };
        let seconds = f64::try_from_object(
            vm,
            vm.ctx
                .types
                .float_type
                .to_owned()
                .as_ref_call(timeout, vm)?,
        )?;
        if let Ok(duration) = Duration::try_from_secs_f64(seconds)
            && !duration.is_zero()
        {
            host::ask(|h| h.sleep(duration));
        }
        let none = || PyObjectRef::from(vm.ctx.new_list(Vec::new()));
        Ok(vm.ctx.new_tuple(vec![none(), none(), none()]).into())
    }

    trait Call {
        fn as_ref_call(&self, argument: PyObjectRef, vm: &VirtualMachine) -> PyResult;
    }
    impl Call for rustpython_vm::builtins::PyTypeRef {
        fn as_ref_call(&self, argument: PyObjectRef, vm: &VirtualMachine) -> PyResult {
            use rustpython_vm::AsObject;
            self.as_object().call((argument,), vm)
        }
    }
}
