//! `ormscope manage`: Django's commands on a project's own files and database.
use super::refuse;
use crate::{folder, machine::Machine};
use clap::Args;
use engine::{Engine, Place};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

/// Arguments of `manage`.
#[derive(Args, Debug)]
pub struct Manage {
    /// The project's folder.
    project: PathBuf,
    /// The command and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    command: Vec<String>,
}

/// Runs a management command.
pub fn manage(arguments: &Manage) -> ExitCode {
    let project = match folder::read(&arguments.project) {
        Ok(project) => project,
        Err(why) => return refuse(why),
    };
    let root = match arguments.project.canonicalize() {
        Ok(root) => root.display().to_string(),
        Err(why) => return refuse(why),
    };
    let mut engine = match Engine::new(Rc::new(Machine::new())) {
        Ok(engine) => engine,
        Err(why) => return refuse(why),
    };
    engine.let_output_through();
    let files: Vec<&str> = project.files.iter().map(|f| f.path.as_str()).collect();
    let done = engine
        .open(&files, &root, Place::Disk)
        .and_then(|()| engine.manage(&arguments.command));
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprint!("{}", failure.traceback);
            ExitCode::FAILURE
        }
    }
}
