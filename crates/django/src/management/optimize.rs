//! `manage.py optimizemigration`.
use super::args::Args;
use super::command::{Command, Opt, Positional};
use super::output::Output;
use super::{apps, command_error, exit};
use crate::migrations::Project;
use orm_migrations::Migration;
use orm_migrations::optimizer::optimize;
use rustpython_vm::{PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub const COMMAND: Command = Command {
    name: "optimizemigration",
    positional: &[
        Positional::required("app_label"),
        Positional::required("migration_name"),
    ],
    own: &[Opt::flag(&["--check"], "check")],
    handle,
};

/// What is said where functions of migrations have to be moved by hand.
pub const PORTING: &str = "Manual porting required\n  Your migrations contained functions that must be manually copied \
                           over,\n  as we could not safely copy their implementation.\n  See the comment at the top \
                           of the ";

fn handle(vm: &Vm, args: &Args, out: &Output) -> PyResult<()> {
    let [app, name] = args.positional.as_slice() else {
        return Err(command_error(
            vm,
            "optimizemigration takes an app label and a migration name.",
        ));
    };
    let loud = args.verbosity() > 0;
    apps::require(vm, std::slice::from_ref(app))?;
    let project = Project::load(vm, "default")?;
    if !project.loader.app(app).is_some_and(|a| a.migrated) {
        return Err(command_error(
            vm,
            format!("App '{app}' does not have migrations."),
        ));
    }
    let key = apps::migration(vm, &project.loader, app, name, "")?;
    let Some(found) = project.loader.find(&key) else {
        return Ok(());
    };
    let mut migration = found.clone();
    let before = migration.operations.len();
    migration.operations = optimize(std::mem::take(&mut migration.operations), app);
    if migration.operations.len() == before {
        return if loud {
            out.line(vm, "No optimizations possible.")
        } else {
            Ok(())
        };
    }
    if loud {
        let after = migration.operations.len();
        out.line(
            vm,
            &format!("Optimizing from {before} operations to {after} operations."),
        )?;
    }
    if args.flag("check") {
        return Err(exit(vm, 1));
    }
    if project
        .text(vm, &migration, true)?
        .contains("# Functions from the following migrations")
    {
        if !migration.replaces.is_empty() {
            return Err(command_error(
                vm,
                "Migration will require manual porting but is already a squashed migration.\nTransition to a normal \
                 migration first: https://docs.djangoproject.com/en/6.1/topics/migrations/#squashing-migrations",
            ));
        }
        let mut other = Migration::new(app, &format!("{}_optimized", migration.name));
        other.dependencies = migration.dependencies.clone();
        other.operations = migration.operations.clone();
        other.replaces = vec![migration.key()];
        migration = other;
        if loud {
            out.line(vm, &format!("{PORTING}optimized migration for details."))?;
        }
    }
    let path = project.write(vm, &migration, true)?;
    super::face::lay_out(vm, args, std::slice::from_ref(&path))?;
    if loud {
        out.line(vm, &format!("Optimized migration {path}"))
    } else {
        Ok(())
    }
}
