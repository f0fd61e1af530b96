//! Debian packages: clang for SQLite's wasm, Chromium for the journeys.

use std::path::PathBuf;
use std::process::Command;

use crate::Outcome;
use crate::run::{read, run, say, which};

/// A C compiler for wasm and the archiver that goes with it.
pub struct Clang {
    /// `clang-19`.
    pub compiler: String,
    /// `llvm-ar-19`.
    pub archiver: String,
}

/// Finds or installs clang.
pub fn clang() -> Outcome<Clang> {
    if let Some(found) = find_clang() {
        return Ok(found);
    }
    install("clang", &["clang-19", "llvm-19"])?;
    find_clang().ok_or_else(|| "clang-19 was installed but is not in the PATH".to_owned())
}

fn find_clang() -> Option<Clang> {
    ["-19", "-20", "-21", "-18", ""]
        .into_iter()
        .map(|version| Clang {
            compiler: format!("clang{version}"),
            archiver: format!("llvm-ar{version}"),
        })
        .find(|clang| which(&clang.compiler).is_some() && which(&clang.archiver).is_some())
}

/// Finds or installs a Chromium.
pub fn chromium() -> Outcome<PathBuf> {
    if let Some(found) = find_chromium() {
        return Ok(found);
    }
    install("Chromium", &["chromium"])?;
    find_chromium().ok_or_else(|| "chromium was installed but is not in the PATH".to_owned())
}

fn find_chromium() -> Option<PathBuf> {
    [
        "chromium",
        "chromium-browser",
        "google-chrome",
        "google-chrome-stable",
    ]
    .into_iter()
    .find_map(which)
}

/// Installs packages as root or by sudo; where neither goes, says what to run.
pub fn install(what: &str, packages: &[&str]) -> Outcome {
    let list = packages.join(" ");
    let by_hand = format!(
        "{what} is missing. Run:\n\n    sudo apt-get update && sudo apt-get install -y {list}\n\nand then this again."
    );
    if which("apt-get").is_none() {
        return Err(format!(
            "{what} is missing, and there is no apt-get here. Install what Debian calls {list}, and run this again."
        ));
    }
    let root = read(Command::new("id").arg("-u")).as_deref() == Some("0");
    let sudo = !root && read(Command::new("sudo").args(["-n", "true"])).is_some();
    if !root && !sudo {
        return Err(by_hand);
    }
    say(&format!(
        "{what} is missing: installing {list} (a few minutes)"
    ));
    let apt = || {
        let mut command = if root {
            Command::new("apt-get")
        } else {
            let mut command = Command::new("sudo");
            command.args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        };
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    // The lists may be fresh enough already: a failure here is not the end.
    if let Err(error) = run(apt().args(["update", "-q"])) {
        eprintln!("  {error}");
    }
    run(apt()
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages))
    .map_err(|error| format!("{error}\n{by_hand}"))
}
