//! What a language binding hangs onto our data: opaque objects that the ORM carries but never reads.
use crate::error::{Error, Result};
use crate::field::deconstruct::Deconstructed;
use crate::model::Model;
use crate::value::Value;
use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;

/// How a migration file writes an object.
#[derive(Clone, Debug)]
pub enum Source {
    /// A function or class: `module.name`.
    Path { module: String, name: String },
    /// A call that makes it again.
    Call(Deconstructed),
    /// Another value that stands for it.
    Value(Value),
    /// Text, with the import lines it needs.
    Text { code: String, imports: Vec<String> },
}

/// A value the ORM crates do not know: a model instance, a user's own class, an expression.
pub trait Object: Any + fmt::Debug {
    fn as_any(&self) -> &dyn Any;
    /// Python's `repr()`, for messages.
    fn repr(&self) -> String;
    /// The name of its class, for messages.
    fn type_name(&self) -> String;
    /// Python's `str()`.
    fn to_str(&self) -> String {
        self.repr()
    }
    /// The model it is an instance of, if it is one.
    fn model(&self) -> Option<Rc<Model>> {
        None
    }
    /// `getattr(object, name)`.
    fn attr(&self, name: &str) -> Result<Value> {
        Err(Error::new(
            crate::ErrorKind::AttributeError,
            format!("'{}' object has no attribute '{name}'", self.type_name()),
        ))
    }
    /// What iterating over it gives: an iterator is used up. Nothing for what cannot be iterated.
    fn items(&self) -> Option<Result<Vec<Value>>> {
        None
    }
    /// Where it can be imported from: module and name (functions and classes).
    fn import_path(&self) -> Option<(String, String)> {
        None
    }
    /// What has to be the same for two objects to be made in the same way, where `==` does not
    /// say so: a partial's function and arguments, an expression's pattern.
    fn ingredients(&self) -> Option<Value> {
        None
    }
    /// What it takes to write it into a migration file.
    fn source(&self) -> Result<Source> {
        match self.import_path() {
            Some((module, name)) => Ok(Source::Path { module, name }),
            None => Err(cannot_serialize(&self.repr())),
        }
    }
    /// `int(object)`, or `float(object)`; nothing for an expression, which is no value yet.
    fn number(&self, _float: bool) -> Option<Result<Value>> {
        None
    }
    /// `object == other`.
    fn equals(&self, other: &dyn Object) -> bool {
        std::ptr::eq(
            self as *const _ as *const (),
            other as *const _ as *const (),
        )
    }
    fn hash(&self) -> u64 {
        self as *const _ as *const () as u64
    }
}

/// The error for a value that migration files cannot hold.
pub fn cannot_serialize(repr: &str) -> Error {
    Error::value_error(format!(
        "Cannot serialize: {repr}\nThere are some values Django cannot serialize into migration files.\nFor more, \
         see https://docs.djangoproject.com/en/6.1/topics/migrations/#migration-serializing"
    ))
}

/// An expression or condition (`Q`, `F`, `Lower(…)`) kept as data: a constraint's condition, an
/// index's expression, a field's `db_default`. `orm-sql` knows what is inside.
pub type Clause = Rc<dyn Object>;

/// A slot for the binding's own object (the Python class of a model, the Python field).
#[derive(Default)]
pub struct Face(RefCell<Option<Rc<dyn Any>>>);

impl Face {
    pub fn set(&self, face: Rc<dyn Any>) {
        *self.0.borrow_mut() = Some(face);
    }
    pub fn get<T: Any>(&self) -> Option<Rc<T>> {
        self.0.borrow().clone().and_then(|f| f.downcast::<T>().ok())
    }
    /// Holds what another slot holds; true if that is something.
    pub fn share(&self, other: &Face) -> bool {
        let held = other.0.borrow().clone();
        let some = held.is_some();
        if some {
            *self.0.borrow_mut() = held;
        }
        some
    }
    /// Breaks the cycle between our data and the binding's object.
    pub fn clear(&self) {
        self.0.borrow_mut().take();
    }
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.borrow().is_some() {
            "Face(set)"
        } else {
            "Face(empty)"
        })
    }
}
