//! The process that runs tests.
use super::events::{Said, say};
use super::project;
use crate::machine::Machine;
use clap::Args;
use django::test::runner::{self, Event};
use django::test::setting_up;
use engine::{Engine, FileError, Host, Kind, Place, Stream};
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

/// Arguments of `test-child`.
#[derive(Args, Debug)]
pub struct Child {
    folder: PathBuf,
    labels: Vec<String>,
}

/// Runs the tests that are not named on its standard input.
pub fn child(arguments: &Child) -> ExitCode {
    let mut text = String::new();
    let known: HashSet<String> = match std::io::stdin().read_to_string(&mut text) {
        Ok(_) => serde_json::from_str(&text).unwrap_or_default(),
        Err(_) => HashSet::new(),
    };
    let mut engine = match Engine::new(Rc::new(Aside(Machine::new()))) {
        Ok(engine) => engine,
        Err(why) => {
            say(&Said::Broken(why));
            return ExitCode::FAILURE;
        }
    };
    engine.let_output_through();
    let folder = arguments.folder.display().to_string();
    let is_project = project::is_project(&arguments.folder);
    if is_project && let Err(why) = open(&mut engine, &arguments.folder, &folder) {
        say(&Said::Broken(why));
        return ExitCode::SUCCESS;
    }
    let ended = engine.enter(|vm| {
        let run = || {
            if !is_project {
                setting_up::set_up(vm, &folder, &arguments.labels)?;
            }
            let tests = runner::discover(vm, &folder, &arguments.labels)?;
            if !is_project {
                setting_up::make_tables(vm)?;
            }
            say(&Said::Found(tests.len() as u64));
            let rest = tests
                .into_iter()
                .filter(|(id, _)| !known.contains(id))
                .map(|(_, test)| test)
                .collect();
            runner::run(vm, rest, Box::new(tell))
        };
        run().map_err(|e| python::failure::describe(vm, &e).traceback)
    });
    match ended {
        Ok(()) => say(&Said::Done),
        Err(traceback) => say(&Said::Broken(traceback)),
    }
    ExitCode::SUCCESS
}

/// A project's models, with empty tables made by its migrations.
fn open(engine: &mut Engine, folder: &Path, root: &str) -> Result<(), String> {
    let project = crate::folder::read(folder)?;
    let files: Vec<&str> = project.files.iter().map(|f| f.path.as_str()).collect();
    engine
        .open(&files, root, Place::Memory)
        .and_then(|()| engine.migrate(&project))
        .map_err(|failure| failure.traceback)
}

fn tell(event: Event) {
    say(&match event {
        Event::Begun(id) => Said::Begun(id),
        Event::Ended(id, outcome, text) => Said::Ended(id, outcome.name().to_owned(), text),
        Event::Outside(what, text) => Said::Outside(what, text),
    });
}

/// The machine, with what tests print on stderr: stdout belongs to the events.
struct Aside(Machine);

impl Host for Aside {
    fn wall_clock(&self) -> Duration {
        self.0.wall_clock()
    }
    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }
    fn random(&self, buffer: &mut [u8]) {
        self.0.random(buffer);
    }
    fn write(&self, _stream: Stream, text: &str) {
        self.0.write(Stream::Err, text);
    }
    fn sleep(&self, duration: Duration) {
        self.0.sleep(duration);
    }
    fn environment(&self) -> Vec<(String, String)> {
        self.0.environment()
    }
    fn current_folder(&self) -> String {
        self.0.current_folder()
    }
    fn stat(&self, path: &str) -> Option<Kind> {
        self.0.stat(path)
    }
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.0.read(path)
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.0.list(path)
    }
    fn save(&self, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        self.0.save(path, bytes)
    }
    fn make_folder(&self, path: &str) -> Result<(), FileError> {
        self.0.make_folder(path)
    }
    fn remove(&self, path: &str) -> Result<(), FileError> {
        self.0.remove(path)
    }
    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        self.0.rename(from, to)
    }
}
