//! System checks as diagnostics.
use crate::scratch::{attr, attr_opt, attr_text, items, module, text};
use protocol::report::{Diagnostic, PhaseName, Severity};
use rustpython_vm::{PyResult, VirtualMachine};

/// Runs the checks, as far as there are any.
pub fn check(vm: &VirtualMachine) -> PyResult<Vec<Diagnostic>> {
    let Ok(checks) = module(vm, "django.core.checks") else {
        return Ok(Vec::new());
    };
    let Some(run) = attr_opt(vm, &checks, "run_checks") else {
        return Ok(Vec::new());
    };
    let found = run.call((), vm)?;
    let mut diagnostics = Vec::new();
    for message in items(vm, &found)? {
        let level = attr(vm, &message, "level")?.try_into_value::<i64>(vm)?;
        let about = attr_opt(vm, &message, "obj").filter(|o| !vm.is_none(o));
        let subject = about.map(|o| text(vm, &o)).unwrap_or_default();
        let said = attr_text(vm, &message, "msg");
        let hint = attr_opt(vm, &message, "hint").filter(|h| !vm.is_none(h));
        diagnostics.push(Diagnostic {
            severity: match level {
                40.. => Severity::Error,
                30.. => Severity::Warning,
                _ => Severity::Info,
            },
            phase: Some(PhaseName::Check),
            kind: attr_text(vm, &message, "id"),
            message: if subject.is_empty() {
                said
            } else {
                format!("{subject}: {said}")
            },
            hint: hint.map(|h| text(vm, &h)).unwrap_or_default(),
            ..Diagnostic::default()
        });
    }
    Ok(diagnostics)
}
