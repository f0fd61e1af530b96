//! `cargo run -p ormscope-django --example suite DIR LABEL…`: runs tests in this process, without
//! the isolation that `ormscope test` gives each.
use ormscope_django::test::{runner, setting_up};
use python::host::{FileError, Host, Kind, Stream};
use python::{Runtime, failure};
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
        let now = self.0.elapsed().as_nanos() as u64;
        for (i, byte) in buffer.iter_mut().enumerate() {
            *byte = (now
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(i as u64 * 97)
                >> 24) as u8;
        }
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
        let data = std::fs::metadata(path).ok()?;
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
    let work = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(suite);
    let _ = work.map(std::thread::JoinHandle::join);
}

fn suite() {
    let mut args = std::env::args().skip(1);
    let folder = args.next().unwrap_or_default();
    let labels: Vec<String> = args.collect();
    let python = match Runtime::new(Rc::new(Machine(Instant::now())), ormscope_django::install) {
        Ok(python) => python,
        Err(failure) => return eprintln!("{}", failure.traceback),
    };
    python.enter(|vm| {
        let ended = setting_up::set_up(vm, &folder, &labels)
            .and_then(|()| runner::discover(vm, &folder, &labels))
            .and_then(|tests| setting_up::make_tables(vm).map(|()| tests))
            .and_then(|tests| {
                println!("{} tests", tests.len());
                let tests = tests.into_iter().map(|(_, test)| test).collect();
                let tell = |event| match event {
                    runner::Event::Begun(_) => {}
                    runner::Event::Ended(id, outcome, text) => {
                        println!("{} {id}\n{text}", outcome.name())
                    }
                    runner::Event::Outside(id, text) => println!("outside {id}\n{text}"),
                };
                runner::run(vm, tests, Box::new(tell))
            });
        if let Err(e) = ended {
            eprintln!("{}", failure::describe(vm, &e).traceback);
        }
    });
}
