//! Random querysets on real Django and on ours.
//!
//! ```text
//! schema ──▶ generate ──▶ chains ──▶ both sides, in batches ──▶ differences ──▶ shrink
//! ```

pub mod chain;
pub mod generate;
pub mod rng;
pub mod schema;

use crate::case::{Case, Record, Step};
use crate::{cache, django, ours};
use chain::Chain;

/// What the two sides said to a chain.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The same.
    Same,
    /// Both refuse it, in the same words: it was no valid queryset.
    Invalid,
    /// Not the same: what each said.
    Differs(Record, Record),
}

/// Runs chains over one model set on both sides.
pub fn compare(set: &str, chains: &[Chain]) -> Result<Vec<Verdict>, String> {
    if chains.is_empty() {
        return Ok(Vec::new());
    }
    let case = case(set, chains);
    let theirs = django::record(&[&case])?.pop().unwrap_or_default();
    let folder = cache("fuzz").join(std::process::id().to_string());
    let mine = match ours::run(&case, &folder) {
        Ok(records) => records,
        // One of them ended the process: find it by halves.
        Err(_) if chains.len() > 1 => {
            let (left, right) = chains.split_at(chains.len() / 2);
            let mut verdicts = compare(set, left)?;
            verdicts.extend(compare(set, right)?);
            return Ok(verdicts);
        }
        Err(error) => vec![Record {
            sql: String::new(),
            text: error,
        }],
    };
    Ok(theirs
        .into_iter()
        .zip(mine)
        .map(|(theirs, mine)| verdict(theirs, mine))
        .collect())
}

fn case(set: &str, chains: &[Chain]) -> Case {
    Case {
        id: format!("fuzz-{set}"),
        models: Some(set.to_owned()),
        setup: generate::IMPORTS.to_owned(),
        steps: chains
            .iter()
            .map(|chain| (Step::Python(format!("{chain}\n")), Record::default()))
            .collect(),
    }
}

/// Rows in no order are the same in any order.
fn verdict(theirs: Record, mine: Record) -> Verdict {
    let raised = |text: &str| {
        let first = text.lines().next().unwrap_or_default();
        let name = first.split(':').next().unwrap_or_default();
        name.ends_with("Error") || name.ends_with("Exception") || name.ends_with("EmptyResultSet")
    };
    // What Django refuses, ours refuses in the same words.
    if raised(&theirs.text) && theirs.text == mine.text {
        return Verdict::Invalid;
    }
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    // The rows in the way of a deletion are a set: they come, and are shown, in no order.
    if theirs.text.contains("Error: (\"Cannot delete some") {
        let letters = |text: &str| {
            let mut letters: Vec<char> = text.chars().collect();
            letters.sort_unstable();
            letters
        };
        if lines(&theirs.sql) == lines(&mine.sql) && letters(&theirs.text) == letters(&mine.text) {
            return Verdict::Same;
        }
    }
    if theirs.sql == mine.sql && lines(&theirs.text) == lines(&mine.text) {
        Verdict::Same
    } else {
        Verdict::Differs(theirs, mine)
    }
}

/// The smallest chain found that the two sides still disagree on.
pub fn shrink(set: &str, chain: &Chain) -> Result<(Chain, Verdict), String> {
    let mut best = chain.clone();
    let mut verdict = compare(set, std::slice::from_ref(&best))?
        .pop()
        .unwrap_or(Verdict::Same);
    for _ in 0..12 {
        let smaller = best.smaller();
        let verdicts = compare(set, &smaller)?;
        let found = smaller
            .into_iter()
            .zip(verdicts)
            .find(|(_, verdict)| matches!(verdict, Verdict::Differs(..)));
        match found {
            Some((chain, less)) => (best, verdict) = (chain, less),
            None => break,
        }
    }
    Ok((best, verdict))
}
