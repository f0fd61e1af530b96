//! Django's database functions, one file a family; each entry is data ([`crate::expressions::FuncSpec`]).
pub mod comparison;
pub mod extract;
pub mod math;
pub mod text;
pub mod trunc;

use crate::expression::{Expr, Sources};
use crate::expressions::Func;

pub use comparison::{cast, coalesce};

/// `Random()`: what `order_by("?")` sorts by.
pub fn random() -> Expr {
    Func::of(&math::RANDOM, Sources::new())
}
