//! Unbound fields that say what an expression gives: `output_field=IntegerField()`.
use orm_state::maps::HashMap;
use orm_state::{Field, FieldClass, FieldKind, FieldOptions};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static FIELDS: RefCell<HashMap<FieldKind, Rc<Field>>> = RefCell::default();
    static CLASSES: RefCell<HashMap<FieldKind, Rc<FieldClass>>> = RefCell::default();
}

/// The built-in class of a kind, with its bases (`EmailField` is a `CharField` is a `Field`).
pub fn class(kind: FieldKind) -> Rc<FieldClass> {
    if let Some(c) = CLASSES.with(|c| c.borrow().get(&kind).cloned()) {
        return c;
    }
    let mro = match parent(kind) {
        Some(p) => {
            let parent = class(p);
            let mut mro = vec![parent.clone()];
            mro.extend(parent.mro.iter().cloned());
            mro
        }
        None => vec![],
    };
    let made = FieldClass::new(class_name(kind), module(kind), mro, kind);
    CLASSES.with(|c| c.borrow_mut().insert(kind, made.clone()));
    made
}

/// Takes the class that a binding made for a kind: what is registered on it counts for expressions
/// of that type, too.
pub fn adopt(class: &Rc<FieldClass>) {
    if class_name(class.kind) == class.name {
        CLASSES.with(|c| c.borrow_mut().insert(class.kind, class.clone()));
        FIELDS.with(|f| f.borrow_mut().remove(&class.kind));
    }
}

/// Forgets the classes of a binding that ends.
pub fn reset() {
    CLASSES.with(|c| c.borrow_mut().clear());
    FIELDS.with(|f| f.borrow_mut().clear());
}

/// A shared unbound field of a built-in kind.
pub fn unbound(kind: FieldKind) -> Rc<Field> {
    if let Some(f) = FIELDS.with(|f| f.borrow().get(&kind).cloned()) {
        return f;
    }
    let made = Field::new(class(kind), FieldOptions::default(), None);
    FIELDS.with(|f| f.borrow_mut().insert(kind, made.clone()));
    made
}

pub fn boolean() -> Rc<Field> {
    unbound(FieldKind::Boolean)
}
pub fn integer() -> Rc<Field> {
    unbound(FieldKind::Integer)
}

/// The name of the class: `URLField`, where `internal_type` is `CharField`.
pub fn class_name(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Email => "EmailField",
        FieldKind::Url => "URLField",
        FieldKind::Image => "ImageField",
        FieldKind::Custom => "Field",
        k => k.internal_type(),
    }
}

fn module(kind: FieldKind) -> &'static str {
    use FieldKind::*;
    match kind {
        ForeignObject | ForeignKey | OneToOne | ManyToMany => "django.db.models.fields.related",
        Json => "django.db.models.fields.json",
        File | Image => "django.db.models.fields.files",
        Generated => "django.db.models.fields.generated",
        CompositePrimaryKey => "django.db.models.fields.composite",
        GenericForeignKey | GenericRelation => "django.contrib.contenttypes.fields",
        _ => "django.db.models.fields",
    }
}

fn parent(kind: FieldKind) -> Option<FieldKind> {
    use FieldKind::*;
    Some(match kind {
        Custom => return None,
        Auto => Integer,
        BigAuto => BigInteger,
        SmallAuto => SmallInteger,
        BigInteger | SmallInteger => Integer,
        PositiveInteger | PositiveSmallInteger => Integer,
        PositiveBigInteger => BigInteger,
        Email | Url | Slug => Char,
        DateTime => Date,
        Image => File,
        OneToOne => ForeignKey,
        ForeignKey => ForeignObject,
        GenericRelation => ForeignObject,
        _ => Custom,
    })
}
