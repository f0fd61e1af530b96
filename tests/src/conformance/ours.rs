//! An app's tests on ours.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{AppRun, causes, read_outcomes};
use crate::{cache, ours, process};

/// The longest that one app may take.
const LIMIT: Duration = Duration::from_secs(600);
/// The most address space that one process may take, in kB.
const MEMORY: u32 = 4_000_000;

/// Runs one app.
pub fn run(tests: &Path, app: &str) -> Result<AppRun, String> {
    let folder = cache("conformance");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let file = folder.join(format!("{app}.json"));
    if file.exists() {
        fs::remove_file(&file).map_err(|error| error.to_string())?;
    }
    let begun = Instant::now();
    let said = process::run(
        Command::new("sh")
            .args(["-c", &format!("ulimit -v {MEMORY}; exec \"$@\""), "sh"])
            .arg(ours::binary()?)
            .arg("test")
            .arg(tests)
            .arg(app)
            .arg("--json")
            .arg(&file),
        "",
        LIMIT,
    )?;
    let seconds = begun.elapsed().as_secs_f64();
    let outcomes = fs::read_to_string(&file)
        .ok()
        .and_then(|text| read_outcomes(&text));
    let trouble = match (&outcomes, said.timed_out, said.status) {
        (None, true, _) => Some("out of time".to_owned()),
        (None, false, _) => Some(format!(
            "no outcomes: {}",
            said.err.trim_end().lines().last().unwrap_or("nothing said")
        )),
        (Some(_), _, None) => Some("killed at its end".to_owned()),
        (Some(_), _, Some(_)) => None,
    };
    fs::write(
        folder.join(format!("{app}.txt")),
        format!("{}{}", said.out, said.err),
    )
    .map_err(|error| error.to_string())?;
    Ok(AppRun {
        outcomes: outcomes.unwrap_or_default(),
        seconds,
        peak: said.peak,
        trouble,
        causes: causes::of_report(&format!("{}{}", said.err, said.out)),
    })
}
