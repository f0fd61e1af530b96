//! The example projects, which the build put into the page's script.

use protocol::Project;
use serde::Deserialize;
use wasm_bindgen::prelude::*;

/// An example project.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Example {
    /// Its folder's name.
    pub name: String,
    /// What it is about.
    pub summary: String,
    /// The project.
    pub project: Project,
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_namespace = globalThis, js_name = OrmscopeExamples)]
    static EXAMPLES: JsValue;
}

/// All examples; the first is the one a page opens with.
#[must_use]
pub fn examples() -> Vec<Example> {
    EXAMPLES
        .with(JsValue::as_string)
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default()
}
