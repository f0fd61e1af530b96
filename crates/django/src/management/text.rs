//! Commands that are written in Python: `lib/django/core/management/commands`, and an app's own
//! `management/commands`.
use crate::library;
use crate::modules;
use crate::py;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
const MODULE: &str = "django.core.management._commands";

/// Promises the classes that such commands derive from.
pub fn install(vm: &Vm) -> PyResult<()> {
    library::promise(
        vm,
        "django.core.management.base",
        "django.core.management._base",
        &[
            "AppCommand",
            "BaseCommand",
            "CommandParser",
            "LabelCommand",
            "OutputWrapper",
        ],
    )?;
    library::promise(
        vm,
        "django.core.management",
        "django.core.management._base",
        &["BaseCommand", "CommandParser"],
    )
}

fn function(vm: &Vm, name: &str) -> PyResult {
    vm.import(MODULE, 0)?;
    modules::find(vm, MODULE, name)
}

/// The command of that name, if there is one.
pub fn find(vm: &Vm, name: &str) -> PyResult<Option<PyObjectRef>> {
    let command = function(vm, "find")?.call((vm.ctx.new_str(name),), vm)?;
    Ok(Some(command).filter(|c| !vm.is_none(c)))
}

/// Runs it as the command line does.
pub fn run(vm: &Vm, command: &PyObject, name: &str, words: &[String]) -> PyResult<()> {
    let words: Vec<PyObjectRef> = words.iter().map(|w| py::str(vm, w)).collect();
    let args = (
        command.to_owned(),
        py::str(vm, name),
        vm.ctx.new_list(words),
    );
    function(vm, "run")?.call(args, vm).map(drop)
}

/// Runs it as `call_command()` does; `call` begins with the name.
pub fn call(vm: &Vm, command: &PyObject, name: &str, call: &FuncArgs) -> PyResult {
    let options = vm.ctx.new_dict();
    for (key, value) in &call.kwargs {
        options.set_item(&*key.to_string_lossy(), value.clone(), vm)?;
    }
    let words = vm.ctx.new_tuple(call.args[1..].to_vec());
    let args = (command.to_owned(), py::str(vm, name), words, options);
    function(vm, "call")?.call(args, vm)
}

/// `call_command(Command(), …)`: what it says, if the first argument is a command.
pub fn given(vm: &Vm, first: &PyObjectRef, args: &FuncArgs) -> PyResult<Option<PyObjectRef>> {
    if first.fast_isinstance(vm.ctx.types.str_type) {
        return Ok(None);
    }
    let base = modules::find(vm, "django.core.management.base", "BaseCommand")?;
    if !first.is_instance(&base, vm)? {
        return Ok(None);
    }
    let module = py::attr(vm, first.class().as_object(), "__module__")?;
    let module = py::to_string(vm, &module)?;
    let name = module.rsplit('.').next().unwrap_or(&module);
    call(vm, first, name, args).map(Some)
}
