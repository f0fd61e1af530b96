//! `cargo xtask fuzz-oracle --seed S --n N [--set NAME] [--show N] [--errors]`:
//! random querysets on real Django and on ours; prints each difference, made
//! small. With `--errors` every one has something wrong in it.

use std::process::ExitCode;

use truth::fuzz::chain::Chain;
use truth::fuzz::rng::Rng;
use truth::fuzz::{Verdict, compare, generate, schema, shrink};

/// The model sets, each with its share of the querysets.
const SETS: [&str; 7] = [
    "bookstore",
    "blog",
    "social",
    "sales",
    "categories",
    "documents",
    "places",
];
/// Querysets of one process.
const BATCH: usize = 100;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn option(words: &[String], name: &str) -> Option<String> {
    let at = words.iter().position(|word| word == name)?;
    words.get(at + 1).cloned()
}

/// How many querysets differ.
fn run(words: &[String]) -> Result<usize, String> {
    let number = |name: &str, otherwise: usize| {
        option(words, name).map_or(Ok(otherwise), |text| {
            text.parse().map_err(|_| format!("{name}: not a number"))
        })
    };
    let seed = number("--seed", 1)?;
    let wanted = number("--n", 500)?;
    let shown = number("--show", 20)?;
    let errors = words.iter().any(|word| word == "--errors");
    let sets: Vec<String> = match option(words, "--set") {
        Some(set) => vec![set],
        None => SETS.map(str::to_owned).to_vec(),
    };
    let mut rng = Rng::new(seed as u64);
    let (mut valid, mut refused, mut differing, mut printed) = (0, 0, 0, 0);
    for (index, set) in sets.iter().enumerate() {
        let schema = schema::read(set)?;
        let mut left = wanted / sets.len() + usize::from(index < wanted % sets.len());
        while left > 0 {
            let chains: Vec<Chain> = (0..left.min(BATCH))
                .map(|_| match errors {
                    true => generate::faulty(&schema, &mut rng),
                    false => generate::chain(&schema, &mut rng),
                })
                .collect();
            for (chain, verdict) in chains.iter().zip(compare(set, &chains)?) {
                match verdict {
                    Verdict::Invalid => {
                        refused += 1;
                        if errors {
                            left -= 1;
                        }
                        continue;
                    }
                    Verdict::Same => valid += 1,
                    Verdict::Differs(..) => {
                        valid += 1;
                        differing += 1;
                        left -= 1;
                        if printed < shown {
                            printed += 1;
                            print(set, chain)?;
                        }
                        continue;
                    }
                }
                left -= 1;
            }
        }
    }
    println!(
        "seed {seed}: {valid} valid querysets ({refused} more were refused by Django), {differing} differ"
    );
    Ok(differing)
}

/// Prints a difference, made small.
fn print(set: &str, chain: &Chain) -> Result<(), String> {
    let (small, verdict) = shrink(set, chain)?;
    println!("{set}: {small}");
    if let Verdict::Differs(theirs, mine) = verdict {
        for (name, record) in [("django", theirs), ("ours", mine)] {
            for line in record.sql.lines().chain(record.text.lines()).take(24) {
                println!("  {name:>6}: {line}");
            }
        }
    }
    println!();
    Ok(())
}
