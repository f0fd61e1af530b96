//! `ormscope test`: django.test and unittest cases, each safe from the others' crashes.
//!
//! ```text
//! ormscope test ──spawns──▶ ormscope test-child     sets up, discovers, runs
//!      ▲                          │
//!      └── one JSON line an event ┘   it hangs or dies: that test is an error,
//!                                     a new child runs the rest
//! ```
mod child;
mod events;
mod project;
mod summary;

use super::refuse;
use clap::Args;
use events::{Ended, Said};
use std::io::Write;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};
use summary::Summary;

pub use child::{Child, child};

/// The longest that one test may take.
const LIMIT: Duration = Duration::from_secs(20);
/// The longest that setting up may take.
const SETTING_UP: Duration = Duration::from_secs(120);

/// Arguments of `test`.
#[derive(Args, Debug)]
pub struct Test {
    /// A project, or a folder with packages that hold tests.
    folder: PathBuf,
    /// Modules of the project or packages in the folder, or `module.Class.test`; without any, all.
    labels: Vec<String>,
    /// Write the outcomes to this file.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Runs tests.
pub fn test(arguments: &Test) -> ExitCode {
    let folder = match arguments.folder.canonicalize() {
        Ok(folder) if folder.is_dir() => folder,
        Ok(folder) => return refuse(format!("{} is not a folder", folder.display())),
        Err(why) => return refuse(format!("{}: {why}", arguments.folder.display())),
    };
    let labels = if arguments.labels.is_empty() {
        match everything(&folder) {
            Ok(labels) => labels,
            Err(why) => return refuse(why),
        }
    } else {
        arguments.labels.clone()
    };
    let begun = Instant::now();
    let mut summary = Summary::default();
    loop {
        match one_child(&folder, &labels, &mut summary) {
            Ok(Ended::Done) => break,
            Ok(Ended::Died) => {}
            Err(why) => return refuse(why),
        }
    }
    summary.print(begun.elapsed());
    if let Some(file) = &arguments.json
        && let Err(why) = std::fs::write(file, summary.json().to_string())
    {
        return refuse(format!("{}: {why}", file.display()));
    }
    if summary.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// What is tested when nothing is named.
fn everything(folder: &std::path::Path) -> Result<Vec<String>, String> {
    if !project::is_project(folder) {
        return Ok(packages(folder));
    }
    let project = crate::folder::read(folder)?;
    Ok(project::modules(
        project.files.iter().map(|file| file.path.as_str()),
    ))
}

/// The packages in a folder.
fn packages(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|e| e.path().join("__init__.py").is_file())
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// The folder for the files that tests leave behind; it goes when they have run, as it does in
/// Django's own test run.
struct Leftovers(std::path::PathBuf);

impl Leftovers {
    fn new() -> std::io::Result<Self> {
        let name = format!("ormscope_test_{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder)?;
        Ok(Leftovers(folder))
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs what has not been run yet, until the end or until a test takes the process with it.
fn one_child(
    folder: &std::path::Path,
    labels: &[String],
    summary: &mut Summary,
) -> Result<Ended, String> {
    let program = std::env::current_exe().map_err(|e| e.to_string())?;
    let left = Leftovers::new().map_err(|e| e.to_string())?;
    let mut process = std::process::Command::new(program)
        .arg("test-child")
        .arg(folder)
        .args(labels)
        .env("TMPDIR", &left.0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    if let Some(mut input) = process.stdin.take() {
        let done: Vec<&String> = summary.known().collect();
        let text = serde_json::to_string(&done).map_err(|e| e.to_string())?;
        // A child that has died already is noticed below.
        let _ = input.write_all(text.as_bytes());
    }
    let Some(output) = process.stdout.take() else {
        return Err("a child without output".to_owned());
    };
    let heard = events::listen(output);
    let mut current: Option<String> = None;
    let ended = loop {
        let wait = if current.is_some() { LIMIT } else { SETTING_UP };
        match heard.recv_timeout(wait) {
            Ok(Said::Found(count)) => summary.found(count),
            Ok(Said::Begun(id)) => current = Some(id),
            Ok(Said::Ended(id, outcome, text)) => {
                current = None;
                summary.ended(id, &outcome, text);
            }
            Ok(Said::Outside(what, text)) => summary.outside(what, text),
            Ok(Said::Done) => break Ended::Done,
            Ok(Said::Broken(text)) => {
                summary.outside("setting up".to_owned(), text);
                break Ended::Done;
            }
            Err(lost) => {
                let _ = process.kill();
                let hung = lost == std::sync::mpsc::RecvTimeoutError::Timeout;
                let why = if hung {
                    format!("it took longer than {} seconds", LIMIT.as_secs())
                } else {
                    "the process died".to_owned()
                };
                break match current.take() {
                    Some(id) => {
                        summary.ended(id, "error", why);
                        Ended::Died
                    }
                    // Not in a test: another child would do no better.
                    None => {
                        summary.outside("between tests".to_owned(), why);
                        Ended::Done
                    }
                };
            }
        }
    };
    let _ = process.wait();
    Ok(ended)
}
