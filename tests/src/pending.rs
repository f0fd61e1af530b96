//! `pending.txt`: steps of cases that do not pass yet, each with its reason.
//!
//! It is a ratchet in both directions: a step that is not listed must pass, and
//! a listed one that passes must be taken off.

use std::collections::BTreeMap;
use std::fs;

use crate::root;

/// Steps with their reasons. A line is `FILE :: TITLE :: NUMBER -- reason`.
#[must_use]
pub fn read() -> BTreeMap<String, String> {
    let path = root().join("tests/suite/pending.txt");
    fs::read_to_string(path)
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (id, reason) = line.split_once(" -- ").unwrap_or((line, ""));
            (id.trim().to_owned(), reason.trim().to_owned())
        })
        .collect()
}
