//! Copying a field, as inheriting from an abstract model or cloning it does.
use super::{Field, FieldKind};
use crate::rel::{Rel, RelTarget};
use std::rc::Rc;

impl Field {
    /// An unbound copy with the same options and place; its relation is copied too.
    pub fn duplicate(&self) -> Rc<Field> {
        let remote = self.remote.as_ref().map(|r| r.duplicate());
        let copy = Field::new(self.class.clone(), self.options.borrow().clone(), remote);
        copy.null.set(self.null.get());
        copy.blank.set(self.blank.get());
        copy.unique.set(self.unique.get());
        copy.primary_key.set(self.primary_key.get());
        copy.db_index.set(self.db_index.get());
        copy.creation_counter.set(self.creation_counter.get());
        copy.mti_inherited.set(self.mti_inherited.get());
        if !copy.origin.share(&self.face) {
            copy.origin.share(&self.origin);
        }
        if !self.name().is_empty() {
            copy.set_name(&self.name());
            if copy.kind == FieldKind::Custom || self.overrides().get_internal_type {
                copy.set_attname_column(self.attname(), self.column());
            }
        }
        copy
    }
}

impl Rel {
    /// A copy that belongs to no field yet.
    pub fn duplicate(&self) -> Rc<Rel> {
        let copy = Rel::new(self.kind, self.target());
        *copy.related_name.borrow_mut() = self.related_name.borrow().clone();
        *copy.given_related_name.borrow_mut() = self.given_related_name.borrow().clone();
        *copy.related_query_name.borrow_mut() = self.related_query_name.borrow().clone();
        *copy.limit_choices_to.borrow_mut() = self.limit_choices_to.borrow().clone();
        copy.parent_link.set(self.parent_link.get());
        *copy.on_delete.borrow_mut() = self.on_delete.borrow().clone();
        *copy.field_name.borrow_mut() = self.field_name.borrow().clone();
        copy.db_constraint.set(self.db_constraint.get());
        *copy.through.borrow_mut() = self.through.borrow().clone();
        *copy.through_fields.borrow_mut() = self.through_fields.borrow().clone();
        copy.symmetrical.set(self.symmetrical.get());
        *copy.swappable.borrow_mut() = self.swappable.borrow().clone();
        copy
    }
    /// Points it at a model again, by name (lazy relations) or directly.
    pub fn set_target(&self, target: RelTarget) {
        self.retarget(target);
    }
}
