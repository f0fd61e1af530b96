//! One engine for many frames: each has a port, each port is a client.

use std::cell::RefCell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};
use yew::Callback;

use super::{Client, Parcel, Supervisor};

/// The engine of a page of embeds.
pub struct Hub {
    supervisor: Supervisor,
    ports: Rc<RefCell<Ports>>,
}

#[derive(Default)]
struct Ports {
    open: Vec<MessagePort>,
    /// Who connects later must hear, too, that the engine is there.
    ready: Option<Parcel>,
    closures: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

impl Hub {
    /// Starts the engine.
    #[must_use]
    pub fn start() -> Self {
        let ports = Rc::new(RefCell::new(Ports::default()));
        let listening = ports.clone();
        let supervisor = Supervisor::start(Callback::from(move |(client, parcel)| {
            deliver(&listening, client, parcel);
        }));
        Self { supervisor, ports }
    }

    /// Serves one more frame.
    pub fn connect(&self, port: MessagePort) {
        let mut ports = self.ports.borrow_mut();
        let client = ports.open.len() as Client;
        let supervisor = self.supervisor.clone();
        let on_message = Closure::<dyn FnMut(_)>::new(move |message: MessageEvent| {
            if let Some(request) = Parcel::unpack(&message.data()) {
                supervisor.send(client, request);
            }
        });
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        if let Some(ready) = &ports.ready {
            post(&port, ready);
        }
        ports.open.push(port);
        ports.closures.push(on_message);
    }
}

fn deliver(ports: &RefCell<Ports>, client: Option<Client>, parcel: Parcel) {
    let mut ports = ports.borrow_mut();
    match client {
        Some(client) => {
            if let Some(port) = ports.open.get(client as usize) {
                post(port, &parcel);
            }
        }
        None => {
            for port in &ports.open {
                post(port, &parcel);
            }
            if parcel.kind() == "ready" {
                ports.ready = Some(parcel);
            }
        }
    }
}

fn post(port: &MessagePort, parcel: &Parcel) {
    let _ = port.post_message(&parcel.pack());
}
