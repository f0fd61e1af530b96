//! `manage.py migrate`: the executor's plan, told as it runs.
mod plan;
mod progress;
mod prune;
pub mod sync;

use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use super::{apps, command_error, exit, face, signals};
use crate::{modules, py};
use rustpython_vm::builtins::{PyDict, PyDictRef};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::Cell;
use std::rc::Rc;

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "migrate",
    positional: &[
        Positional::optional("app_label"),
        Positional::optional("migration_name"),
    ],
    own: &[
        Opt::no(&["--noinput", "--no-input"], "interactive"),
        Opt::value(&["--database"], "database"),
        Opt::flag(&["--fake"], "fake"),
        Opt::flag(&["--fake-initial"], "fake_initial"),
        Opt::flag(&["--plan"], "plan"),
        Opt::flag(&["--run-syncdb"], "run_syncdb"),
        Opt::flag(&["--check"], "check_unapplied"),
        Opt::flag(&["--prune"], "prune"),
    ],
    handle,
};

/// The command at work.
struct Job<'a> {
    args: &'a Args,
    out: &'a Output,
    /// Does the plan lead backwards?
    undoing: Rc<Cell<bool>>,
    connection: PyObjectRef,
    executor: PyObjectRef,
    loader: PyObjectRef,
    /// Apps without migrations.
    unmigrated: Vec<String>,
}

/// `connections[alias]`
pub fn connection(vm: &Vm, alias: &str) -> PyResult {
    let all = modules::find(vm, "django.db", "connections")?;
    all.get_item(&*py::str(vm, alias), vm)
}

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    super::check::require(vm, args, out)?;
    signals::import_receivers(vm)?;
    let connection = connection(vm, args.database())?;
    let undoing = Rc::new(Cell::new(false));
    let callback = progress::callback(vm, args.verbosity(), out, undoing.clone());
    let executor = modules::find(vm, "django.db.migrations.executor", "MigrationExecutor")?
        .call((connection.clone(), callback), vm)?;
    let loader = py::attr(vm, &executor, "loader")?;
    py::call(
        vm,
        &loader,
        "check_consistent_history",
        vec![connection.clone()],
    )?;
    let conflicts = py::call(vm, &loader, "detect_conflicts", vec![])?;
    apps::refuse_conflicts(vm, &conflicts_of(vm, &conflicts)?)?;
    let job = Job {
        unmigrated: crate::migrations::py_loader::unmigrated(vm, &loader)?,
        args,
        out,
        undoing,
        connection,
        executor,
        loader,
    };
    job.run(vm)
}

/// `{app: names}`
pub fn conflicts_of(
    vm: &Vm,
    found: &PyObjectRef,
) -> PyResult<indexmap::IndexMap<String, Vec<String>>> {
    let mut out = indexmap::IndexMap::new();
    for app in py::list(vm, found)? {
        let names = py::list(vm, &found.get_item(&*app, vm)?)?
            .iter()
            .map(|n| py::to_string(vm, n))
            .collect::<PyResult<Vec<_>>>()?;
        out.insert(py::to_string(vm, &app)?, names);
    }
    Ok(out)
}

/// `loader.graph`
fn graph(vm: &Vm, loader: &PyObject) -> PyResult {
    py::attr(vm, loader, "graph")
}

impl Job<'_> {
    fn app(&self) -> Option<&str> {
        self.args.positional.first().map(String::as_str)
    }
    fn loud(&self) -> bool {
        self.args.verbosity() >= 1
    }
    fn run(&self, vm: &Vm) -> PyResult<()> {
        let args = self.args;
        let targets = self.targets(vm)?;
        if args.flag("prune") {
            prune::prune(vm, self)?;
        }
        let plan = py::call(vm, &self.executor, "migration_plan", vec![targets.clone()])?;
        let steps = py::list(vm, &plan)?;
        let empty = steps.is_empty();
        if let Some(first) = steps.first()
            && let Some(backwards) = py::list(vm, first)?.pop()
        {
            self.undoing.set(backwards.is_true(vm)?);
        }
        if args.flag("plan") {
            plan::show(vm, &plan, self.out)?;
        }
        if args.flag("check_unapplied") && !empty {
            return Err(exit(vm, 1));
        }
        if args.flag("plan") || args.flag("check_unapplied") || args.flag("prune") {
            return Ok(());
        }
        let syncing = args.flag("run_syncdb") && !self.unmigrated.is_empty();
        if self.loud() {
            self.tell_targets(vm, &targets, syncing)?;
        }
        let applied = [("with_applied_migrations", py::bool(vm, true))];
        let state = py::call_kw(
            vm,
            &self.executor,
            "_create_project_state",
            vec![],
            &applied,
        )?;
        self.signal(vm, "pre_migrate", &state, &plan)?;
        sync::sync(vm, self, syncing)?;
        if self.loud() {
            self.out.heading(vm, "Running migrations:")?;
            if empty {
                self.out.line(vm, "  No migrations to apply.")?;
                self.notice(vm)?;
            }
        }
        let flag = |name: &str| py::bool(vm, !empty && args.flag(name));
        let how = [
            ("plan", plan.clone()),
            ("state", py::call(vm, &state, "clone", vec![])?),
            ("fake", flag("fake")),
            ("fake_initial", flag("fake_initial")),
        ];
        let state = py::call_kw(vm, &self.executor, "migrate", vec![targets], &how)?;
        self.signal(vm, "post_migrate", &state, &plan)
    }

    fn signal(&self, vm: &Vm, name: &str, state: &PyObject, plan: &PyObjectRef) -> PyResult<()> {
        if !signals::heard(vm, name)? {
            return Ok(());
        }
        let news = signals::News {
            verbosity: self.args.verbosity(),
            interactive: !self.args.flag("interactive"),
            using: self.args.database(),
            stdout: self.out.wrapped(vm)?,
            apps: py::attr(vm, state, "apps")?,
            plan: plan.clone(),
        };
        signals::send(vm, name, news)
    }

    /// What the words on the command line mean: a list of migrations.
    fn targets(&self, vm: &Vm) -> PyResult {
        let leaves = py::call(vm, &graph(vm, &self.loader)?, "leaf_nodes", vec![])?;
        let Some(app) = self.app() else {
            return Ok(leaves);
        };
        apps::require(vm, &[app.to_string()])?;
        let migrated = apps::is_migrated(vm, &self.loader, app)?;
        if self.args.flag("run_syncdb") {
            if migrated {
                return Err(command_error(
                    vm,
                    format!("Can't use run_syncdb with app '{app}' as it has migrations."),
                ));
            }
        } else if !migrated && !sync::is_own(vm, app) {
            return Err(command_error(
                vm,
                format!("App '{app}' does not have migrations."),
            ));
        }
        let pair = |name: PyObjectRef| -> PyObjectRef {
            let pair = vm.ctx.new_tuple(vec![py::str(vm, app), name]).into();
            vm.ctx.new_list(vec![pair]).into()
        };
        match self.args.positional.get(1).map(String::as_str) {
            Some("zero") => Ok(pair(vm.ctx.none())),
            Some(prefix) => {
                let migration = apps::by_prefix(vm, &self.loader, app, prefix, "")?;
                let name = py::attr(vm, &migration, "name")?;
                let key = vm.ctx.new_tuple(vec![py::str(vm, app), name.clone()]);
                // One that is applied in part is not in the graph: the last it replaces is.
                let nodes = dict(vm, py::attr(vm, &*graph(vm, &self.loader)?, "nodes")?)?;
                let parts = dict(vm, py::attr(vm, &self.loader, "replacements")?)?;
                let key: PyObjectRef = key.into();
                if nodes.get_item_opt(&*key, vm)?.is_none()
                    && let Some(squashed) = parts.get_item_opt(&*key, vm)?
                    && let Some(last) = py::list(vm, &py::attr(vm, &squashed, "replaces")?)?.pop()
                {
                    return Ok(vm.ctx.new_list(vec![last]).into());
                }
                Ok(pair(name))
            }
            None => {
                let mut own = vec![];
                for leaf in py::list(vm, &leaves)? {
                    if crate::migrations::graph::key(vm, &leaf)?.0 == app {
                        own.push(leaf);
                    }
                }
                Ok(vm.ctx.new_list(own).into())
            }
        }
    }

    fn tell_targets(&self, vm: &Vm, targets: &PyObject, syncing: bool) -> PyResult<()> {
        let out = self.out;
        out.heading(vm, "Operations to perform:")?;
        let label = |title: &str, rest: &str| -> PyResult<()> {
            let title = out.paint(vm, "MIGRATE_LABEL", title)?;
            out.line(vm, &format!("{title}{rest}"))
        };
        if syncing {
            match self.app() {
                Some(a) => label(&format!("  Synchronize unmigrated app: {a}"), "")?,
                None => {
                    let mut labels = self.unmigrated.clone();
                    labels.sort();
                    label("  Synchronize unmigrated apps: ", &labels.join(", "))?;
                }
            }
        }
        let mut pairs = vec![];
        for target in py::list(vm, targets)? {
            if let [app, name] = py::list(vm, &target)?.as_slice() {
                pairs.push((py::to_string(vm, app)?, name.clone()));
            }
        }
        if self.args.positional.len() < 2 {
            let mut names: Vec<&str> = pairs.iter().map(|(a, _)| a.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let text = if names.is_empty() {
                "(none)".into()
            } else {
                names.join(", ")
            };
            return label("  Apply all migrations: ", &text);
        }
        match pairs.first() {
            Some((app, name)) if vm.is_none(name) => label("  Unapply all migrations: ", app),
            Some((app, name)) => label(
                "  Target specific migration: ",
                &format!("{}, from {app}", py::to_string(vm, name)?),
            ),
            None => Ok(()),
        }
    }

    /// Models that changed since the last migration.
    fn notice(&self, vm: &Vm) -> PyResult<()> {
        let class = match face::own_autodetector(vm, self.args)? {
            Some(own) => own,
            None => modules::find(
                vm,
                "django.db.migrations.autodetector",
                "MigrationAutodetector",
            )?,
        };
        let now = modules::find(vm, "django.db.migrations.state", "ProjectState")?;
        let registry = modules::find(vm, "django.apps", "apps")?;
        let now = py::call(vm, &now, "from_apps", vec![registry])?;
        let written = py::call(vm, &self.loader, "project_state", vec![])?;
        let detector = class.call((written, now), vm)?;
        let graph = [("graph", graph(vm, &self.loader)?)];
        let changes = py::call_kw(vm, &detector, "changes", vec![], &graph)?;
        let mut names = py::list(vm, &changes)?
            .iter()
            .map(|a| Ok(format!("'{}'", py::to_string(vm, a)?)))
            .collect::<PyResult<Vec<_>>>()?;
        if names.is_empty() {
            return Ok(());
        }
        names.sort();
        for line in [
            format!(
                "  Your models in app(s): {} have changes that are not yet reflected in a \
                 migration, and so won't be applied.",
                names.join(", ")
            ),
            "  Run 'manage.py makemigrations' to make new migrations, and then re-run 'manage.py \
             migrate' to apply them."
                .to_string(),
        ] {
            let line = self.out.paint(vm, "NOTICE", &line)?;
            self.out.line(vm, &line)?;
        }
        Ok(())
    }
}

fn dict(vm: &Vm, o: PyObjectRef) -> PyResult<PyDictRef> {
    o.downcast::<PyDict>()
        .map_err(|_| vm.new_type_error("migrations are kept in a dict"))
}
