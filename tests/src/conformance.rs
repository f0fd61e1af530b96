//! Django's own tests, unmodified, on ours and on real Django.
//!
//! ```text
//! apps ──┬── ours    ormscope test TESTS APP --json FILE, a process an app ──┬──▶ table, passing.txt
//!        └── django  runtests.py APP, kept in the cache ─────────────────────┘
//! ```

pub mod apps;
pub mod causes;
pub mod django;
pub mod ours;
pub mod report;

use std::collections::BTreeMap;

/// What became of each test of an app.
#[derive(Clone, Debug, Default)]
pub struct AppRun {
    /// `app.module.Class.test` with unittest's word for it.
    pub outcomes: BTreeMap<String, String>,
    /// Seconds of the whole process.
    pub seconds: f64,
    /// The most memory it had, in kB.
    pub peak: u64,
    /// Why it ended early, if it did.
    pub trouble: Option<String>,
    /// The last line of each failure's traceback, by its label.
    pub causes: BTreeMap<String, String>,
}

impl AppRun {
    /// The tests that passed.
    pub fn passed(&self) -> impl Iterator<Item = &str> {
        self.outcomes
            .iter()
            .filter(|(_, outcome)| *outcome == "passed")
            .map(|(test, _)| test.as_str())
    }
}

/// Reads `{"run": N, "outcomes": {…}}`.
pub fn read_outcomes(text: &str) -> Option<BTreeMap<String, String>> {
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    let outcomes = document.get("outcomes")?.as_object()?;
    Some(
        outcomes
            .iter()
            .map(|(test, outcome)| {
                (
                    test.clone(),
                    outcome.as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect(),
    )
}
