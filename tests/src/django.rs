//! The truth's side: real Django in a virtual environment.
//!
//! `cargo xtask` makes the environment and says where its Python is in
//! `ORMSCOPE_DJANGO_PYTHON`.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::case::{Case, Record};
use crate::{cache, console, driver, process, project};

/// The environment's Python.
pub fn python() -> Result<PathBuf, String> {
    env::var_os("ORMSCOPE_DJANGO_PYTHON")
        .map(PathBuf::from)
        .ok_or_else(|| "run this by `cargo xtask oracle`, which brings real Django".to_owned())
}

/// Records of cases that all start from the same project, one list a case.
pub fn record(cases: &[&Case]) -> Result<Vec<Vec<Record>>, String> {
    let Some(first) = cases.first() else {
        return Ok(Vec::new());
    };
    let folder = cache("oracle").join(folder_name(first));
    if first.is_console() {
        return cases
            .iter()
            .map(|case| {
                project::make(case, &folder).map_err(|error| error.to_string())?;
                let python = python()?;
                console::play(case, &folder, &|folder, arguments| {
                    let mut command = Command::new(&python);
                    command
                        .arg(tool("oracle_manage.py"))
                        .arg(folder)
                        .args(arguments);
                    command
                        .env("PYTHONHASHSEED", "0")
                        .env("PYTHONDONTWRITEBYTECODE", "1");
                    command
                })
            })
            .collect();
    }
    project::make(first, &folder).map_err(|error| error.to_string())?;
    let jobs: Vec<Value> = cases.iter().map(|case| driver::blocks(case)).collect();
    let job = json!({ "project": folder, "driver": driver::DRIVER, "cases": jobs });
    let said = process::run(
        Command::new(python()?)
            .arg(tool("oracle.py"))
            .env("PYTHONHASHSEED", "0")
            .env("PYTHONDONTWRITEBYTECODE", "1"),
        &job.to_string(),
        Duration::from_secs(300),
    )?;
    if said.status != Some(0) {
        return Err(format!("{}: {}", first.id, said.err));
    }
    let lines: Vec<&str> = said
        .out
        .lines()
        .filter(|line| line.starts_with("@@"))
        .collect();
    if lines.len() != cases.len() {
        return Err(format!(
            "{}: {} answers for {} cases\n{}",
            first.id,
            lines.len(),
            cases.len(),
            said.err
        ));
    }
    cases
        .iter()
        .zip(lines)
        .map(|(case, line)| {
            driver::read(case, line).map_err(|error| format!("{}: {error}\n{line}", case.id))
        })
        .collect()
}

fn tool(name: &str) -> PathBuf {
    crate::root().join("tests/src").join(name)
}

fn folder_name(case: &Case) -> String {
    case.id
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}
