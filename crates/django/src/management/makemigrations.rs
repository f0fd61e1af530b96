//! `manage.py makemigrations`.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::interactive::Asker;
use super::output::Output;
use super::{apps, command_error, exit, merge};
use crate::error::OrRaise;
use crate::migrations::Project;
use crate::migrations::project::{describe, timestamp};
use crate::{modules, py};
use indexmap::IndexMap;
use orm_migrations::Migration;
use orm_migrations::autodetector::Options;
use orm_migrations::optimizer::optimize;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "makemigrations",
    positional: &[Positional::many("args")],
    own: &[
        Opt::flag(&["--dry-run"], "dry_run"),
        Opt::flag(&["--merge"], "merge"),
        Opt::flag(&["--empty"], "empty"),
        Opt::no(&["--noinput", "--no-input"], "interactive"),
        Opt::value(&["-n", "--name"], "name"),
        Opt::no(&["--no-header"], "include_header"),
        Opt::flag(&["--check"], "check_changes"),
        Opt::flag(&["--scriptable"], "scriptable"),
        Opt::flag(&["--update"], "update"),
    ],
    handle,
};

/// What the command was asked, while it works.
pub struct Job<'a> {
    pub vm: &'a Vm,
    pub args: &'a Args,
    /// Where progress is told: `stderr` with `--scriptable`.
    pub log: Output,
    pub out: &'a Output,
    pub dry_run: bool,
}

impl Job<'_> {
    pub fn header(&self) -> bool {
        !self.args.flag("include_header")
    }
    pub fn asker(&self, project: &Project, specified: &[String]) -> Asker {
        let fresh = |label: &String| {
            matches!(
                crate::migrations::loader::fresh_package(self.vm, label),
                Ok(Some(true))
            )
        };
        let labels = project.loader.apps.iter().map(|a| a.label.clone());
        let fresh_apps = labels.filter(fresh).collect();
        Asker {
            out: self.log.clone(),
            interactive: !self.args.flag("interactive"),
            dry_run: self.dry_run,
            verbosity: self.args.verbosity(),
            specified_apps: specified.to_vec(),
            fresh_apps,
        }
    }
}

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    super::check::require(vm, args, out)?;
    let check = args.flag("check_changes");
    let job = Job {
        vm,
        args,
        log: if args.flag("scriptable") {
            out.on_stderr()
        } else {
            out.clone()
        },
        out,
        dry_run: args.flag("dry_run") || check,
    };
    if let Some(name) = args.value("name")
        && !is_identifier(name)
    {
        return Err(command_error(
            vm,
            "The migration name must be a valid Python identifier.",
        ));
    }
    let labels = &args.positional;
    apps::check(vm, labels, out)?;
    let project = Project::load(vm, "default")?;
    histories(vm, args)?;
    let mut conflicts = project.graph.detect_conflicts();
    if !labels.is_empty() {
        conflicts.retain(|app, _| labels.contains(app));
    }
    let merging = args.flag("merge");
    if !merging {
        apps::refuse_conflicts(vm, &conflicts)?;
    }
    if merging {
        if conflicts.is_empty() {
            return job.log.line(vm, "No conflicts detected to merge.");
        }
        return merge::merge(vm, &job, &project, &conflicts);
    }
    let asker = job.asker(&project, labels);
    if args.flag("empty") {
        return empty(vm, &job, &project);
    }
    let options = Options {
        trim_to_apps: (!labels.is_empty()).then(|| labels.iter().cloned().collect()),
        convert_apps: labels.iter().cloned().collect(),
        migration_name: args.value("name").map(Into::into),
        user_model: crate::migrations::detector::user_model(vm)?,
        timestamp: timestamp(vm, true).or_raise(vm)?,
    };
    let changes = match super::face::own_autodetector(vm, args)? {
        None => project.changes(vm, &asker, &options)?,
        Some(class) => own_changes(vm, class, labels)?,
    };
    if changes.is_empty() {
        if args.verbosity() >= 1 {
            let text = match labels.as_slice() {
                [] => "No changes detected".to_string(),
                [one] => format!("No changes detected in app '{one}'"),
                many => format!("No changes detected in apps '{}'", many.join("', '")),
            };
            job.log.line(vm, &text)?;
        }
        return Ok(());
    }
    if args.flag("update") {
        update(vm, &job, &project, changes)?;
    } else {
        write_files(vm, &job, &project, &changes, &IndexMap::new())?;
    }
    if check { Err(exit(vm, 1)) } else { Ok(()) }
}

/// Refuses databases whose histories contradict the files. Other databases than the usual one are
/// looked at only where routers may put something there.
fn histories(vm: &Vm, args: &Args) -> PyResult<()> {
    const COMMAND: &str = "django.core.management.commands.makemigrations";
    let connections = match &args.command {
        Some(_) => modules::find(vm, COMMAND, "connections")?,
        None => modules::find(vm, "django.db", "connections")?,
    };
    let mut aliases = vec!["default".to_string()];
    if !crate::db::router::is_empty() {
        aliases = py::list(vm, &connections)?
            .iter()
            .map(|a| py::to_string(vm, a))
            .collect::<PyResult<_>>()?;
        aliases.sort();
    }
    let loader = modules::find(vm, "django.db.migrations.loader", "MigrationLoader")?;
    let ignoring = [("ignore_no_migrations", py::bool(vm, true))];
    let loader = loader.call(py::with_kwargs(vec![vm.ctx.none()], &ignoring), vm)?;
    for alias in aliases {
        let connection = connections.get_item(alias.as_str(), vm)?;
        let settings = py::attr(vm, &connection, "settings_dict")?;
        let engine = py::to_string(vm, &settings.get_item("ENGINE", vm)?)?;
        if engine == "django.db.backends.dummy" || !holds_models(vm, &connection)? {
            continue;
        }
        let e = match py::call(vm, &loader, "check_consistent_history", vec![connection]) {
            Ok(_) => continue,
            Err(e) => e,
        };
        if !crate::error::is_a(vm, &e, "OperationalError") {
            return Err(e);
        }
        let text = format!(
            "Got an error checking a consistent migration history performed for database \
             connection '{alias}': {}",
            py::to_string(vm, e.as_object())?
        );
        let kind = vm.ctx.exceptions.runtime_warning.to_owned();
        let warn = vm.import("warnings", 0)?.get_attr("warn", vm)?;
        warn.call((text, kind), vm)?;
    }
    Ok(())
}

/// Do the routers let a database have any model?
fn holds_models(vm: &Vm, connection: &PyObjectRef) -> PyResult<bool> {
    let router = modules::find(vm, "django.db", "router")?;
    let registry = modules::find(vm, "django.apps", "apps")?;
    let alias = py::attr(vm, connection, "alias")?;
    for config in py::list(vm, &py::call(vm, &registry, "get_app_configs", vec![])?)? {
        let label = py::attr(vm, &config, "label")?;
        for model in py::list(vm, &py::call(vm, &config, "get_models", vec![])?)? {
            let name = py::attr(vm, &py::attr(vm, &model, "_meta")?, "object_name")?;
            let how = [("model_name", name)];
            let args = vec![alias.clone(), label.clone()];
            if py::call_kw(vm, &router, "allow_migrate", args, &how)?.is_true(vm)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// What a detector that somebody wrote finds. It answers as `MigrationAutodetector` does.
fn own_changes(
    vm: &Vm,
    class: PyObjectRef,
    labels: &[String],
) -> PyResult<IndexMap<String, Vec<Migration>>> {
    let loader = modules::find(vm, "django.db.migrations.loader", "MigrationLoader")?;
    let loader = loader.call((vm.ctx.none(),), vm)?;
    let state = modules::find(vm, "django.db.migrations.state", "ProjectState")?;
    let registry = modules::find(vm, "django.apps", "apps")?;
    let now = py::call(vm, &state, "from_apps", vec![registry])?;
    let written = py::call(vm, &loader, "project_state", vec![])?;
    let detector = class.call((written, now), vm)?;
    let some = labels.iter().map(|l| py::str(vm, l)).collect();
    let some: PyObjectRef = vm.ctx.new_list(some).into();
    let how = [
        ("graph", py::attr(vm, &loader, "graph")?),
        ("trim_to_apps", some.clone()),
        ("convert_apps", some),
        ("migration_name", vm.ctx.none()),
    ];
    let found = py::call_kw(vm, &detector, "changes", vec![], &how)?;
    let mut out = IndexMap::new();
    if !found.clone().is_true(vm)? {
        return Ok(out);
    }
    for app in py::list(vm, &found)? {
        let migrations = py::list(vm, &found.get_item(&*app, vm)?)?
            .iter()
            .map(|m| crate::migrations::loader::migration_of(vm, m))
            .collect::<PyResult<Vec<_>>>()?;
        out.insert(py::to_string(vm, &app)?, migrations);
    }
    Ok(out)
}

fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

/// `--empty`: a file for the user to fill.
fn empty(vm: &Vm, job: &Job<'_>, project: &Project) -> PyResult<()> {
    let labels = &job.args.positional;
    if labels.is_empty() {
        return Err(command_error(
            vm,
            "You must supply at least one app label when using --empty.",
        ));
    }
    let mut changes = IndexMap::new();
    for label in labels {
        let migration = project.empty(vm, label, job.args.value("name"))?;
        changes.insert(label.clone(), vec![migration]);
    }
    write_files(vm, job, project, &changes, &IndexMap::new())
}

/// Tells about migrations and writes their files. `previous`: files they take the place of.
pub fn write_files(
    vm: &Vm,
    job: &Job<'_>,
    project: &Project,
    changes: &IndexMap<String, Vec<Migration>>,
    previous: &IndexMap<String, String>,
) -> PyResult<()> {
    let verbosity = job.args.verbosity();
    let mut written = vec![];
    for (app, migrations) in changes {
        if verbosity >= 1 {
            job.log.line(vm, &format!("Migrations for '{app}':"))?;
        }
        for migration in migrations {
            let path = relative(vm, &project.place(vm, migration)?)?;
            if verbosity >= 1 {
                job.log.line(vm, &format!("  {path}"))?;
                for op in &migration.operations {
                    job.log.line(vm, &format!("    {}", describe(op)))?;
                }
                if job.args.flag("scriptable") {
                    job.out.line(vm, &path)?;
                }
            }
            if !job.dry_run {
                written.push(project.write(vm, migration, job.header())?);
                if let Some(old) = previous.get(app) {
                    let text = project.text(vm, migration, job.header())?;
                    let shown = relative(vm, old)?;
                    let line = if text.contains(crate::migrations::writer::TO_PORT) {
                        format!(
                            "Updated migration {path} requires manual porting.\nPrevious \
                             migration {shown} was kept and must be deleted after porting \
                             functions manually."
                        )
                    } else {
                        python::host::ask(|h| h.remove(old));
                        format!("Deleted {shown}")
                    };
                    job.log.line(vm, &line)?;
                }
            } else if verbosity == 3 {
                job.log.line(
                    vm,
                    &format!("Full migrations file '{}.py':", migration.name),
                )?;
                job.log
                    .line(vm, &project.text(vm, migration, job.header())?)?;
            }
        }
    }
    super::face::lay_out(vm, job.args, &written)
}

/// A path as seen from the project's folder, where `manage.py` would be.
pub fn relative(vm: &Vm, path: &str) -> PyResult<String> {
    let root = crate::migrations::loader::root(vm)?;
    let root = root.trim_end_matches('/');
    Ok(match path.strip_prefix(root) {
        Some(rest) => rest.trim_start_matches('/').to_string(),
        None => path.to_string(),
    })
}

/// `--update`: changes go into the newest migration of each app.
fn update(
    vm: &Vm,
    job: &Job<'_>,
    project: &Project,
    changes: IndexMap<String, Vec<Migration>>,
) -> PyResult<()> {
    let mut updated = IndexMap::new();
    let mut previous = IndexMap::new();
    for (app, migrations) in changes {
        let Some(leaf) = project.graph.leaf_nodes(Some(&app)).into_iter().next() else {
            return Err(command_error(
                vm,
                format!("App {app} has no migration, cannot update last migration."),
            ));
        };
        let mut last = (*project.graph.nodes[&leaf]).clone();
        let label = format!("{}.{}", leaf.0, leaf.1);
        if !last.replaces.is_empty() {
            return Err(command_error(
                vm,
                format!("Cannot update squash migration '{label}'."),
            ));
        }
        if project.applied.contains(&leaf) {
            return Err(command_error(
                vm,
                format!("Cannot update applied migration '{label}'."),
            ));
        }
        let depending: Vec<String> = project
            .loader
            .migrations
            .iter()
            .filter(|m| m.dependencies.iter().any(|d| d.key() == leaf))
            .map(|m| format!("'{}.{}'", m.app_label, m.name))
            .collect();
        if !depending.is_empty() {
            return Err(command_error(
                vm,
                format!(
                    "Cannot update migration '{label}' that migrations {} depend on.",
                    depending.join(", ")
                ),
            ));
        }
        for m in migrations {
            last.operations.extend(m.operations);
            for d in m.dependencies {
                if d.key().0 != app && !last.dependencies.contains(&d) {
                    last.dependencies.push(d);
                }
            }
        }
        last.operations = optimize(std::mem::take(&mut last.operations), &app);
        previous.insert(app.clone(), project.path(&last));
        let fragment = match job.args.value("name") {
            Some(n) => n.to_string(),
            None => last.suggest_name(&timestamp(vm, true).or_raise(vm)?),
        };
        let number: String = last.name.chars().take(4).collect();
        let suggested = format!("{number}_{fragment}");
        last.name = if last.name == suggested {
            format!("{}_updated", last.name)
        } else {
            suggested
        };
        updated.insert(app, vec![last]);
    }
    write_files(vm, job, project, &updated, &previous)
}
