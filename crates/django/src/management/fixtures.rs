//! `manage.py loaddata` and `dumpdata`: their flags; what they do is written in Python, as the
//! serializers are.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::command_error;
use super::output::Output;
use crate::{modules, py};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const LOADDATA: Command = Command {
    name: "loaddata",
    positional: &[Positional::many("fixture")],
    own: &[
        Opt::value(&["--database"], "database"),
        Opt::value(&["--app"], "app_label"),
        Opt::flag(&["--ignorenonexistent", "-i"], "ignore"),
        Opt::list(&["-e", "--exclude"], "exclude"),
        Opt::value(&["--format"], "format"),
    ],
    handle: load,
};

pub const DUMPDATA: Command = Command {
    name: "dumpdata",
    positional: &[Positional::many("app_label[.ModelName]")],
    own: &[
        Opt::value(&["--format"], "format"),
        Opt::value(&["--indent"], "indent"),
        Opt::value(&["--database"], "database"),
        Opt::list(&["-e", "--exclude"], "exclude"),
        Opt::flag(&["--natural-foreign"], "use_natural_foreign_keys"),
        Opt::flag(&["--natural-primary"], "use_natural_primary_keys"),
        Opt::flag(&["-a", "--all"], "use_base_manager"),
        Opt::value(&["--pks"], "primary_keys"),
        Opt::value(&["-o", "--output"], "output"),
    ],
    handle: dump,
};

fn load(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    if args.positional.is_empty() {
        return Err(command_error(
            vm,
            "No database fixture specified. Please provide the path of at least one fixture in \
             the command line.",
        ));
    }
    let verbosity: PyObjectRef = vm.ctx.new_int(args.verbosity()).into();
    run(vm, &LOADDATA, args, out, vec![("verbosity", verbosity)])
}

fn dump(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    let traceback = py::bool(vm, args.flag("traceback"));
    run(vm, &DUMPDATA, args, out, vec![("traceback", traceback)])
}

/// Calls the Python text of a command with its labels and all its options.
fn run(
    vm: &Vm,
    command: &Command,
    args: &Args,
    out: &Output,
    mut options: Vec<(&'static str, PyObjectRef)>,
) -> PyResult<()> {
    let text = format!("django.core.management._{}", command.name);
    vm.import(&*vm.ctx.new_utf8_str(text.as_str()), 0)?;
    let list = |items: &mut dyn Iterator<Item = &str>| -> PyObjectRef {
        vm.ctx
            .new_list(items.map(|i| py::str(vm, i)).collect())
            .into()
    };
    for option in command.own {
        let given = args.value(option.dest);
        let value = match (option.dest, given) {
            ("database", _) => py::str(vm, args.database()),
            ("format", None) if command.name == "dumpdata" => py::str(vm, "json"),
            _ if option.many => list(&mut given.unwrap_or("").split(',').filter(|i| !i.is_empty())),
            _ if !option.takes_value => py::bool(vm, args.flag(option.dest)),
            (_, Some(text)) => py::str(vm, text),
            (_, None) => vm.ctx.none(),
        };
        options.push((option.dest, value));
    }
    let labels = list(&mut args.positional.iter().map(String::as_str));
    let run = modules::find(vm, &text, "run")?;
    let call = py::with_kwargs(vec![labels, out.stdout.clone()], &options);
    run.call(call, vm).map(drop)
}
