//! What a name on a model leads to.
use super::ModelRef;
use crate::error::Result;
use crate::field::Field;
use crate::rel::{PathInfo, Rel};
use std::rc::Rc;

/// What a name on a model leads to: a field, or the reverse side of a relation.
#[derive(Clone, Debug)]
pub enum AnyField {
    Field(Rc<Field>),
    Rel(Rc<Rel>),
}

impl AnyField {
    /// `repr(field)`, for messages.
    pub fn repr(&self) -> String {
        match self {
            AnyField::Field(f) => format!("<{}.{}: {}>", f.class.module, f.class.name, f.name()),
            AnyField::Rel(r) => {
                let label = r.related_model().map(|m| m.label_lower());
                format!("<{:?}Rel: {}>", r.kind, label.unwrap_or_default())
            }
        }
    }
    pub fn name(&self) -> Rc<str> {
        match self {
            AnyField::Field(f) => f.name(),
            AnyField::Rel(r) => r.name(),
        }
    }
    /// The model it sits on.
    pub fn model(&self) -> Option<ModelRef> {
        match self {
            AnyField::Field(f) => f.model(),
            AnyField::Rel(r) => r.model(),
        }
    }
    /// The model on the other side.
    pub fn related_model(&self) -> Option<ModelRef> {
        match self {
            AnyField::Field(f) => f.related_model(),
            AnyField::Rel(r) => r.related_model(),
        }
    }
    pub fn is_relation(&self) -> bool {
        match self {
            AnyField::Field(f) => f.is_relation(),
            AnyField::Rel(_) => true,
        }
    }
    pub fn many_to_many(&self) -> bool {
        match self {
            AnyField::Field(f) => f.many_to_many(),
            AnyField::Rel(r) => r.many_to_many(),
        }
    }
    pub fn one_to_many(&self) -> bool {
        match self {
            AnyField::Field(f) => f.one_to_many(),
            AnyField::Rel(r) => r.one_to_many(),
        }
    }
    /// May the join find no row? Reverse sides always may.
    pub fn null(&self) -> bool {
        match self {
            AnyField::Field(f) => f.null.get(),
            AnyField::Rel(_) => true,
        }
    }
    /// The pairs of columns a join over it compares: (this side, other side).
    pub fn joining_fields(&self) -> Result<Vec<(Rc<Field>, Rc<Field>)>> {
        match self {
            AnyField::Field(f) => f.joining_fields(false),
            AnyField::Rel(r) => r.field()?.joining_fields(true),
        }
    }
    pub fn path_infos(&self) -> Result<Rc<[PathInfo]>> {
        match self {
            AnyField::Field(f) => f.path_infos(),
            AnyField::Rel(r) => r.field()?.reverse_path_infos(),
        }
    }
    pub fn same(&self, other: &AnyField) -> bool {
        match (self, other) {
            (AnyField::Field(a), AnyField::Field(b)) => a.same(b),
            (AnyField::Rel(a), AnyField::Rel(b)) => Rc::ptr_eq(a, b),
            _ => false,
        }
    }
}
