//! `cargo xtask test`: everything, and one line that sums it up.

use std::env;
use std::process::Command;
use std::time::Instant;

use crate::run::{cargo, follow, run, say};
use crate::{Outcome, conformance, dist, django, ours, page, places, tools};

/// What has been counted so far.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    /// What to look at.
    troubles: Vec<String>,
}

/// A named part of the whole.
type Part = (&'static str, fn(&mut Tally) -> Outcome);

const PARTS: [Part; 5] = [
    ("fmt", format),
    ("clippy", lints),
    ("cargo", native),
    ("conformance", ratchet),
    ("e2e", journeys),
];

/// Runs the parts that are named, or all; the last line is the sum.
pub fn test(words: &[String]) -> Outcome {
    if let Some(unknown) = words
        .iter()
        .find(|word| PARTS.iter().all(|(name, _)| name != word))
    {
        return Err(format!(
            "{unknown}: not one of fmt, clippy, cargo, conformance, e2e"
        ));
    }
    let mut tally = Tally::default();
    for (name, part) in PARTS {
        if !words.is_empty() && !words.iter().any(|word| word == name) {
            continue;
        }
        let begun = Instant::now();
        let before = tally.failed;
        if let Err(error) = part(&mut tally) {
            tally.failed += 1;
            tally.troubles.push(format!("{name}: {error}"));
        } else if tally.failed > before {
            tally
                .troubles
                .push(format!("{name}: {} failed", tally.failed - before));
        }
        say(&format!("{name}: {:.0} s", begun.elapsed().as_secs_f64()));
    }
    println!();
    for trouble in &tally.troubles {
        println!("{trouble}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed > 0 {
        Err("not all is well".to_owned())
    } else {
        Ok(())
    }
}

fn format(tally: &mut Tally) -> Outcome {
    say("format");
    run(cargo().args(["fmt", "--all", "--check"]))?;
    tally.passed += 1;
    Ok(())
}

fn lints(tally: &mut Tally) -> Outcome {
    say("lints");
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ]))?;
    tally.passed += 1;
    Ok(())
}

/// Unit tests, doctests and the Markdown suite.
fn native(tally: &mut Tally) -> Outcome {
    let ormscope = ours::build(ours::Profile::Dev)?;
    say("native tests, doctests, the Markdown suite");
    let mut failed_before = tally.failed;
    let succeeded = follow(
        cargo()
            .args(["test", "--workspace", "--no-fail-fast"])
            .env("ORMSCOPE_BIN", ormscope),
        |line| {
            if let Some((passed, failed)) = counts_of_cargo(line) {
                tally.passed += passed;
                tally.failed += failed;
            }
        },
    )?;
    if !succeeded && tally.failed == failed_before {
        failed_before += 1;
        tally.failed = failed_before;
        tally.troubles.push("cargo test did not succeed".to_owned());
    }
    Ok(())
}

/// Django's own tests that passed once must still pass.
fn ratchet(tally: &mut Tally) -> Outcome {
    let (passed, failed) = conformance::ratchet()?;
    tally.passed += passed;
    tally.failed += failed;
    Ok(())
}

/// The page in a real browser.
fn journeys(tally: &mut Tally) -> Outcome {
    let chromium = tools::chromium()?;
    tools::packages("e2e")?;
    page::build()?;
    dist::compress(&places::dist())?;
    say("journeys in a real browser");
    let mut counts = None;
    let succeeded = follow(
        Command::new("node")
            .arg("run.mjs")
            .current_dir(places::root().join("e2e"))
            .env("ORMSCOPE_DIST", places::dist())
            .env("ORMSCOPE_CHROMIUM", chromium)
            .env("ORMSCOPE_DJANGO_TESTS", django::source()?.join("tests"))
            .env(
                "ORMSCOPE_BIN",
                env::var_os("ORMSCOPE_BIN")
                    .unwrap_or_else(|| places::target().join("debug/ormscope").into_os_string()),
            ),
        |line| counts = counts_of(line).or(counts),
    )?;
    let (passed, failed) = counts.ok_or("the journeys did not reach their end")?;
    tally.passed += passed;
    tally.failed += if failed == 0 && !succeeded { 1 } else { failed };
    Ok(())
}

/// `test result: ok. 12 passed; 0 failed; …`
fn counts_of_cargo(line: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut counts = rest
        .split("; ")
        .map(|piece| piece.split(' ').next()?.parse().ok());
    Some((counts.next()??, counts.next()??))
}

/// `12 passed, 0 failed`
pub fn counts_of(line: &str) -> Option<(u64, u64)> {
    let (passed, failed) = line.trim().split_once(" passed, ")?;
    Some((
        passed.parse().ok()?,
        failed.strip_suffix(" failed")?.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::{counts_of, counts_of_cargo};

    #[test]
    fn counts_are_read() {
        let line = "test result: ok. 12 passed; 3 failed; 0 ignored; 0 measured; finished in 0.1s";
        assert_eq!(counts_of_cargo(line), Some((12, 3)));
        assert_eq!(counts_of("7 passed, 1 failed"), Some((7, 1)));
        assert_eq!(counts_of("all passed"), None);
    }
}
