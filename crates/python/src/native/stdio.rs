//! `sys.stdout` and `sys.stderr`: text streams that end at the host.
use crate::host::{self, Stream};
use rustpython_vm::builtins::PyStrRef;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};

/// A stream that hands its text to the host.
#[pyclass(name = "HostStream", module = "io")]
#[derive(Debug, PyPayload)]
pub struct HostStream {
    stream: Stream,
}

#[pyclass]
impl HostStream {
    #[pymethod]
    fn write(&self, text: PyStrRef) -> usize {
        let shown = text.to_string_lossy();
        host::ask(|h| h.write(self.stream, &shown));
        text.char_len()
    }
    #[pymethod]
    fn writelines(&self, lines: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        for line in lines.get_iter(vm)?.iter::<PyStrRef>(vm)? {
            self.write(line?);
        }
        Ok(())
    }
    #[pymethod]
    fn flush(&self) {}
    #[pymethod]
    fn close(&self) {}
    #[pymethod]
    fn isatty(&self) -> bool {
        false
    }
    #[pymethod]
    fn writable(&self) -> bool {
        true
    }
    #[pymethod]
    fn readable(&self) -> bool {
        false
    }
    #[pymethod]
    fn seekable(&self) -> bool {
        false
    }
    #[pymethod]
    fn reconfigure(&self, _args: FuncArgs) {}
    #[pymethod]
    fn fileno(&self, vm: &VirtualMachine) -> PyResult<i32> {
        Err(vm.new_os_error("fileno"))
    }
    #[pymethod]
    fn __enter__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }
    #[pymethod]
    fn __exit__(&self, _args: FuncArgs) {}
    #[pygetset]
    fn encoding(&self) -> &'static str {
        "utf-8"
    }
    #[pygetset]
    fn errors(&self) -> &'static str {
        "backslashreplace"
    }
    #[pygetset]
    fn closed(&self) -> bool {
        false
    }
    #[pygetset]
    fn mode(&self) -> &'static str {
        "w"
    }
    #[pygetset]
    fn name(&self) -> &'static str {
        match self.stream {
            Stream::Out => "<stdout>",
            Stream::Err => "<stderr>",
        }
    }
}

/// Gives `sys` its streams.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    HostStream::make_class(&vm.ctx);
    for (name, stream) in [("stdout", Stream::Out), ("stderr", Stream::Err)] {
        let object: PyObjectRef = HostStream { stream }.into_ref(&vm.ctx).into();
        let dunder = vm.ctx.intern_str(format!("__{name}__"));
        vm.sys_module
            .set_attr(vm.ctx.intern_str(name), object.clone(), vm)?;
        vm.sys_module.set_attr(dunder, object, vm)?;
    }
    Ok(())
}
