//! `pending.txt`: cases that do not pass yet, each with its reason.
//!
//! It is a ratchet in both directions: a case that is not listed must pass, and
//! a listed one that passes must be taken off.

use std::collections::BTreeMap;
use std::fs;

use crate::root;

/// Case ids with their reasons. A line is `id :: title -- reason`.
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
