//! A host for tests: files in memory, a clock that stands still, output kept.
use ormscope_python::host::{FileError, Host, Kind, MemoryFiles, Stream};
use ormscope_python::{Runtime, runtime};
use rustpython_vm::VirtualMachine;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Default)]
pub struct World {
    pub files: MemoryFiles,
    pub printed: RefCell<String>,
}

impl Host for World {
    fn wall_clock(&self) -> Duration {
        // 2026-03-01 12:30:45.678901 UTC
        Duration::new(1_772_368_245, 678_901_000)
    }
    fn monotonic(&self) -> Duration {
        Duration::from_millis(1500)
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn write(&self, _stream: Stream, text: &str) {
        self.printed.borrow_mut().push_str(text);
    }
    fn stat(&self, path: &str) -> Option<Kind> {
        self.files.stat(path)
    }
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.files.read(path)
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.files.list(path)
    }
}

/// Runs a script among files; what it printed, and its traceback if it raised.
pub fn run(files: &[(&str, &str)], script: &str) -> String {
    with(files, |vm, world| {
        let Ok(globals) = runtime::namespace(vm, "__main__") else {
            return "no namespace".into();
        };
        let ended = runtime::run(vm, &globals, "queries.py", script);
        let printed = world.printed.borrow().clone();
        match ended {
            Ok(()) => printed,
            Err(failure) => format!("{printed}{}", failure.traceback),
        }
    })
}

/// Does something in an interpreter that sees some files.
pub fn with<T>(files: &[(&str, &str)], f: impl FnOnce(&VirtualMachine, &World) -> T) -> T {
    let files = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect();
    let world = Rc::new(World {
        files: MemoryFiles(files),
        ..World::default()
    });
    let runtime = match Runtime::new(world.clone(), |vm| runtime::set_path(vm, &[""])) {
        Ok(runtime) => runtime,
        Err(failure) => panic!("{}", failure.traceback),
    };
    runtime.enter(|vm| f(vm, &world))
}
