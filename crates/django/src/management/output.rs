//! Where commands print: Python's streams.
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// A command's `stdout` and `stderr`.
#[derive(Clone)]
pub struct Output {
    pub stdout: PyObjectRef,
    pub stderr: PyObjectRef,
    /// `no_style()` or `color_style()` of a Python command.
    pub style: Option<PyObjectRef>,
}

impl Output {
    /// `sys.stdout`, `sys.stderr`
    pub fn system(vm: &Vm) -> PyResult<Output> {
        Ok(Output {
            stdout: vm.sys_module.get_attr("stdout", vm)?,
            stderr: vm.sys_module.get_attr("stderr", vm)?,
            style: None,
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
            style: self.style.clone(),
        }
    }
    /// A line that stands above others.
    pub fn heading(&self, vm: &Vm, text: &str) -> PyResult<()> {
        let text = self.paint(vm, "MIGRATE_HEADING", text)?;
        self.line(vm, &text)
    }
    /// `stdout` as receivers of signals get it: `write()` ends lines.
    pub fn wrapped(&self, vm: &Vm) -> PyResult {
        vm.import("django.core.management._base", 0)?;
        crate::modules::find(vm, "django.core.management._base", "OutputWrapper")?
            .call((self.stdout.clone(),), vm)
    }
    /// Text in the colours of a role, where there are any.
    pub fn paint(&self, vm: &Vm, role: &str, text: &str) -> PyResult<String> {
        match &self.style {
            Some(style) => {
                let painted = crate::py::call(vm, style, role, vec![crate::py::str(vm, text)])?;
                crate::py::to_string(vm, &painted)
            }
            None => Ok(text.to_string()),
        }
    }
}
