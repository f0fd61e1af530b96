//! The engine: one interpreter, one project after the other.
use crate::load::{self, Place};
use crate::migrations::Wanted;
use crate::reuse::{changes_more_than_rows, key};
use crate::run::{self, Ran};
use crate::snapshot::{self, Snapshot};
use crate::stages::{Stages, diagnostic, phase};
use crate::test::{self, Tested};
use crate::warming::Warming;
use crate::watch::Watch;
use crate::world::World;
use crate::{begin, database, dialect, migrate, migrations};
use django::queries::origins;
use orm_sql::connection::Connection;
use orm_sql::origin;
use orm_sqlite::SqliteConnection;
use protocol::message::Limits;
use protocol::report::{
    Diagnostic, EngineInfo, Migrations, Outcome, Output, Phase, PhaseName, REPORT_FORMAT, Report,
    RowsPage, Totals,
};
use protocol::{File, Project, Report as Said};
use python::host::{Host, MemoryFiles};
use python::{Failure, Runtime, runtime};
use rustpython_vm::{PyResult, VirtualMachine};
use std::rc::Rc;

/// Hears which line runs.
pub type Observer<'a> = &'a mut dyn FnMut(&str, u32);

/// Why something could not be answered.
pub type Failed = String;

/// One interpreter and what it last prepared.
pub struct Engine {
    runtime: Runtime,
    world: Rc<World>,
    prepared: Option<Prepared>,
    warming: Warming,
}

/// A project up to its seeded databases.
struct Prepared {
    /// Of everything that came before the script.
    key: u64,
    snapshot: Snapshot,
    phases: Vec<Phase>,
    diagnostics: Vec<Diagnostic>,
    output: Vec<Output>,
    migrations: Migrations,
    /// How many calls were made that asked for SQL.
    calls: usize,
    /// Whether the script may have changed more than the databases.
    touched: bool,
}

impl Engine {
    /// Starts an interpreter that reaches the world through a host.
    pub fn new(host: Rc<dyn Host>) -> Result<Self, Failed> {
        let world = World::new(host);
        let runtime = Runtime::new(world.clone(), |vm| {
            django::install(vm)?;
            runtime::set_path(vm, &[""])
        })
        .map_err(|failure| failure.traceback)?;
        Ok(Engine {
            runtime,
            world,
            prepared: None,
            warming: Warming::default(),
        })
    }

    /// Who makes the reports.
    pub fn info() -> EngineInfo {
        let (major, minor, patch) = SqliteConnection::version();
        EngineInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            django: "6.1".to_owned(),
            python: "3.14".to_owned(),
            sqlite: format!("{major}.{minor}.{patch}"),
        }
    }

    /// Runs a project for its report.
    pub fn run(&mut self, project: &Project, limits: Limits, line: Observer) -> Report {
        let report = self.run_once(project, limits, line);
        self.warming.note(project, limits, &report);
        report
    }

    /// Runs the last project once more, for nobody: what an edit needs is then compiled by the
    /// time somebody edits, where machine code is made of what is often called, as in a browser.
    /// Nothing of it is seen afterwards. Whether it is worth being called again; to be called
    /// while nothing else is asked for.
    pub fn warm(&mut self) -> bool {
        let Some((project, limits)) = self.warming.next() else {
            return false;
        };
        let shown = self.runtime.enter(snapshot::take);
        let kept = self.prepared.take();
        let report = self.run_once(&project, limits, &mut |_, _| {});
        self.prepared = self.prepared.take().zip(kept).map(|(anew, kept)| Prepared {
            calls: anew.calls,
            touched: anew.touched,
            ..kept
        });
        if let Ok(shown) = shown {
            let _ = self.runtime.enter(|vm| snapshot::restore(vm, &shown));
        }
        self.warming.again(project, limits, &report)
    }

    fn run_once(&mut self, project: &Project, limits: Limits, line: Observer) -> Report {
        let begun = self.world.milliseconds();
        let watch = Watch::new(self.runtime.stopper(), limits.millis);
        let mut report = Report {
            format: REPORT_FORMAT,
            engine: Self::info(),
            dialect: project.dialect,
            ..Report::default()
        };
        if let Some(refused) = dialect::refusal(project) {
            report
                .phases
                .push(phase(PhaseName::Load, Outcome::Failed, 0.0));
            report
                .diagnostics
                .push(diagnostic(PhaseName::Load, refused));
            return report;
        }
        self.world.keep_output(limits.output as usize);
        let tracing = Tracing::begin();
        if self.prepare(project, &mut report, line) {
            self.script(project, limits, &mut report, line);
        }
        drop(tracing);
        drop(watch);
        self.runtime.enter(|vm| {
            report.databases = database::databases(vm).unwrap_or_default();
            django::db::take_log();
        });
        report.totals = totals(&report, self.world.milliseconds() - begun);
        report
    }

    /// Runs a project as `manage.py shell < queries.py` would, output as it comes.
    pub fn shell(&mut self, project: &Project) -> Result<(), Failure> {
        if let Some(refused) = dialect::refusal(project) {
            return Err(refused);
        }
        self.world.let_output_through();
        let world = self.world.clone();
        world.set_files(files_of(project));
        self.prepared = None;
        self.runtime.enter(|vm| {
            let described = |e| python::failure::describe(vm, &e);
            begin::begin(vm).map_err(described)?;
            load::load(vm, &load::paths(project), "", Place::Memory).map_err(described)?;
            migrate::migrate(vm, project).map_err(described)?;
            for file in ["seed.py", project.script()] {
                let Some(source) = project.read(file) else {
                    continue;
                };
                forget_queries(vm).map_err(described)?;
                let globals = run::namespace(vm).map_err(described)?;
                runtime::run(vm, &globals, file, source)?;
            }
            Ok(())
        })
    }

    /// Where a project's migrations stand, with the file that is wanted.
    pub fn make_migrations(
        &mut self,
        project: &Project,
        wanted: Wanted,
    ) -> Result<Migrations, Failed> {
        let known = self
            .prepared
            .as_ref()
            .is_some_and(|p| p.key == key(project));
        if !known && !self.prepare(project, &mut Report::default(), &mut |_, _| {}) {
            return Err("The project cannot be loaded and migrated; its report says why.".into());
        }
        Ok(self.runtime.enter(|vm| migrations::migrations(vm, wanted)))
    }

    /// Some rows of a table, as the last run left it.
    pub fn rows(
        &self,
        alias: &str,
        table: &str,
        offset: u64,
        limit: u32,
    ) -> Result<RowsPage, Failed> {
        let connection = self.connection(alias)?;
        database::rows(&connection, alias, table, offset, limit).map_err(|e| e.to_string())
    }

    /// A database as the last run left it, in SQLite's file format.
    pub fn export(&self, alias: &str) -> Result<Vec<u8>, Failed> {
        self.connection(alias)?
            .serialize()
            .map_err(|e| e.to_string())
    }

    /// Runs `django.test` cases of some files.
    pub fn test(&mut self, files: &[File], labels: &[String]) -> Result<Tested, Failed> {
        self.prepared = None;
        let files = files.iter().map(|f| (f.path.clone(), f.text.clone()));
        self.world.set_files(MemoryFiles(files.collect()));
        self.world.keep_output(1 << 20);
        let tested = self.runtime.enter(|vm| test::test(vm, labels));
        let printed = test::printed(self.world.take_output());
        let mut tested = tested.map_err(|failure| failure.traceback)?;
        tested.output.push_str(&printed);
        Ok(tested)
    }

    /// Does something inside the interpreter.
    pub fn enter<T>(&self, f: impl FnOnce(&VirtualMachine) -> T) -> T {
        self.runtime.enter(f)
    }

    /// Something that stops what runs, from another thread.
    pub fn stopper(&self) -> python::runtime::Stopper {
        self.runtime.stopper()
    }

    /// Lets printed text through as it comes, instead of keeping it.
    pub fn let_output_through(&self) {
        self.world.let_output_through();
    }

    /// Loads a project's settings and models from the host's own files below a folder.
    pub fn open(&mut self, files: &[&str], root: &str, place: Place) -> Result<(), Failure> {
        self.prepared = None;
        self.runtime.enter(|vm| {
            begin::begin(vm)
                .and_then(|()| runtime::set_path(vm, &[root]))
                .and_then(|()| load::load(vm, files, root, place))
                .map_err(|e| python::failure::describe(vm, &e))
        })
    }

    /// Makes the tables of the project that was opened, as `migrate --run-syncdb` does.
    pub fn migrate(&self, project: &Project) -> Result<(), Failure> {
        self.runtime.enter(|vm| {
            migrate::migrate(vm, project).map_err(|e| python::failure::describe(vm, &e))
        })
    }

    /// Runs a management command on the project that was opened; its exit status.
    pub fn manage(&self, command: &[String]) -> Result<u8, Failure> {
        self.runtime.enter(|vm| {
            crate::manage::manage(vm, command).map_err(|e| python::failure::describe(vm, &e))
        })
    }

    fn connection(&self, alias: &str) -> Result<SqliteConnection, Failed> {
        self.runtime.enter(|vm| {
            django::db::database(vm, alias)
                .and_then(|d| d.sqlite(vm))
                .map_err(|e| python::failure::describe(vm, &e).message)
        })
    }

    /// Everything before the script; false if that failed.
    fn prepare(&mut self, project: &Project, report: &mut Report, line: Observer) -> bool {
        let key = key(project);
        self.world.set_files(files_of(project));
        if let Some(prepared) = self.prepared.take_if(|p| p.key != key || p.touched) {
            let same = (prepared.key == key).then(|| {
                report.migrations = prepared.migrations;
                prepared.snapshot
            });
            return self.prepare_anew(project, key, same, report, line);
        }
        if let Some(prepared) = &self.prepared {
            let restored = self
                .runtime
                .enter(|vm| snapshot::restore(vm, &prepared.snapshot));
            if restored.is_ok() {
                report.phases = prepared.phases.clone();
                for phase in &mut report.phases {
                    phase.millis = 0.0;
                    if phase.outcome == Outcome::Done {
                        phase.outcome = Outcome::Reused;
                    }
                }
                report.diagnostics = prepared.diagnostics.clone();
                report.output = prepared.output.clone();
                report.migrations = prepared.migrations.clone();
                return true;
            }
        }
        self.prepare_anew(project, key, None, report, line)
    }

    fn prepare_anew(
        &mut self,
        project: &Project,
        key: u64,
        same: Option<Snapshot>,
        report: &mut Report,
        line: Observer,
    ) -> bool {
        self.prepared = None;
        origins::keep_first(0);
        let world = self.world.clone();
        let taken = self.runtime.enter(|vm| {
            let stages = Stages {
                vm,
                world: &world,
                project,
            };
            stages.all(same, report, line)
        });
        report.output = world.take_output();
        let Some(snapshot) = taken else {
            return false;
        };
        self.prepared = Some(Prepared {
            key,
            snapshot,
            phases: report.phases.clone(),
            diagnostics: report.diagnostics.clone(),
            output: report.output.clone(),
            migrations: report.migrations.clone(),
            calls: origins::count(),
            touched: false,
        });
        true
    }

    fn script(&mut self, project: &Project, limits: Limits, report: &mut Report, line: Observer) {
        let file = project.script();
        let Some(source) = project.read(file) else {
            report
                .phases
                .push(phase(PhaseName::Run, Outcome::Skipped, 0.0));
            return;
        };
        if let Some(prepared) = &mut self.prepared {
            prepared.touched = changes_more_than_rows(project, source);
            // What earlier runs of the script called is forgotten.
            origins::keep_first(prepared.calls);
        }
        let world = self.world.clone();
        let begun = world.milliseconds();
        let Ran { cards, failure } = self.runtime.enter(|vm| {
            django::db::take_log();
            let _ = forget_queries(vm);
            run::run(vm, &world, file, source, limits.rows as usize, line)
        });
        let outcome = match &failure {
            None => Outcome::Done,
            Some(f) if f.kind == "KeyboardInterrupt" => Outcome::Stopped,
            Some(_) => Outcome::Failed,
        };
        report.cards = cards;
        report.output.extend(world.take_output());
        report
            .diagnostics
            .extend(failure.map(|f| diagnostic(PhaseName::Run, f)));
        let millis = world.milliseconds() - begun;
        report.phases.push(phase(PhaseName::Run, outcome, millis));
    }
}

/// The ORM remembers which call asked for what, as long as this lives.
struct Tracing;

impl Tracing {
    fn begin() -> Self {
        origin::trace(true);
        Tracing
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        origin::trace(false);
    }
}

fn totals(report: &Said, millis: f64) -> Totals {
    let queries = || {
        report
            .cards
            .iter()
            .flat_map(|c| &c.queries)
            .filter(|q| !q.not_run)
    };
    Totals {
        millis,
        database_millis: queries().fold(0.0, |sum, q| sum + q.millis),
        queries: u32::try_from(queries().count()).unwrap_or(u32::MAX),
        rows: queries().map(|q| q.rows).sum(),
    }
}

fn files_of(project: &Project) -> MemoryFiles {
    let files = project.files.iter();
    MemoryFiles(files.map(|f| (f.path.clone(), f.text.clone())).collect())
}

/// `connection.queries` starts empty.
fn forget_queries(vm: &VirtualMachine) -> PyResult<()> {
    for alias in django::db::registry::aliases() {
        django::db::database(vm, &alias)?.forget_queries();
        django::db::features::forget(vm, &alias)?;
    }
    Ok(())
}
