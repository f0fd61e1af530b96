//! An app's tests on real Django, kept in the cache: they say the same every
//! time, unless their time is asked for.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::{AppRun, read_outcomes};
use crate::{cache, django, process, root};

/// Runs one app, or takes what it said before.
pub fn run(tests: &Path, app: &str, again: bool) -> Result<AppRun, String> {
    let folder = cache("conformance-django");
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let file = folder.join(format!("{app}.json"));
    if !again
        && let Some(outcomes) = fs::read_to_string(&file)
            .ok()
            .and_then(|text| read_outcomes(&text))
    {
        return Ok(AppRun {
            outcomes,
            ..AppRun::default()
        });
    }
    let begun = Instant::now();
    let said = process::run(
        Command::new(django::python()?)
            .arg(root().join("tests/src/conformance/outcomes.py"))
            .arg(tests)
            .arg(app)
            .arg(&file)
            .env("PYTHONHASHSEED", "0"),
        "",
        Duration::from_secs(600),
    )?;
    let outcomes = fs::read_to_string(&file)
        .ok()
        .and_then(|text| read_outcomes(&text))
        .ok_or_else(|| format!("{app} on real Django: {}", said.err))?;
    Ok(AppRun {
        outcomes,
        seconds: begun.elapsed().as_secs_f64(),
        peak: said.peak,
        ..AppRun::default()
    })
}
