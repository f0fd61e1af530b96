//! Where commands print: Python's streams.
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// A command's `stdout` and `stderr`.
#[derive(Clone)]
pub struct Output {
    pub stdout: PyObjectRef,
    pub stderr: PyObjectRef,
}

impl Output {
    /// `sys.stdout`, `sys.stderr`
    pub fn system(vm: &Vm) -> PyResult<Output> {
        Ok(Output {
            stdout: vm.sys_module.get_attr("stdout", vm)?,
            stderr: vm.sys_module.get_attr("stderr", vm)?,
        })
    }
    /// A line.
    pub fn line(&self, vm: &Vm, text: &str) -> PyResult<()> {
        let text = if text.ends_with('\n') {
            text.to_string()
        } else {
            format!("{text}\n")
        };
        self.write(vm, &text)
    }
    /// Text as it is.
    pub fn write(&self, vm: &Vm, text: &str) -> PyResult<()> {
        vm.call_method(&self.stdout, "write", (vm.ctx.new_str(text),))
            .map(drop)
    }
    /// A line of `stderr`.
    pub fn err(&self, vm: &Vm, text: &str) -> PyResult<()> {
        let text = if text.ends_with('\n') {
            text.to_string()
        } else {
            format!("{text}\n")
        };
        vm.call_method(&self.stderr, "write", (vm.ctx.new_str(text),))
            .map(drop)
    }
    /// The same with everything on `stderr`.
    pub fn on_stderr(&self) -> Output {
        Output {
            stdout: self.stderr.clone(),
            stderr: self.stderr.clone(),
        }
    }
}
