//! Copies text.

use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

use crate::browser;

/// A callback that copies what it is given, and whether it just did.
#[hook]
pub fn use_clipboard() -> (bool, Callback<String>) {
    let copied = use_state(|| false);
    let timer = use_mut_ref(|| None);
    let is_copied = *copied;
    let copy = use_callback((), move |text: String, ()| {
        let (copied, timer) = (copied.clone(), timer.clone());
        spawn_local(async move {
            let Some(window) = browser::window() else {
                return;
            };
            let done = JsFuture::from(window.navigator().clipboard().write_text(&text)).await;
            copied.set(done.is_ok());
            let after = copied.clone();
            let reset = gloo::timers::callback::Timeout::new(1_600, move || after.set(false));
            *timer.borrow_mut() = Some(reset);
        });
    });
    (is_copied, copy)
}
