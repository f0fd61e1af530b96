//! Everything that is said between the parts of ormscope, and nothing else.
//!
//! ```text
//!   page ──ToWorker──▶ worker ──▶ engine         Project   what goes in
//!   page ◀─FromWorker─ worker ◀── engine         Report    what comes out
//!   page ◀──#v1/…──▶ a link ◀──▶ ormscope share  permalink a project as text
//! ```
//!
//! These are the only serialised types of the workspace. They are plain data:
//! a type here knows no Python, no browser and no database, so the page can
//! depend on this crate without linking the engine.
//!
//! * [`project`]: named text files and the settings of a run;
//! * [`report`]: what `ormscope run --json` prints and the page draws;
//! * [`message`]: what page and worker post to each other;
//! * [`permalink`]: a project as the fragment of a URL.
//!
//! Enums are tagged from outside (`{"table": {…}}`, `"null"`): numbers inside
//! an internally tagged enum would not survive JSON of arbitrary precision.

pub mod message;
pub mod permalink;
pub mod project;
pub mod report;

pub use message::{FromWorker, ToWorker};
pub use project::{Dialect, File, Project, View};
pub use report::Report;
