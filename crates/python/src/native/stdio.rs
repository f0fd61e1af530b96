//! `sys.stdout` and `sys.stderr`: text streams that end at the host.
use crate::host::{self, Stream};
use rustpython_vm::builtins::PyStrRef;
use rustpython_vm::class::PyClassImpl;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{Py, PyObjectRef, PyPayload, PyRef, PyResult, VirtualMachine, pyclass};

/// A stream that hands its text to the host.
#[pyclass(name = "HostStream", module = "io")]
#[derive(Debug, PyPayload)]
pub struct HostStream {
    stream: Stream,
}

#[pyclass]
impl HostStream {
    #[pymethod]
    fn write(zelf: &Py<Self>, text: PyStrRef) -> usize {
        let shown = text.to_string_lossy();
        host::ask(|h| h.write(zelf.stream, &shown));
        text.char_len()
    }
    #[pymethod]
    fn writelines(zelf: &Py<Self>, lines: PyObjectRef, vm: &VirtualMachine) -> PyResult<()> {
        for line in lines.get_iter(vm)?.iter::<PyStrRef>(vm)? {
            Self::write(zelf, line?);
        }
        Ok(())
    }
    #[pymethod]
    fn flush(_zelf: &Py<Self>) {}
    #[pymethod]
    fn close(_zelf: &Py<Self>) {}
    #[pymethod]
    fn isatty(_zelf: &Py<Self>) -> bool {
        false
    }
    #[pymethod]
    fn writable(_zelf: &Py<Self>) -> bool {
        true
    }
    #[pymethod]
    fn readable(_zelf: &Py<Self>) -> bool {
        false
    }
    #[pymethod]
    fn seekable(_zelf: &Py<Self>) -> bool {
        false
    }
    #[pymethod]
    fn reconfigure(_zelf: &Py<Self>, _args: FuncArgs) {}
    #[pymethod]
    fn fileno(_zelf: &Py<Self>, vm: &VirtualMachine) -> PyResult<i32> {
        Err(vm.new_os_error("fileno"))
    }
    #[pymethod]
    fn __enter__(zelf: PyRef<Self>) -> PyRef<Self> {
        zelf
    }
    #[pymethod]
    fn __exit__(_zelf: &Py<Self>, _args: FuncArgs) {}
    #[pygetset]
    fn encoding(_zelf: &Py<Self>) -> &'static str {
        "utf-8"
    }
    #[pygetset]
    fn errors(_zelf: &Py<Self>) -> &'static str {
        "backslashreplace"
    }
    #[pygetset]
    fn closed(_zelf: &Py<Self>) -> bool {
        false
    }
    #[pygetset]
    fn mode(_zelf: &Py<Self>) -> &'static str {
        "w"
    }
    #[pygetset]
    fn name(zelf: &Py<Self>) -> &'static str {
        match zelf.stream {
            Stream::Out => "<stdout>",
            Stream::Err => "<stderr>",
        }
    }
}

/// Gives `sys` its streams.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let _ = HostStream::make_static_type();
    for (name, stream) in [("stdout", Stream::Out), ("stderr", Stream::Err)] {
        let object: PyObjectRef = HostStream { stream }.into_ref(&vm.ctx).into();
        let dunder = vm.ctx.intern_str(format!("__{name}__"));
        vm.sys_module
            .set_attr(vm.ctx.intern_str(name), object.clone(), vm)?;
        vm.sys_module.set_attr(dunder, object, vm)?;
    }
    Ok(())
}
