//! The native command, built.

use std::path::PathBuf;

use crate::run::{cargo, run, say};
use crate::{Outcome, places};

/// How it is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What the tests use.
    Dev,
    /// What is measured.
    Release,
}

/// Builds `ormscope`; where it is.
pub fn build(profile: Profile) -> Outcome<PathBuf> {
    say("building ormscope");
    let mut command = cargo();
    // With the whole workspace's features, so that `cargo test` finds all it
    // needs built already.
    command.args(["build", "--workspace", "--bin", "ormscope"]);
    if profile == Profile::Release {
        command.arg("--release");
    }
    run(&mut command)?;
    let folder = if profile == Profile::Release {
        "release"
    } else {
        "debug"
    };
    Ok(places::target()
        .join(folder)
        .join(format!("ormscope{}", std::env::consts::EXE_SUFFIX)))
}
