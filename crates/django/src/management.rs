//! `manage.py`: commands with Django's flags, output and exit codes.
//!
//! [`run`] is what the command line calls; `django.core.management.call_command` is for Python.
pub mod apps;
pub mod args;
pub mod check;
pub mod command;
pub mod face;
pub mod interactive;
pub mod makemigrations;
pub mod merge;
pub mod migrate;
pub mod optimize;
pub mod output;
pub mod questions;
pub mod showmigrations;
pub mod signals;
pub mod sqlmigrate;
pub mod squash;
pub mod stale_content_types;
pub mod text;

use crate::modules;
use command::Command;
use output::Output;
use rustpython_vm::builtins::PyBaseExceptionRef;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

/// Every command, by name.
const COMMANDS: &[&Command] = &[
    &check::COMMAND,
    &makemigrations::COMMAND,
    &migrate::COMMAND,
    &optimize::COMMAND,
    &showmigrations::COMMAND,
    &sqlmigrate::COMMAND,
    &squash::COMMAND,
    &stale_content_types::COMMAND,
];

fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().copied().find(|c| c.name == name)
}

/// Makes `django.core.management`.
pub fn install(vm: &Vm) -> PyResult<()> {
    let call = vm.new_function("call_command", call_command);
    modules::export(vm, "django.core.management", "call_command", call)?;
    let execute = vm.new_function(
        "execute_from_command_line",
        |argv: PyObjectRef, vm: &Vm| -> PyResult<()> {
            let words: Vec<PyObjectRef> = crate::py::list(vm, &argv)?;
            let words: Vec<String> = words
                .iter()
                .skip(1)
                .map(|w| crate::py::to_string(vm, w))
                .collect::<PyResult<_>>()?;
            match run(vm, &words)? {
                0 => Ok(()),
                code => Err(exit(vm, code)),
            }
        },
    );
    modules::export(
        vm,
        "django.core.management",
        "execute_from_command_line",
        execute,
    )?;
    text::install(vm)?;
    face::install(vm)?;
    let error = crate::error::class(vm, "CommandError");
    modules::export(vm, "django.core.management", "CommandError", error)
}

/// Runs a command line: the command's name, then its arguments. Gives the exit status.
///
/// # Errors
/// Exceptions other than `CommandError` and `SystemExit`, which are shown and become a status.
pub fn run(vm: &Vm, argv: &[String]) -> PyResult<i32> {
    let out = Output::system(vm)?;
    let Some((name, rest)) = argv.split_first() else {
        out.err(vm, "Type 'manage.py help' for usage.")?;
        return Ok(1);
    };
    let Some(command) = find(name) else {
        if let Some(command) = text::find(vm, name)? {
            return match text::run(vm, &command, name, rest) {
                Ok(()) => Ok(0),
                Err(e) => status_of(vm, &out, e),
            };
        }
        out.err(
            vm,
            &format!("Unknown command: '{name}'\nType 'manage.py help' for usage."),
        )?;
        return Ok(1);
    };
    let parsed = match args::parse(command, rest) {
        Ok(p) => p,
        Err(message) => {
            out.err(vm, &message)?;
            return Ok(2);
        }
    };
    match (command.handle)(vm, &parsed, &out) {
        Ok(()) => Ok(0),
        Err(e) => status_of(vm, &out, e),
    }
}

fn status_of(vm: &Vm, out: &Output, e: PyBaseExceptionRef) -> PyResult<i32> {
    if e.fast_isinstance(vm.ctx.exceptions.system_exit) {
        let code = e.as_object().get_attr("code", vm)?;
        if vm.is_none(&code) {
            return Ok(0);
        }
        return Ok(code.try_into_value(vm).unwrap_or(1));
    }
    if check::is_check_error(vm, e.as_object()) {
        out.err(vm, &e.as_object().str(vm)?.to_string_lossy())?;
        return Ok(1);
    }
    if crate::error::is_a(vm, &e, "CommandError") {
        let text = e.as_object().str(vm)?;
        out.err(vm, &format!("CommandError: {}", text.to_string_lossy()))?;
        return Ok(1);
    }
    Err(e)
}

/// Leaves a command with a status.
pub fn exit(vm: &Vm, code: i32) -> PyBaseExceptionRef {
    vm.new_exception(
        vm.ctx.exceptions.system_exit.to_owned(),
        vec![vm.ctx.new_int(code).into()],
    )
}

pub fn command_error(vm: &Vm, message: impl AsRef<str>) -> PyBaseExceptionRef {
    crate::error::raise(vm, "CommandError", message)
}

/// `call_command("migrate", "app", verbosity=0, stdout=buffer)`
fn call_command(call: FuncArgs, vm: &Vm) -> PyResult {
    let mut given = call.args.iter();
    let Some(name) = given.next() else {
        return Err(vm.new_type_error("call_command() missing a command name"));
    };
    // A command's instance, too.
    if let Some(told) = text::given(vm, name, &call)? {
        return Ok(told);
    }
    let name = name.str(vm)?.to_string_lossy().into_owned();
    match text::find(vm, &name)? {
        Some(command) => text::call(vm, &command, &name, &call),
        None => Err(command_error(vm, format!("Unknown command: '{name}'"))),
    }
}

/// A command of Rust's, for a caller that is no command line: exceptions are the caller's.
pub fn perform(vm: &Vm, name: &str, words: &[String]) -> PyResult<()> {
    let Some(command) = find(name) else {
        return Err(command_error(vm, format!("Unknown command: '{name}'")));
    };
    let mut parsed = args::parse(command, words).map_err(|m| command_error(vm, m))?;
    parsed.flags.insert("skip_checks");
    (command.handle)(vm, &parsed, &Output::system(vm)?)
}
