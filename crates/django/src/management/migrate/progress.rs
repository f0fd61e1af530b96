//! What `migrate` prints while the executor works.
use crate::management::output::Output;
use crate::py;
use rustpython_vm::function::OptionalArg;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

type Vm = VirtualMachine;

fn clock() -> Duration {
    python::host::ask(|h| h.monotonic()).unwrap_or_default()
}

/// The executor's `progress_callback`: a line for each migration, with its time if that is asked.
///
/// Forwards, the models of the first state are those that receivers of `pre_migrate` have been given:
/// nothing is rendered then.
pub fn callback(vm: &Vm, verbosity: u8, out: &Output, undoing: Rc<Cell<bool>>) -> PyObjectRef {
    let out = out.clone();
    let start = Cell::new(Duration::ZERO);
    let tell = move |action: String,
                     migration: OptionalArg<PyObjectRef>,
                     fake: OptionalArg<PyObjectRef>,
                     vm: &Vm|
          -> PyResult<()> {
        if verbosity < 1 || (action.starts_with("render") && !undoing.get()) {
            return Ok(());
        }
        let name = || match &migration {
            OptionalArg::Present(m) => py::to_string(vm, m),
            OptionalArg::Missing => Ok(String::new()),
        };
        let done = |word: &str| {
            let elapsed = match verbosity {
                1 => String::new(),
                _ => format!(" ({:.3}s)", (clock() - start.get()).as_secs_f64()),
            };
            let text = out.paint(vm, "SUCCESS", &format!(" {word}{elapsed}"))?;
            out.line(vm, &text)
        };
        let faked = match &fake {
            OptionalArg::Present(f) => f.clone().is_true(vm)?,
            OptionalArg::Missing => false,
        };
        if action.ends_with("_start") {
            start.set(clock());
        }
        match action.as_str() {
            "apply_start" => out.write(vm, &format!("  Applying {}...", name()?)),
            "unapply_start" => out.write(vm, &format!("  Unapplying {}...", name()?)),
            "render_start" => out.write(vm, "  Rendering model states..."),
            "render_success" => done("DONE"),
            "apply_success" | "unapply_success" if faked => done("FAKED"),
            "apply_success" | "unapply_success" => done("OK"),
            _ => Ok(()),
        }
    };
    crate::class::function(vm, "migration_progress_callback", tell)
}
