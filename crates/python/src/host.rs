//! The world outside an interpreter: clocks, randomness, output and files, all through one trait.
//!
//! Python code never reaches the machine itself. Natively the command line answers with the real
//! clock and disk; in the page the worker answers with the browser's, and with the project's files.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// Where text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    Out,
    Err,
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File { size: u64 },
    Folder,
}

/// Why a file operation failed: an `errno` and its message, as Python's `OSError` says them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    pub errno: i32,
    pub message: String,
}

impl FileError {
    /// `ENOENT`.
    pub fn not_found() -> Self {
        FileError {
            errno: 2,
            message: "No such file or directory".into(),
        }
    }
    /// `EROFS`: this world's files cannot be changed.
    pub fn read_only() -> Self {
        FileError {
            errno: 30,
            message: "Read-only file system".into(),
        }
    }
}

/// The world outside; one without files, unless it says otherwise.
pub trait Host {
    /// Time since 1970 in UTC.
    fn wall_clock(&self) -> Duration;
    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;
    /// Fills with random bytes.
    fn random(&self, buffer: &mut [u8]);
    /// Takes text that was printed.
    fn write(&self, stream: Stream, text: &str);
    /// Waits, where waiting is possible.
    fn sleep(&self, _duration: Duration) {}
    /// An environment variable.
    fn environment(&self) -> Vec<(String, String)> {
        Vec::new()
    }
    /// The folder that relative paths start from.
    fn current_folder(&self) -> String {
        "/".into()
    }
    /// What a path is, if it exists.
    fn stat(&self, _path: &str) -> Option<Kind> {
        None
    }
    /// A file's bytes.
    fn read(&self, _path: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::not_found())
    }
    /// The names in a folder.
    fn list(&self, _path: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::not_found())
    }
    /// Writes a whole file.
    fn save(&self, _path: &str, _bytes: &[u8]) -> Result<(), FileError> {
        Err(FileError::read_only())
    }
    /// Makes a folder.
    fn make_folder(&self, _path: &str) -> Result<(), FileError> {
        Err(FileError::read_only())
    }
    /// Removes a file or an empty folder.
    fn remove(&self, _path: &str) -> Result<(), FileError> {
        Err(FileError::read_only())
    }
    /// Renames a file.
    fn rename(&self, _from: &str, _to: &str) -> Result<(), FileError> {
        Err(FileError::read_only())
    }
}

/// A set of named text files seen as a tree of folders, for hosts that hold a project in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles(pub BTreeMap<String, String>);

impl MemoryFiles {
    fn key(path: &str) -> &str {
        path.trim_start_matches("./").trim_matches('/')
    }
    /// What a path is.
    pub fn stat(&self, path: &str) -> Option<Kind> {
        let key = Self::key(path);
        if let Some(text) = self.0.get(key) {
            return Some(Kind::File {
                size: text.len() as u64,
            });
        }
        let inside = |name: &String| key.is_empty() || is_below(name, key);
        self.0.keys().any(inside).then_some(Kind::Folder)
    }
    /// A file's bytes.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.0
            .get(Self::key(path))
            .map(|t| t.clone().into_bytes())
            .ok_or_else(FileError::not_found)
    }
    /// The names in a folder.
    pub fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        let key = Self::key(path);
        let mut names: Vec<String> = self
            .0
            .keys()
            .filter(|name| key.is_empty() || is_below(name, key))
            .filter_map(|name| {
                let rest = if key.is_empty() {
                    name
                } else {
                    name.get(key.len() + 1..)?
                };
                rest.split('/').next().map(str::to_owned)
            })
            .collect();
        names.dedup();
        if names.is_empty() && !key.is_empty() {
            return Err(FileError::not_found());
        }
        Ok(names)
    }
}

fn is_below(name: &str, folder: &str) -> bool {
    name.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// Makes a host the one that this thread's interpreter talks to.
pub fn set(host: Rc<dyn Host>) {
    CURRENT.with(|c| *c.borrow_mut() = Some(host));
}

/// Asks the current host; nothing is asked when none is set.
pub fn ask<T>(question: impl FnOnce(&dyn Host) -> T) -> Option<T> {
    let host = CURRENT.with(|c| c.borrow().clone());
    host.map(|h| question(&*h))
}
