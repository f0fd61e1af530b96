//! Conditions a relation adds to its own joins (`get_extra_restriction`): the content type of a
//! generic relation.
use super::Alias;
use crate::expression::Expr;
use orm_state::{AnyField, Field, Result};
use std::cell::RefCell;
use std::rc::Rc;

/// Makes the extra condition of a relation field, for (`alias`, `related_alias`) of its join.
pub type ExtraRestriction =
    Rc<dyn Fn(&Rc<Field>, Option<&Alias>, Option<&Alias>) -> Result<Option<Expr>>>;

thread_local! {
    static HOOK: RefCell<Option<ExtraRestriction>> = const { RefCell::new(None) };
}

/// Sets what answers for relations that need more than their columns: the binding knows content
/// types and users' `ForeignObject` subclasses.
pub fn set_extra_restriction(hook: ExtraRestriction) {
    HOOK.with(|h| *h.borrow_mut() = Some(hook));
}

/// The extra condition of a join over `field`, if it has one.
pub fn extra_restriction(
    field: &AnyField,
    alias: Option<&Alias>,
    related_alias: Option<&Alias>,
) -> Result<Option<Expr>> {
    // Seen from the other side, the two aliases change places.
    let (field, alias, related_alias) = match field {
        AnyField::Field(f) => (f.clone(), alias, related_alias),
        AnyField::Rel(r) => (r.field()?, related_alias, alias),
    };
    if matches!(
        field.kind,
        orm_state::FieldKind::ForeignKey | orm_state::FieldKind::OneToOne
    ) && field.class.hooks.is_none()
    {
        return Ok(None);
    }
    match HOOK.with(|h| h.borrow().clone()) {
        Some(hook) => hook(&field, alias, related_alias),
        None => Ok(None),
    }
}
