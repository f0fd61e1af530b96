//! The command as its users run it: a folder in, text and exit codes out.
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const MODELS: &str = "from django.db import models\n\nclass Note(models.Model):\n    text = models.CharField(max_length=20)\n";

/// A folder of its own for a test, with these files.
fn project(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn ormscope(words: &[&str], folder: &PathBuf, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ormscope"))
        .args(words)
        .arg(folder)
        .args(more)
        .output()
        .expect("the command starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn run_prints_and_ends_with_the_exception_of_the_script() {
    let folder = project(
        "run",
        &[
            ("models.py", MODELS),
            ("seed.py", "Note.objects.create(text='a')"),
            (
                "queries.py",
                "print(Note.objects.count())\nNote.objects.filter(nothing=1)\n",
            ),
        ],
    );
    let said = ormscope(&["run"], &folder, &[]);
    assert_eq!(text(&said.stdout), "1\n");
    let err = text(&said.stderr);
    assert!(err.contains("File \"queries.py\", line 2"), "{err}");
    assert!(
        err.ends_with("Cannot resolve keyword 'nothing' into field. Choices are: id, text\n"),
        "{err}"
    );
    assert_eq!(said.status.code(), Some(1));
}

#[test]
fn run_json_is_the_report() {
    let folder = project(
        "report",
        &[
            ("models.py", MODELS),
            ("queries.py", "Note.objects.all()\n"),
        ],
    );
    let said = ormscope(&["run"], &folder, &["--json"]);
    let report: serde_json::Value = serde_json::from_slice(&said.stdout).expect("JSON");
    let sql = report.pointer("/cards/0/queries/0/text/sql");
    assert_eq!(
        sql.and_then(|sql| sql.as_str()),
        Some(
            "SELECT \"playground_note\".\"id\", \"playground_note\".\"text\" FROM \"playground_note\""
        )
    );
}

#[test]
fn run_shows_no_dialect_in_the_place_of_another() {
    let folder = project(
        "dialect",
        &[
            ("models.py", MODELS),
            ("queries.py", "print(Note.objects.all().query)\n"),
        ],
    );
    let said = ormscope(&["run"], &folder, &["--dialect", "postgresql"]);
    assert_eq!(text(&said.stdout), "");
    let err = text(&said.stderr);
    assert!(
        err.starts_with("NotImplementedError: ") && err.contains("PostgreSQL"),
        "{err}"
    );
    assert_eq!(said.status.code(), Some(1));
    let said = ormscope(&["run"], &folder, &["--dialect", "sqlite"]);
    assert_eq!(said.status.code(), Some(0));
}

#[test]
fn migrations_are_written_applied_and_taken_back() {
    let folder = project("migrations", &[("models.py", MODELS)]);
    let manage = |words: &[&str]| {
        let said = ormscope(&["manage"], &folder, words);
        (
            text(&said.stdout),
            text(&said.stderr),
            said.status.code().unwrap_or(-1),
        )
    };
    let (out, _, code) = manage(&["makemigrations", "playground"]);
    assert!(out.contains("+ Create model Note"), "{out}");
    assert_eq!(code, 0);
    let written = fs::read_to_string(folder.join("migrations/0001_initial.py")).expect("a file");
    assert!(written.contains("migrations.CreateModel("), "{written}");
    let (out, _, _) = manage(&["makemigrations", "--check"]);
    assert_eq!(out, "No changes detected\n");
    let (out, _, _) = manage(&["sqlmigrate", "playground", "0001"]);
    assert!(out.contains("CREATE TABLE \"playground_note\""), "{out}");
    let (out, _, _) = manage(&["migrate"]);
    assert!(
        out.contains("Applying playground.0001_initial... OK"),
        "{out}"
    );
    let (out, _, _) = manage(&["showmigrations"]);
    assert_eq!(out, "playground\n [X] 0001_initial\n");
    let (out, _, _) = manage(&["migrate", "playground", "zero"]);
    assert!(
        out.contains("Unapplying playground.0001_initial... OK"),
        "{out}"
    );
    let (out, _, _) = manage(&["showmigrations"]);
    assert_eq!(out, "playground\n [ ] 0001_initial\n");
    let (_, err, code) = manage(&["sqlmigrate", "playground", "0002"]);
    assert_eq!(
        err,
        "CommandError: Cannot find a migration matching '0002' from app 'playground'. Is it in INSTALLED_APPS?\n"
    );
    assert_eq!(code, 1);
}

#[test]
fn tests_of_a_project_are_found_and_their_outcomes_told() {
    let folder = project(
        "tests",
        &[
            ("models.py", MODELS),
            (
                "tests.py",
                "from django.test import TestCase\nfrom models import Note\n\nclass Notes(TestCase):\n    def test_kept(self):\n        Note.objects.create(text='x')\n        self.assertEqual(Note.objects.count(), 1)\n\n    def test_lost(self):\n        self.assertEqual(Note.objects.count(), 1)\n",
            ),
        ],
    );
    let outcomes = folder.join("outcomes.json");
    let file = outcomes.display().to_string();
    let said = ormscope(&["test"], &folder, &["--json", &file]);
    let err = text(&said.stderr);
    assert!(err.contains("AssertionError: 0 != 1"), "{err}");
    assert!(err.contains("FAILED (failures=1)"), "{err}");
    assert_eq!(said.status.code(), Some(1));
    let document: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(outcomes).expect("a file")).expect("JSON");
    assert_eq!(
        document,
        serde_json::json!({"run": 2, "outcomes": {
            "tests.Notes.test_kept": "passed", "tests.Notes.test_lost": "failed"}})
    );
    let said = ormscope(&["test"], &folder, &["tests.Notes.test_kept"]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
}

#[test]
fn a_link_holds_the_project_and_a_broken_one_says_so() {
    let folder = project(
        "shared",
        &[
            ("models.py", MODELS),
            ("queries.py", "Note.objects.all()\n"),
        ],
    );
    let said = ormscope(&["share"], &folder, &[]);
    let link = text(&said.stdout).trim().to_owned();
    assert!(link.contains("#v1/"), "{link}");
    let copy = project("unshared", &[]);
    let said = ormscope(&["unshare", &link], &copy, &[]);
    assert_eq!(said.status.code(), Some(0), "{}", text(&said.stderr));
    for file in ["models.py", "queries.py"] {
        assert_eq!(
            fs::read_to_string(folder.join(file)).expect("a file"),
            fs::read_to_string(copy.join(file)).expect("a file")
        );
    }
    let said = ormscope(&["unshare", &link], &copy, &[]);
    assert!(text(&said.stderr).contains("exists already"));
    assert_eq!(said.status.code(), Some(2));
    let short: String = link.chars().take(link.len() - 9).collect();
    let said = ormscope(&["unshare", &short], &project("broken", &[]), &[]);
    assert!(text(&said.stderr).starts_with("ormscope: This link"));
    assert_eq!(said.status.code(), Some(2));
}
