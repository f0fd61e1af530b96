//! `_signal`: there are no signals here, but `signal` and `unittest` want the names.
pub(crate) use _signal::module_def;

#[rustpython_vm::pymodule(name = "_signal")]
mod _signal {
    use rustpython_vm::function::FuncArgs;
    use rustpython_vm::{PyObjectRef, VirtualMachine};

    #[pyattr]
    const SIG_DFL: i32 = 0;
    #[pyattr]
    const SIG_IGN: i32 = 1;
    #[pyattr]
    const SIGINT: i32 = 2;
    #[pyattr]
    const SIGTERM: i32 = 15;
    #[pyattr]
    const SIGALRM: i32 = 14;
    #[pyattr]
    const NSIG: i32 = 65;
    #[pyattr(name = "default_int_handler")]
    fn default_int_handler(vm: &VirtualMachine) -> PyObjectRef {
        vm.ctx.none()
    }

    #[pyfunction]
    fn signal(_number: PyObjectRef, _handler: PyObjectRef) -> i32 {
        SIG_DFL
    }
    #[pyfunction]
    fn getsignal(_number: PyObjectRef) -> i32 {
        SIG_DFL
    }
    #[pyfunction]
    fn set_wakeup_fd(_args: FuncArgs) -> i32 {
        -1
    }
    #[pyfunction]
    fn alarm(_seconds: PyObjectRef) -> i32 {
        0
    }
}
