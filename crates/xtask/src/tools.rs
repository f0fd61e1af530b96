//! What the commands need from outside, brought when it is not there.

mod apt;
mod cargo_tool;
mod node;
mod rust;

pub use apt::{chromium, clang, install};
pub use cargo_tool::{trunk, wasm_bindgen};
pub use node::packages;
pub use rust::wasm_target;

use crate::Outcome;

/// Brings everything.
pub fn all() -> Outcome {
    wasm_target()?;
    clang()?;
    chromium()?;
    wasm_bindgen()?;
    trunk()?;
    packages("www")?;
    packages("e2e")?;
    crate::django::python()?;
    Ok(())
}
