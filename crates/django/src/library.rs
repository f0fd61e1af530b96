//! The part of `django` that is written in Python: `lib/`.
//!
//! It holds what is not the ORM's own logic: models that an app declares (`django.contrib`),
//! small tools of `django.utils`, and the names that other code imports. The texts are compiled
//! when this crate is; one that is never imported costs its bytes and nothing else.
//!
//! A module here may add to what Rust provides: Rust exports under a name with an underscore
//! (`django.utils._functional`), and the text imports from there.
use crate::modules;
use python::importer::{self, Text};
use rustpython_vm::{PyResult, VirtualMachine};

const TEXTS: &[Text] = include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Promises the modules.
pub fn install() {
    importer::provide_texts(TEXTS);
}

/// Lets the next project import apps anew: their models belong to a registry that is gone.
pub fn forget(vm: &VirtualMachine) -> PyResult<()> {
    python::runtime::forget(vm, |name| {
        name.strip_prefix("django.contrib.")
            .is_some_and(|_| TEXTS.iter().any(|text| text.name == name))
    })
}

/// Promises names to one of Rust's modules: the text that has them is imported when one is asked
/// for.
pub fn promise(
    vm: &VirtualMachine,
    path: &'static str,
    text: &'static str,
    names: &'static [&'static str],
) -> PyResult<()> {
    modules::promise(vm, path, names, move |vm, name| {
        vm.import(text, 0)?;
        let found = modules::find(vm, text, name)?;
        modules::export(vm, path, name, found.clone())?;
        Ok(found)
    })
}
