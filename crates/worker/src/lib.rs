//! The engine in a web worker: requests in, answers out.
//!
//! ```text
//! worker.js ── start() ──▶ the engine boots         ──▶ Ready, as JSON
//! worker.js ── answer(json) ──▶ one request is done ──▶ posted with post()
//! ```
//!
//! One request after the other. Nothing is heard meanwhile, so the page's
//! supervisor ends a worker that takes too long.

#![cfg(target_arch = "wasm32")]

mod post;
