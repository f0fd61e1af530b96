//! `ormscope run`: what `manage.py shell < queries.py` would do after migrate and seed.
use super::refuse;
use crate::{folder, machine::Machine};
use clap::Args;
use engine::Engine;
use protocol::Dialect;
use protocol::message::Limits;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

/// Arguments of `run`.
#[derive(Args, Debug)]
pub struct Run {
    /// The project's folder.
    project: PathBuf,
    /// The script to run.
    #[arg(long, default_value = "queries.py")]
    file: String,
    /// The dialect that SQL is shown in.
    #[arg(long, default_value = "sqlite", value_parser = ["sqlite", "postgresql", "mysql"])]
    dialect: String,
    /// Print the report that the page draws, as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs a project.
pub fn run(arguments: &Run) -> ExitCode {
    let mut project = match folder::read(&arguments.project) {
        Ok(project) => project,
        Err(why) => return refuse(why),
    };
    if project.read(&arguments.file).is_none() {
        return refuse(format!("there is no {} in the project", arguments.file));
    }
    project.script.clone_from(&arguments.file);
    project.dialect = Dialect::from_name(&arguments.dialect).unwrap_or_default();
    let mut engine = match Engine::new(Rc::new(Machine::new())) {
        Ok(engine) => engine,
        Err(why) => return refuse(why),
    };
    if !arguments.json {
        return match engine.shell(&project) {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprint!("{}", failure.traceback);
                ExitCode::FAILURE
            }
        };
    }
    let limits = Limits {
        millis: 0,
        ..Limits::default()
    };
    let report = engine.run(&project, limits, &mut |_, _| {});
    match serde_json::to_string_pretty(&report) {
        Ok(text) => crate::machine::print(&format!("{text}\n")),
        Err(why) => return refuse(why),
    }
    if report.succeeded() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
