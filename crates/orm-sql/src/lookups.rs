//! The built-in lookups and transforms, one file a family.
use crate::lookup::{LookupFactory, TransformFactory};
use orm_state::Field;
use std::rc::Rc;

/// The built-in lookup `name` on a field.
pub fn builtin(_field: &Field, _name: &str) -> Option<Rc<dyn LookupFactory>> {
    None
}

/// The built-in transform `name` on a field.
pub fn builtin_transform(_field: &Field, _name: &str) -> Option<Rc<dyn TransformFactory>> {
    None
}
