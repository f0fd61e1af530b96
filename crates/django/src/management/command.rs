//! What a command is: its name, its arguments, what it does.
use super::args::Args;
use super::output::Output;
use rustpython_vm::{PyResult, VirtualMachine};

/// What an option does with what follows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `--fake`
    Flag,
    /// A flag that says no: `--no-header` for `include_header`.
    No,
    /// `--name VALUE`
    Value,
    /// `--tag A --tag B`
    Many,
    /// `--plan` for `format="plan"`.
    Const(&'static str),
}

/// An option: `--name VALUE` or a flag.
#[derive(Clone, Copy, Debug)]
pub struct Opt {
    pub names: &'static [&'static str],
    /// Its name as a keyword of `call_command`.
    pub dest: &'static str,
    pub kind: Kind,
    /// What it may be, where that is known.
    pub choices: &'static [&'static str],
}

impl Opt {
    const fn new(names: &'static [&'static str], dest: &'static str, kind: Kind) -> Opt {
        Opt {
            names,
            dest,
            kind,
            choices: &[],
        }
    }
    pub const fn flag(names: &'static [&'static str], dest: &'static str) -> Opt {
        Opt::new(names, dest, Kind::Flag)
    }
    pub const fn no(names: &'static [&'static str], dest: &'static str) -> Opt {
        Opt::new(names, dest, Kind::No)
    }
    pub const fn value(names: &'static [&'static str], dest: &'static str) -> Opt {
        Opt::new(names, dest, Kind::Value)
    }
    pub const fn many(names: &'static [&'static str], dest: &'static str) -> Opt {
        Opt::new(names, dest, Kind::Many)
    }
    pub const fn constant(
        names: &'static [&'static str],
        dest: &'static str,
        value: &'static str,
    ) -> Opt {
        Opt::new(names, dest, Kind::Const(value))
    }
    pub const fn of(self, choices: &'static [&'static str]) -> Opt {
        Opt { choices, ..self }
    }
    /// Does a value follow it?
    pub fn takes_value(&self) -> bool {
        matches!(self.kind, Kind::Value | Kind::Many)
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
    Opt::value(&["-v", "--verbosity"], "verbosity").of(&["0", "1", "2", "3"]),
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
