//! The page: what the user writes on the left, what it became on the right.
//!
//! ```text
//!   editor (CodeMirror) ──text──▶ state ──project──▶ engine/ (web worker)
//!        ▲                          │                     │
//!        └───diagnostics, marks─────┴──cards──▶ components ◀──report
//! ```
//!
//! * [`state`]: everything the page knows, and the actions that change it;
//! * [`engine`]: the worker, its queue and its watchdog;
//! * [`store`]: what is kept in the browser, and links;
//! * [`hooks`]: the wiring, one `use_*` a file;
//! * [`components`]: what is seen;
//! * [`sql`], [`graph`]: text and geometry, pure.
//!
//! It never links the engine: the page paints before the engine has arrived.

pub mod browser;
pub mod components;
pub mod editor;
pub mod engine;
pub mod graph;
pub mod hooks;
pub mod sql;
pub mod state;
pub mod store;

use components::{App, Embed, EngineFrame};

/// Mounts the page, or one of the two faces of an embed.
pub fn start() {
    let Some(root) = browser::element("app") else {
        return;
    };
    root.set_inner_html("");
    match browser::mode().as_str() {
        "embed" if browser::query_flag("engine") => {
            yew::Renderer::<EngineFrame>::with_root(root).render();
        }
        "embed" => {
            yew::Renderer::<Embed>::with_root(root).render();
        }
        _ => {
            yew::Renderer::<App>::with_root(root).render();
        }
    }
}
