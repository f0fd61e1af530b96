//! The built-in lookups and transforms, one file a family.
//!
//! ```text
//! author__name__startswith="A"   →  Lookup { StartsWith, Col(author.name), "A" }
//!                                →  "author"."name" LIKE %s ESCAPE '\'      ["A%"]
//! ```
//! [`registry`] finds one by field and name, `prepare` checks its right side, `sides` writes its
//! sides, and a file each writes what is special.
#![allow(
    clippy::new_ret_no_self,
    reason = "an expression is made shared: `new` gives an `Expr`"
)]
mod build;
pub mod class_registry;
pub mod close_matches;
mod in_list;
pub mod json;
pub mod kind;
mod node;
mod pattern;
mod prepare;
pub mod registry;
pub mod related;
pub mod sides;
pub mod tuple;
mod year;

use crate::expression::Expr;
use crate::lookup::TransformFactory;
use std::rc::Rc;

pub use close_matches::close_matches;
pub use kind::{Builtin, Family, Op};
pub use registry::{builtin, builtin_transform, by_class_name, names};

/// The transforms of a left side that its right side needs too (`get_bilateral_transforms`).
pub fn bilateral_transforms(lhs: &Expr) -> Vec<Rc<dyn TransformFactory>> {
    lhs.bilateral_transforms()
}
