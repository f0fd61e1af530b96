//! The world as the worker has it: the browser's clocks and randomness. A
//! project's files come with each request, so there are none here.

use std::time::Duration;

use engine::{Host, Stream};
use js_sys::Date;
use wasm_bindgen::JsCast;
use web_sys::DedicatedWorkerGlobalScope;

/// The worker's world.
pub struct PageHost;

impl Host for PageHost {
    fn wall_clock(&self) -> Duration {
        millis(Date::now())
    }

    fn monotonic(&self) -> Duration {
        let performance = scope().and_then(|scope| scope.performance());
        millis(performance.map_or_else(Date::now, |performance| performance.now()))
    }

    fn random(&self, buffer: &mut [u8]) {
        let crypto = scope().and_then(|scope| scope.crypto().ok());
        // The browser gives no more at once.
        for piece in buffer.chunks_mut(65_536) {
            let filled = crypto
                .as_ref()
                .is_some_and(|crypto| crypto.get_random_values_with_u8_array(piece).is_ok());
            if !filled {
                piece.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
            }
        }
    }

    /// The engine keeps what is printed; what comes here has no reader.
    fn write(&self, _stream: Stream, _text: &str) {}
}

fn scope() -> Option<DedicatedWorkerGlobalScope> {
    js_sys::global().dyn_into().ok()
}

fn millis(number: f64) -> Duration {
    Duration::try_from_secs_f64(number / 1_000.0).unwrap_or_default()
}
