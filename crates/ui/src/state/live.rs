//! What is going on in the engine.

use protocol::report::EngineInfo;

/// How far the engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum EngineState {
    /// Not asked for yet.
    #[default]
    Idle,
    /// On its way: bytes so far, and in all (0 if unknown).
    Loading(u64, u64),
    /// It answers.
    Ready(EngineInfo),
    /// It cannot be had.
    Failed(String),
}

/// A run that takes long enough to be noticed.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The revision it runs.
    pub id: u32,
    /// File and line of the statement that is running, if one is.
    pub at: Option<(String, u32)>,
}

/// A run that was stopped from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Why.
    pub reason: String,
    /// The file that was running; may be empty.
    pub file: String,
    /// Its line; 0 if unknown.
    pub line: u32,
}
