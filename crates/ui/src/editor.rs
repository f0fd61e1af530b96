//! CodeMirror, as the script `editor.js` offers it.

use js_sys::Function;
use wasm_bindgen::prelude::*;
use web_sys::HtmlElement;

#[wasm_bindgen]
extern "C" {
    /// One editor.
    #[derive(Clone)]
    pub type Editor;

    #[wasm_bindgen(js_namespace = OrmscopeEditor, js_name = create)]
    fn create_editor(parent: &HtmlElement, events: &JsValue) -> Editor;

    /// Shows a file.
    #[wasm_bindgen(method)]
    pub fn open(this: &Editor, path: &str, text: &str);
    /// Forgets every file's undo and cursor.
    #[wasm_bindgen(method)]
    pub fn reset(this: &Editor);
    /// A file has a new name.
    #[wasm_bindgen(method)]
    pub fn rename(this: &Editor, from: &str, to: &str);
    /// Underlines what is wrong in the file shown.
    #[wasm_bindgen(method)]
    pub fn diagnostics(this: &Editor, json: &str);
    /// Marks the lines that have results.
    #[wasm_bindgen(method)]
    pub fn marks(this: &Editor, json: &str);
    /// Lights pieces of the source.
    #[wasm_bindgen(method)]
    pub fn emphasize(this: &Editor, json: &str);
    /// Moves the cursor to a line.
    #[wasm_bindgen(method, js_name = goTo)]
    pub fn go_to(this: &Editor, line: u32, focus: bool);
    /// Takes or ignores typing.
    #[wasm_bindgen(method, js_name = readOnly)]
    pub fn read_only(this: &Editor, is: bool);
    /// Takes the keyboard.
    #[wasm_bindgen(method)]
    pub fn focus(this: &Editor);
    /// Ends it.
    #[wasm_bindgen(method)]
    pub fn destroy(this: &Editor);
}

/// Calls back when the script has arrived: at once if it has. The page does
/// not wait for it to be painted.
pub fn when_ready(then: impl FnOnce() + 'static) {
    let global = js_sys::global();
    if js_sys::Reflect::has(&global, &"OrmscopeEditor".into()).unwrap_or(false) {
        return then();
    }
    if let Some(window) = crate::browser::window() {
        gloo::events::EventListener::once(&window, "ormscope-editor", move |_| then()).forget();
    }
}

/// What an editor says.
pub struct EditorEvents {
    /// A file's text was edited: path, text.
    pub change: Closure<dyn FnMut(String, String)>,
    /// The cursor is on a line: path, line.
    pub line: Closure<dyn FnMut(String, u32)>,
    /// The pointer is over a place: path, line, column in characters; empty path: over none.
    pub hover: Closure<dyn FnMut(String, u32, u32)>,
}

/// Puts an editor into an element. The events must live as long as it.
#[must_use]
pub fn create(parent: &HtmlElement, events: &EditorEvents) -> Editor {
    let object = js_sys::Object::new();
    let set = |name: &str, function: &JsValue| {
        let _ = js_sys::Reflect::set(&object, &name.into(), function.unchecked_ref::<Function>());
    };
    set("onChange", events.change.as_ref());
    set("onLine", events.line.as_ref());
    set("onHover", events.hover.as_ref());
    create_editor(parent, &object)
}
