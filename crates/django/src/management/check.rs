//! `manage.py check`, and the checks that other commands begin with.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use super::{apps, command_error};
use crate::{error, modules, py};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "check",
    positional: &[Positional::many("args")],
    own: &[
        Opt::many(&["--tag", "-t"], "tags"),
        Opt::flag(&["--list-tags"], "list_tags"),
        Opt::flag(&["--deploy"], "deploy"),
        Opt::value(&["--fail-level"], "fail_level")
            .of(&["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"]),
        Opt::many(&["--database"], "databases"),
    ],
    handle,
};

/// Levels from which a finding counts, by the names of `--fail-level`.
const LEVELS: &[(&str, i64)] = &[
    ("CRITICAL", 50),
    ("ERROR", 40),
    ("WARNING", 30),
    ("INFO", 20),
    ("DEBUG", 10),
];

/// How a run of the checks goes.
#[derive(Default)]
pub struct Options {
    pub app_configs: Option<PyObjectRef>,
    pub tags: Option<PyObjectRef>,
    pub databases: Option<PyObjectRef>,
    pub deploy: bool,
    pub fail_level: Option<i64>,
    /// End with how many there are.
    pub count: bool,
}

fn checks(vm: &Vm, name: &str) -> PyResult {
    let path = vm.ctx.new_str("django.core.checks");
    vm.import(&path, 0)?;
    let all = vm.sys_module.get_attr("modules", vm)?;
    py::attr(vm, &all.get_item(&*path, vm)?, name)
}

fn list(vm: &Vm, words: &[String]) -> Option<PyObjectRef> {
    if words.is_empty() {
        return None;
    }
    let words = words.iter().map(|w| py::str(vm, w)).collect();
    Some(vm.ctx.new_list(words).into())
}

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    let deploy = args.flag("deploy");
    if args.flag("list_tags") {
        let path = vm.ctx.new_str("django.core.checks.registry");
        vm.import(&path, 0)?;
        let all = vm.sys_module.get_attr("modules", vm)?;
        let registry = py::attr(vm, &all.get_item(&*path, vm)?, "registry")?;
        let tags = py::call(vm, &registry, "tags_available", vec![py::bool(vm, deploy)])?;
        let mut names = py::list(vm, &tags)?
            .iter()
            .map(|t| py::to_string(vm, t))
            .collect::<PyResult<Vec<_>>>()?;
        names.sort();
        return out.line(vm, &names.join("\n"));
    }
    let mut options = Options {
        deploy,
        count: true,
        tags: list(vm, args.all("tags")),
        databases: list(vm, args.all("databases")),
        ..Options::default()
    };
    if !args.positional.is_empty() {
        apps::require(vm, &args.positional)?;
        let registry = modules::find(vm, "django.apps", "apps")?;
        let configs = args
            .positional
            .iter()
            .map(|label| py::call(vm, &registry, "get_app_config", vec![py::str(vm, label)]))
            .collect::<PyResult<Vec<_>>>()?;
        options.app_configs = Some(vm.ctx.new_list(configs).into());
    }
    for tag in args.all("tags") {
        let known = checks(vm, "tag_exists")?.call((py::str(vm, tag), deploy), vm)?;
        if !known.is_true(vm)? {
            return Err(command_error(
                vm,
                format!("There is no system check with the \"{tag}\" tag."),
            ));
        }
    }
    if let Some(level) = args.value("fail_level") {
        options.fail_level = LEVELS.iter().find(|(n, _)| *n == level).map(|(_, l)| *l);
    }
    report(vm, &options, out)
}

/// The check that other commands begin with, unless they are told to skip it.
pub fn require(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    if args.flag("skip_checks") {
        return Ok(());
    }
    report(vm, &Options::default(), out)
}

/// A finding: how bad, and as text.
struct Finding {
    level: i64,
    silenced: bool,
    text: String,
}

fn run(vm: &Vm, options: &Options) -> PyResult<Vec<Finding>> {
    let given = |o: &Option<PyObjectRef>| vm.unwrap_or_none(o.clone());
    let found = checks(vm, "run_checks")?.call(
        py::with_kwargs(
            vec![],
            &[
                ("app_configs", given(&options.app_configs)),
                ("tags", given(&options.tags)),
                ("include_deployment_checks", py::bool(vm, options.deploy)),
                ("databases", given(&options.databases)),
            ],
        ),
        vm,
    )?;
    let read = |o: &PyObject| -> PyResult<Finding> {
        Ok(Finding {
            level: py::attr(vm, o, "level")?.try_into_value(vm)?,
            silenced: py::call(vm, o, "is_silenced", vec![])?.is_true(vm)?,
            text: py::to_string(vm, o)?,
        })
    };
    py::list(vm, &found)?.iter().map(|o| read(o)).collect()
}

/// Runs the checks, prints what they found, raises where that is serious.
pub fn report(vm: &Vm, options: &Options, out: &Output) -> PyResult<()> {
    let found = run(vm, options)?;
    let (silenced, shown): (Vec<Finding>, Vec<Finding>) =
        found.into_iter().partition(|f| f.silenced);
    let mut text = String::new();
    if !shown.is_empty() {
        text.push_str("System check identified some issues:\n");
    }
    let mut above = i64::MAX;
    for (name, least) in LEVELS {
        // Everything below the last name belongs to it.
        let least = if *name == "DEBUG" { i64::MIN } else { *least };
        let mut lines: Vec<&str> = shown
            .iter()
            .filter(|f| least <= f.level && f.level < above)
            .map(|f| f.text.as_str())
            .collect();
        above = least;
        if !lines.is_empty() {
            lines.sort_unstable();
            text.push_str(&format!("\n{name}S:\n{}\n", lines.join("\n")));
        }
    }
    if options.count {
        if !shown.is_empty() {
            text.push('\n');
        }
        let count = match shown.len() {
            0 => "no issues".to_string(),
            1 => "1 issue".to_string(),
            n => format!("{n} issues"),
        };
        let silenced = silenced.len();
        text.push_str(&format!(
            "System check identified {count} ({silenced} silenced)."
        ));
    }
    let fail_level = options.fail_level.unwrap_or(40);
    if shown.iter().any(|f| f.level >= fail_level) {
        return Err(error::raise(
            vm,
            "SystemCheckError",
            format!("SystemCheckError: {text}"),
        ));
    }
    if text.is_empty() {
        Ok(())
    } else if shown.is_empty() {
        out.line(vm, &text)
    } else {
        out.err(vm, &text)
    }
}

/// Is it what failed checks raise?
pub fn is_check_error(vm: &Vm, e: &PyObject) -> bool {
    e.as_object()
        .fast_isinstance(&error::class(vm, "SystemCheckError"))
}
