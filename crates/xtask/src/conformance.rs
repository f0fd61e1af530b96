//! Django's own tests, run on ours by the tests crate.

use std::process::Command;

use crate::run::{cargo, follow, run, say};
use crate::{Outcome, django, ours, places, test};

/// `conformance [APP…] [--with-django]`: runs the apps, writes the table and
/// the list of what passes.
pub fn conformance(words: &[String]) -> Outcome {
    let ormscope = ours::build(ours::Profile::Release)?;
    run(runner(ormscope)?.args(words))
}

/// Runs what passed once; how many still do, and how many don't.
pub fn ratchet() -> Outcome<(u64, u64)> {
    let list = places::root().join("tests/conformance/passing.txt");
    if std::fs::read_to_string(list).map_or(0, |text| text.lines().count()) == 0 {
        return Ok((0, 0));
    }
    let ormscope = ours::build(ours::Profile::Dev)?;
    say("Django's own tests that pass");
    let mut counts = None;
    follow(runner(ormscope)?.arg("--ratchet"), |line| {
        counts = test::counts_of(line).or(counts)
    })?;
    counts.ok_or_else(|| "the ratchet did not reach its end".to_owned())
}

fn runner(ormscope: std::path::PathBuf) -> Outcome<Command> {
    let mut command = cargo();
    command
        .args([
            "run",
            "--quiet",
            "--package",
            "ormscope-tests",
            "--bin",
            "conformance",
            "--",
        ])
        .env("ORMSCOPE_BIN", ormscope)
        .env("ORMSCOPE_DJANGO_PYTHON", django::python()?)
        .env("ORMSCOPE_DJANGO_SOURCE", django::source()?);
    Ok(command)
}
