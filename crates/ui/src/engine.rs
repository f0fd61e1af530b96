//! The engine as the page sees it: something that answers requests.
//!
//! ```text
//!   Link::Own     page ──▶ supervisor ──▶ worker        the playground, a plain iframe
//!   Link::Shared  embed ──▶ port ──▶ engine frame ──▶ supervisor ──▶ worker
//! ```
//!
//! A worker that runs Python hears nothing, so only its end stops it. The
//! supervisor ends it when a run takes longer than it may, or when a newer
//! run waits behind one that is slow, and starts another at once from the
//! module that is already compiled.

mod hub;
mod port;
mod queue;
mod supervisor;
mod turn;
mod wire;

pub use hub::Hub;
pub use port::Shared;
pub use supervisor::Supervisor;
pub use turn::Turn;
pub use wire::{Parcel, property};

use protocol::ToWorker;

/// Who asks. Requests of different clients never cancel each other.
pub type Client = u32;

/// A way to the engine.
#[derive(Clone)]
pub enum Link {
    /// A worker of one's own.
    Own(Supervisor),
    /// Another frame's.
    Shared(Shared),
}

impl Link {
    /// Asks for something.
    pub fn send(&self, message: &ToWorker) {
        let Ok(json) = serde_json::to_string(message) else {
            return;
        };
        let parcel = Parcel::text(json);
        match self {
            Self::Own(supervisor) => supervisor.send(0, parcel),
            Self::Shared(port) => port.send(&parcel),
        }
    }
}
