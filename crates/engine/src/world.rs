//! What Python sees of the world: the project's files, the outer host's clocks, output kept.
use protocol::report::{Output, Stream as ReportStream};
use python::calls::Calls;
use python::host::{FileError, Host, Kind, MemoryFiles, Stream};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// The host of an engine's interpreter.
pub struct World {
    outer: Rc<dyn Host>,
    files: RefCell<MemoryFiles>,
    output: RefCell<Vec<Output>>,
    /// Bytes that may still be kept.
    room: Cell<usize>,
    /// Whether output is kept for the report, or goes straight out.
    keeping: Cell<bool>,
    place: RefCell<(String, u32)>,
    /// The calls of the files that somebody asked about.
    calls: RefCell<HashMap<String, Option<Rc<Calls>>>>,
}

impl World {
    pub fn new(outer: Rc<dyn Host>) -> Rc<Self> {
        Rc::new(World {
            outer,
            files: RefCell::default(),
            output: RefCell::default(),
            room: Cell::new(1 << 20),
            keeping: Cell::new(true),
            place: RefCell::default(),
            calls: RefCell::default(),
        })
    }
    pub fn set_files(&self, files: MemoryFiles) {
        *self.files.borrow_mut() = files;
        self.calls.borrow_mut().clear();
    }
    /// The calls of one of the project's files.
    pub fn calls(&self, path: &str) -> Option<Rc<Calls>> {
        if let Some(known) = self.calls.borrow().get(path) {
            return known.clone();
        }
        let text = self.files.borrow().0.get(path).cloned();
        let calls = text.and_then(|t| Calls::of(&t)).map(Rc::new);
        self.calls
            .borrow_mut()
            .insert(path.to_owned(), calls.clone());
        calls
    }
    /// Starts keeping output, up to a number of bytes.
    pub fn keep_output(&self, bytes: usize) {
        self.keeping.set(true);
        self.room.set(bytes);
        self.output.borrow_mut().clear();
    }
    /// Lets output through as it is printed.
    pub fn let_output_through(&self) {
        self.keeping.set(false);
    }
    /// Says which statement prints from now on.
    pub fn at(&self, file: &str, line: u32) {
        *self.place.borrow_mut() = (file.to_owned(), line);
    }
    pub fn take_output(&self) -> Vec<Output> {
        self.output.take()
    }
    pub fn milliseconds(&self) -> f64 {
        self.outer.monotonic().as_secs_f64() * 1000.0
    }
    fn keep(&self, stream: Stream, text: &str) {
        let room = self.room.get();
        if room == 0 || text.is_empty() {
            return;
        }
        let mut end = text.len().min(room);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.room.set(room - end);
        let mut kept = text.get(..end).unwrap_or_default().to_owned();
        if end < text.len() {
            self.room.set(0);
            kept.push_str("\n… more was printed than is kept\n");
        }
        let stream = match stream {
            Stream::Out => ReportStream::Stdout,
            Stream::Err => ReportStream::Stderr,
        };
        let (file, line) = self.place.borrow().clone();
        let mut output = self.output.borrow_mut();
        match output.last_mut() {
            Some(last) if last.stream == stream && last.file == file && last.line == line => {
                last.text.push_str(&kept);
            }
            _ => output.push(Output {
                stream,
                text: kept,
                file,
                line,
            }),
        }
    }
}

impl Host for World {
    fn wall_clock(&self) -> Duration {
        self.outer.wall_clock()
    }
    fn monotonic(&self) -> Duration {
        self.outer.monotonic()
    }
    fn random(&self, buffer: &mut [u8]) {
        self.outer.random(buffer);
    }
    fn write(&self, stream: Stream, text: &str) {
        if self.keeping.get() {
            self.keep(stream, text);
        } else {
            self.outer.write(stream, text);
        }
    }
    fn sleep(&self, duration: Duration) {
        self.outer.sleep(duration);
    }
    fn environment(&self) -> Vec<(String, String)> {
        self.outer.environment()
    }
    fn current_folder(&self) -> String {
        self.outer.current_folder()
    }
    fn stat(&self, path: &str) -> Option<Kind> {
        let own = self.files.borrow().stat(path);
        own.or_else(|| self.outer.stat(path))
    }
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let own = self.files.borrow().read(path);
        own.or_else(|_| self.outer.read(path))
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let own = self.files.borrow().list(path);
        match (own, self.outer.list(path)) {
            (Ok(mut a), Ok(b)) => {
                a.extend(b);
                a.sort();
                a.dedup();
                Ok(a)
            }
            (Ok(a), Err(_)) => Ok(a),
            (Err(_), other) => other,
        }
    }
    fn save(&self, path: &str, bytes: &[u8]) -> Result<(), FileError> {
        self.outer.save(path, bytes)
    }
    fn make_folder(&self, path: &str) -> Result<(), FileError> {
        self.outer.make_folder(path)
    }
    fn remove(&self, path: &str) -> Result<(), FileError> {
        self.outer.remove(path)
    }
    fn rename(&self, from: &str, to: &str) -> Result<(), FileError> {
        self.outer.rename(from, to)
    }
}
