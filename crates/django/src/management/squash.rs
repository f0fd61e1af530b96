//! `manage.py squashmigrations`.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::optimize::PORTING;
use super::output::Output;
use super::{apps, command_error};
use crate::error::OrRaise;
use crate::migrations::Project;
use orm_migrations::optimizer::optimize;
use orm_migrations::{Dependency, Migration};
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "squashmigrations",
    positional: &[
        Positional::required("app_label"),
        Positional::optional("start_migration_name"),
        Positional::required("migration_name"),
    ],
    own: &[
        Opt::flag(&["--no-optimize"], "no_optimize"),
        Opt::no(&["--noinput", "--no-input"], "interactive"),
        Opt::value(&["--squashed-name"], "squashed_name"),
        Opt::no(&["--no-header"], "include_header"),
    ],
    handle,
};

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    let (app, start, name) = match args.positional.as_slice() {
        [app, name] => (app, None, name),
        [app, start, name] => (app, Some(start), name),
        _ => {
            return Err(command_error(
                vm,
                "squashmigrations takes an app label and a migration name.",
            ));
        }
    };
    let loud = args.verbosity() > 0;
    apps::require(vm, std::slice::from_ref(app))?;
    let project = Project::load(vm, "default")?;
    if !project.loader.app(app).is_some_and(|a| a.migrated) {
        return Err(command_error(
            vm,
            format!(
                "App '{app}' does not have migrations (so squashmigrations on it makes no sense)"
            ),
        ));
    }
    let key = apps::migration(vm, &project.loader, app, name, "")?;
    let plan = project.graph.forwards_plan(&key).or_raise(vm)?;
    let mut squashed: Vec<Migration> = plan
        .iter()
        .filter(|k| k.0 == *app)
        .filter_map(|k| project.loader.find(k).cloned())
        .collect();
    let mut start_name = None;
    if let Some(start) = start {
        let first = apps::migration(vm, &project.loader, app, start, "")?;
        match squashed.iter().position(|m| m.key() == first) {
            Some(at) => squashed = squashed.split_off(at),
            None => {
                return Err(command_error(
                    vm,
                    format!(
                        "The migration '{}.{}' cannot be found. Maybe it comes after the migration '{}.{}'?\nHave a \
                         look at:\n  python manage.py showmigrations {app}\nto debug this issue.",
                        first.0, first.1, key.0, key.1
                    ),
                ));
            }
        }
        start_name = Some(first.1);
    }
    let interactive = !args.flag("interactive");
    if loud || interactive {
        out.line(vm, "Will squash the following migrations:")?;
        for m in &squashed {
            out.line(vm, &format!(" - {}", m.name))?;
        }
        if interactive && !proceed(vm)? {
            return Ok(());
        }
    }
    let mut operations = vec![];
    let mut dependencies: Vec<Dependency> = vec![];
    for (i, m) in squashed.iter().enumerate() {
        operations.extend(m.operations.iter().cloned());
        for d in &m.dependencies {
            let outside = matches!(d, Dependency::Swappable { .. }) || d.key().0 != m.app_label;
            if (outside || i == 0) && !dependencies.contains(d) {
                dependencies.push(d.clone());
            }
        }
    }
    let before = operations.len();
    if args.flag("no_optimize") {
        if loud {
            out.line(vm, "(Skipping optimization.)")?;
        }
    } else {
        if loud {
            out.line(vm, "Optimizing...")?;
        }
        operations = optimize(operations, app);
        if loud {
            let after = operations.len();
            if after == before {
                out.line(vm, "  No optimizations possible.")?;
            } else {
                out.line(
                    vm,
                    &format!("  Optimized from {before} operations to {after} operations."),
                )?;
            }
        }
    }
    let given = args.value("squashed_name");
    let new_name = match (&start_name, given) {
        (Some(s), Some(g)) => format!("{}_{g}", s.split('_').next().unwrap_or_default()),
        (Some(s), None) => format!("{s}_squashed_{}", key.1),
        (None, Some(g)) => format!("0001_{g}"),
        (None, None) => format!("0001_squashed_{}", key.1),
    };
    let mut migration = Migration::new(app, &new_name);
    migration.initial = start_name.is_none().then_some(true);
    migration.dependencies = dependencies;
    migration.operations = operations;
    migration.replaces = squashed.iter().map(Migration::key).collect();
    if python::files::stat(&project.path(&migration)).is_some() {
        return Err(command_error(
            vm,
            format!("Migration {new_name} already exists. Use a different name."),
        ));
    }
    let header = !args.flag("include_header");
    let manual = project
        .text(vm, &migration, header)?
        .contains(crate::migrations::writer::TO_PORT);
    let path = project.write(vm, &migration, header)?;
    super::face::lay_out(vm, args, std::slice::from_ref(&path))?;
    if !loud {
        return Ok(());
    }
    out.line(
        vm,
        &format!(
            "Created new squashed migration {path}\n  You should commit this migration but leave the old ones in \
             place;\n  the new migration will be used for new installs. Once you are sure\n  all instances of the \
             codebase have applied the migrations you squashed,\n  you can delete them."
        ),
    )?;
    if manual {
        out.line(vm, &format!("{PORTING}squashed migration for details."))?;
    }
    Ok(())
}

fn proceed(vm: &Vm) -> PyResult<bool> {
    let input = vm.builtins.get_attr("input", vm)?;
    loop {
        let answer = input.call((vm.ctx.new_str("Do you wish to proceed? [y/N] "),), vm)?;
        let answer = answer.str(vm)?.to_string_lossy().to_lowercase();
        match answer.chars().next() {
            None | Some('n') => return Ok(false),
            Some('y') => return Ok(true),
            _ => {}
        }
    }
}
