//! The time, as the host gives it.
use std::cell::Cell;

thread_local! {
    static NOW: Cell<fn() -> f64> = const { Cell::new(native) };
}

#[cfg(not(target_arch = "wasm32"))]
fn native() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}

#[cfg(target_arch = "wasm32")]
fn native() -> f64 {
    0.0
}

/// Seconds since some moment.
pub fn now() -> f64 {
    NOW.get()()
}

/// Replaces the clock, where the host has its own.
pub fn set(clock: fn() -> f64) {
    NOW.set(clock);
}
