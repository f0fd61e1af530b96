//! The join graph as a picture: where everything stands, and the same in words.

mod describe;
mod layout;
mod tree;

pub use describe::describe;
pub use layout::{Picture, PlacedBox, PlacedEdge, PlacedNode, PlacedReference, place};
