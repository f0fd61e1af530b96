//! `FileField` and `ImageField`: their columns are Rust's, their files are Python's.
//!
//! What a storage does with a file is no work of the ORM, so the classes that users see are
//! written in Python over the columns here. They are made when first asked for: projects without
//! files need not import storages.
use crate::library;
use rustpython_vm::{PyResult, VirtualMachine};

/// Where the columns are, for the text to build upon.
pub const COLUMNS: &str = "django.db.models.fields._files";
const FILES: &str = "django.db.models.fields.files";
const TEXT: &str = "django.db.models.fields._filefields";

/// The names that `django.db.models` has, and those of their own module.
const FIELDS: &[&str] = &["FileField", "ImageField"];
const ALL: &[&str] = &[
    "FileField",
    "ImageField",
    "FieldFile",
    "FileDescriptor",
    "ImageFieldFile",
    "ImageFileDescriptor",
];

/// Promises the classes to the modules that have them.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    library::promise(vm, FILES, TEXT, ALL)?;
    for path in ["django.db.models.fields", "django.db.models"] {
        library::promise(vm, path, TEXT, FIELDS)?;
    }
    Ok(())
}
