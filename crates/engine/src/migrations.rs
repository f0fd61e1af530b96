//! Where the migrations stand, and what the models would change: for the page to show before
//! anything is done.
//!
//! ```text
//! migrations/0001_initial.py    Migration     operations with their SQL, applied or not
//! models.py, changed            MigrationFile what `makemigrations` would write
//! ```
use crate::questions::Asked;
use django::error::OrRaise;
use django::migrations::Project;
use django::migrations::project::{statements, timestamp};
use orm_migrations::autodetector::Options;
use protocol::report::{Answer, AppMigrations, Migration, MigrationFile, Migrations, Operation};
use rustpython_vm::{PyResult, VirtualMachine};

/// The database whose applied migrations are shown.
const ALIAS: &str = "default";

/// What `makemigrations` is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Answers to its questions.
    pub answers: &'a [Answer],
    /// A name for the file, else Django's own choice.
    pub name: Option<&'a str>,
    /// An empty migration for this app.
    pub empty: Option<&'a str>,
}

/// All apps' migrations; what goes wrong is part of the answer.
pub fn migrations(vm: &VirtualMachine, wanted: Wanted) -> Migrations {
    let mut out = Migrations::default();
    if let Err(e) = fill(vm, wanted, &mut out) {
        let failure = python::failure::describe(vm, &e);
        out.problem = Some(format!("{}: {}", failure.kind, failure.message));
    }
    out
}

fn fill(vm: &VirtualMachine, wanted: Wanted, out: &mut Migrations) -> PyResult<()> {
    let project = Project::load(vm, ALIAS)?;
    // Apps of Django's own have no files: their tables are simply made.
    for app in project.loader.apps.iter().filter(|a| a.package.is_some()) {
        out.apps.push(AppMigrations {
            app: app.label.clone(),
            migrated: app.migrated,
            applied: files(vm, &project, &app.label)?,
            pending: Vec::new(),
        });
    }
    let conflicts = project.graph.detect_conflicts();
    django::management::apps::refuse_conflicts(vm, &conflicts)?;
    pending(vm, &project, wanted, out)
}

/// The migrations of an app that have files, in the order they are applied.
fn files(vm: &VirtualMachine, project: &Project, label: &str) -> PyResult<Vec<Migration>> {
    let mut found = Vec::new();
    for key in project.graph.full_plan().or_raise(vm)? {
        let Some(migration) = project.graph.nodes.get(&key).filter(|_| key.0 == label) else {
            continue;
        };
        let sql = project.sqlmigrate(vm, &key, false).unwrap_or_default();
        found.push(Migration {
            name: key.1.clone(),
            file: project.path(migration),
            applied: project.applied.contains(&key),
            operations: operations(migration, &statements(migration, &sql)),
        });
    }
    Ok(found)
}

fn pending(
    vm: &VirtualMachine,
    project: &Project,
    wanted: Wanted,
    out: &mut Migrations,
) -> PyResult<()> {
    if let Some(label) = wanted.empty {
        let migration = project.empty(vm, label, wanted.name)?;
        let file = MigrationFile {
            name: migration.name.clone(),
            file: project.path(&migration),
            text: project.text(vm, &migration, true)?,
            operations: Vec::new(),
        };
        add(out, label, file);
        return Ok(());
    }
    let asked = Asked::new(wanted.answers);
    let options = Options {
        trim_to_apps: None,
        convert_apps: unmigrated(project),
        migration_name: wanted.name.map(str::to_owned),
        user_model: django::migrations::detector::user_model(vm)?,
        timestamp: timestamp(vm, true).or_raise(vm)?,
    };
    let found = project.pending(vm, &asked, &options)?;
    let (questions, needed, problem) = asked.left();
    out.questions = questions;
    out.problem = problem;
    if !needed {
        for file in found {
            let shown = MigrationFile {
                operations: operations(&file.migration, &file.sql),
                name: file.name,
                file: file.path,
                text: file.text,
            };
            add(out, &file.app_label, shown);
        }
    }
    Ok(())
}

fn add(out: &mut Migrations, label: &str, file: MigrationFile) {
    if let Some(app) = out.apps.iter_mut().find(|a| a.app == label) {
        app.pending.push(file);
    }
}

/// Apps that have models and no files yet, which they could have.
fn unmigrated(project: &Project) -> std::collections::BTreeSet<String> {
    let apps = project.loader.apps.iter();
    apps.filter(|a| !a.migrated && a.package.is_some())
        .map(|a| a.label.clone())
        .collect()
}

fn operations(migration: &orm_migrations::Migration, sql: &[Vec<String>]) -> Vec<Operation> {
    let said = migration.operations.iter().enumerate();
    said.map(|(index, operation)| Operation {
        symbol: operation.category_mark().to_string(),
        description: operation.describe(),
        sql: sql.get(index).cloned().unwrap_or_default(),
    })
    .collect()
}
