//! The part of Python's own library that is frozen into the binary: the files `stdlib.txt` lists.
use rustpython_vm::frozen::FrozenLib;

/// The frozen modules.
pub const FROZEN: &FrozenLib =
    FrozenLib::from_ref(include_bytes!(concat!(env!("OUT_DIR"), "/frozen.bin")));
