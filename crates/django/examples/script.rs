//! Runs a Python script with `django` installed: `cargo run -p ormscope-django --example script FILE`.
use python::host::{FileError, Host, Kind, MemoryFiles, Stream};
use python::{Runtime, runtime};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

struct Terminal {
    files: MemoryFiles,
    start: Instant,
}

impl Host for Terminal {
    fn wall_clock(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
    fn write(&self, _: Stream, text: &str) {
        print!("{text}");
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

fn main() {
    let mut files = MemoryFiles::default();
    let mut script = String::new();
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or(&path).to_string();
        script = text.clone();
        files.0.insert(name, text);
    }
    let host = Rc::new(Terminal {
        files,
        start: Instant::now(),
    });
    let runtime = match Runtime::new(host, |vm| {
        ormscope_django::install(vm)?;
        runtime::set_path(vm, &[""])
    }) {
        Ok(r) => r,
        Err(failure) => return println!("{}", failure.traceback),
    };
    runtime.enter(|vm| {
        let Ok(globals) = runtime::namespace(vm, "__main__") else {
            return;
        };
        if let Err(failure) = runtime::run(vm, &globals, "queries.py", &script) {
            println!("{}", failure.traceback);
        }
    });
}
