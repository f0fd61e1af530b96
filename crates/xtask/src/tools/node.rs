//! npm packages, as the lock files name them.

use std::fs;
use std::process::Command;

use crate::run::{run, say, which};
use crate::{Outcome, places};

/// Installs a folder's packages, unless those of its lock file are there.
pub fn packages(folder: &str) -> Outcome {
    if which("npm").is_none() {
        return Err(
            "Node is missing: install nodejs (20 or newer) with npm, and run this again."
                .to_owned(),
        );
    }
    let folder = places::root().join(folder);
    let lock = fs::read(folder.join("package-lock.json")).map_err(|error| error.to_string())?;
    // npm keeps no copy of the lock file that could be compared: we do.
    let installed = folder.join("node_modules/.ormscope-lock.json");
    if fs::read(&installed).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say(&format!(
        "installing the npm packages of {}/",
        places::shown(&folder)
    ));
    run(Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund"])
        .current_dir(&folder))?;
    fs::write(installed, lock).map_err(|error| error.to_string())
}
