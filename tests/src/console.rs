//! Sessions of commands, which both sides run alike.
//!
//! `manage …` is the project's command; `cat FILE` prints a file of the
//! project and is done here, for both sides.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::case::{Case, Record, Step};
use crate::process::{self, Said};
use crate::{project, record};

/// Runs every step of a case in its folder. `manage` makes the command for
/// the arguments after `manage`.
pub fn play(
    case: &Case,
    folder: &Path,
    manage: &dyn Fn(&Path, &[String]) -> Command,
) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    for (step, _) in &case.steps {
        let mut session = String::new();
        match step {
            Step::Write(file, text) => {
                project::write(folder, file, text).map_err(|error| error.to_string())?;
            }
            Step::Remove(file) => {
                fs::remove_file(folder.join(file)).map_err(|error| error.to_string())?;
            }
            Step::Python(_) => return Err("statements among commands".to_owned()),
            Step::Console(commands) => {
                for command in commands {
                    session.push_str(&format!("$ {command}\n"));
                    session.push_str(&answer(command, folder, manage)?);
                }
            }
        }
        records.push(Record {
            sql: String::new(),
            text: session,
        });
    }
    Ok(records)
}

/// What one command prints.
fn answer(
    command: &str,
    folder: &Path,
    manage: &dyn Fn(&Path, &[String]) -> Command,
) -> Result<String, String> {
    let words = words(command);
    let rest = words.get(1..).unwrap_or_default();
    match (words.first().map(String::as_str), rest) {
        (Some("manage"), arguments) => {
            let said = process::run(&mut manage(folder, arguments), "", Duration::from_secs(60))?;
            Ok(printed(&said, folder))
        }
        (Some("cat"), [file]) => match fs::read_to_string(folder.join(file)) {
            Ok(text) => Ok(record::moments(&text)),
            Err(_) => Ok("no such file\n".to_owned()),
        },
        _ => Err(format!("unknown command: {command}")),
    }
}

/// What reached the screen, and how it ended if not well. The project's folder
/// is left out of paths, as is the folder that real Django needs for an app.
fn printed(said: &Said, folder: &Path) -> String {
    let mut text = said.out.clone();
    if said.status != Some(0) {
        // The last line of a traceback is the exception; above it stand frames
        // of either implementation's own files.
        match said.err.rfind("Traceback (most recent call last):") {
            Some(_) => text.push_str(said.err.trim_end().lines().last().unwrap_or_default()),
            None => text.push_str(said.err.trim_end()),
        }
        text.push_str(&match said.status {
            Some(status) => format!("\nexit status {status}\n"),
            None => "\nkilled\n".to_owned(),
        });
    }
    record::moments(&text)
        .replace(&format!("{}/", folder.display()), "")
        .replace("playground/migrations/", "migrations/")
}

/// A command line's words; double quotes hold one together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, piece) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(piece.to_owned());
        } else {
            words.extend(piece.split_whitespace().map(str::to_owned));
        }
    }
    words
}
