//! Forgetting a project, so that the next one finds a fresh interpreter.
use crate::load::DEFAULT_APP;
use crate::scratch::{attr, text};
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// Modules of ours written in Python that hold nothing of a project, or can forget it: they are
/// not run again for every change of a model.
const KEPT: &[&str] = &[
    "django.core.checks",
    "django.db.backends",
    "django.db.migrations",
    "django.db.models",
    "django.utils",
];
/// A module of [`KEPT`] that remembers functions it was asked about.
const REMEMBERS: &str = "django.utils.inspect";
/// The module of [`KEPT`] that has something to forget.
const REGISTRY: &str = "django.core.checks.registry";

/// Forgets the project's modules and everything that belonged to them.
pub fn begin(vm: &VirtualMachine) -> PyResult<()> {
    let modules: PyDictRef = vm.sys_module.get_attr("modules", vm)?.try_into_value(vm)?;
    let all: Vec<(PyObjectRef, PyObjectRef)> = modules.clone().into_iter().collect();
    for (name, module) in all {
        if is_of_a_project(vm, &text(vm, &name), &module) {
            modules.del_item(&*name, vm)?;
        }
    }
    if let Some(registry) = modules.get_item_opt(REGISTRY, vm)? {
        attr(vm, &attr(vm, &registry, "registry")?, "_forget")?.call((), vm)?;
    }
    django::forget_project(vm)
}

/// Whether a module was made from a file, or is a mere folder of files.
fn is_of_a_project(vm: &VirtualMachine, name: &str, module: &PyObjectRef) -> bool {
    let top = name.split('.').next().unwrap_or(name);
    if top == DEFAULT_APP || name == "models" {
        return true;
    }
    let is_below = |kept: &&str| {
        let rest = name.strip_prefix(kept);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if name != REMEMBERS && KEPT.iter().any(is_below) {
        return false;
    }
    // Asked of the module's own names: most have no file, and a question that raises takes long.
    let file = module
        .dict()
        .and_then(|names| names.get_item_opt("__file__", vm).ok()?);
    if file.is_some_and(|file| text(vm, &file).ends_with(".py")) {
        return true;
    }
    python::importer::is_folder(vm, module)
}
