//! What a command is: its name, its arguments, what it does.
use super::args::Args;
use super::output::Output;
use rustpython_vm::{PyResult, VirtualMachine};

/// An option: `--name VALUE` or a flag.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    pub names: &'static [&'static str],
    /// Its name as a keyword of `call_command`.
    pub dest: &'static str,
    pub takes_value: bool,
    /// A flag that says no: `--no-header` for `include_header`.
    pub negative: bool,
}

impl Opt {
    pub const fn flag(names: &'static [&'static str], dest: &'static str) -> Opt {
        Opt {
            names,
            dest,
            takes_value: false,
            negative: false,
        }
    }
    pub const fn no(names: &'static [&'static str], dest: &'static str) -> Opt {
        Opt {
            names,
            dest,
            takes_value: false,
            negative: true,
        }
    }
    pub const fn value(names: &'static [&'static str], dest: &'static str) -> Opt {
        Opt {
            names,
            dest,
            takes_value: true,
            negative: false,
        }
    }
}

/// A positional argument.
#[derive(Clone, Copy, Debug)]
pub struct Positional {
    pub name: &'static str,
    pub required: bool,
    pub many: bool,
}

impl Positional {
    pub const fn required(name: &'static str) -> Positional {
        Positional {
            name,
            required: true,
            many: false,
        }
    }
    pub const fn optional(name: &'static str) -> Positional {
        Positional {
            name,
            required: false,
            many: false,
        }
    }
    pub const fn many(name: &'static str) -> Positional {
        Positional {
            name,
            required: false,
            many: true,
        }
    }
}

/// What runs.
pub type Handle = fn(&VirtualMachine, &Args, &Output) -> PyResult<()>;

/// One command.
pub struct Command {
    pub name: &'static str,
    pub positional: &'static [Positional],
    pub own: &'static [Opt],
    pub handle: Handle,
}

/// Options of every command.
const COMMON: &[Opt] = &[
    Opt::value(&["-v", "--verbosity"], "verbosity"),
    Opt::value(&["--settings"], "settings"),
    Opt::value(&["--pythonpath"], "pythonpath"),
    Opt::flag(&["--traceback"], "traceback"),
    Opt::flag(&["--no-color"], "no_color"),
    Opt::flag(&["--force-color"], "force_color"),
    Opt::flag(&["--skip-checks"], "skip_checks"),
];

impl Command {
    pub fn options(&self) -> impl Iterator<Item = &'static Opt> {
        self.own.iter().chain(COMMON)
    }
}
