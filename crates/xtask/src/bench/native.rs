//! The native command beside CPython Django: the same script, in turn, several
//! times; the times are taken inside the script.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::machine;
use crate::run::{read, say};
use crate::{Outcome, django, ours, places};

/// How often each side runs.
const ROUNDS: usize = 5;
/// Begins the line with the times.
const MARK: &str = "@@bench@@";

/// Seconds of every sample, by what was measured, in the script's order.
type Times = Vec<(String, Vec<f64>)>;

/// The table, as Markdown.
pub fn measure() -> Outcome<String> {
    let python = django::python()?;
    let ormscope = ours::build(ours::Profile::Release)?;
    let project = places::root().join("tests/bench");
    let runner = places::root().join("tests/src/oracle_run.py");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        say(&format!("round {round} of {ROUNDS}"));
        merge(
            &mut ours,
            times(Command::new(&ormscope).arg("run").arg(&project), &project)?,
        );
        merge(
            &mut theirs,
            times(Command::new(&python).arg(&runner).arg(&project), &project)?,
        );
    }
    let theirs: BTreeMap<String, Vec<f64>> = theirs.into_iter().collect();
    let versions = read(Command::new(&python).args([
        "-c",
        "import sys, django, sqlite3; print(f'CPython {sys.version.split()[0]}, Django {django.__version__}, SQLite {sqlite3.sqlite_version}')",
    ]))
    .unwrap_or_default();
    let mut text = format!(
        "Machine: {}.\nBeside it: {versions}. Both in memory, without a query log, in turn, {ROUNDS} processes each; \
         medians of all samples.\n\n| what | ours | CPython Django | times faster | wanted |\n|---|---:|---:|---:|---:|\n",
        machine::describe()
    );
    for (name, mut samples) in ours {
        let mut django = theirs.get(&name).cloned().unwrap_or_default();
        let (ours, django) = (median(&mut samples), median(&mut django));
        let wanted = if name.starts_with("SQL:") { 20 } else { 2 };
        let ratio = django / ours;
        let verdict = if ratio < f64::from(wanted) {
            " (missed)"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {ratio:.1} | {wanted}{verdict} |",
            shown(ours),
            shown(django)
        );
    }
    Ok(text)
}

fn times(command: &mut Command, folder: &Path) -> Outcome<Times> {
    let output = command
        .current_dir(folder)
        .output()
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(MARK))
        .ok_or_else(|| {
            format!(
                "the measuring script did not reach its end\n{text}{}",
                String::from_utf8_lossy(&output.stderr)
            )
        })?;
    let document: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    Ok(document
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, samples)| {
            (
                name.clone(),
                samples
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_f64)
                    .collect(),
            )
        })
        .collect())
}

fn merge(all: &mut Times, more: Times) {
    for (name, samples) in more {
        match all.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => known.extend(samples),
            None => all.push((name, samples)),
        }
    }
}

/// The middle one.
fn median(samples: &mut [f64]) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples.get(samples.len() / 2).copied().unwrap_or(f64::NAN)
}

fn shown(seconds: f64) -> String {
    if seconds < 0.001 {
        format!("{:.1} µs", seconds * 1e6)
    } else {
        format!("{:.2} ms", seconds * 1e3)
    }
}
