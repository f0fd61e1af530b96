//! The truth, and how ormscope is held against it.
//!
//! ```text
//! suite/AREA/*.md ── case ──┬── django (python in a virtual environment) ──▶ record ──▶ the same file
//!                           └── ours   (target/…/ormscope) ────────────────▶ compared, byte for byte
//! ```
//!
//! A case is Markdown: models, Python, and below each piece of Python what
//! real Django said to it: SQL, values, exceptions. Only `cargo xtask oracle`
//! writes those, and only from real Django.
//!
//! Both sides run the same `driver.py`, which runs the statements and notes
//! SQL, values and exceptions. It knows nothing of how either works.

pub mod case;
pub mod conformance;
pub mod console;
pub mod django;
pub mod driver;
pub mod fuzz;
pub mod ours;
pub mod pending;
pub mod process;
pub mod project;
pub mod record;
pub mod statements;
pub mod suite;

use std::path::PathBuf;

/// The workspace's folder.
#[must_use]
pub fn root() -> PathBuf {
    // Cargo says it again at run time: the same binary serves another checkout.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent().map_or(here.clone(), PathBuf::from)
}

/// A folder for what may be thrown away, inside the ignored `.cache`.
#[must_use]
pub fn cache(name: &str) -> PathBuf {
    root().join(".cache").join(name)
}
