//! `cargo run -p ormscope-python --example python FILE`: runs a file on the machine's clock and disk.
use ormscope_python::host::{FileError, Host, Kind, Stream};
use ormscope_python::{Runtime, runtime};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

struct Machine(Instant);

impl Host for Machine {
    fn wall_clock(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }
    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(4);
    }
    fn write(&self, stream: Stream, text: &str) {
        match stream {
            Stream::Out => print!("{text}"),
            Stream::Err => eprint!("{text}"),
        }
    }
    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
    fn stat(&self, path: &str) -> Option<Kind> {
        let data = std::fs::metadata(if path.is_empty() { "." } else { path }).ok()?;
        Some(match data.is_dir() {
            true => Kind::Folder,
            false => Kind::File { size: data.len() },
        })
    }
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        std::fs::read(path).map_err(|_| FileError::not_found())
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let found = std::fs::read_dir(path).map_err(|_| FileError::not_found())?;
        Ok(found
            .flatten()
            .filter_map(|e| e.file_name().into_string().ok())
            .collect())
    }
}

fn main() {
    let file = std::env::args().nth(1).unwrap_or_default();
    let source = std::fs::read_to_string(&file).unwrap_or_default();
    let ended = Runtime::new(Rc::new(Machine(Instant::now())), |vm| {
        runtime::set_path(vm, &["."])
    })
    .and_then(|python| {
        python.enter(|vm| match runtime::namespace(vm, "__main__") {
            Ok(globals) => runtime::run(vm, &globals, &file, &source),
            Err(_) => Ok(()),
        })
    });
    if let Err(failure) = ended {
        eprint!("{}", failure.traceback);
    }
}
