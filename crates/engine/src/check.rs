//! System checks as diagnostics.
mod place;

use crate::scratch::{attr, attr_opt, attr_text, items, module, text};
use protocol::Project;
use protocol::report::{Diagnostic, PhaseName, Severity};
use rustpython_vm::{PyResult, VirtualMachine};

/// Runs the checks, as far as there are any.
pub fn check(vm: &VirtualMachine, project: &Project) -> PyResult<Vec<Diagnostic>> {
    let checks = module(vm, "django.core.checks")?;
    let found = attr(vm, &checks, "run_checks")?.call((), vm)?;
    let mut diagnostics = Vec::new();
    for message in items(vm, &found)? {
        let silenced = message.get_attr("is_silenced", vm)?.call((), vm)?;
        if silenced.is_true(vm)? {
            continue;
        }
        let level = attr(vm, &message, "level")?.try_into_value::<i64>(vm)?;
        let about = attr_opt(vm, &message, "obj").filter(|o| !vm.is_none(o));
        let place = about.as_ref().and_then(|o| place::place(vm, project, o));
        let (file, line) = place.unwrap_or_default();
        // A model is told by its label; its own `str` is its class's.
        let label = about
            .as_ref()
            .and_then(|o| attr_opt(vm, o, "_meta"))
            .map(|meta| attr_text(vm, &meta, "label"))
            .filter(|label| !label.is_empty());
        let subject = label.unwrap_or_else(|| about.map(|o| text(vm, &o)).unwrap_or_default());
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
            file,
            line,
            hint: hint.map(|h| text(vm, &h)).unwrap_or_default(),
            ..Diagnostic::default()
        });
    }
    Ok(diagnostics)
}
