//! Lookups (`__exact`, `__in` …) and transforms (`__year` …): what they are and how they are found.
//!
//! A lookup is made by a [`LookupFactory`], found by name on the left side's output field: first
//! what user code registered, then the built-in ones of `crate::lookups`. The result is an
//! expression; [`Lookup`] is the built-in one, a user's own class implements `Expression` itself and
//! carries a [`Lookup`] for the query to look at.
use crate::expression::{Expr, value_expr};
use orm_state::{Field, Object, Result, Value};
use std::any::Any;
use std::cell::Cell;
use std::fmt::Debug;
use std::rc::Rc;

/// The right side of a lookup.
#[derive(Clone, Debug)]
pub enum Rhs {
    Value(Value),
    Expr(Expr),
}

impl Rhs {
    /// A value as given by the user; expressions inside opaque objects are unpacked.
    pub fn new(value: Value) -> Rhs {
        match value_expr(&value) {
            Some(e) => Rhs::Expr(e),
            None => Rhs::Value(value),
        }
    }
    pub fn is_null(&self) -> bool {
        matches!(self, Rhs::Value(Value::Null))
    }
}

/// The built-in lookup node: one kind, a left side, a right side.
#[derive(Clone, Debug)]
pub struct Lookup {
    pub kind: Rc<dyn LookupKind>,
    pub lhs: Expr,
    pub rhs: Rhs,
    /// Bilateral transforms applied to the right side too.
    pub bilateral: Vec<Rc<dyn TransformFactory>>,
    /// How often the right side was wrapped in what takes hyphens out. Each writing of a lookup
    /// wraps it once more, as a lookup written twice (in `XOR`) shows.
    pub wrapped: Cell<usize>,
}

impl Lookup {
    /// A lookup that was never written.
    pub fn new(
        kind: Rc<dyn LookupKind>,
        lhs: Expr,
        rhs: Rhs,
        bilateral: Vec<Rc<dyn TransformFactory>>,
    ) -> Lookup {
        Lookup {
            kind,
            lhs,
            rhs,
            bilateral,
            wrapped: Cell::new(0),
        }
    }
}

/// What one built-in lookup does; see `crate::lookups`.
pub trait LookupKind: Debug {
    /// `exact`, `in` …
    fn lookup_name(&self) -> &'static str;
    /// Its class's name: `Exact`, `In` …
    fn class_name(&self) -> &'static str;
    /// Whether `None` may stand on the right; else `exact` becomes `IS NULL`.
    fn can_use_none_as_rhs(&self) -> bool {
        false
    }
    /// Whether a tuple on the left is several expressions compared as one.
    fn takes_tuples(&self) -> bool {
        false
    }
    /// Checks and converts the right side when the lookup is made (`get_prep_lookup`).
    fn prepare(&self, lookup: Lookup) -> Result<Lookup>;
    fn as_sql(
        &self,
        lookup: &Lookup,
        compiler: &crate::compiler::Compiler,
        out: &mut crate::writer::SqlWriter,
    ) -> Result<()>;
    /// `process_lhs`: appends the left side.
    fn lhs_sql(
        &self,
        lookup: &Lookup,
        compiler: &crate::compiler::Compiler,
        out: &mut crate::writer::SqlWriter,
    ) -> Result<()> {
        compiler.compile(&lookup.lhs, out)
    }
    /// `process_rhs`: the right side.
    fn rhs_sql(
        &self,
        lookup: &Lookup,
        compiler: &crate::compiler::Compiler,
    ) -> Result<crate::writer::SqlWriter> {
        let mut out = crate::writer::SqlWriter::default();
        match &lookup.rhs {
            Rhs::Expr(e) => crate::lookups::sides::expr_rhs(e, compiler, &mut out)?,
            Rhs::Value(v) => out.param(v.clone()),
        }
        Ok(out)
    }
}

/// Makes lookups of one class.
pub trait LookupFactory: Debug {
    fn lookup_name(&self) -> String;
    /// The name of the class it makes.
    fn class_name(&self) -> String;
    fn make(&self, lhs: Expr, rhs: Rhs, bilateral: Vec<Rc<dyn TransformFactory>>) -> Result<Expr>;
    /// The binding's class, if user code defined it.
    fn face(&self) -> Option<Rc<dyn Object>> {
        None
    }
}

/// Makes transforms of one class.
pub trait TransformFactory: Debug {
    fn lookup_name(&self) -> String;
    /// The name of the class it makes, where that is a class by itself.
    fn class_name(&self) -> String {
        String::new()
    }
    fn bilateral(&self) -> bool {
        false
    }
    fn make(&self, lhs: Expr) -> Result<Expr>;
    fn face(&self) -> Option<Rc<dyn Object>> {
        None
    }
}

/// What a lookup name leads to.
#[derive(Clone, Debug)]
pub enum Registered {
    Lookup(Rc<dyn LookupFactory>),
    Transform(Rc<dyn TransformFactory>),
}

/// A registered lookup or transform as kept in [`orm_state::FieldClass::lookups`].
#[derive(Clone, Debug)]
pub struct RegisteredObject(pub Registered);

impl Object for RegisteredObject {
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn repr(&self) -> String {
        format!("<lookup {}>", self.type_name())
    }
    fn type_name(&self) -> String {
        match &self.0 {
            Registered::Lookup(l) => l.lookup_name(),
            Registered::Transform(t) => t.lookup_name(),
        }
    }
}

fn registered(object: &Rc<dyn Object>) -> Option<Registered> {
    object
        .as_any()
        .downcast_ref::<RegisteredObject>()
        .map(|r| r.0.clone())
}

fn user_registered(field: &Field, name: &str) -> Option<Registered> {
    let own = field.lookups.borrow().get(name).and_then(registered);
    own.or_else(|| field.class.registered(name).and_then(|o| registered(&o)))
}

/// `Field.get_lookup(name)`.
pub fn field_lookup(field: &Field, name: &str) -> Result<Option<Registered>> {
    if let Some(hooks) = &field.class.hooks
        && hooks.overrides().get_lookup
    {
        let found = hooks.get_lookup(field, name)?.and_then(|o| registered(&o));
        return Ok(found.filter(|r| matches!(r, Registered::Lookup(_))));
    }
    builtin_lookup(field, name)
}

/// `get_lookup` without asking a user's override (what `super().get_lookup` gives).
pub fn builtin_lookup(field: &Field, name: &str) -> Result<Option<Registered>> {
    match user_registered(field, name) {
        Some(r @ Registered::Lookup(_)) => Ok(Some(r)),
        Some(Registered::Transform(_)) => Ok(None),
        None => Ok(crate::lookups::builtin(field, name).map(Registered::Lookup)),
    }
}

/// `Field.get_transform(name)`.
pub fn field_transform(field: &Field, name: &str) -> Result<Option<Registered>> {
    if let Some(hooks) = &field.class.hooks
        && hooks.overrides().get_transform
    {
        let found = hooks
            .get_transform(field, name)?
            .and_then(|o| registered(&o));
        return Ok(found.filter(|r| matches!(r, Registered::Transform(_))));
    }
    builtin_transform(field, name)
}

/// `get_transform` without asking a user's override.
pub fn builtin_transform(field: &Field, name: &str) -> Result<Option<Registered>> {
    match user_registered(field, name) {
        Some(r @ Registered::Transform(_)) => Ok(Some(r)),
        Some(Registered::Lookup(_)) => Ok(None),
        None => Ok(crate::lookups::builtin_transform(field, name).map(Registered::Transform)),
    }
}
