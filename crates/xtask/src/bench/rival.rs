//! What the page is measured beside: real Django on Pyodide, put together into
//! a static site of its own.
//!
//! ```text
//! e2e/bench/rival/ ──────────┐
//! pyodide ── npm ────────────┼─▶ target/rival/ ── compressed like dist/
//! Django's wheels ── pip ────┘
//! ```

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{run, say};
use crate::{Outcome, dist, django, places, tools};

/// What a page fetches of the npm package.
const PYODIDE: [&str; 5] = [
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide-lock.json",
    "python_stdlib.zip",
];

/// Django's wheel and what it needs, with their hashes. Pyodide has SQLite, but
/// no time zones.
const WHEELS: [(&str, &str, &str); 4] = [
    (
        "django",
        django::VERSION,
        "a0530e3fdac55d34ccc5893c36f6c57d7a7083064f3d414537e51473648b3290",
    ),
    (
        "asgiref",
        "3.13.0",
        "f9596a2434512686473d50f96ff6207fbba49ae1a785dfac614df4aeb085674d",
    ),
    (
        "sqlparse",
        "0.6.1",
        "3be5a72d04c873d690d7c6dedd33d6fae2ef82759881ceec02fc2efd0cba564f",
    ),
    (
        "tzdata",
        "2026.6",
        "0a10eec6e13ef16b627fabed9a5f2ba61a62b1c67f327305f4e7e412a70b4aec",
    ),
];

/// The rival's site; where it is.
pub fn build() -> Outcome<PathBuf> {
    let bench = places::root().join("e2e/bench");
    tools::packages("e2e/bench")?;
    let wheels = wheels()?;
    let site = places::target().join("rival");
    put_together(&site, &bench, &wheels).map_err(|error| error.to_string())?;
    dist::compress(&site)?;
    Ok(site)
}

fn put_together(site: &Path, bench: &Path, wheels: &[PathBuf]) -> std::io::Result<()> {
    if site.exists() {
        fs::remove_dir_all(site)?;
    }
    for folder in ["pyodide", "wheels"] {
        fs::create_dir_all(site.join(folder))?;
    }
    for entry in fs::read_dir(bench.join("rival"))? {
        let entry = entry?;
        fs::copy(entry.path(), site.join(entry.file_name()))?;
    }
    for file in PYODIDE {
        let from = bench.join("node_modules/pyodide").join(file);
        fs::copy(from, site.join("pyodide").join(file))?;
    }
    let mut names = Vec::new();
    for wheel in wheels {
        let name = wheel.file_name().unwrap_or_default();
        fs::copy(wheel, site.join("wheels").join(name))?;
        names.push(name.to_string_lossy().into_owned());
    }
    let names = serde_json::Value::from(names);
    fs::write(site.join("wheels/names.json"), names.to_string())
}

/// The wheels, in the cache that clones share.
fn wheels() -> Outcome<Vec<PathBuf>> {
    let folder = places::shared().join("wheels");
    if let Some(found) = found(&folder) {
        return Ok(found);
    }
    let python = django::python()?;
    say("fetching the wheels of Django and what it needs");
    let text = |error: std::io::Error| error.to_string();
    fs::create_dir_all(&folder).map_err(text)?;
    let requirements: String = WHEELS
        .iter()
        .map(|(name, version, hash)| format!("{name}=={version} --hash=sha256:{hash}\n"))
        .collect();
    let list = folder.join("requirements.txt");
    fs::write(&list, requirements).map_err(text)?;
    run(Command::new(python)
        .args(["-m", "pip", "download", "--quiet"])
        .args(["--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary=:all:", "--require-hashes", "--dest"])
        .arg(&folder)
        .arg("--requirement")
        .arg(&list))?;
    found(&folder).ok_or_else(|| "pip did not bring every wheel of the rival".to_owned())
}

/// Every wheel, if none is missing.
fn found(folder: &Path) -> Option<Vec<PathBuf>> {
    let files: Vec<PathBuf> = fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let of = |name: &str, version: &str| {
        let begin = format!("{name}-{version}-");
        files
            .iter()
            .find(|file| {
                let file = file.file_name().unwrap_or_default().to_string_lossy();
                file.starts_with(&begin) && file.ends_with(".whl")
            })
            .cloned()
    };
    WHEELS
        .iter()
        .map(|(name, version, _)| of(name, version))
        .collect()
}
