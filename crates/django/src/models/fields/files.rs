//! `FileField` and `ImageField`: their columns are Rust's, their files are Python's.
//!
//! What a storage does with a file is no work of the ORM, so the classes that users see are
//! written in Python over the columns here. They are made when first asked for: projects without
//! files need not import storages.
use crate::class::function;
use crate::modules;
use rustpython_vm::{PyResult, VirtualMachine};

/// Where the columns are, for the text to build upon.
pub const COLUMNS: &str = "django.db.models.fields._files";
const FILES: &str = "django.db.models.fields.files";
const TEXT: &str = "django.db.models.fields._filefields";

/// The names that `django.db.models` has, and those only their own module has.
const FIELDS: &[&str] = &["FileField", "ImageField"];
const BESIDE: &[&str] = &[
    "FieldFile",
    "FileDescriptor",
    "ImageFieldFile",
    "ImageFileDescriptor",
];

/// Promises the classes to the modules that have them.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    for path in [FILES, "django.db.models.fields", "django.db.models"] {
        // The module may promise other names already.
        let others = modules::module(vm, path)?
            .dict()
            .get_item_opt("__getattr__", vm)?;
        let getattr = function(
            vm,
            "__getattr__",
            move |name: String, vm: &VirtualMachine| -> PyResult {
                let here = FIELDS.contains(&&*name) || (path == FILES && BESIDE.contains(&&*name));
                if here {
                    vm.import(TEXT, 0)?;
                    let found = modules::find(vm, TEXT, &name)?;
                    modules::export(vm, path, &name, found.clone())?;
                    return Ok(found);
                }
                match &others {
                    Some(others) => others.call((name,), vm),
                    None => Err(vm
                        .new_attribute_error(format!("module '{path}' has no attribute '{name}'"))),
                }
            },
        );
        modules::export(vm, path, "__getattr__", getattr)?;
    }
    Ok(())
}
