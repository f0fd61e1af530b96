//! Rust's commands as Python's `Command` classes have them: what arguments they take, what
//! `handle()` does. The classes are texts under `lib/django/core/management/commands`.
use super::args::{self, Args};
use super::check;
use super::command::{Command, Kind};
use super::output::Output;
use crate::class::function;
use crate::{modules, py};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

const MODULE: &str = "django.core.management._face";

pub fn install(vm: &Vm) -> PyResult<()> {
    let export = |name: &'static str, f: PyObjectRef| modules::export(vm, MODULE, name, f);
    export("arguments", function(vm, "arguments", arguments))?;
    export("handle", function(vm, "handle", handle))?;
    export("sync_apps", function(vm, "sync_apps", sync_apps))?;
    export("check", function(vm, "check", run_checks))
}

fn known(vm: &Vm, name: &str) -> PyResult<&'static Command> {
    super::find(name).ok_or_else(|| super::command_error(vm, format!("Unknown command: '{name}'")))
}

/// `([(name, nargs)], [(names, dest, action, const, choices)])`
fn arguments(name: String, vm: &Vm) -> PyResult {
    let command = known(vm, &name)?;
    let text = |t: &str| py::str(vm, t);
    let list = |of: &[&str]| -> PyObjectRef {
        vm.ctx.new_list(of.iter().map(|t| text(t)).collect()).into()
    };
    let mut positionals = vec![];
    for p in command.positional {
        let count = match (p.required, p.many) {
            (_, true) => text("*"),
            (true, _) => vm.ctx.none(),
            (false, _) => text("?"),
        };
        positionals.push(vm.ctx.new_tuple(vec![text(p.name), count]).into());
    }
    let mut options = vec![];
    for option in command.own {
        let (action, constant) = match option.kind {
            Kind::Flag => ("store_true", None),
            Kind::No => ("store_false", None),
            Kind::Value => ("store", None),
            Kind::Many => ("append", None),
            Kind::Const(value) => ("store_const", Some(text(value))),
        };
        let told = vec![
            list(option.names),
            text(option.dest),
            text(action),
            vm.unwrap_or_none(constant),
            list(option.choices),
        ];
        options.push(vm.ctx.new_tuple(told).into());
    }
    let both = vec![
        vm.ctx.new_list(positionals).into(),
        vm.ctx.new_list(options).into(),
    ];
    Ok(vm.ctx.new_tuple(both).into())
}

/// Where a Python command prints.
fn output(vm: &Vm, command: &PyObject) -> PyResult<Output> {
    let stream = |name: &str| -> PyResult {
        let wrapper = py::attr(vm, command, name)?;
        // Lines come with their ends from here.
        Ok(py::attr_opt(vm, &wrapper, "_out")?.unwrap_or(wrapper))
    };
    Ok(Output {
        stdout: stream("stdout")?,
        stderr: stream("stderr")?,
        style: py::attr_opt(vm, command, "style")?,
    })
}

/// What `handle()` does; the checks are behind it.
fn handle(command: PyObjectRef, words: PyObjectRef, options: PyObjectRef, vm: &Vm) -> PyResult<()> {
    let name = py::to_string(vm, &py::attr(vm, &command, "name")?)?;
    let rust = known(vm, &name)?;
    let mut given = args::from_options(vm, rust, &py::list(vm, &words)?, &options)?;
    given.flags.insert("skip_checks");
    let out = output(vm, &command)?;
    given.command = Some(command);
    (rust.handle)(vm, &given, &out)
}

/// What `migrate`'s `sync_apps()` does.
fn sync_apps(
    command: PyObjectRef,
    connection: PyObjectRef,
    labels: PyObjectRef,
    verbosity: u8,
    vm: &Vm,
) -> PyResult<()> {
    let labels = py::list(vm, &labels)?
        .iter()
        .map(|l| py::to_string(vm, l))
        .collect::<PyResult<Vec<_>>>()?;
    let out = output(vm, &command)?;
    super::migrate::sync::make_tables(vm, &connection, &labels, verbosity, &out)
}

/// Has files that were written laid out, where there is a formatter; the page has none.
pub fn lay_out(vm: &Vm, args: &Args, paths: &[String]) -> PyResult<()> {
    let Some(command) = &args.command else {
        return Ok(());
    };
    const UTILS: &str = "django.core.management.utils";
    vm.import(UTILS, 0)?;
    let paths = paths.iter().map(|p| py::str(vm, p)).collect();
    let stderr = [("stderr", py::attr(vm, command, "stderr")?)];
    let call = py::with_kwargs(vec![vm.ctx.new_list(paths).into()], &stderr);
    modules::find(vm, UTILS, "run_formatters")?
        .call(call, vm)
        .map(drop)
}

/// What `BaseCommand.check()` does.
fn run_checks(command: PyObjectRef, call: FuncArgs, vm: &Vm) -> PyResult<()> {
    let given = |name: &str| call.kwargs.get(name).filter(|v| !vm.is_none(v)).cloned();
    let on = |name: &str| -> PyResult<bool> { given(name).map_or(Ok(false), |v| v.is_true(vm)) };
    let fail_level = match given("fail_level") {
        Some(level) => Some(level.try_into_value(vm)?),
        None => None,
    };
    let options = check::Options {
        app_configs: given("app_configs"),
        tags: given("tags"),
        databases: given("databases"),
        deploy: on("include_deployment_checks")?,
        fail_level,
        count: on("display_num_errors")?,
    };
    check::report(vm, &options, &output(vm, &command)?)
}

/// Does a Python command detect changes in a way of its own? Its `autodetector`, then.
pub fn own_autodetector(vm: &Vm, args: &Args) -> PyResult<Option<PyObjectRef>> {
    let Some(command) = &args.command else {
        return Ok(None);
    };
    let Some(class) = py::attr_opt(vm, command, "autodetector")? else {
        return Ok(None);
    };
    let usual = modules::find(
        vm,
        "django.db.migrations.autodetector",
        "MigrationAutodetector",
    )?;
    Ok(Some(class).filter(|c| !c.is(&usual)))
}
