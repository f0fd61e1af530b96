//! The engine's second part: what is rarely used.
//!
//! `cargo xtask` splits the module. In the first part, a function that is
//! rarely used only calls [`ormscope_rest`] and then itself in the second.

use std::sync::atomic::{AtomicBool, Ordering};

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Fetches the second part, and returns when it is there: `worker.js`.
    #[wasm_bindgen(js_name = ormscopeFetchRest)]
    fn fetch_rest();
}

static ARRIVED: AtomicBool = AtomicBool::new(false);

/// Sees to it that the second part is there.
#[unsafe(no_mangle)]
pub extern "C" fn ormscope_rest() {
    if !ARRIVED.swap(true, Ordering::Relaxed) {
        fetch_rest();
    }
}
