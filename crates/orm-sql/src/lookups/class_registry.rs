//! What is registered on transform classes themselves: `Lower.register_lookup(…)`, a user's
//! `bilateral = True`.
//!
//! A transform is asked before the field it gives: `title__lower__mine` finds `mine` on `Lower`.
use crate::expression::Expr;
use crate::lookup::{Registered, TransformFactory};
use orm_state::Field;
use orm_state::maps::HashMap;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static LOOKUPS: RefCell<HashMap<(String, String), Registered>> = RefCell::default();
    static BILATERAL: RefCell<HashMap<String, Rc<dyn TransformFactory>>> = RefCell::default();
}

/// Registers a lookup or transform on the transform class called `class`.
pub fn register(class: &str, lookup_name: &str, what: Registered) {
    LOOKUPS.with(|l| {
        l.borrow_mut()
            .insert((class.into(), lookup_name.into()), what)
    });
}

/// Takes a registration back.
pub fn unregister(class: &str, lookup_name: &str) {
    LOOKUPS.with(|l| l.borrow_mut().remove(&(class.into(), lookup_name.into())));
}

/// Says that a class is bilateral, and how it is made.
pub fn set_bilateral(class: &str, factory: Rc<dyn TransformFactory>) {
    BILATERAL.with(|b| b.borrow_mut().insert(class.into(), factory));
}

/// Forgets everything that user code registered.
pub fn clear() {
    LOOKUPS.with(|l| l.borrow_mut().clear());
    BILATERAL.with(|b| b.borrow_mut().clear());
}

/// What is registered on a class under a name.
pub fn registered(class: &str, lookup_name: &str) -> Option<Registered> {
    LOOKUPS.with(|l| {
        let l = l.borrow();
        if l.is_empty() {
            return None;
        }
        l.get(&(class.to_string(), lookup_name.to_string()))
            .cloned()
    })
}

/// Everything registered on a class, by name.
pub fn all(class: &str) -> Vec<(String, Registered)> {
    let mut found: Vec<_> = LOOKUPS.with(|l| {
        l.borrow()
            .iter()
            .filter(|((c, _), _)| c == class)
            .map(|((_, name), what)| (name.clone(), what.clone()))
            .collect()
    });
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

/// `get_lookup(name)` of a transform: its class first, then the field it gives.
pub fn lookup_of(
    class: &str,
    field: &Rc<Field>,
    name: &str,
) -> orm_state::Result<Option<Registered>> {
    match registered(class, name) {
        Some(r @ Registered::Lookup(_)) => Ok(Some(r)),
        Some(Registered::Transform(_)) => Ok(None),
        None => crate::lookup::field_lookup(field, name),
    }
}

/// `get_transform(name)` of a transform.
pub fn transform_of(
    class: &str,
    field: &Rc<Field>,
    name: &str,
) -> orm_state::Result<Option<Registered>> {
    match registered(class, name) {
        Some(r @ Registered::Transform(_)) => Ok(Some(r)),
        Some(Registered::Lookup(_)) => Ok(None),
        None => crate::lookup::field_transform(field, name),
    }
}

/// `get_bilateral_transforms()` of a transform: those of its left side, then its own.
pub fn bilateral_of(class: &str, lhs: &Expr) -> Vec<Rc<dyn TransformFactory>> {
    let mut found = lhs.bilateral_transforms();
    found.extend(BILATERAL.with(|b| b.borrow().get(class).cloned()));
    found
}
