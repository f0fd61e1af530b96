//! The real machine as an interpreter's host: clock, disk, terminal.
use engine::{FileError, Host, Kind, Stream};
use std::io::{Read, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io, thread};

/// Python's calls nest deeper than a main thread's stack is high.
const STACK: usize = 256 << 20;

/// Runs the program on a thread with a stack of its own.
pub fn with_a_deep_stack(work: impl FnOnce() -> ExitCode + Send + 'static) -> ExitCode {
    let spawned = thread::Builder::new().stack_size(STACK).spawn(work);
    match spawned.map(thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        // The thread has said why.
        Ok(Err(_)) => ExitCode::from(101),
        Err(error) => {
            eprintln!("ormscope: {error}");
            ExitCode::from(101)
        }
    }
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    started: Instant,
}

impl Machine {
    pub fn new() -> Self {
        Machine {
            started: Instant::now(),
        }
    }
}

fn failed(error: &io::Error) -> FileError {
    let message = error.to_string();
    FileError {
        errno: error.raw_os_error().unwrap_or(5),
        // Without Rust's "(os error 2)".
        message: match message.split_once(" (os error") {
            Some((said, _)) => said.to_owned(),
            None => message,
        },
    }
}

impl Host for Machine {
    fn wall_clock(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }
    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
    fn random(&self, buffer: &mut [u8]) {
        let read = fs::File::open("/dev/urandom").and_then(|mut f| f.read_exact(buffer));
        if read.is_err() {
            // No such device: the clock's finest digits must do.
            for byte in buffer {
                *byte = (self.wall_clock().subsec_nanos() >> 3) as u8;
            }
        }
    }
    fn write(&self, stream: Stream, text: &str) {
        // A closed pipe is not a reason to stop.
        let _ = match stream {
            Stream::Out => io::stdout().write_all(text.as_bytes()),
            Stream::Err => io::stdout()
                .flush()
                .and_then(|()| io::stderr().write_all(text.as_bytes())),
        };
    }
    fn sleep(&self, duration: Duration) {
        thread::sleep(duration);
    }
    fn environment(&self) -> Vec<(String, String)> {
        env::vars_os()
            .filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)))
            .collect()
    }
    fn current_folder(&self) -> String {
        env::current_dir().map_or_else(|_| "/".into(), |d| d.display().to_string())
    }
    fn stat(&self, path: &str) -> Option<Kind> {
        let path = if path.is_empty() { "." } else { path };
        let found = fs::metadata(path).ok()?;
        Some(if found.is_dir() {
            Kind::Folder
        } else {
            Kind::File { size: found.len() }
        })
    }
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        fs::read(path).map_err(|e| failed(&e))
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let path = if path.is_empty() { "." } else { path };
        let mut names: Vec<String> = fs::read_dir(path)
            .map_err(|e| failed(&e))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        names.sort();
        Ok(names)
    }
    fn save(&self, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        fs::write(path, bytes).map_err(|e| failed(&e))
    }
    fn make_folder(&self, path: &str) -> Result<(), FileError> {
        fs::create_dir(path).map_err(|e| failed(&e))
    }
    fn remove(&self, path: &str) -> Result<(), FileError> {
        let is_folder = fs::symlink_metadata(path).is_ok_and(|m| m.is_dir());
        let removed = if is_folder {
            fs::remove_dir(path)
        } else {
            fs::remove_file(path)
        };
        removed.map_err(|e| failed(&e))
    }
    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        fs::rename(from, to).map_err(|e| failed(&e))
    }
}

/// Prints; whoever no longer reads is no reason to panic.
pub fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
