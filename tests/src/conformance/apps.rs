//! The list of apps.

use std::fs;

use crate::root;

/// A group of apps.
#[derive(Clone, Debug)]
pub struct Group {
    /// `core querying`
    pub name: String,
    /// Its apps.
    pub apps: Vec<String>,
}

/// The groups of `tests/conformance/apps.txt`.
#[must_use]
pub fn groups() -> Vec<Group> {
    let text = fs::read_to_string(root().join("tests/conformance/apps.txt")).unwrap_or_default();
    let mut groups: Vec<Group> = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            groups.push(Group {
                name: name.to_owned(),
                apps: Vec::new(),
            });
        } else if let Some(group) = groups.last_mut() {
            group.apps.push(line.to_owned());
        }
    }
    groups
}
