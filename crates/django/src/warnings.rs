//! What the ORM warns of, shown by Python's `warnings`.
use crate::error::OrForeign;
use crate::{modules, py};
use rustpython_vm::vm::thread::try_with_current_vm;
use rustpython_vm::{PyResult, VirtualMachine};
use std::rc::Rc;

/// Sends warnings to Python. A filter may make one an exception, which is raised.
pub fn install() {
    orm_state::settings::set_warning_sink(Some(Rc::new(|category, text| {
        try_with_current_vm(|vm| warn(vm, category, text).or_foreign()).unwrap_or(Ok(()))
    })));
}

/// Nothing is warned of once the interpreter has ended.
pub fn reset() {
    orm_state::settings::set_warning_sink(None);
}

/// `warnings.warn(text, category)`, at the line of the user's code: Rust has none of its own.
fn warn(vm: &VirtualMachine, category: &str, text: &str) -> PyResult<()> {
    const OURS: &str = "django.utils.deprecation";
    let category = match vm.builtins.get_attr(&*vm.ctx.new_utf8_str(category), vm) {
        Ok(class) => class,
        Err(_) => {
            vm.import(&vm.ctx.new_utf8_str(OURS), 0)?;
            modules::find(vm, OURS, category)?
        }
    };
    let warnings = vm.import("warnings", 0)?;
    py::call(vm, &warnings, "warn", vec![py::str(vm, text), category]).map(drop)
}
