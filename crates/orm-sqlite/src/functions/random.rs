//! Random numbers. The seed comes from outside: this crate has no source of chance of its own.
use super::{Arguments, add};
use rusqlite::{Connection, Result};
use std::cell::Cell;

thread_local! {
    static STATE: Cell<u64> = Cell::new(initial());
}

#[cfg(not(target_arch = "wasm32"))]
fn initial() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    std::collections::hash_map::RandomState::new()
        .build_hasher()
        .finish()
}

#[cfg(target_arch = "wasm32")]
fn initial() -> u64 {
    0x9e37_79b9_7f4a_7c15
}

/// Restarts the sequence of `RAND()` and `UUIDV4()`.
pub fn seed(seed: u64) {
    STATE.set(seed);
}

/// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
fn next() -> u64 {
    STATE.with(|s| {
        let state = s.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        s.set(state);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    })
}

pub fn register(db: &Connection) -> Result<()> {
    add(db, "RAND", 0, false, |_: &Arguments| {
        Ok(((next() >> 11) as f64 / (1u64 << 53) as f64).into())
    })?;
    add(db, "UUIDV4", 0, false, |_: &Arguments| {
        let high = next() & 0xffff_ffff_ffff_0fff | 0x4000;
        let low = next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
        Ok(format!("{high:016x}{low:016x}").into())
    })
}
