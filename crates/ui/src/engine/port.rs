//! An engine in another frame, at the other end of a port.

use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};
use yew::Callback;

use std::rc::Rc;

use super::Parcel;

/// The near end of a port to an engine.
#[derive(Clone)]
pub struct Shared {
    port: MessagePort,
    _on_message: Rc<Closure<dyn FnMut(MessageEvent)>>,
}

impl Shared {
    /// Listens at a port.
    #[must_use]
    pub fn new(port: MessagePort, listener: Callback<Parcel>) -> Self {
        let on_message = Closure::<dyn FnMut(_)>::new(move |message: MessageEvent| {
            if let Some(parcel) = Parcel::unpack(&message.data()) {
                listener.emit(parcel);
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Self {
            port,
            _on_message: Rc::new(on_message),
        }
    }

    /// Asks for something.
    pub fn send(&self, parcel: &Parcel) {
        let _ = self.port.post_message(&parcel.pack());
    }
}
