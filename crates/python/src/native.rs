//! Native modules that RustPython leaves to an operating system, answered by the [`Host`].
//!
//! [`Host`]: crate::host::Host
pub mod clock;
pub mod descriptors;
pub mod errno;
pub mod files;
mod local_dates;
pub mod posix;
pub mod signal;
pub mod sockets;
pub mod stdio;
pub mod zones;

use rustpython_vm::Context;
use rustpython_vm::builtins::PyModuleDef;

/// The modules that stand beside RustPython's own.
pub fn module_defs(ctx: &Context) -> Vec<&'static PyModuleDef> {
    vec![
        posix::module_def(ctx),
        signal::module_def(ctx),
        sockets::socket_module(ctx),
        sockets::select_module(ctx),
        sockets::subprocess_module(ctx),
    ]
}
