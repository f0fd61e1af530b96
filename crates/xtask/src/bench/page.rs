//! The page in headless Chromium, from a local server, beside Django on
//! Pyodide.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use super::{machine, rival};
use crate::run::{read, say};
use crate::{Outcome, dist, page, places, tools};

/// The table, as Markdown: of the page in `ORMSCOPE_DIST`, or of one built here.
pub fn measure() -> Outcome<String> {
    let chromium = tools::chromium()?;
    tools::packages("e2e")?;
    let rival = rival::build()?;
    let site = match env::var_os("ORMSCOPE_DIST") {
        Some(given) => PathBuf::from(given),
        None => {
            page::build()?;
            dist::compress(&places::dist())?;
            places::dist()
        }
    };
    say("measuring the page, and Django on Pyodide");
    let output = Command::new("node")
        .arg("bench/page.mjs")
        .current_dir(places::root().join("e2e"))
        .env("ORMSCOPE_DIST", site)
        .env("ORMSCOPE_RIVAL", rival)
        .env("ORMSCOPE_CHROMIUM", &chromium)
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let version =
        read(Command::new(&chromium).args(["--version", "--no-sandbox"])).unwrap_or_default();
    Ok(format!(
        "Machine: {}; {}, headless; a static server on the same machine.\n\n{}",
        machine::describe(),
        version.split(" built").next().unwrap_or_default().trim(),
        String::from_utf8_lossy(&output.stdout)
    ))
}
