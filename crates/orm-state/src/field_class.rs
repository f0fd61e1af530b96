//! The class of a field: its place in the class hierarchy, the lookups registered on it, and the
//! hooks that a user's subclass overrides.
use crate::error::Result;
use crate::face::{Face, Object};
use crate::field::{Field, FieldKind};
use crate::maps::HashMap;
use crate::rel::{FieldPairs, PathInfo};
use crate::value::Value;
use std::cell::RefCell;
use std::rc::Rc;

/// A field class: `IntegerField`, or a user's subclass of it.
pub struct FieldClass {
    /// `IntegerField`
    pub name: String,
    /// `django.db.models.fields`; with `name` the path that `deconstruct` gives.
    pub module: String,
    /// The base classes in method resolution order, without itself.
    pub mro: Vec<Rc<FieldClass>>,
    /// The built-in kind it is or descends from.
    pub kind: FieldKind,
    /// Methods a user's subclass overrides, called back. Found once, when the class is made.
    pub hooks: Option<Rc<dyn FieldHooks>>,
    /// Lookups and transforms registered on this very class, by `lookup_name`.
    pub lookups: RefCell<HashMap<String, Rc<dyn Object>>>,
    /// The binding's class object.
    pub face: Face,
}

impl FieldClass {
    pub fn new(name: &str, module: &str, mro: Vec<Rc<FieldClass>>, kind: FieldKind) -> Rc<Self> {
        Rc::new(FieldClass {
            name: name.into(),
            module: module.into(),
            mro,
            kind,
            hooks: None,
            lookups: RefCell::default(),
            face: Face::default(),
        })
    }
    /// The lookup or transform registered under `name` on it or its nearest base.
    pub fn registered(&self, name: &str) -> Option<Rc<dyn Object>> {
        let find = |c: &FieldClass| c.lookups.borrow().get(name).cloned();
        find(self).or_else(|| self.lookup_bases().iter().find_map(|c| find(c)))
    }
    /// The bases whose lookups it has: a relation does not know those of plain fields.
    pub fn lookup_bases(&self) -> &[Rc<FieldClass>] {
        const LAST: &str = "ForeignObject";
        if self.name == LAST {
            return &[];
        }
        match self.mro.iter().position(|c| c.name == LAST) {
            Some(at) => &self.mro[..=at],
            None => &self.mro,
        }
    }
    /// True if it is, or descends from, the class called `name`.
    pub fn is_a(&self, name: &str) -> bool {
        self.name == name || self.mro.iter().any(|c| c.name == name)
    }
}

impl std::fmt::Debug for FieldClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// Which hooks a class overrides; everything else stays in Rust.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides {
    pub get_prep_value: bool,
    pub get_db_prep_value: bool,
    pub get_db_prep_save: bool,
    pub from_db_value: bool,
    pub to_python: bool,
    pub db_type: bool,
    pub rel_db_type: bool,
    pub get_internal_type: bool,
    pub get_placeholder: bool,
    pub select_format: bool,
    pub get_lookup: bool,
    pub get_transform: bool,
    pub pre_save: bool,
    pub get_default: bool,
    pub get_joining_fields: bool,
    pub get_path_info: bool,
    pub get_reverse_path_info: bool,
    pub deconstruct: bool,
}

/// The methods of Django's `Field` that a user's subclass may override.
/// Source: "How to create custom model fields" in Django's documentation.
#[allow(unused_variables)]
pub trait FieldHooks {
    fn overrides(&self) -> Overrides;
    fn get_prep_value(&self, field: &Field, value: Value) -> Result<Value>;
    fn get_db_prep_value(&self, field: &Field, value: Value, prepared: bool) -> Result<Value>;
    fn get_db_prep_save(&self, field: &Field, value: Value) -> Result<Value>;
    fn from_db_value(&self, field: &Field, value: Value) -> Result<Value>;
    fn to_python(&self, field: &Field, value: Value) -> Result<Value>;
    fn db_type(&self, field: &Field, vendor: &str) -> Result<Option<String>>;
    fn get_internal_type(&self, field: &Field) -> Result<String>;
    fn get_placeholder(&self, field: &Field, value: &Value) -> Result<Option<String>>;
    /// The SQL of a selected column, with its parameters.
    fn select_format(
        &self,
        field: &Field,
        sql: String,
        params: Vec<Value>,
    ) -> Result<(String, Vec<Value>)>;
    /// Its path and arguments, where the class overrides `deconstruct`.
    fn deconstruct(
        &self,
        field: &Field,
    ) -> Result<Option<crate::field::deconstruct::Deconstructed>> {
        Ok(None)
    }
    /// What `get_lookup(name)` returns: a lookup class of the binding.
    fn get_lookup(&self, field: &Field, name: &str) -> Result<Option<Rc<dyn Object>>>;
    fn get_transform(&self, field: &Field, name: &str) -> Result<Option<Rc<dyn Object>>>;
    /// What a relation class's `get_joining_fields(reverse)` returns.
    fn joining_fields(&self, field: &Field, reverse: bool) -> Result<FieldPairs>;
    /// What a relation class's `get_path_info()` or `get_reverse_path_info()` returns.
    fn path_infos(&self, field: &Field, reverse: bool) -> Result<Vec<PathInfo>>;
}
