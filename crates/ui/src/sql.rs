//! SQL as it is shown: laid out, coloured, and still tied to the Python it
//! came from.

mod align;
mod layout;
mod tokens;

pub use align::align;
pub use layout::{LINE, Layout, Place, SHORT_LINE, lay_out};
pub use tokens::{Token, TokenKind, tokens};
