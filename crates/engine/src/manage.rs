//! Management commands, as `manage.py` runs them.
use crate::scratch::{attr, attr_opt, module};
use rustpython_vm::{AsObject, PyResult, VirtualMachine};

/// Runs `manage.py COMMAND …`; its exit status.
pub fn manage(vm: &VirtualMachine, command: &[String]) -> PyResult<u8> {
    let management = module(vm, "django.core.management")?;
    let Some(execute) = attr_opt(vm, &management, "execute_from_command_line") else {
        return Err(vm.new_not_implemented_error("management commands"));
    };
    let mut words = vec![vm.ctx.new_str("manage.py").into()];
    words.extend(command.iter().map(|w| vm.ctx.new_str(w.as_str()).into()));
    match execute.call((vm.ctx.new_list(words),), vm) {
        Ok(_) => Ok(0),
        Err(e) if e.fast_isinstance(vm.ctx.exceptions.system_exit) => {
            let code = attr(vm, &e.into(), "code")?;
            if vm.is_none(&code) {
                return Ok(0);
            }
            Ok(code
                .try_into_value::<i64>(vm)
                .ok()
                .and_then(|n| u8::try_from(n).ok())
                .unwrap_or(1))
        }
        Err(e) => Err(e),
    }
}
