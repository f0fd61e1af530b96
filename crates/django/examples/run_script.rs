//! Runs one Python file with `django` inside: `cargo run -p ormscope-django --example run_script FILE`.
//! Models in the file belong to the app `playground`; `connection` is an empty SQLite database.
use python::host::{FileError, Host, Kind, Stream};
use python::{Runtime, runtime};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

struct Terminal;

impl Host for Terminal {
    fn wall_clock(&self) -> Duration {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
    }
    fn monotonic(&self) -> Duration {
        self.wall_clock()
    }
    fn random(&self, buffer: &mut [u8]) {
        let mut seed = self.wall_clock().as_nanos() as u64;
        for b in buffer {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *b = (seed >> 33) as u8;
        }
    }
    fn write(&self, _: Stream, text: &str) {
        print!("{text}");
    }
    fn stat(&self, _: &str) -> Option<Kind> {
        None
    }
    fn read(&self, _: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::read_only())
    }
    fn list(&self, _: &str) -> Result<Vec<String>, FileError> {
        Ok(vec![])
    }
}

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: run_script FILE");
        return;
    };
    let source = match std::fs::read_to_string(&path) {
        Ok(s) => s,
        Err(e) => {
            eprintln!("{path}: {e}");
            return;
        }
    };
    let runtime = match Runtime::new(Rc::new(Terminal), ormscope_django::install) {
        Ok(r) => r,
        Err(f) => {
            eprintln!("{}", f.traceback);
            return;
        }
    };
    runtime.enter(|vm| {
        ormscope_django::apps::set_fallback_app(Some("playground"));
        let globals = match runtime::namespace(vm, "models") {
            Ok(g) => g,
            Err(_) => return,
        };
        if let Err(f) = runtime::run(vm, &globals, &path, &source) {
            eprintln!("{}", f.traceback);
        }
    });
}
