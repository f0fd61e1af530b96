//! The built-in expressions, one file each.
pub mod fields;
pub mod xor;
