//! The part of Python's own library that is frozen into the binary: the files `stdlib.txt` lists.
use crate::importer::Code;
use rustpython_vm::frozen::FrozenLib;

/// What an interpreter needs to start.
pub const FROZEN: &FrozenLib =
    FrozenLib::from_ref(include_bytes!(concat!(env!("OUT_DIR"), "/frozen.bin")));

/// The other modules.
pub const CODES: &[Code] = include!(concat!(env!("OUT_DIR"), "/codes.rs"));
