//! The time, as the host gives it.
/// Seconds since some moment.
pub fn now() -> f64 {
    python::host::ask(|host| host.monotonic()).map_or(0.0, |since| since.as_secs_f64())
}
