//! The built-in lookups and transforms, one file a family.
pub mod close_matches;

use crate::expression::Expr;
use crate::lookup::{LookupFactory, TransformFactory};
use orm_state::Field;
use std::rc::Rc;

pub use close_matches::close_matches;

/// The built-in lookup `name` on a field.
pub fn builtin(_field: &Field, _name: &str) -> Option<Rc<dyn LookupFactory>> {
    None
}

/// The built-in transform `name` on a field.
pub fn builtin_transform(_field: &Field, _name: &str) -> Option<Rc<dyn TransformFactory>> {
    None
}

/// The transforms of a left side that its right side needs too (`get_bilateral_transforms`).
pub fn bilateral_transforms(lhs: &Expr) -> Vec<Rc<dyn TransformFactory>> {
    lhs.bilateral_transforms()
}

/// Every lookup and transform name of a field (`get_lookups().keys()`).
pub fn names(_field: &Field) -> Vec<String> {
    vec![]
}
