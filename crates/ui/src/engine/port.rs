//! An engine in another frame, at the other end of a port.

use protocol::ToWorker;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};
use yew::Callback;

use std::rc::Rc;

use super::{Event, Wire};

/// The near end of a port to an engine.
#[derive(Clone)]
pub struct Shared {
    port: MessagePort,
    _on_message: Rc<Closure<dyn FnMut(MessageEvent)>>,
}

impl Shared {
    /// Listens at a port.
    #[must_use]
    pub fn new(port: MessagePort, listener: Callback<Event>) -> Self {
        let on_message = Closure::<dyn FnMut(_)>::new(move |message: MessageEvent| {
            if let Some(event) = Wire::event(&message.data()) {
                listener.emit(event);
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Self {
            port,
            _on_message: Rc::new(on_message),
        }
    }

    /// Asks for something.
    pub fn send(&self, message: &ToWorker) {
        if let Ok(json) = serde_json::to_string(message) {
            let _ = self.port.post_message(&Wire::pack(&json, None));
        }
    }
}
