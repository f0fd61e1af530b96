//! What is kept in the browser: works, settings; and how a page opens.

mod examples;
mod opening;
mod settings;
mod works;

pub use examples::{Example, examples};
pub use opening::{Opening, opening, same_content};
pub use settings::{Params, Settings, Theme};
pub use works::{Work, Works};
