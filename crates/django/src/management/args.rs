//! Command lines, read as argparse reads them.
use super::command::{Command, Kind, Opt};
use crate::py;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::collections::{HashMap, HashSet};

/// What was given.
#[derive(Clone, Debug, Default)]
pub struct Args {
    pub positional: Vec<String>,
    pub flags: HashSet<&'static str>,
    pub values: HashMap<&'static str, Vec<String>>,
    /// The Python command that was asked, if one was.
    pub command: Option<PyObjectRef>,
}

impl Args {
    pub fn flag(&self, dest: &str) -> bool {
        self.flags.contains(dest)
    }
    pub fn value(&self, dest: &str) -> Option<&str> {
        self.all(dest).last().map(String::as_str)
    }
    /// Every value of an option that may be repeated.
    pub fn all(&self, dest: &str) -> &[String] {
        self.values.get(dest).map_or(&[], Vec::as_slice)
    }
    pub fn verbosity(&self) -> u8 {
        self.value("verbosity")
            .and_then(|v| v.parse().ok())
            .unwrap_or(1)
    }
    pub fn database(&self) -> &str {
        self.value("database").unwrap_or("default")
    }
}

/// Reads arguments; an error is the text argparse prints.
pub fn parse(command: &Command, argv: &[String]) -> Result<Args, String> {
    let mut out = Args::default();
    let fail = |message: String| {
        format!(
            "usage: manage.py {} [-h]\nmanage.py {}: error: {message}",
            command.name, command.name
        )
    };
    let mut rest = argv.iter();
    let mut unknown = vec![];
    while let Some(arg) = rest.next() {
        if !arg.starts_with('-') || arg == "-" {
            out.positional.push(arg.clone());
            continue;
        }
        let (name, inline) = match arg.split_once('=') {
            Some((n, v)) if arg.starts_with("--") => (n, Some(v.to_string())),
            _ => (arg.as_str(), None),
        };
        let (option, inline) = match option(command, name) {
            Some(o) => (o, inline),
            // `-v2`
            None if !arg.starts_with("--") && arg.is_char_boundary(2) && arg.len() > 2 => {
                match option(command, &arg[..2]) {
                    Some(o) if o.takes_value() => (o, Some(arg[2..].to_string())),
                    _ => {
                        unknown.push(arg.clone());
                        continue;
                    }
                }
            }
            None => {
                unknown.push(arg.clone());
                continue;
            }
        };
        match option.kind {
            Kind::Flag | Kind::No => {
                out.flags.insert(option.dest);
                continue;
            }
            Kind::Const(value) => {
                out.values.insert(option.dest, vec![value.to_string()]);
                continue;
            }
            Kind::Value | Kind::Many => {}
        }
        let value = match inline.or_else(|| rest.next().cloned()) {
            Some(v) => v,
            None => {
                return Err(fail(format!(
                    "argument {}: expected one argument",
                    option.names.join("/")
                )));
            }
        };
        if !option.choices.is_empty() && !option.choices.contains(&value.as_str()) {
            return Err(fail(format!(
                "argument {}: invalid choice: {value} (choose from {})",
                option.names.join("/"),
                option.choices.join(", ")
            )));
        }
        let values = out.values.entry(option.dest).or_default();
        if option.kind == Kind::Value {
            values.clear();
        }
        values.push(value);
    }
    // Required ones are served first, as argparse does, wherever the optional ones stand.
    let required: Vec<&str> = command
        .positional
        .iter()
        .filter(|p| p.required)
        .map(|p| p.name)
        .skip(out.positional.len())
        .collect();
    if !required.is_empty() {
        return Err(fail(format!(
            "the following arguments are required: {}",
            required.join(", ")
        )));
    }
    if !command.positional.iter().any(|p| p.many) && out.positional.len() > command.positional.len()
    {
        unknown.extend(out.positional.split_off(command.positional.len()));
    }
    if !unknown.is_empty() {
        return Err(fail(format!(
            "unrecognized arguments: {}",
            unknown.join(" ")
        )));
    }
    Ok(out)
}

/// Reads what argparse has read: the options of a Python command's `handle()`.
pub fn from_options(
    vm: &VirtualMachine,
    command: &Command,
    words: &[PyObjectRef],
    options: &PyObject,
) -> PyResult<Args> {
    let mut out = Args::default();
    let get = |name: &str| -> PyResult<Option<PyObjectRef>> {
        let found = py::call(vm, options, "get", vec![py::str(vm, name)])?;
        Ok(Some(found).filter(|f| !vm.is_none(f)))
    };
    let text = |o: &PyObjectRef| py::to_string(vm, o);
    for p in command.positional {
        if p.name == "args" {
            let words = words.iter().map(text).collect::<PyResult<Vec<_>>>()?;
            out.positional.extend(words);
        } else if let Some(given) = get(p.name)? {
            if p.many {
                for word in py::list(vm, &given)? {
                    out.positional.push(text(&word)?);
                }
            } else {
                out.positional.push(text(&given)?);
            }
        }
    }
    for option in command.options() {
        let given = get(option.dest)?;
        match (option.kind, given) {
            (Kind::Flag, Some(on)) if on.clone().is_true(vm)? => {
                out.flags.insert(option.dest);
            }
            (Kind::No, Some(on)) if !on.clone().is_true(vm)? => {
                out.flags.insert(option.dest);
            }
            (Kind::Value | Kind::Const(_), Some(value)) => {
                out.values.insert(option.dest, vec![text(&value)?]);
            }
            (Kind::Many, Some(values)) => {
                let values = py::list(vm, &values)?
                    .iter()
                    .map(text)
                    .collect::<PyResult<Vec<_>>>()?;
                out.values.insert(option.dest, values);
            }
            _ => {}
        }
    }
    Ok(out)
}

/// By full name, or by a prefix that fits only one.
fn option(command: &Command, name: &str) -> Option<&'static Opt> {
    if let Some(o) = command.options().find(|o| o.names.contains(&name)) {
        return Some(o);
    }
    if !name.starts_with("--") {
        return None;
    }
    let mut fitting = command
        .options()
        .filter(|o| o.names.iter().any(|n| n.starts_with(name)));
    match (fitting.next(), fitting.next()) {
        (Some(o), None) => Some(o),
        _ => None,
    }
}
