//! `cargo xtask bench`: how fast, and beside real Django in the same run.

mod machine;
mod native;
mod page;
mod report;
mod rival;

use std::fs;

use crate::{Outcome, places};

/// `bench [--native|--page]`: measures, prints, and writes
/// `docs/performance.md`. A part that is left out keeps what stands there.
pub fn bench(words: &[String]) -> Outcome {
    let only = |flag: &str| words.iter().any(|word| word == flag);
    let both = !only("--native") && !only("--page");
    let file = places::root().join("docs/performance.md");
    let mut text = fs::read_to_string(&file).unwrap_or_default();
    if both || only("--native") {
        let table = native::measure()?;
        println!("{table}");
        text = report::with(&text, report::Part::Native, &table);
    }
    if both || only("--page") {
        let table = page::measure()?;
        println!("{table}");
        text = report::with(&text, report::Part::Page, &table);
    }
    fs::write(file, text).map_err(|error| error.to_string())
}
