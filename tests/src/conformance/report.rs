//! `docs/conformance.md`.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::apps::Group;
use super::{AppRun, causes};

/// What both sides said of an app.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Real Django.
    pub django: AppRun,
    /// Ours.
    pub ours: AppRun,
}

impl Pair {
    /// Tests that real Django passes.
    #[must_use]
    pub fn wanted(&self) -> usize {
        self.django.passed().count()
    }

    /// Of these, those that ours does not pass.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.django.passed().filter(|test| {
            self.ours
                .outcomes
                .get(*test)
                .is_none_or(|outcome| outcome != "passed")
        })
    }

    /// Why ours does not pass a test.
    fn cause(&self, app: &str, test: &str) -> String {
        if let Some(cause) = causes::of_test(&self.ours.causes, test) {
            return if cause.starts_with("AssertionError") {
                format!("{app}: {cause}")
            } else {
                cause.to_owned()
            };
        }
        match (&self.ours.trouble, self.ours.outcomes.get(test)) {
            (_, Some(outcome)) => format!("{app}: {outcome}"),
            (Some(trouble), None) => format!("{app}: {trouble}"),
            (None, None) => format!("{app}: not found"),
        }
    }

    /// Of these, ours.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        self.ours.passed().filter(|test| {
            self.django
                .outcomes
                .get(*test)
                .is_some_and(|outcome| outcome == "passed")
        })
    }
}

/// One line of the table.
#[must_use]
pub fn line(app: &str, pair: &Pair) -> String {
    let (wanted, passed) = (pair.wanted(), pair.passed().count());
    format!(
        "| {app} | {wanted} | {passed} | {} | {:.2} | {} | {} |",
        percent(passed, wanted),
        pair.ours.seconds,
        if pair.django.seconds > 0.0 {
            format!("{:.2}", pair.django.seconds)
        } else {
            "–".to_owned()
        },
        pair.ours.trouble.as_deref().unwrap_or(""),
    )
}

/// The table's head.
pub const HEAD: &str = "| app | real Django passes | ours | | seconds | real Django's | |\n|---|---:|---:|---:|---:|---:|---|";

/// The whole page.
#[must_use]
pub fn page(groups: &[Group], pairs: &BTreeMap<String, Pair>) -> String {
    let mut text = String::from(
        "# Django's own tests on ormscope\n\n\
         Of the tests of Django 6.1.3 that real Django passes on SQLite, unmodified, \
         how many ours passes. Each app is one process. Written by\n\n\
         ```sh\ncargo xtask conformance --with-django\n```\n\n\
         `tests/conformance/passing.txt` lists the tests that pass; `cargo xtask test` fails if one of \
         them stops passing.\n\n\
         | group | real Django passes | ours | |\n|---|---:|---:|---:|\n",
    );
    let (mut all_wanted, mut all_passed) = (0, 0);
    for group in groups {
        let (mut wanted, mut passed) = (0, 0);
        for pair in group.apps.iter().filter_map(|app| pairs.get(app)) {
            wanted += pair.wanted();
            passed += pair.passed().count();
        }
        let _ = writeln!(
            text,
            "| {} | {wanted} | {passed} | {} |",
            group.name,
            percent(passed, wanted)
        );
        all_wanted += wanted;
        all_passed += passed;
    }
    let _ = writeln!(
        text,
        "| **in all** | {all_wanted} | {all_passed} | {} |",
        percent(all_passed, all_wanted)
    );
    let ours: f64 = pairs.values().map(|pair| pair.ours.seconds).sum();
    let django: f64 = pairs.values().map(|pair| pair.django.seconds).sum();
    let peak = pairs.values().map(|pair| pair.ours.peak).max().unwrap_or(0);
    let _ = writeln!(
        text,
        "\nAll processes: {ours:.1} s on ours, {django:.1} s on real Django in the same run. The most memory one of ours had: {} MB.",
        peak / 1024
    );

    text.push_str("\n## What is missing, and why\n\n");
    let all: Vec<String> = pairs
        .iter()
        .flat_map(|(app, pair)| pair.missing().map(|test| pair.cause(app, test)))
        .collect();
    let ranked = causes::ranked(&all);
    if ranked.is_empty() {
        text.push_str("Nothing.\n");
    } else {
        text.push_str("| tests | cause, with an example of its message |\n|---:|---|\n");
        for (count, cause) in ranked.iter().take(60) {
            let _ = writeln!(
                text,
                "| {count} | `{}` |",
                cause.replace('`', "'").replace('|', "\\|")
            );
        }
        if ranked.len() > 60 {
            let rest: usize = ranked.iter().skip(60).map(|(count, _)| count).sum();
            let _ = writeln!(text, "| {rest} | {} more causes |", ranked.len() - 60);
        }
    }

    for group in groups {
        let _ = writeln!(text, "\n## {}\n\n{HEAD}", group.name);
        for app in &group.apps {
            if let Some(pair) = pairs.get(app) {
                text.push_str(&line(app, pair));
                text.push('\n');
            }
        }
    }
    text
}

fn percent(part: usize, whole: usize) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of tests are small")]
    let share = 100.0 * part as f64 / whole as f64;
    format!("{share:.1} %")
}
