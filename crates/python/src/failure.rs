//! An exception as plain data: what, where, and the traceback Python would print.
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::{AsObject, PyObjectRef, VirtualMachine};

/// A place on the way to an exception.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    pub file: String,
    pub line: u32,
    pub function: String,
}

/// What was raised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The class: `FieldError`.
    pub kind: String,
    /// Its full name: `django.core.exceptions.FieldError`.
    pub qualified: String,
    /// `str(exception)`.
    pub message: String,
    /// The innermost place in a file of the user's, or a syntax error's own.
    pub file: String,
    /// From 1; 0 if unknown.
    pub line: u32,
    /// From 0.
    pub column: u32,
    /// Last line, 0 if unknown.
    pub end_line: u32,
    /// From 0; 0 if unknown.
    pub end_column: u32,
    /// As Python prints it.
    pub traceback: String,
    /// The frames in files of the user's, outermost first.
    pub frames: Vec<Frame>,
}

/// Describes an exception. Whatever goes wrong on the way leaves a field empty.
pub fn describe(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> Failure {
    let class = error.class();
    let kind = class
        .name()
        .rsplit('.')
        .next()
        .unwrap_or_default()
        .to_owned();
    let module = text(vm, class.as_object().get_attr("__module__", vm).ok());
    let name = text(vm, class.as_object().get_attr("__qualname__", vm).ok());
    let qualified = match module.as_str() {
        "" | "builtins" | "__main__" => name,
        _ => format!("{module}.{name}"),
    };
    let mut failure = Failure {
        kind,
        qualified,
        message: text(vm, Some(error.clone().into())),
        frames: frames(vm, error),
        ..Failure::default()
    };
    if let Some(last) = failure.frames.last() {
        failure.file.clone_from(&last.file);
        failure.line = last.line;
    }
    if error.fast_isinstance(vm.ctx.exceptions.syntax_error) {
        syntax(vm, error, &mut failure);
    }
    failure.traceback = traceback(vm, error).unwrap_or_else(|| {
        let mut plain = String::new();
        let _ = vm.write_exception(&mut plain, error);
        plain
    });
    failure
}

/// Whether a frame belongs to the user: frozen modules have no file.
fn is_users(file: &str) -> bool {
    file.ends_with(".py") || file.starts_with("<string>") || file.starts_with("<console>")
}

fn frames(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> Vec<Frame> {
    let mut found = Vec::new();
    let mut next = error
        .as_object()
        .get_attr("__traceback__", vm)
        .ok()
        .filter(|t| !vm.is_none(t));
    while let Some(entry) = next {
        let line = number(vm, entry.get_attr("tb_lineno", vm).ok());
        let code = entry
            .get_attr("tb_frame", vm)
            .and_then(|f| f.get_attr("f_code", vm));
        if let Ok(code) = code {
            let file = text(vm, code.get_attr("co_filename", vm).ok());
            if is_users(&file) {
                found.push(Frame {
                    file,
                    line,
                    function: text(vm, code.get_attr("co_name", vm).ok()),
                });
            }
        }
        next = entry
            .get_attr("tb_next", vm)
            .ok()
            .filter(|t| !vm.is_none(t));
    }
    found
}

fn syntax(vm: &VirtualMachine, error: &PyBaseExceptionRef, failure: &mut Failure) {
    let field = |name: &'static str| error.as_object().get_attr(name, vm).ok();
    if let Some(message) = field("msg").filter(|m| !vm.is_none(m)) {
        failure.message = text(vm, Some(message));
    }
    let file = field("filename").filter(|f| !vm.is_none(f));
    if file.is_none() {
        return;
    }
    failure.file = text(vm, file);
    failure.line = number(vm, field("lineno"));
    failure.column = number(vm, field("offset")).saturating_sub(1);
    failure.end_line = number(vm, field("end_lineno"));
    failure.end_column = number(vm, field("end_offset")).saturating_sub(1);
}

/// `traceback.format_exception`, without the frames of frozen modules.
fn traceback(vm: &VirtualMachine, error: &PyBaseExceptionRef) -> Option<String> {
    let module = vm.import("traceback", 0).ok()?;
    let lines = module
        .get_attr("format_exception", vm)
        .ok()?
        .call((error.clone(),), vm)
        .ok()?;
    let mut out = String::new();
    for entry in lines.get_iter(vm).ok()?.iter::<PyObjectRef>(vm).ok()? {
        let entry = text(vm, entry.ok());
        let frozen = entry
            .strip_prefix("  File \"")
            .and_then(|rest| rest.split('"').next())
            .is_some_and(|file| !is_users(file));
        if !frozen {
            out.push_str(&entry);
        }
    }
    Some(out)
}

fn text(vm: &VirtualMachine, object: Option<PyObjectRef>) -> String {
    object
        .and_then(|o| o.str(vm).ok())
        .map(|s| s.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn number(vm: &VirtualMachine, object: Option<PyObjectRef>) -> u32 {
    object
        .and_then(|o| o.try_into_value::<i64>(vm).ok())
        .and_then(|n| u32::try_from(n).ok())
        .unwrap_or(0)
}
