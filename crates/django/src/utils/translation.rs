//! `django.utils.translation`: one language, texts as they are written.
use crate::class::function;
use crate::{modules, py};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODULE: &str = "django.utils.translation";

pub fn install(vm: &Vm) -> PyResult<()> {
    for name in ["gettext", "gettext_lazy", "gettext_noop"] {
        let f = function(vm, name, |message: PyObjectRef| message);
        modules::export(vm, MODULE, name, f)?;
    }
    for name in ["ngettext", "ngettext_lazy"] {
        let f = function(
            vm,
            name,
            |one: PyObjectRef, many: PyObjectRef, number: PyObjectRef, vm: &Vm| -> PyResult {
                let single = number.try_into_value::<i64>(vm).is_ok_and(|n| n == 1);
                Ok(if single { one } else { many })
            },
        );
        modules::export(vm, MODULE, name, f)?;
    }
    for name in ["pgettext", "pgettext_lazy"] {
        let f = function(vm, name, |_context: PyObjectRef, message: PyObjectRef| {
            message
        });
        modules::export(vm, MODULE, name, f)?;
    }
    let f = function(vm, "get_language", |vm: &Vm| py::str(vm, "en-us"));
    modules::export(vm, MODULE, "get_language", f)
}
