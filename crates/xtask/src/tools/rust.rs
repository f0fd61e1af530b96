//! The toolchain: rustup brings it by `rust-toolchain.toml`.

use std::process::Command;

use crate::run::{read, run, say, which};
use crate::{Outcome, places};

const TARGET: &str = "wasm32-unknown-unknown";

/// Makes sure that Rust can build for the page.
pub fn wasm_target() -> Outcome {
    if which("rustup").is_none() {
        // Another way of having Rust: it may well have the target.
        return Ok(());
    }
    let installed = read(
        Command::new("rustup")
            .args(["target", "list", "--installed"])
            .current_dir(places::root()),
    );
    if installed.is_some_and(|list| list.lines().any(|line| line == TARGET)) {
        return Ok(());
    }
    say("Rust's wasm target is missing: installing it");
    run(Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(places::root()))
}
