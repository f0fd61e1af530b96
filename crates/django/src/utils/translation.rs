//! `django.utils.translation`: texts stay as they are written; which language is active is kept.
use crate::class::{class, function};
use crate::{modules, py};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;

type Vm = VirtualMachine;
const MODULE: &str = "django.utils._translation";
const PLURAL: &str = "_LatePlural";

/// A text whose number comes later, under a name: `ngettext_lazy("%(n)s day", "%(n)s days", "n")`.
pub fn late_plural(vm: &Vm, one: PyObjectRef, many: PyObjectRef, key: PyObjectRef) -> PyResult {
    let made = plural_class(vm)?.call((), vm)?;
    for (name, value) in [("singular", one), ("plural", many), ("key", key)] {
        py::set_attr(vm, &made, name, value)?;
    }
    Ok(made)
}

/// Made when it is first needed: validators have such messages before this module is filled.
fn plural_class(vm: &Vm) -> PyResult {
    if let Ok(made) = modules::find(vm, MODULE, PLURAL) {
        return Ok(made);
    }
    let late = class(vm, MODULE, PLURAL, &[], |c| {
        c.method(
            "__mod__",
            |o: PyObjectRef, values: PyObjectRef, vm: &Vm| -> PyResult {
                let key = py::attr(vm, &o, "key")?;
                let number = values.get_item(&*key, vm)?;
                let single = number.try_into_value::<i64>(vm).is_ok_and(|n| n == 1);
                let form = py::attr(vm, &o, if single { "singular" } else { "plural" })?;
                vm._mod(&form, &values)
            },
        );
        c.method("__str__", |o: PyObjectRef, vm: &Vm| {
            py::attr(vm, &o, "plural")
        });
    })?;
    modules::export(vm, MODULE, PLURAL, late.clone())?;
    Ok(late.into())
}

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
                if py::as_string(&number).is_some() {
                    return late_plural(vm, one, many, number);
                }
                let single = number.try_into_value::<i64>(vm).is_ok_and(|n| n == 1);
                Ok(if single { one } else { many })
            },
        );
        modules::export(vm, MODULE, name, f)?;
    }
    for name in ["npgettext", "npgettext_lazy"] {
        let f = function(
            vm,
            name,
            |_context: PyObjectRef,
             one: PyObjectRef,
             many: PyObjectRef,
             number: PyObjectRef,
             vm: &Vm|
             -> PyResult {
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
    let f = function(vm, "get_language", |vm: &Vm| -> PyResult {
        match ACTIVE.with_borrow(Clone::clone) {
            Active::Language(code) => Ok(py::str(vm, code)),
            Active::Off => Ok(vm.ctx.none()),
            Active::Default => {
                let code = crate::apps::setting(vm, "LANGUAGE_CODE")?;
                Ok(code.unwrap_or_else(|| py::str(vm, "en-us")))
            }
        }
    });
    modules::export(vm, MODULE, "get_language", f)?;
    let f = function(
        vm,
        "activate",
        |language: PyObjectRef, vm: &Vm| -> PyResult<()> {
            if !vm.is_none(&language) {
                let code = py::to_string(vm, &language)?;
                ACTIVE.set(Active::Language(code));
            }
            Ok(())
        },
    );
    modules::export(vm, MODULE, "activate", f)?;
    let f = function(vm, "deactivate", || ACTIVE.set(Active::Default));
    modules::export(vm, MODULE, "deactivate", f)?;
    let f = function(vm, "deactivate_all", || ACTIVE.set(Active::Off));
    modules::export(vm, MODULE, "deactivate_all", f)
}

/// The language that `get_language()` tells.
#[derive(Clone)]
enum Active {
    /// The setting's.
    Default,
    Language(String),
    Off,
}

/// Back to the setting's language, for the next interpreter.
pub fn reset() {
    ACTIVE.set(Active::Default);
}

thread_local! {
    static ACTIVE: RefCell<Active> = const { RefCell::new(Active::Default) };
}
