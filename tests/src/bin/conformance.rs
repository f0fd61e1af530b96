//! `cargo xtask conformance [APP…] [--with-django] [--ratchet]`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use truth::conformance::report::{self, Pair};
use truth::conformance::{AppRun, apps, django, ours};
use truth::root;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (flags, named): (Vec<String>, Vec<String>) =
        words.into_iter().partition(|word| word.starts_with("--"));
    let outcome = if flags.iter().any(|flag| flag == "--ratchet") {
        ratchet(&named)
    } else {
        compare(&named, flags.iter().any(|flag| flag == "--with-django"))
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// The folder with Django's own tests.
fn tests() -> Result<PathBuf, String> {
    std::env::var_os("ORMSCOPE_DJANGO_SOURCE")
        .map(|source| PathBuf::from(source).join("tests"))
        .ok_or_else(|| {
            "run this by `cargo xtask conformance`, which brings Django's tests".to_owned()
        })
}

fn passing() -> PathBuf {
    root().join("tests/conformance/passing.txt")
}

/// Runs apps on both sides, prints the table, and, when all apps ran, writes
/// the page and the list.
fn compare(named: &[String], with_django: bool) -> Result<bool, String> {
    let tests = tests()?;
    let groups = apps::groups();
    let all: Vec<String> = groups.iter().flat_map(|group| group.apps.clone()).collect();
    let chosen: Vec<String> = if named.is_empty() {
        all.clone()
    } else {
        named.to_vec()
    };
    println!("{}", report::HEAD);
    // Side by side they would disturb each other's times.
    let at_once = if with_django { 1 } else { cores() };
    let pairs = Mutex::new(BTreeMap::new());
    in_parallel(&chosen, at_once, |app| {
        let pair = Pair {
            django: django::run(&tests, app, with_django)?,
            ours: ours::run(&tests, app)?,
        };
        println!("{}", report::line(app, &pair));
        if let Ok(mut pairs) = pairs.lock() {
            pairs.insert(app.to_owned(), pair);
        }
        Ok(())
    })?;
    let pairs = pairs.into_inner().unwrap_or_default();
    if named.is_empty() {
        fs::write(
            root().join("docs/conformance.md"),
            report::page(&groups, &pairs),
        )
        .map_err(|error| error.to_string())?;
    }
    let mut list: BTreeSet<String> = BTreeSet::new();
    if let Ok(text) = fs::read_to_string(passing()) {
        // Apps that did not run now keep what they had.
        list.extend(
            text.lines()
                .filter(|test| !chosen.iter().any(|app| test.split('.').next() == Some(app)))
                .map(str::to_owned),
        );
    }
    list.extend(
        pairs
            .values()
            .flat_map(|pair| pair.passed().map(str::to_owned)),
    );
    let text: String = list.iter().map(|test| format!("{test}\n")).collect();
    fs::write(passing(), text).map_err(|error| error.to_string())?;
    let wanted: usize = pairs.values().map(Pair::wanted).sum();
    let passed: usize = pairs.values().map(|pair| pair.passed().count()).sum();
    println!("{passed} of {wanted}");
    Ok(true)
}

/// Runs the apps of the list; whether everything on it still passes.
fn ratchet(named: &[String]) -> Result<bool, String> {
    let tests = tests()?;
    let text = fs::read_to_string(passing()).map_err(|error| error.to_string())?;
    let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for test in text.lines() {
        let app = test.split('.').next().unwrap_or_default().to_owned();
        if named.is_empty() || named.contains(&app) {
            wanted.entry(app).or_default().push(test.to_owned());
        }
    }
    let apps: Vec<String> = wanted.keys().cloned().collect();
    let counts = Mutex::new((0_usize, 0_usize));
    in_parallel(&apps, cores(), |app| {
        let mut run = ours::run(&tests, app)?;
        if lost(&run, &wanted[app]) > 0 {
            // A machine under load may make one test late: once more.
            run = ours::run(&tests, app)?;
        }
        let failed = lost(&run, &wanted[app]);
        println!(
            "{app}: {} still pass, {failed} do not",
            wanted[app].len() - failed
        );
        for test in &wanted[app] {
            if !passes(&run, test) {
                println!(
                    "  {test}: {}",
                    run.outcomes.get(test).map_or("did not run", String::as_str)
                );
            }
        }
        if let Ok(mut counts) = counts.lock() {
            counts.0 += wanted[app].len() - failed;
            counts.1 += failed;
        }
        Ok(())
    })?;
    let (passed, failed) = counts.into_inner().unwrap_or_default();
    println!("{passed} passed, {failed} failed");
    Ok(failed == 0)
}

fn passes(run: &AppRun, test: &str) -> bool {
    run.outcomes
        .get(test)
        .is_some_and(|outcome| outcome == "passed")
}

fn lost(run: &AppRun, wanted: &[String]) -> usize {
    wanted.iter().filter(|test| !passes(run, test)).count()
}

fn cores() -> usize {
    thread::available_parallelism().map_or(2, usize::from)
}

/// Does something for every app, so many at once.
fn in_parallel(
    apps: &[String],
    at_once: usize,
    work: impl Fn(&str) -> Result<(), String> + Sync,
) -> Result<(), String> {
    let next = AtomicUsize::new(0);
    let trouble = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(app) = apps.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) = work(app)
                        && let Ok(mut trouble) = trouble.lock()
                    {
                        *trouble = Some(error);
                    }
                }
            });
        }
    });
    match trouble.into_inner() {
        Ok(Some(error)) => Err(error),
        _ => Ok(()),
    }
}
