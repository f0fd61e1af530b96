//! Our side: the `ormscope` command.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use crate::case::{Case, Record};
use crate::{console, driver, process, project, root};

/// The command: `ORMSCOPE_BIN`, or else built here.
pub fn binary() -> Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(find).clone()
}

fn find() -> Result<PathBuf, String> {
    if let Some(given) = env::var_os("ORMSCOPE_BIN") {
        return Ok(PathBuf::from(given));
    }
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--quiet", "--workspace", "--bin", "ormscope"])
        .current_dir(root())
        .status()
        .map_err(|error| error.to_string())?;
    if !status.success() {
        return Err("ormscope does not build".to_owned());
    }
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target
        .join("debug")
        .join(format!("ormscope{}", env::consts::EXE_SUFFIX)))
}

/// What ours says to each step of a case.
pub fn run(case: &Case, folder: &Path) -> Result<Vec<Record>, String> {
    let binary = binary()?;
    project::make(case, folder).map_err(|error| error.to_string())?;
    if case.is_console() {
        return console::play(case, folder, &|folder, arguments| {
            let mut command = Command::new(&binary);
            command.arg("manage").arg(folder).args(arguments);
            command
        });
    }
    project::write(folder, "queries.py", &driver::script(case))
        .map_err(|error| error.to_string())?;
    let said = process::run(
        Command::new(&binary).arg("run").arg(folder),
        "",
        Duration::from_secs(60),
    )?;
    driver::read(case, &said.out).map_err(|error| {
        let ending = if said.timed_out { ", out of time" } else { "" };
        format!("{error}{ending}\n{}{}", said.out, said.err)
    })
}
