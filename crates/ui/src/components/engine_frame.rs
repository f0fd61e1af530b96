//! The hidden frame of a page of embeds: one engine for all of them.
//!
//! The embed element posts it a port for each embed that wants to run.

use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};
use yew::prelude::*;

use crate::browser;
use crate::engine::Hub;

/// Shows nothing; serves ports.
#[component]
pub fn EngineFrame() -> Html {
    use_effect_with((), |()| {
        let hub = Hub::start();
        let on_message = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
            let is_ours = event.data().as_string().as_deref() == Some("ormscope:port");
            if let Ok(port) = event.ports().get(0).dyn_into::<MessagePort>()
                && is_ours
            {
                hub.connect(port);
            }
        });
        if let Some(window) = browser::window() {
            let _ = window
                .add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref());
            browser::tell_parent("ormscope:engine-ready");
        }
        on_message.forget();
    });
    Html::default()
}
