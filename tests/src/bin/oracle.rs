//! `cargo xtask oracle [--check] [WORD…]`: records what real Django says to
//! every case, or checks that the record is still what it says.

use std::collections::BTreeMap;
use std::fs;
use std::process::ExitCode;

use truth::case::{Case, Record};
use truth::{django, project, suite};

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    let check = words.iter().any(|word| word == "--check");
    words.retain(|word| word != "--check");
    match record(&words, check) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all is well: always when recording, when checking if nothing differs.
fn record(words: &[String], check: bool) -> Result<bool, String> {
    let mut same = true;
    let (mut cases_seen, mut blocks) = (0, 0);
    for file in suite::read(words)? {
        let cases = file.cases();
        let mut groups: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
        for case in &cases {
            let kind = if case.is_console() {
                case.id.clone()
            } else {
                project::key(case)
            };
            groups.entry(kind).or_default().push(case);
        }
        let mut answers: BTreeMap<&str, Vec<Record>> = BTreeMap::new();
        for group in groups.values() {
            for (case, records) in group.iter().zip(django::record(group)?) {
                answers.insert(&case.id, records);
            }
        }
        let records: Vec<Record> = cases
            .iter()
            .flat_map(|case| answers.remove(case.id.as_str()).unwrap_or_default())
            .collect();
        cases_seen += cases.len();
        blocks += records
            .iter()
            .filter(|record| **record != Record::default())
            .count();
        let text = file.with_records(&records);
        let old = fs::read_to_string(&file.path).map_err(|error| error.to_string())?;
        let word = if text == old {
            "same"
        } else if check {
            same = false;
            "DIFFERS"
        } else {
            fs::write(&file.path, text).map_err(|error| error.to_string())?;
            "recorded"
        };
        println!("{word:>9}  {}  ({} cases)", file.name, cases.len());
    }
    println!("{cases_seen} cases, {blocks} recorded blocks");
    Ok(same)
}
