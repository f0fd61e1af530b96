//! `cargo xtask`: everything that is done with the project, one command each.
//!
//! ```text
//! serve ───▶ page ──▶ tools (clang, wasm-bindgen, trunk, npm packages)
//! dist  ───▶ page
//! test  ───▶ fmt, clippy, cargo test (unit, doc, suite), conformance, page + journeys (chromium)
//! oracle, conformance, bench, fuzz-oracle ──▶ django (python, venv, source distribution)
//! ```
//!
//! A command brings what it lacks and says so; where it may not install, it
//! says what to run.

mod bench;
mod conformance;
mod dist;
mod django;
mod fuzz;
mod ours;
mod page;
mod parts;
mod places;
mod run;
mod serve;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  serve [--port N] [--debug]         build the page and serve it on 127.0.0.1
  test [WORD…]                       everything; WORD: fmt, clippy, cargo, conformance, e2e
  dist [DIR]                         the static site, for any host and path prefix
  oracle [--check] [WORD…]           record what real Django says into tests/suite
  conformance [APP…] [--with-django] [--ratchet]
                                     Django's own tests on ours
  bench [--native|--page]            measure, beside real Django; writes docs/performance.md
  fuzz-oracle --seed S --n N         random querysets on real Django and on ours
  setup                              install what all of these need, and stop
";

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    let outcome = match command.as_str() {
        "serve" => serve::serve(&words),
        "test" => test::test(&words),
        "dist" => dist::dist(&words),
        "oracle" => django::oracle(&words),
        "conformance" => conformance::conformance(&words),
        "bench" => bench::bench(&words),
        "fuzz-oracle" => fuzz::fuzz(&words),
        "setup" => tools::all(),
        _ => {
            print!("{USAGE}");
            return if matches!(command.as_str(), "" | "help" | "--help" | "-h") {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            };
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

/// What a command comes to: nothing, or what went wrong.
type Outcome<T = ()> = Result<T, String>;
