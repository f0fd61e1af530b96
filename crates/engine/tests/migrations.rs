//! A changed model is a pending change, then a file, then a column; and back.
mod support;
use ormscope_engine::{Engine, Wanted};
use protocol::message::Limits;
use protocol::report::{Answer, AppMigrations, Outcome, Value};
use protocol::{Project, Report};
use support::{MODELS, engine};

fn run(engine: &mut Engine, project: &Project) -> Report {
    engine.run(project, Limits::default(), &mut |_, _| {})
}

fn app(report: &Report) -> &AppMigrations {
    assert_eq!(report.migrations.problem, None, "{:?}", report.diagnostics);
    &report.migrations.apps[0]
}

/// Writes what is pending, as the page does: nothing is applied by that.
fn write(project: &mut Project, report: &Report, before: &str) {
    let app = app(report);
    let file = &app.pending[0];
    project.write(file.file.clone(), file.text.clone());
    project
        .migrate_to
        .insert(app.app.clone(), before.to_owned());
}

fn applied(report: &Report) -> Vec<(&str, bool)> {
    let files = app(report).applied.iter();
    files.map(|m| (m.name.as_str(), m.applied)).collect()
}

#[test]
fn a_changed_model_is_pending_then_written_then_applied_and_undone() {
    let mut engine = engine();
    let mut project = Project::default();
    project.write("models.py", MODELS);
    project.write(
        "queries.py",
        "Book.objects.create()\nBook.objects.values()\n",
    );

    let report = run(&mut engine, &project);
    assert!(report.succeeded(), "{:?}", report.diagnostics);
    assert!(!app(&report).migrated);
    assert_eq!(app(&report).pending[0].file, "migrations/0001_initial.py");
    write(&mut project, &report, "zero");
    project.migrate_to.clear();

    let report = run(&mut engine, &project);
    assert!(report.succeeded(), "{:?}", report.diagnostics);
    assert_eq!(applied(&report), [("0001_initial", true)]);
    assert!(app(&report).pending.is_empty());

    let field = "    subtitle = models.CharField(max_length=9, default=\"\")\n";
    project.write("models.py", format!("{MODELS}{field}"));
    let report = run(&mut engine, &project);
    let operation = &app(&report).pending[0].operations[0];
    assert_eq!(operation.symbol, "+");
    assert_eq!(operation.description, "Add field subtitle to book");
    // SQLite cannot add a column that is not null: the table is made anew.
    assert!(operation.sql[0].starts_with("CREATE TABLE \"new__playground_book\" ("));
    assert!(operation.sql[1].starts_with("INSERT INTO \"new__playground_book\" ("));
    assert!(matches!(report.cards[0].value, Value::Exception(_)));

    write(&mut project, &report, "0001_initial");
    let report = run(&mut engine, &project);
    let both = |second| [("0001_initial", true), ("0002_book_subtitle", second)];
    assert_eq!(applied(&report), both(false));

    project.migrate_to.clear();
    let report = run(&mut engine, &project);
    assert!(report.succeeded(), "{:?}", report.diagnostics);
    assert_eq!(applied(&report), both(true));

    project
        .migrate_to
        .insert("playground".into(), "zero".into());
    let report = run(&mut engine, &project);
    let none = [("0001_initial", false), ("0002_book_subtitle", false)];
    assert_eq!(applied(&report), none);
    assert_eq!(report.phases[2].outcome, Outcome::Done);
}

#[test]
fn a_column_that_needs_a_default_is_asked_for() {
    let mut engine = engine();
    let mut project = Project::default();
    project.write("models.py", MODELS);
    let report = run(&mut engine, &project);
    write(&mut project, &report, "zero");
    project.migrate_to.clear();
    let field = "    pages = models.IntegerField()\n";
    project.write("models.py", format!("{MODELS}{field}"));

    let report = run(&mut engine, &project);
    assert!(app(&report).pending.is_empty());
    let question = &report.migrations.questions[0];
    assert!(
        question
            .text
            .starts_with("It is impossible to add a non-nullable field 'pages' to book")
    );
    assert_eq!(question.wants_code, Some(0));

    let mut answer = Answer {
        id: question.id.clone(),
        choice: 0,
        code: "nonsense".into(),
    };
    let ask = |engine: &mut Engine, answer: &Answer| {
        let wanted = Wanted {
            answers: std::slice::from_ref(answer),
            ..Wanted::default()
        };
        match engine.make_migrations(&project, wanted) {
            Ok(migrations) => migrations,
            Err(why) => panic!("{why}"),
        }
    };
    let left = ask(&mut engine, &answer);
    assert_eq!(
        left.problem.as_deref(),
        Some("NameError: name 'nonsense' is not defined")
    );
    assert_eq!(left.questions.len(), 1);
    answer.code = "7 * 6".into();
    let left = ask(&mut engine, &answer);
    assert!(left.questions.is_empty());
    assert!(left.apps[0].pending[0].text.contains("default=42"));
}
