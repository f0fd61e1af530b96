//! The world as the worker has it: the browser's clocks and randomness, the
//! project's files, nothing else.

use std::cell::RefCell;
use std::time::Duration;

use js_sys::Date;
use python::host::{FileError, Host, Kind, MemoryFiles, Stream};
use wasm_bindgen::JsCast;
use web_sys::DedicatedWorkerGlobalScope;

/// The worker's world.
#[derive(Default)]
pub struct PageHost {
    files: RefCell<MemoryFiles>,
}

impl PageHost {
    /// Takes a project's files in place of the last one's.
    pub fn set_files(&self, files: &[protocol::File]) {
        let named = files.iter().map(|file| (file.path.clone(), file.text.clone()));
        self.files.replace(MemoryFiles(named.collect()));
    }
}

impl Host for PageHost {
    fn wall_clock(&self) -> Duration {
        millis(Date::now())
    }

    fn monotonic(&self) -> Duration {
        let performance = scope().and_then(|scope| scope.performance());
        millis(performance.map_or_else(Date::now, |performance| performance.now()))
    }

    fn random(&self, buffer: &mut [u8]) {
        let crypto = scope().and_then(|scope| scope.crypto().ok());
        for piece in buffer.chunks_mut(65_536) {
            let filled = crypto
                .as_ref()
                .is_some_and(|crypto| crypto.get_random_values_with_u8_array(piece).is_ok());
            if !filled {
                piece.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
            }
        }
    }

    /// The engine catches what is printed; what comes here has no reader.
    fn write(&self, _stream: Stream, _text: &str) {}

    fn stat(&self, path: &str) -> Option<Kind> {
        self.files.borrow().stat(path)
    }

    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        self.files.borrow().read(path)
    }

    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        self.files.borrow().list(path)
    }
}

fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

fn millis(number: f64) -> Duration {
    Duration::try_from_secs_f64(number / 1_000.0).unwrap_or_default()
}
