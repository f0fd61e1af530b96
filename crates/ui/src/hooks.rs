//! The wiring: one hook a file.

mod use_ask;
mod use_autosave;
mod use_clipboard;
mod use_editor;
mod use_engine;
mod use_links;
mod use_shortcuts;
mod use_theme;
mod use_virtual_rows;

pub use use_ask::{Ask, use_ask};
pub use use_autosave::use_autosave;
pub use use_clipboard::use_clipboard;
pub use use_editor::use_editor;
pub use use_engine::{Way, use_engine};
pub use use_links::use_links;
pub(crate) use use_shortcuts::share;
pub use use_shortcuts::use_shortcuts;
pub use use_theme::use_theme;
pub use use_virtual_rows::{VirtualRows, use_virtual_rows};
