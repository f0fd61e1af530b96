//! One engine, many runs: what a run leaves behind never reaches the next.
mod support;
use protocol::Dialect;
use protocol::message::Limits;
use protocol::report::{Outcome, PhaseName, Value};
use support::{MODELS, engine, project, run};

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
    // What takes long at first is done before the limit is set.
    assert!(run(&mut engine, MODELS, "Book.objects.count()\n").succeeded());
    let limits = Limits {
        millis: 2_000,
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

/// What is run for nobody makes other random rows, prints, and is not to be seen.
#[test]
fn a_run_for_nobody_leaves_no_trace() {
    let mut engine = engine();
    let models = format!("{MODELS}print('loaded')\n");
    let random = "import uuid\nBook.objects.create(title=str(uuid.uuid4()))\n";
    let with_seed = |script: &str| {
        let mut project = project(&models, &format!("{random}{script}"));
        let seed =
            "import uuid\nfrom models import Book\nBook.objects.create(title=str(uuid.uuid4()))\n";
        project.write("seed.py", seed);
        project
    };
    let titles = |engine: &mut ormscope_engine::Engine, script: &str| {
        let report = engine.run(&with_seed(script), Limits::default(), &mut |_, _| {});
        assert!(report.succeeded(), "{:?}", report.diagnostics);
        assert_eq!(report.output.len(), 1, "{:?}", report.output);
        match report.cards.last().map(|card| card.value.clone()) {
            Some(Value::List { items, .. }) => items[0].clone(),
            other => panic!("no list: {other:?}"),
        }
    };
    let script = "list(Book.objects.values_list('title', flat=True))\n";
    let seeded = titles(&mut engine, script);
    let table = |engine: &ormscope_engine::Engine| engine.rows("default", "playground_book", 0, 10);
    let shown = table(&engine).unwrap();
    let mut runs = 0;
    while engine.warm() {
        runs += 1;
    }
    assert!(runs > 1);
    assert_eq!(
        table(&engine).unwrap(),
        shown,
        "the database of the last run that was asked for"
    );
    let script = "1\nlist(Book.objects.values_list('title', flat=True))\n";
    assert_eq!(
        titles(&mut engine, script),
        seeded,
        "the rows of the first seed"
    );
}

#[test]
fn a_dialect_that_is_not_there_yet_is_named_and_no_other_takes_its_place() {
    let mut engine = engine();
    let mut project = project(MODELS, "Book.objects.all()\n");
    for dialect in [Dialect::Postgresql, Dialect::Mysql] {
        project.dialect = dialect;
        let report = engine.run(&project, Limits::default(), &mut |_, _| {});
        assert!(!report.succeeded() && report.cards.is_empty());
        assert_eq!(report.diagnostics[0].kind, "NotImplementedError");
        assert!(report.diagnostics[0].message.contains(dialect.label()));
        assert!(engine.shell(&project).is_err());
    }
    project.dialect = Dialect::Sqlite;
    let report = engine.run(&project, Limits::default(), &mut |_, _| {});
    assert_eq!(report.cards.len(), 1);
}
