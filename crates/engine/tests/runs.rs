//! One engine, many runs: what a run leaves behind never reaches the next.
use ormscope_engine::{Engine, FileError, Host, Kind, Stream};
use protocol::message::Limits;
use protocol::report::{Outcome, PhaseName, Value};
use protocol::{Project, Report};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

/// A world without files whose clock moves a little whenever it is read.
#[derive(Default)]
struct Nowhere(Cell<u64>);

impl Host for Nowhere {
    fn wall_clock(&self) -> Duration {
        Duration::from_secs(1_772_368_245)
    }
    fn monotonic(&self) -> Duration {
        self.0.set(self.0.get() + 1);
        Duration::from_micros(self.0.get())
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn write(&self, _stream: Stream, _text: &str) {}
    fn stat(&self, _path: &str) -> Option<Kind> {
        None
    }
    fn read(&self, _path: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::not_found())
    }
    fn list(&self, _path: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::not_found())
    }
}

const MODELS: &str = "from django.db import models\n\n\nclass Book(models.Model):\n    title = models.CharField(max_length=50)\n";

fn project(models: &str, queries: &str) -> Project {
    let mut project = Project::default();
    project.write("models.py", models);
    project.write(
        "seed.py",
        "from models import Book\nBook.objects.create(title='Sea')\n",
    );
    project.write("queries.py", queries);
    project
}

fn engine() -> Engine {
    match Engine::new(Rc::new(Nowhere::default())) {
        Ok(engine) => engine,
        Err(why) => panic!("{why}"),
    }
}

fn run(engine: &mut Engine, models: &str, queries: &str) -> Report {
    let project = project(models, queries);
    engine.run(&project, Limits::default(), &mut |_, _| {})
}

#[test]
fn a_card_for_every_statement_worth_looking_at() {
    let mut engine = engine();
    let script = "books = Book.objects.all()\nbooks\nprint('x')\n1 / 0\nbooks\n";
    let report = run(&mut engine, MODELS, script);
    let lines: Vec<u32> = report.cards.iter().map(|c| c.at.line).collect();
    assert_eq!(lines, [1, 2, 4]);
    assert!(matches!(report.cards[0].value, Value::Queryset { .. }));
    assert!(report.cards[0].queries[0].not_run);
    assert!(matches!(&report.cards[1].value, Value::Table(t) if t.total == 1));
    assert!(matches!(&report.cards[2].value, Value::Exception(e) if e.kind == "ZeroDivisionError"));
    assert_eq!(report.output[0].text, "x\n");
    assert_eq!(report.diagnostics[0].line, 4);
}

#[test]
fn every_run_starts_from_the_same_rows() {
    let mut engine = engine();
    for _ in 0..20 {
        let script = "Book.objects.create(title='Night')\nBook.objects.count()\n";
        let report = run(&mut engine, MODELS, script);
        assert!(report.succeeded(), "{:?}", report.diagnostics);
        let counted = report.cards.last().map(|c| &c.value);
        assert!(matches!(counted, Some(Value::Scalar(s)) if s.repr == "2"));
    }
}

#[test]
fn models_can_be_edited_again_and_again() {
    let mut engine = engine();
    for round in 0..20 {
        let models = format!("{MODELS}    pages{round} = models.IntegerField(default={round})\n");
        let report = run(&mut engine, &models, "Book.objects.first()\n");
        assert!(report.succeeded(), "{:?}", report.diagnostics);
    }
}

#[test]
fn an_edit_of_the_script_costs_only_the_script() {
    let mut engine = engine();
    run(&mut engine, MODELS, "Book.objects.count()\n");
    let report = run(&mut engine, MODELS, "Book.objects.exists()\n");
    let seed = report.phases.iter().find(|p| p.name == PhaseName::Seed);
    assert_eq!(seed.map(|p| p.outcome), Some(Outcome::Reused));
}

#[test]
fn broken_text_is_a_diagnostic_and_the_next_edit_works() {
    let mut engine = engine();
    let report = run(&mut engine, "class (", "1\n");
    assert_eq!(
        report.diagnostics[0].file,
        "playground/models.py".trim_start_matches("playground/")
    );
    assert_eq!(report.diagnostics[0].kind, "SyntaxError");
    assert!(run(&mut engine, MODELS, "Book.objects.count()\n").succeeded());
}

#[test]
fn a_loop_is_stopped() {
    let mut engine = engine();
    let limits = Limits {
        millis: 300,
        ..Limits::default()
    };
    let report = engine.run(
        &project(MODELS, "\nwhile True: pass\n"),
        limits,
        &mut |_, _| {},
    );
    assert_eq!(report.diagnostics[0].line, 2);
    assert_eq!(
        report.phases.last().map(|p| p.outcome),
        Some(Outcome::Stopped)
    );
    let next = run(&mut engine, MODELS, "Book.objects.count()\n");
    assert!(next.succeeded());
}

/// Bytes that this process holds, where the system tells.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = status.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

#[test]
fn many_runs_hold_no_more_memory_than_few() {
    let mut engine = engine();
    let mut go = |times: usize| {
        for n in 0..times {
            // Now the script changes, now the models: what was loaded before has to go.
            let models = MODELS.replace("50", &format!("{}", 50 + n % 3));
            let models = if n % 10 == 0 { models.as_str() } else { MODELS };
            run(
                &mut engine,
                models,
                &format!("Book.objects.filter(pk__gt={n})\n"),
            );
        }
    };
    go(200);
    let before = resident();
    go(600);
    let (Some(before), Some(after)) = (before, resident()) else {
        return;
    };
    let grown = after.saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes more after 600 runs");
}
