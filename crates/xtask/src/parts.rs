//! The engine travels in two parts: what a page uses in its first minutes, and
//! the rest, fetched by the first call of any of it.
//!
//! ```text
//! linked module ─────────────────────────────▶ symbols ─┐
//!      └─▶ wasm-bindgen ─▶ wasm-opt ─┬─▶ count ─▶ used ─┼─▶ rare ─▶ split ─▶ first, rest
//!                                    └──────────────────┘
//! ```
//!
//! What is used is found by using it: a module that notes its calls runs the
//! example projects and the recorded cases (`js/used.mjs`).

mod count;
mod rare;
mod shape;
mod split;
mod symbols;
mod wasm;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::{run, say};
use crate::{Outcome, places};
use wasm::Module;

/// Sections that wasm-bindgen wants; the linker's notes would be in its way.
const WANTED: &[&str] = &[
    "name",
    "producers",
    "target_features",
    "__wasm_bindgen_unstable",
];

/// Writes a linked module without the linker's notes.
pub fn without_notes(linked: &Path, to: &Path) -> Outcome {
    let mut module = Module::read(&read(linked)?)?;
    module.keep_custom(WANTED);
    write(to, &module.write())
}

/// Splits the optimised module `small`, whose names are still in it.
pub fn split(linked: &Path, small: &Path, glue: &Path, first: &Path, rest: &Path) -> Outcome {
    let bytes = read(small)?;
    say("finding out what of the engine is often used");
    let counting = count::counting(&bytes)?;
    let noting = small.with_extension("counting.wasm");
    write(&noting, &counting.bytes)?;
    let output = Command::new("node")
        .arg("--max-old-space-size=4096")
        .arg(places::root().join("crates/xtask/js/used.mjs"))
        .args([glue, &noting])
        .args([counting.place.to_string(), counting.functions.to_string()])
        .arg(places::root())
        .output()
        .map_err(|error| format!("node: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let mut often = vec![false; counting.functions];
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let number: usize = line
            .parse()
            .map_err(|_| format!("{line}: not a function"))?;
        if let Some(slot) = often.get_mut(number) {
            *slot = true;
        }
    }

    let module = Module::read(&bytes)?;
    let symbols = symbols::symbols(&Module::read(&read(linked)?)?)?;
    for (often, small) in often.iter_mut().zip(rare::small(&module, &symbols)?) {
        *often |= small;
    }
    let data = rare::data(&module, &symbols, &often)?;
    let parts = split::split(&module, &often, &data)?;
    say(&format!(
        "{} of {} functions stay in the first part, {} kB of data leave it: {} kB and {} kB",
        often.iter().filter(|often| **often).count(),
        often.len(),
        data.iter().map(|place| place.len()).sum::<usize>() / 1000,
        parts.first.len() / 1000,
        parts.rest.len() / 1000,
    ));
    write(first, &parts.first)?;
    write(rest, &parts.rest)?;
    run(Command::new("node")
        .arg(places::root().join("crates/xtask/js/begins.mjs"))
        .args([glue, first])
        .arg(places::root()))
}

fn read(path: &Path) -> Outcome<Vec<u8>> {
    fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Outcome {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    fs::write(path, bytes).map_err(|error| format!("{}: {error}", path.display()))
}
