//! Programs that cargo builds: `wasm-bindgen` and `trunk`.
//!
//! They go into a folder that all clones share, and are built once.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::run::{cargo, read, run, say, which};
use crate::{Outcome, places};

/// The version of trunk that is known to work.
const TRUNK: &str = "0.22.1";

/// The folder with a `wasm-bindgen` of exactly the version of the library.
pub fn wasm_bindgen() -> Outcome<PathBuf> {
    let lock =
        fs::read_to_string(places::root().join("Cargo.lock")).map_err(|error| error.to_string())?;
    let version = lock
        .split("[[package]]")
        .find(|package| package.contains("name = \"wasm-bindgen\"\n"))
        .and_then(|package| package.split("version = \"").nth(1))
        .and_then(|rest| rest.split('"').next())
        .ok_or("Cargo.lock names no wasm-bindgen")?;
    tool("wasm-bindgen-cli", "wasm-bindgen", version, true)
}

/// The folder with `trunk`.
pub fn trunk() -> Outcome<PathBuf> {
    tool("trunk", "trunk", TRUNK, false)
}

/// Finds or builds a program; the folder it is in.
fn tool(package: &str, program: &str, version: &str, exact: bool) -> Outcome<PathBuf> {
    let own = places::shared()
        .join("tools")
        .join(format!("{package}-{version}"));
    let file = own.join("bin").join(program);
    if speaks(&file).is_some() {
        return Ok(own.join("bin"));
    }
    if let Some(found) = which(program)
        && let Some(said) = speaks(&found)
        && (!exact || said.contains(version))
    {
        return Ok(found.parent().map(PathBuf::from).unwrap_or_default());
    }
    say(&format!(
        "{program} {version} is missing: building it, once (some minutes)"
    ));
    run(cargo()
        .args(["install", package, "--version", version, "--root"])
        .arg(&own)
        .arg("--target-dir")
        .arg(places::shared().join("build"))
        .env_remove("RUSTFLAGS"))?;
    Ok(own.join("bin"))
}

fn speaks(program: &std::path::Path) -> Option<String> {
    read(Command::new(program).arg("--version"))
}
