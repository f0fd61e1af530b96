//! What a check found, as a list of `django.core.checks` messages.
use crate::py;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// Findings about one object.
pub struct Report<'a> {
    pub vm: &'a VirtualMachine,
    about: PyObjectRef,
    found: Vec<PyObjectRef>,
}

/// How bad a finding is: the name of its class.
#[derive(Clone, Copy)]
pub enum Level {
    Error,
    Warning,
}

impl<'a> Report<'a> {
    pub fn new(vm: &'a VirtualMachine, about: &PyObject) -> Report<'a> {
        Report {
            vm,
            about: about.to_owned(),
            found: vec![],
        }
    }
    pub fn error(&mut self, id: &str, message: impl AsRef<str>) -> PyResult<()> {
        self.add(Level::Error, id, message, None, Some(self.about.clone()))
    }
    /// An error with a hint.
    pub fn error_hint(
        &mut self,
        id: &str,
        message: impl AsRef<str>,
        hint: impl AsRef<str>,
    ) -> PyResult<()> {
        let about = Some(self.about.clone());
        self.add(Level::Error, id, message, Some(hint.as_ref()), about)
    }
    pub fn warning(&mut self, id: &str, message: impl AsRef<str>) -> PyResult<()> {
        self.add(Level::Warning, id, message, None, Some(self.about.clone()))
    }
    /// A warning with a hint.
    pub fn warning_hint(
        &mut self,
        id: &str,
        message: impl AsRef<str>,
        hint: impl AsRef<str>,
    ) -> PyResult<()> {
        let about = Some(self.about.clone());
        self.add(Level::Warning, id, message, Some(hint.as_ref()), about)
    }
    /// A finding about another object, or about none.
    pub fn add(
        &mut self,
        level: Level,
        id: &str,
        message: impl AsRef<str>,
        hint: Option<&str>,
        about: Option<PyObjectRef>,
    ) -> PyResult<()> {
        let class = message_class(self.vm, level)?;
        let made = class.call(
            py::with_kwargs(
                vec![py::str(self.vm, message)],
                &[
                    ("hint", py::opt_str(self.vm, hint)),
                    ("obj", self.vm.unwrap_or_none(about)),
                    ("id", py::str(self.vm, id)),
                ],
            ),
            self.vm,
        )?;
        self.found.push(made);
        Ok(())
    }
    /// What `object.name(*args)` finds.
    pub fn ask(&mut self, object: &PyObject, name: &str, args: FuncArgs) -> PyResult<()> {
        let found = py::attr(self.vm, object, name)?.call(args, self.vm)?;
        self.found.extend(py::list(self.vm, &found)?);
        Ok(())
    }
    pub fn extend(&mut self, other: Report) {
        self.found.extend(other.found);
    }
    /// How many findings there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }
    pub fn into_vec(self) -> Vec<PyObjectRef> {
        self.found
    }
    pub fn into_list(self) -> PyObjectRef {
        self.vm.ctx.new_list(self.found).into()
    }
}

/// `django.core.checks.Error` or its kin.
pub fn message_class(vm: &VirtualMachine, level: Level) -> PyResult {
    let name = match level {
        Level::Error => "Error",
        Level::Warning => "Warning",
    };
    let path = vm.ctx.new_str("django.core.checks.messages");
    vm.import(&path, 0)?;
    let all = vm.sys_module.get_attr("modules", vm)?;
    let module = all.as_object().get_item(&*path, vm)?;
    py::attr(vm, &module, name)
}
