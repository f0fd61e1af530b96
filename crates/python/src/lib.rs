//! Python inside ormscope: RustPython with a part of its library frozen in, and no machine.
//!
//! ```text
//!                 Runtime
//!   stdlib          │  frozen library: what models, queries and tests import
//!   native          │  posix, clocks, output, files, time zones  ──▶  Host
//!   importer        │  import of project files                   ──▶  Host
//!   script          │  a script cut into top-level statements
//!   calls           │  where the calls of a text stand, and their arguments
//!   failure         │  exceptions as plain data, with Python's traceback
//! ```
//!
//! Invariant: nothing here touches a disk, a clock or a terminal; all of it goes through
//! [`host::Host`]. The interpreter is single-threaded.
pub mod calls;
pub mod failure;
pub mod files;
pub mod host;
pub mod importer;
pub mod native;
pub mod runtime;
pub mod script;
pub mod stdlib;

pub use failure::Failure;
pub use host::Host;
pub use runtime::Runtime;
