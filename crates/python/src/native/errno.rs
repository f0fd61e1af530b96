//! `errno` where there is no operating system to ask: the numbers that a [`Host`] answers with are
//! Linux's.
//!
//! [`Host`]: crate::host::Host
use rustpython_vm::builtins::PyDictRef;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

const NUMBERS: &[(&str, i32)] = &[
    ("EPERM", 1),
    ("ENOENT", 2),
    ("ESRCH", 3),
    ("EINTR", 4),
    ("EIO", 5),
    ("ENXIO", 6),
    ("E2BIG", 7),
    ("ENOEXEC", 8),
    ("EBADF", 9),
    ("ECHILD", 10),
    ("EAGAIN", 11),
    ("ENOMEM", 12),
    ("EACCES", 13),
    ("EFAULT", 14),
    ("EBUSY", 16),
    ("EEXIST", 17),
    ("EXDEV", 18),
    ("ENODEV", 19),
    ("ENOTDIR", 20),
    ("EISDIR", 21),
    ("EINVAL", 22),
    ("ENFILE", 23),
    ("EMFILE", 24),
    ("ENOTTY", 25),
    ("EFBIG", 27),
    ("ENOSPC", 28),
    ("ESPIPE", 29),
    ("EROFS", 30),
    ("EMLINK", 31),
    ("EPIPE", 32),
    ("EDOM", 33),
    ("ERANGE", 34),
    ("EDEADLK", 35),
    ("ENAMETOOLONG", 36),
    ("ENOLCK", 37),
    ("ENOSYS", 38),
    ("ENOTEMPTY", 39),
    ("ELOOP", 40),
    ("EILSEQ", 84),
    ("EOVERFLOW", 75),
    ("ENOTSOCK", 88),
    ("EMSGSIZE", 90),
    ("EOPNOTSUPP", 95),
    ("EADDRINUSE", 98),
    ("EADDRNOTAVAIL", 99),
    ("ENETUNREACH", 101),
    ("ECONNABORTED", 103),
    ("ECONNRESET", 104),
    ("ENOBUFS", 105),
    ("EISCONN", 106),
    ("ENOTCONN", 107),
    ("ETIMEDOUT", 110),
    ("ECONNREFUSED", 111),
    ("EHOSTUNREACH", 113),
    ("EALREADY", 114),
    ("EINPROGRESS", 115),
    ("ESTALE", 116),
    ("ECANCELED", 125),
    ("EWOULDBLOCK", 11),
];

/// Adds the names that the module lacks.
pub fn install(vm: &VirtualMachine) -> PyResult<()> {
    let module = vm.import("errno", 0)?;
    let codes: PyDictRef = module.get_attr("errorcode", vm)?.try_into_value(vm)?;
    for (name, number) in NUMBERS {
        if vm.get_attribute_opt(&module, *name)?.is_none() {
            let number: PyObjectRef = vm.ctx.new_int(*number).into();
            module.set_attr(*name, number.clone(), vm)?;
            if !codes.contains_key(&*number, vm) {
                codes.set_item(&*number, vm.ctx.new_str(*name).into(), vm)?;
            }
        }
    }
    Ok(())
}
