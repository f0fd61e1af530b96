//! The page in headless Chromium, from a local server.

use std::process::Command;

use super::machine;
use crate::run::{read, say};
use crate::{Outcome, dist, page, places, tools};

/// The table, as Markdown.
pub fn measure() -> Outcome<String> {
    let chromium = tools::chromium()?;
    tools::packages("e2e")?;
    page::build()?;
    dist::compress(&places::dist())?;
    say("measuring the page");
    let output = Command::new("node")
        .arg("bench/page.mjs")
        .current_dir(places::root().join("e2e"))
        .env("ORMSCOPE_DIST", places::dist())
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
