//! `manage.py migrate`.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use super::{apps, command_error, exit, signals};
use crate::convert::{PyObj, to_py};
use crate::error::OrRaise;
use crate::migrations::Project;
use crate::migrations::project::Progress;
use orm_migrations::autodetector::Options;
use orm_migrations::executor::Step;
use orm_migrations::graph::Key;
use orm_migrations::{Operation, recorder};
use orm_state::Value;
use rustpython_vm::{PyResult, VirtualMachine};

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

type Targets = Vec<(String, Option<String>)>;

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    super::check::require(vm, args, out)?;
    let mut project = Project::load(vm, args.database())?;
    apps::consistent(vm, &project)?;
    apps::refuse_conflicts(vm, &project.graph.detect_conflicts())?;
    let app = args.positional.first().cloned();
    let targets = targets(vm, args, &project, app.as_deref())?;
    let verbosity = args.verbosity();
    if args.flag("prune") {
        return prune(vm, args, &project, app.as_deref(), out);
    }
    let plan = project.plan(vm, &targets)?;
    if args.flag("plan") {
        show_plan(vm, &plan, out)?;
        return if args.flag("check_unapplied") && !plan.is_empty() {
            Err(exit(vm, 1))
        } else {
            Ok(())
        };
    }
    if args.flag("check_unapplied") {
        return if plan.is_empty() {
            Ok(())
        } else {
            Err(exit(vm, 1))
        };
    }
    let unmigrated = project.loader.unmigrated();
    let sync = args.flag("run_syncdb") && !unmigrated.is_empty();
    if verbosity >= 1 {
        tell_targets(
            vm,
            args,
            &targets,
            sync.then_some(&unmigrated),
            app.as_deref(),
            out,
        )?;
    }
    let before = project.applied_state().or_raise(vm)?;
    signals::send(
        vm,
        "pre_migrate",
        Some(&before),
        &plan,
        verbosity,
        args.database(),
        out,
    )?;
    let plan = signals::heeded(vm, plan)?;
    // Django's own apps have no files here: their tables are made like those of unmigrated apps.
    let own: Vec<String> = unmigrated
        .iter()
        .filter(|l| is_contrib(vm, l))
        .cloned()
        .collect();
    if sync {
        let labels = match &app {
            Some(a) => vec![a.clone()],
            None => unmigrated.clone(),
        };
        if verbosity >= 1 {
            out.line(vm, "Synchronizing apps without migrations:")?;
            out.line(vm, "  Creating tables...")?;
        }
        let mut made = vec![];
        project.sync_apps(vm, &labels, |t| made.push(t.to_string()))?;
        if verbosity >= 1 {
            for table in made {
                out.line(vm, &format!("    Creating table {table}"))?;
            }
            out.line(vm, "    Running deferred SQL...")?;
        }
    } else if !own.is_empty() {
        project.sync_apps(vm, &own, |_| {})?;
    }
    if verbosity >= 1 {
        out.line(vm, "Running migrations:")?;
        if plan.is_empty() {
            out.line(vm, "  No migrations to apply.")?;
            notice(vm, &project, out)?;
        }
    }
    let fake = args.flag("fake");
    project.migrate(vm, &plan, fake, &mut |progress| {
        if verbosity < 1 {
            return Ok(());
        }
        let label = |s: &Step| format!("{}.{}", s.migration.app_label, s.migration.name);
        match progress {
            Progress::RenderStart => out.write(vm, "  Rendering model states..."),
            Progress::RenderSuccess => out.line(vm, " DONE"),
            Progress::Start(s) => {
                let verb = if s.backwards {
                    "Unapplying"
                } else {
                    "Applying"
                };
                out.write(vm, &format!("  {verb} {}...", label(s)))
            }
            Progress::Success(_) => out.line(vm, if fake { " FAKED" } else { " OK" }),
        }
    })?;
    // Once everything is applied, the models are those of the project, with those of the apps
    // that have no migrations.
    let after = match project.plan(vm, &project.leaves())?.is_empty() {
        true => None,
        false => Some(project.applied_state().or_raise(vm)?),
    };
    signals::send(
        vm,
        "post_migrate",
        after.as_ref(),
        &plan,
        verbosity,
        args.database(),
        out,
    )
}

fn is_contrib(vm: &Vm, label: &str) -> bool {
    let found = crate::modules::find(vm, "django.apps", "apps")
        .and_then(|a| vm.call_method(&a, "get_app_config", (vm.ctx.new_str(label),)))
        .and_then(|c| c.get_attr("name", vm))
        .and_then(|n| n.str(vm).map(|s| s.to_string_lossy().into_owned()));
    found.is_ok_and(|n| n.starts_with("django."))
}

fn targets(vm: &Vm, args: &Args, project: &Project, app: Option<&str>) -> PyResult<Targets> {
    let Some(app) = app else {
        return Ok(project.leaves());
    };
    apps::require(vm, &[app.to_string()])?;
    let migrated = project.loader.app(app).is_some_and(|a| a.migrated);
    if args.flag("run_syncdb") {
        if migrated {
            return Err(command_error(
                vm,
                format!("Can't use run_syncdb with app '{app}' as it has migrations."),
            ));
        }
    } else if !migrated {
        return Err(command_error(
            vm,
            format!("App '{app}' does not have migrations."),
        ));
    }
    Ok(match args.positional.get(1).map(String::as_str) {
        Some("zero") => vec![(app.to_string(), None)],
        Some(prefix) => {
            let (app, name) = apps::migration(vm, &project.loader, app, prefix, "")?;
            vec![(app, Some(name))]
        }
        None => project
            .leaves()
            .into_iter()
            .filter(|(a, _)| a == app)
            .collect(),
    })
}

fn tell_targets(
    vm: &Vm,
    args: &Args,
    targets: &Targets,
    sync: Option<&Vec<String>>,
    app: Option<&str>,
    out: &Output,
) -> PyResult<()> {
    out.line(vm, "Operations to perform:")?;
    if let Some(labels) = sync {
        match app {
            Some(a) => out.line(vm, &format!("  Synchronize unmigrated app: {a}"))?,
            None => {
                let mut labels = labels.clone();
                labels.sort();
                out.line(
                    vm,
                    &format!("  Synchronize unmigrated apps: {}", labels.join(", ")),
                )?;
            }
        }
    }
    if args.positional.len() < 2 {
        let mut names: Vec<&str> = targets.iter().map(|(a, _)| a.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let text = if names.is_empty() {
            "(none)".into()
        } else {
            names.join(", ")
        };
        return out.line(vm, &format!("  Apply all migrations: {text}"));
    }
    match &targets[..] {
        [(app, None), ..] => out.line(vm, &format!("  Unapply all migrations: {app}")),
        [(app, Some(name)), ..] => out.line(
            vm,
            &format!("  Target specific migration: {name}, from {app}"),
        ),
        [] => Ok(()),
    }
}

/// Models that changed since the last migration.
fn notice(vm: &Vm, project: &Project, out: &Output) -> PyResult<()> {
    let changes = project.changes(vm, &Silent, &Options::default())?;
    if changes.is_empty() {
        return Ok(());
    }
    let mut names: Vec<String> = changes.keys().map(|a| format!("'{a}'")).collect();
    names.sort();
    out.line(
        vm,
        &format!(
            "  Your models in app(s): {} have changes that are not yet reflected in a migration, and so won't be \
             applied.",
            names.join(", ")
        ),
    )?;
    out.line(
        vm,
        "  Run 'manage.py makemigrations' to make new migrations, and then re-run 'manage.py migrate' to apply them.",
    )
}

/// Django's plain questioner: no to everything.
struct Silent;

impl orm_migrations::Questioner for Silent {}

fn show_plan(vm: &Vm, plan: &[Step], out: &Output) -> PyResult<()> {
    out.line(vm, "Planned operations:")?;
    if plan.is_empty() {
        return out.line(vm, "  No planned migration operations.");
    }
    for step in plan {
        out.line(
            vm,
            &format!("{}.{}", step.migration.app_label, step.migration.name),
        )?;
        for op in &step.migration.operations {
            out.line(vm, &format!("    {}", planned(vm, op, step.backwards)?))?;
        }
    }
    Ok(())
}

/// One operation of a plan, with its code's documentation or its SQL.
fn planned(vm: &Vm, op: &Operation, backwards: bool) -> PyResult<String> {
    let text = |v: &Value| v.to_str().replace('\n', "");
    let mut prefix = "";
    let action: Option<String> = match op {
        Operation::RunSql(r) if backwards => r.reverse_sql.as_ref().map(text),
        Operation::RunSql(r) => Some(text(&r.sql)),
        Operation::Custom(c) => {
            let object = c.object();
            let object = object.as_any().downcast_ref::<PyObj>().map(|o| o.0.clone());
            let code = match object {
                Some(o) => {
                    let name = if backwards { "reverse_code" } else { "code" };
                    vm.get_attribute_opt(&o, vm.ctx.intern_str(name))?
                }
                None => None,
            };
            match code {
                Some(f) if vm.is_none(&f) => None,
                Some(f) => {
                    let doc = f.get_attr("__doc__", vm)?;
                    if vm.is_none(&doc) {
                        Some(String::new())
                    } else {
                        Some(doc.str(vm)?.to_string_lossy().replace('\n', ""))
                    }
                }
                None => {
                    prefix = if backwards { "Undo " } else { "" };
                    Some(String::new())
                }
            }
        }
        _ => {
            prefix = if backwards { "Undo " } else { "" };
            Some(String::new())
        }
    };
    let action = match action {
        Some(a) if a.is_empty() => a,
        Some(a) => format!(" -> {a}"),
        None if backwards => " -> IRREVERSIBLE".into(),
        None => String::new(),
    };
    let shown = if action.chars().count() > 40 {
        action.chars().take(39).collect::<String>() + "\u{2026}"
    } else {
        action
    };
    Ok(format!("{prefix}{}{shown}", op.describe()))
}

/// `--prune`: forgets applied migrations that no longer exist.
fn prune(vm: &Vm, args: &Args, project: &Project, app: Option<&str>, out: &Output) -> PyResult<()> {
    let Some(app) = app else {
        return Err(command_error(
            vm,
            "Migrations can be pruned only when an app is specified.",
        ));
    };
    let loud = args.verbosity() > 0;
    if loud {
        out.line(vm, "Pruning migrations:")?;
    }
    let mut gone: Vec<Key> = project
        .recorded
        .iter()
        .filter(|k| k.0 == app && project.loader.find(k).is_none())
        .cloned()
        .collect();
    gone.sort();
    let squashed: Vec<String> = project
        .loader
        .migrations
        .iter()
        .filter(|m| m.replaces.iter().any(|r| gone.contains(r)))
        .map(|m| format!("{}.{}", m.app_label, m.name))
        .collect();
    if !squashed.is_empty() {
        out.line(
            vm,
            "  Cannot use --prune because the following squashed migrations have their 'replaces' attributes and may \
             not be recorded as applied:",
        )?;
        for name in squashed {
            out.line(vm, &format!("    {name}"))?;
        }
        return out.line(
            vm,
            "  Re-run 'manage.py migrate' if they are not marked as applied, and remove 'replaces' attributes in \
             their Migration classes.",
        );
    }
    if gone.is_empty() && loud {
        out.line(vm, "  No migrations to prune.")?;
    }
    let connection = crate::db::database(vm, args.database())?.sqlite(vm)?;
    for key in gone {
        if loud {
            out.write(vm, &format!("  Pruning {}.{}", key.0, key.1))?;
        }
        recorder::record_unapplied(&connection, &key).or_raise(vm)?;
        if loud {
            out.line(vm, " OK")?;
        }
    }
    Ok(())
}

/// A value of an operation for Python.
pub fn shown(vm: &Vm, value: &Value) -> PyResult {
    to_py(vm, value)
}
