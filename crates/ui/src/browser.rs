//! The few things the page asks of the browser directly.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, HtmlElement, Window};

/// The window. `None` never happens in a page.
#[must_use]
pub fn window() -> Option<Window> {
    web_sys::window()
}

/// The document.
#[must_use]
pub fn document() -> Option<Document> {
    window()?.document()
}

/// An element by its id.
#[must_use]
pub fn element(id: &str) -> Option<Element> {
    document()?.get_element_by_id(id)
}

/// Which page this is: `data-mode` of the body.
#[must_use]
pub fn mode() -> String {
    document()
        .and_then(|document| document.body())
        .and_then(|body| body.get_attribute("data-mode"))
        .unwrap_or_default()
}

/// A parameter of the address's query.
#[must_use]
pub fn query(name: &str) -> Option<String> {
    let search = window()?.location().search().ok()?;
    search.trim_start_matches('?').split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| {
            js_sys::decode_uri_component(value).map_or_else(|_| value.to_owned(), String::from)
        })
    })
}

/// Whether the address's query has a parameter at all.
#[must_use]
pub fn query_flag(name: &str) -> bool {
    query(name).is_some()
}

/// Whether the window is as narrow as a telephone: long lines would be broken
/// anywhere.
#[must_use]
pub fn is_narrow() -> bool {
    window()
        .and_then(|window| window.match_media("(max-width: 560px)").ok().flatten())
        .is_some_and(|query| query.matches())
}

/// Milliseconds since the page began.
#[must_use]
pub fn now() -> f64 {
    window()
        .and_then(|window| window.performance())
        .map_or(0.0, |performance| performance.now())
}

/// The page's address without its fragment.
#[must_use]
pub fn address() -> String {
    window()
        .and_then(|window| window.location().href().ok())
        .map(|href| href.split('#').next().unwrap_or_default().to_owned())
        .unwrap_or_default()
}

/// The address's fragment with its `#`; empty without one.
#[must_use]
pub fn fragment() -> String {
    window()
        .and_then(|window| window.location().hash().ok())
        .unwrap_or_default()
}

/// Takes the fragment off the address, without a step in the history.
pub fn clear_fragment() {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address()));
    }
}

/// Sets the colours: `light`, `dark`, or as the system says.
pub fn set_theme(theme: Option<&str>) {
    if let Some(root) = document().and_then(|document| document.document_element()) {
        let _ = match theme {
            Some(theme) => root.set_attribute("data-theme", theme),
            None => root.remove_attribute("data-theme"),
        };
    }
}

/// Moves the focus to the first element a selector finds.
pub fn focus(selector: &str) {
    let found = document().and_then(|document| document.query_selector(selector).ok().flatten());
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}

/// Scrolls an element into view if it is not.
pub fn reveal(id: &str) {
    if let Some(element) = element(id) {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Offers bytes for download under a name.
pub fn download(name: &str, media_type: &str, bytes: &js_sys::Uint8Array) -> Result<(), JsValue> {
    let parts = js_sys::Array::of1(bytes);
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(media_type);
    let blob = web_sys::Blob::new_with_u8_array_sequence_and_options(&parts, &options)?;
    let url = web_sys::Url::create_object_url_with_blob(&blob)?;
    let document = document().ok_or(JsValue::NULL)?;
    let anchor: web_sys::HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    anchor.set_href(&url);
    anchor.set_download(name);
    anchor.click();
    web_sys::Url::revoke_object_url(&url)
}

/// Sets a custom property of the style sheets, for the whole page.
pub fn set_property(name: &str, value: &str) {
    let root = document().and_then(|document| document.document_element());
    if let Some(root) = root.and_then(|root| root.dyn_into::<HtmlElement>().ok()) {
        let _ = root.style().set_property(name, value);
    }
}

/// Posts a text to the page around this frame.
pub fn tell_parent(text: &str) {
    if let Some(Ok(Some(parent))) = window().map(|window| window.parent()) {
        let _ = parent.post_message(&text.into(), "*");
    }
}

/// How high the page's content is, in pixels.
#[must_use]
pub fn content_height() -> i32 {
    element("app").map_or(0, |app| app.scroll_height())
}
