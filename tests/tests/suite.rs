//! Every case of the suite against ours, byte for byte.
//!
//! `cargo test -p ormscope-tests --test suite -- WORD…` runs the cases of the
//! files whose names hold a word.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use truth::case::{Case, CaseFile, Record};
use truth::{cache, ours, pending, suite};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the cases on all cores; whether all is as it should be.
fn run(words: &[String]) -> Result<bool, String> {
    let files = suite::read(words)?;
    let pending = pending::read();
    let cases: Vec<Case> = files.iter().flat_map(CaseFile::cases).collect();
    ours::binary()?;
    let next = AtomicUsize::new(0);
    let findings = Mutex::new(unrecorded(&files));
    let workers = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (next, findings, cases, pending) = (&next, &findings, &cases, &pending);
            scope.spawn(move || {
                let folder = cache("suite").join(worker.to_string());
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let said = ours::run(case, &folder);
                    let found: Vec<(String, String)> = case
                        .recorded()
                        .filter_map(|(id, index)| {
                            let difference = differs(case, index, &said);
                            match (difference, pending.contains_key(&id)) {
                                (Some(difference), false) => Some((id, difference)),
                                (None, true) => Some((
                                    id,
                                    "passes now: take it off tests/suite/pending.txt".to_owned(),
                                )),
                                _ => None,
                            }
                        })
                        .collect();
                    if let Ok(mut findings) = findings.lock() {
                        findings.extend(found);
                    }
                }
            });
        }
    });
    let mut findings = findings.into_inner().unwrap_or_default();
    let steps: BTreeSet<String> = cases
        .iter()
        .flat_map(|case| case.recorded().map(|(id, _)| id).collect::<Vec<_>>())
        .collect();
    for id in pending.keys() {
        if words.is_empty() && !steps.contains(id) {
            findings.push((
                id.clone(),
                "is pending, but there is no such step".to_owned(),
            ));
        }
    }
    findings.sort();
    for (id, finding) in &findings {
        println!("{id}\n{finding}\n");
    }
    let waiting = steps.iter().filter(|id| pending.contains_key(*id)).count();
    println!("{} cases with {} recorded steps", cases.len(), steps.len());
    // In cargo's own words, for whoever counts.
    println!(
        "test result: {}. {} passed; {} failed; {waiting} ignored",
        if findings.is_empty() { "ok" } else { "FAILED" },
        steps.len().saturating_sub(waiting + findings.len()),
        findings.len(),
    );
    Ok(findings.is_empty())
}

/// Files that are not what `cargo xtask oracle` would write from their own
/// record: someone edited a case and did not record it.
fn unrecorded(files: &[CaseFile]) -> Vec<(String, String)> {
    files
        .iter()
        .filter(|file| {
            let records: Vec<Record> = file
                .cases()
                .into_iter()
                .flat_map(|case| case.steps.into_iter().map(|(_, record)| record))
                .collect();
            std::fs::read_to_string(&file.path)
                .is_ok_and(|text| file.with_records(&records) != text)
        })
        .map(|file| {
            (
                file.name.clone(),
                "is not in shape: run `cargo xtask oracle`".to_owned(),
            )
        })
        .collect()
}

/// Where ours says something else to this step.
fn differs(case: &Case, index: usize, said: &Result<Vec<Record>, String>) -> Option<String> {
    let said = match said {
        Ok(said) => said.get(index).cloned().unwrap_or_default(),
        Err(error) => return Some(error.clone()),
    };
    let recorded = &case.steps.get(index)?.1;
    for (django, ours) in [(&recorded.sql, &said.sql), (&recorded.text, &said.text)] {
        if django != ours {
            return Some(first_difference(django, ours));
        }
    }
    None
}

/// The first lines that differ.
fn first_difference(django: &str, ours: &str) -> String {
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
