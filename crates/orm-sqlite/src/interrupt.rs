//! Stopping a statement that runs too long.
use rusqlite::ffi;
use std::ffi::{c_int, c_void};

/// Asked every few thousand virtual machine steps; `true` stops the statement with
/// `OperationalError: interrupted`.
pub type Interrupt = Box<dyn Fn() -> bool>;

/// Virtual machine instructions between two questions.
const STEPS: c_int = 4000;

/// Installs the question, or removes it. The returned box must outlive its installation.
pub fn install(db: *mut ffi::sqlite3, ask: Option<Interrupt>) -> Option<Box<Interrupt>> {
    unsafe extern "C" fn on_progress(data: *mut c_void) -> c_int {
        // SAFETY: `data` is the box kept by the connection while the handler is installed.
        let ask = unsafe { &*(data as *const Interrupt) };
        c_int::from(ask())
    }
    match ask {
        None => {
            // SAFETY: `db` is open.
            unsafe { ffi::sqlite3_progress_handler(db, 0, None, std::ptr::null_mut()) };
            None
        }
        Some(ask) => {
            let boxed = Box::new(ask);
            let data = &*boxed as *const Interrupt as *mut c_void;
            // SAFETY: `db` is open and `boxed` is kept by the caller.
            unsafe { ffi::sqlite3_progress_handler(db, STEPS, Some(on_progress), data) };
            Some(boxed)
        }
    }
}
