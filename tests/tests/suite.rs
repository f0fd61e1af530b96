//! Every case of the suite against ours, byte for byte.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use truth::case::{Case, Record};
use truth::{cache, ours, pending, suite};

#[test]
fn every_case_says_what_django_says() {
    // `ORMSCOPE_CASES=WORD` runs the files whose names hold the word.
    let words: Vec<String> = std::env::var("ORMSCOPE_CASES").into_iter().collect();
    let pending = pending::read();
    let cases: Vec<Case> = suite::read(&words)
        .unwrap()
        .iter()
        .flat_map(|file| file.cases())
        .collect();
    let next = AtomicUsize::new(0);
    let findings = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (next, findings, cases, pending) = (&next, &findings, &cases, &pending);
            scope.spawn(move || {
                let folder = cache("suite").join(worker.to_string());
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let difference = differs(case, &folder);
                    let finding = match (difference, pending.contains_key(&case.id)) {
                        (Some(difference), false) => difference,
                        (None, true) => {
                            "passes now: take it off tests/suite/pending.txt".to_owned()
                        }
                        _ => continue,
                    };
                    findings
                        .lock()
                        .unwrap()
                        .push(format!("{}\n{finding}", case.id));
                }
            });
        }
    });
    let mut findings = findings.into_inner().unwrap();
    findings.sort();
    for id in pending.keys() {
        if words.is_empty() && !cases.iter().any(|case| case.id == *id) {
            findings.push(format!("{id}\nis pending, but there is no such case"));
        }
    }
    println!(
        "{} cases, {} of them pending, {} findings",
        cases.len(),
        cases
            .iter()
            .filter(|case| pending.contains_key(&case.id))
            .count(),
        findings.len()
    );
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

/// The first step where ours says something else.
fn differs(case: &Case, folder: &Path) -> Option<String> {
    let said = match ours::run(case, folder) {
        Ok(said) => said,
        Err(error) => return Some(error),
    };
    for ((_, recorded), ours) in case.steps.iter().zip(&said) {
        for (django, ours) in [(&recorded.sql, &ours.sql), (&recorded.text, &ours.text)] {
            if django != ours {
                return Some(lines(django, ours));
            }
        }
    }
    None
}

/// The first lines that differ.
fn lines(django: &str, ours: &str) -> String {
    let mut left = django.lines();
    let mut right = ours.lines();
    loop {
        match (left.next(), right.next()) {
            (None, None) => return "  (only the ends of lines differ)".to_owned(),
            (left, right) if left == right => {}
            (left, right) => {
                return format!(
                    "  django: {}\n  ours:   {}",
                    left.unwrap_or("(nothing)"),
                    right.unwrap_or("(nothing)")
                );
            }
        }
    }
}

/// A record is never written from ours: what is read is what is written back.
#[test]
fn a_file_is_written_back_as_it_was_read() {
    for file in suite::read(&[]).unwrap() {
        let records: Vec<Record> = file
            .cases()
            .into_iter()
            .flat_map(|case| case.steps.into_iter().map(|(_, record)| record))
            .collect();
        let text = std::fs::read_to_string(&file.path).unwrap();
        assert!(
            file.with_records(&records) == text,
            "{}: run `cargo xtask oracle`",
            file.name
        );
    }
}
