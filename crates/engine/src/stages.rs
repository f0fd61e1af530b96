//! The stages before the script: models loaded and checked, tables made, rows seeded.
use crate::engine::Observer;
use crate::load::{self, Place};
use crate::migrations::Wanted;
use crate::snapshot::{self, Snapshot};
use crate::world::World;
use crate::{begin, check, migrate, migrations, run, trace};
use protocol::Project;
use protocol::report::{
    Diagnostic, Migrations, Outcome, Phase, PhaseName, QueryRecord, Report, Severity, SourceRange,
};
use python::{Failure, runtime};
use rustpython_vm::{PyResult, VirtualMachine};

/// The stages before the script, one after the other.
pub struct Stages<'a> {
    pub vm: &'a VirtualMachine,
    pub world: &'a World,
    pub project: &'a Project,
}

impl Stages<'_> {
    /// All of them; the databases as the script finds them, or nothing if a stage failed. `same`
    /// are the databases of the same project, made before: then only the models are loaded anew.
    pub fn all(
        &self,
        same: Option<Snapshot>,
        report: &mut Report,
        line: Observer,
    ) -> Option<Snapshot> {
        let (vm, project) = (self.vm, self.project);
        self.stage(PhaseName::Load, report, |_| {
            begin::begin(vm)?;
            runtime::set_path(vm, &[""])?;
            load::load(vm, &load::paths(project), "", Place::Memory)
        })
        .or_else(|| {
            report.migrations = Migrations {
                problem: Some("The models could not be loaded.".to_owned()),
                ..Migrations::default()
            };
            None
        })?;
        self.stage(PhaseName::Check, report, |report| {
            report.diagnostics.extend(check::check(vm, project)?);
            Ok(())
        })?;
        let wrong = |d: &Diagnostic| d.severity == Severity::Error;
        if report.diagnostics.iter().any(wrong) {
            if let Some(last) = report.phases.last_mut() {
                last.outcome = Outcome::Failed;
            }
            return None;
        }
        if let Some(snapshot) = same {
            snapshot::restore(vm, &snapshot).ok()?;
            report
                .phases
                .push(phase(PhaseName::Migrate, Outcome::Reused, 0.0));
            report
                .phases
                .push(phase(PhaseName::Seed, Outcome::Reused, 0.0));
            return Some(snapshot);
        }
        let migrated = self.stage(PhaseName::Migrate, report, |_| {
            migrate::migrate(vm, project)
        });
        report.migrations = migrations::migrations(vm, Wanted::default());
        migrated?;
        self.seed(report, line)?;
        snapshot::take(vm).ok()
    }

    fn stage(
        &self,
        name: PhaseName,
        report: &mut Report,
        work: impl FnOnce(&mut Report) -> PyResult<()>,
    ) -> Option<()> {
        let begun = self.world.milliseconds();
        django::db::take_log();
        let done = work(report);
        let millis = self.world.milliseconds() - begun;
        self.ended(
            name,
            report,
            millis,
            done.map_err(|e| python::failure::describe(self.vm, &e)),
        )
    }

    fn seed(&self, report: &mut Report, line: Observer) -> Option<()> {
        let Some(source) = self.project.read("seed.py") else {
            report
                .phases
                .push(phase(PhaseName::Seed, Outcome::Skipped, 0.0));
            return Some(());
        };
        line("seed.py", 1);
        self.world.at("seed.py", 0);
        let begun = self.world.milliseconds();
        django::db::take_log();
        let done = run::namespace(self.vm)
            .map_err(|e| python::failure::describe(self.vm, &e))
            .and_then(|globals| runtime::run(self.vm, &globals, "seed.py", source));
        let millis = self.world.milliseconds() - begun;
        self.ended(PhaseName::Seed, report, millis, done)
    }

    fn ended(
        &self,
        name: PhaseName,
        report: &mut Report,
        millis: f64,
        done: Result<(), Failure>,
    ) -> Option<()> {
        let outcome = match &done {
            Ok(()) => Outcome::Done,
            Err(f) if f.kind == "KeyboardInterrupt" => Outcome::Stopped,
            Err(_) => Outcome::Failed,
        };
        let queries: Vec<QueryRecord> = trace::take(self.vm, self.world, &SourceRange::default());
        report.phases.push(Phase {
            queries,
            ..phase(name, outcome, millis)
        });
        match done {
            Ok(()) => Some(()),
            Err(failure) => {
                report.diagnostics.push(diagnostic(name, failure));
                None
            }
        }
    }
}

/// How a phase without queries went.
pub fn phase(name: PhaseName, outcome: Outcome, millis: f64) -> Phase {
    Phase {
        name,
        outcome,
        millis,
        queries: Vec::new(),
    }
}

/// What ended a phase, for the report.
pub fn diagnostic(phase: PhaseName, failure: Failure) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        phase: Some(phase),
        file: failure.file,
        line: failure.line,
        column: failure.column,
        end_line: failure.end_line,
        end_column: failure.end_column,
        kind: failure.kind,
        message: failure.message,
        hint: String::new(),
        traceback: failure.traceback,
    }
}
