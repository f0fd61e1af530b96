//! Outcomes, as Django's runner prints them and as JSON.
use serde_json::{Map, Value, json};
use std::time::Duration;

/// What is known so far.
#[derive(Debug, Default)]
pub struct Summary {
    found: bool,
    /// In the order they ended: id, outcome, traceback or reason.
    outcomes: Vec<(String, String, String)>,
    /// What failed outside of every test.
    outside: Vec<(String, String)>,
}

impl Summary {
    /// The tests that need not run again.
    pub fn known(&self) -> impl Iterator<Item = &String> {
        self.outcomes.iter().map(|(id, _, _)| id)
    }
    /// A child found so many; only the first one's word is printed.
    pub fn found(&mut self, count: u64) {
        if !self.found {
            self.found = true;
            let s = if count == 1 { "" } else { "s" };
            println!("Found {count} test{s}.");
            println!("System check identified no issues (0 silenced).");
        }
    }
    /// A test has ended.
    pub fn ended(&mut self, id: String, outcome: &str, text: String) {
        eprint!(
            "{}",
            match outcome {
                "passed" => '.',
                "failed" => 'F',
                "skipped" => 's',
                "expected failure" => 'x',
                "unexpected success" => 'u',
                _ => 'E',
            }
        );
        self.outcomes.push((id, outcome.to_owned(), text));
    }
    /// Something outside of every test failed.
    pub fn outside(&mut self, what: String, text: String) {
        eprint!("E");
        self.outside.push((what, text));
    }
    fn count(&self, outcome: &str) -> usize {
        let same = self.outcomes.iter().filter(|(_, o, _)| o == outcome);
        same.count()
    }
    /// Whether nothing went wrong.
    pub fn is_good(&self) -> bool {
        self.outside.is_empty()
            && self.count("failed") + self.count("error") + self.count("unexpected success") == 0
    }
    /// The end of the printed report.
    pub fn print(&self, took: Duration) {
        eprintln!();
        let thick = "=".repeat(70);
        let thin = "-".repeat(70);
        for (what, text) in &self.outside {
            eprintln!("{thick}\nERROR: {what}\n{thin}\n{}\n", text.trim_end());
        }
        for (word, outcome) in [("ERROR", "error"), ("FAIL", "failed")] {
            for (id, _, text) in self.outcomes.iter().filter(|(_, o, _)| o == outcome) {
                let name = id.rsplit('.').next().unwrap_or(id);
                eprintln!(
                    "{thick}\n{word}: {name} ({id})\n{thin}\n{}\n",
                    text.trim_end()
                );
            }
        }
        let run = self.outcomes.len();
        let s = if run == 1 { "" } else { "s" };
        eprintln!("{thin}\nRan {run} test{s} in {:.3}s\n", took.as_secs_f64());
        let counts = [
            ("failures", self.count("failed")),
            ("errors", self.count("error") + self.outside.len()),
            ("skipped", self.count("skipped")),
            ("expected failures", self.count("expected failure")),
            ("unexpected successes", self.count("unexpected success")),
        ];
        let said: Vec<String> = counts
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(name, n)| format!("{name}={n}"))
            .collect();
        let word = if self.is_good() { "OK" } else { "FAILED" };
        if said.is_empty() {
            eprintln!("{word}");
        } else {
            eprintln!("{word} ({})", said.join(", "));
        }
    }
    /// `{"run": N, "outcomes": {…}}`
    pub fn json(&self) -> Value {
        let outcomes: Map<String, Value> = self
            .outcomes
            .iter()
            .map(|(id, outcome, _)| (id.clone(), Value::from(outcome.as_str())))
            .collect();
        json!({ "run": self.outcomes.len(), "outcomes": outcomes })
    }
}
