//! One field of a model.
//!
//! ```text
//! title = models.CharField(max_length=100)   →  Field { kind: Char, options.max_length: 100 }
//! author = models.ForeignKey(Author, CASCADE) →  Field { kind: ForeignKey, remote: Rel { to: Author } }
//! ```
mod copy;
pub mod deconstruct;
pub mod prep;

use crate::error::Result;
use crate::face::{Clause, Face};
use crate::field_class::{FieldClass, Overrides};
use crate::model::{Model, ModelRef};
use crate::rel::{PathInfo, Rel};
use crate::value::Value;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};

/// Django's built-in kinds of field (`get_internal_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FieldKind {
    Auto,
    BigAuto,
    SmallAuto,
    BigInteger,
    Binary,
    Boolean,
    Char,
    Date,
    DateTime,
    Decimal,
    Duration,
    Email,
    File,
    FilePath,
    Float,
    GenericIpAddress,
    Image,
    Integer,
    Json,
    PositiveBigInteger,
    PositiveInteger,
    PositiveSmallInteger,
    Slug,
    SmallInteger,
    Text,
    Time,
    Url,
    Uuid,
    Generated,
    CompositePrimaryKey,
    ForeignObject,
    ForeignKey,
    OneToOne,
    ManyToMany,
    GenericForeignKey,
    GenericRelation,
    /// A direct subclass of `Field`, with no built-in kind.
    Custom,
}

impl FieldKind {
    /// What `get_internal_type()` returns.
    pub fn internal_type(self) -> &'static str {
        use FieldKind::*;
        match self {
            Auto => "AutoField",
            BigAuto => "BigAutoField",
            SmallAuto => "SmallAutoField",
            BigInteger => "BigIntegerField",
            Binary => "BinaryField",
            Boolean => "BooleanField",
            Char | Email | Url => "CharField",
            Date => "DateField",
            DateTime => "DateTimeField",
            Decimal => "DecimalField",
            Duration => "DurationField",
            File | Image => "FileField",
            FilePath => "FilePathField",
            Float => "FloatField",
            GenericIpAddress => "GenericIPAddressField",
            Integer => "IntegerField",
            Json => "JSONField",
            PositiveBigInteger => "PositiveBigIntegerField",
            PositiveInteger => "PositiveIntegerField",
            PositiveSmallInteger => "PositiveSmallIntegerField",
            Slug => "SlugField",
            SmallInteger => "SmallIntegerField",
            Text => "TextField",
            Time => "TimeField",
            Uuid => "UUIDField",
            Generated => "GeneratedField",
            CompositePrimaryKey => "CompositePrimaryKey",
            ForeignObject => "ForeignObject",
            ForeignKey => "ForeignKey",
            OneToOne => "OneToOneField",
            ManyToMany => "ManyToManyField",
            GenericForeignKey => "GenericForeignKey",
            GenericRelation => "GenericRelation",
            Custom => "Field",
        }
    }
    pub fn is_auto(self) -> bool {
        matches!(
            self,
            FieldKind::Auto | FieldKind::BigAuto | FieldKind::SmallAuto
        )
    }
    pub fn is_integer(self) -> bool {
        use FieldKind::*;
        self.is_auto()
            || matches!(
                self,
                BigInteger
                    | Integer
                    | SmallInteger
                    | PositiveBigInteger
                    | PositiveInteger
                    | PositiveSmallInteger
            )
    }
    /// Kinds that are relations to another model.
    pub fn is_relation(self) -> bool {
        use FieldKind::*;
        matches!(
            self,
            ForeignObject
                | ForeignKey
                | OneToOne
                | ManyToMany
                | GenericForeignKey
                | GenericRelation
        )
    }
}

/// A field's default.
#[derive(Clone, Debug, Default)]
pub enum FieldDefault {
    #[default]
    NotProvided,
    Value(Value),
    /// A callable of the binding.
    Callable(Clause),
}

/// The options a field was given. Source: Django's "Model field reference".
#[derive(Clone, Debug)]
pub struct FieldOptions {
    pub verbose_name: Option<String>,
    pub max_length: Option<i64>,
    pub max_digits: Option<i64>,
    pub decimal_places: Option<i64>,
    pub default: FieldDefault,
    pub db_default: Option<Clause>,
    pub db_column: Option<String>,
    pub db_comment: Option<String>,
    pub db_collation: Option<String>,
    pub db_tablespace: Option<String>,
    pub editable: bool,
    pub serialize: bool,
    pub help_text: String,
    /// Choices as given, groups included, once normalised to pairs.
    pub choices: Option<Value>,
    pub unique_for_date: Option<String>,
    pub unique_for_month: Option<String>,
    pub unique_for_year: Option<String>,
    pub auto_now: bool,
    pub auto_now_add: bool,
    pub auto_created: bool,
    /// GenericIPAddressField
    pub protocol: Option<String>,
    pub unpack_ipv4: bool,
    /// SlugField
    pub allow_unicode: bool,
    /// JSONField: the user's encoder and decoder classes.
    pub encoder: Option<Clause>,
    pub decoder: Option<Clause>,
    /// GeneratedField
    pub generated_expression: Option<Clause>,
    pub generated_output_field: Option<Rc<Field>>,
    pub db_persist: Option<bool>,
    /// CompositePrimaryKey: the names of its fields.
    pub composite_fields: Vec<String>,
    /// ForeignObject: `from_fields`, `to_fields` by name (`None`: this field; the target's key).
    pub from_fields: Vec<Option<String>>,
    pub to_fields: Vec<Option<String>>,
    /// GenericForeignKey and GenericRelation: names of the content type and object id fields.
    pub ct_field: Option<String>,
    pub fk_field: Option<String>,
    pub for_concrete_model: bool,
    /// ManyToManyField
    pub db_table: Option<String>,
    /// Arguments only the binding reads (`validators`, `error_messages`, `upload_to` …), as
    /// `deconstruct` gives them.
    pub extra: Vec<(String, Value)>,
}

impl Default for FieldOptions {
    fn default() -> Self {
        FieldOptions {
            verbose_name: None,
            max_length: None,
            max_digits: None,
            decimal_places: None,
            default: FieldDefault::NotProvided,
            db_default: None,
            db_column: None,
            db_comment: None,
            db_collation: None,
            db_tablespace: None,
            editable: true,
            serialize: true,
            help_text: String::new(),
            choices: None,
            unique_for_date: None,
            unique_for_month: None,
            unique_for_year: None,
            auto_now: false,
            auto_now_add: false,
            auto_created: false,
            protocol: None,
            unpack_ipv4: false,
            allow_unicode: false,
            encoder: None,
            decoder: None,
            generated_expression: None,
            generated_output_field: None,
            db_persist: None,
            composite_fields: vec![],
            from_fields: vec![],
            to_fields: vec![],
            ct_field: None,
            fk_field: None,
            for_concrete_model: true,
            db_table: None,
            extra: vec![],
        }
    }
}

/// A field, bound to a model once it was contributed to one; unbound as an `output_field`.
pub struct Field {
    pub class: Rc<FieldClass>,
    pub kind: FieldKind,
    pub options: RefCell<FieldOptions>,
    pub null: Cell<bool>,
    pub blank: Cell<bool>,
    /// The `unique` option (`is_unique` adds `primary_key`).
    pub unique: Cell<bool>,
    pub primary_key: Cell<bool>,
    pub db_index: Cell<bool>,
    /// Orders fields as they were written; automatic ones count down from -1.
    pub creation_counter: Cell<i64>,
    /// The relation, for relation fields.
    pub remote: Option<Rc<Rel>>,
    /// Lookups and transforms registered on this very field, by `lookup_name`.
    pub lookups: RefCell<std::collections::BTreeMap<String, Rc<dyn crate::face::Object>>>,
    /// The binding's field object.
    pub face: Face,
    /// The binding's object of the field this is a copy of: what its class keeps beyond options.
    pub origin: Face,
    name: RefCell<Rc<str>>,
    attname: RefCell<Rc<str>>,
    column: RefCell<Option<Rc<str>>>,
    model: RefCell<Weak<Model>>,
    /// The model it was written on, when inherited from an abstract one.
    pub mti_inherited: Cell<bool>,
    pub(crate) related: OnceCell<Vec<(Rc<Field>, Rc<Field>)>>,
    pub(crate) paths: OnceCell<Rc<[PathInfo]>>,
    pub(crate) reverse_paths: OnceCell<Rc<[PathInfo]>>,
}

impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.model() {
            Some(m) => write!(f, "<{}: {}.{}>", self.class.name, m.label(), self.name()),
            None => write!(f, "<{}>", self.class.name),
        }
    }
}

impl Field {
    pub fn new(class: Rc<FieldClass>, options: FieldOptions, remote: Option<Rc<Rel>>) -> Rc<Field> {
        let field = Rc::new(Field {
            kind: class.kind,
            class,
            options: RefCell::new(options),
            null: Cell::new(false),
            blank: Cell::new(false),
            unique: Cell::new(false),
            primary_key: Cell::new(false),
            db_index: Cell::new(false),
            creation_counter: Cell::new(0),
            remote,
            lookups: RefCell::default(),
            face: Face::default(),
            origin: Face::default(),
            name: RefCell::new("".into()),
            attname: RefCell::new("".into()),
            column: RefCell::new(None),
            model: RefCell::new(Weak::new()),
            mti_inherited: Cell::new(false),
            related: OnceCell::new(),
            paths: OnceCell::new(),
            reverse_paths: OnceCell::new(),
        });
        if let Some(rel) = &field.remote {
            rel.set_field(&field);
        }
        field
    }
    /// Sets name, attname and column (`set_attributes_from_name`).
    pub fn set_name(&self, name: &str) {
        let attname: Rc<str> = match self.kind {
            FieldKind::ForeignKey | FieldKind::OneToOne => format!("{name}_id").into(),
            _ => name.into(),
        };
        let column = match self.kind {
            FieldKind::ManyToMany
            | FieldKind::ForeignObject
            | FieldKind::GenericForeignKey
            | FieldKind::GenericRelation
            | FieldKind::CompositePrimaryKey => None,
            _ => Some(match &self.options.borrow().db_column {
                Some(c) => c.as_str().into(),
                None => attname.clone(),
            }),
        };
        *self.name.borrow_mut() = name.into();
        self.set_attname_column(attname, column);
    }
    /// Sets the name only; attname and column stay.
    pub fn rename(&self, name: &str) {
        *self.name.borrow_mut() = name.into();
    }
    /// For classes whose `get_attname_column` is overridden.
    pub fn set_attname_column(&self, attname: Rc<str>, column: Option<Rc<str>>) {
        *self.attname.borrow_mut() = attname;
        *self.column.borrow_mut() = column;
    }
    pub fn set_model(&self, model: &ModelRef) {
        *self.model.borrow_mut() = Rc::downgrade(model);
    }
    pub fn name(&self) -> Rc<str> {
        self.name.borrow().clone()
    }
    pub fn attname(&self) -> Rc<str> {
        self.attname.borrow().clone()
    }
    /// The column; none for fields without one (many-to-many, generic keys, composite keys).
    pub fn column(&self) -> Option<Rc<str>> {
        self.column.borrow().clone()
    }
    pub fn concrete(&self) -> bool {
        self.column.borrow().is_some()
    }
    pub fn model(&self) -> Option<ModelRef> {
        self.model.borrow().upgrade()
    }
    pub fn is_bound(&self) -> bool {
        self.model.borrow().strong_count() > 0
    }
    pub fn is_unique(&self) -> bool {
        self.unique.get() || self.primary_key.get()
    }
    pub fn is_relation(&self) -> bool {
        self.remote.is_some() || self.kind == FieldKind::GenericForeignKey
    }
    pub fn many_to_many(&self) -> bool {
        self.kind == FieldKind::ManyToMany
    }
    pub fn one_to_many(&self) -> bool {
        self.kind == FieldKind::GenericRelation
    }
    pub fn one_to_one(&self) -> bool {
        self.kind == FieldKind::OneToOne
    }
    pub fn many_to_one(&self) -> bool {
        matches!(
            self.kind,
            FieldKind::ForeignKey | FieldKind::ForeignObject | FieldKind::GenericForeignKey
        )
    }
    pub fn verbose_name(&self) -> String {
        match &self.options.borrow().verbose_name {
            Some(v) => v.clone(),
            None => self.name().replace('_', " "),
        }
    }
    pub fn has_default(&self) -> bool {
        !matches!(self.options.borrow().default, FieldDefault::NotProvided)
    }
    /// Which methods its class overrides in user code.
    pub fn overrides(&self) -> Overrides {
        self.class
            .hooks
            .as_ref()
            .map(|h| h.overrides())
            .unwrap_or_default()
    }
    /// The internal type, asked of the class where it overrides it.
    pub fn internal_type(&self) -> Result<String> {
        match &self.class.hooks {
            Some(h) if h.overrides().get_internal_type => h.get_internal_type(self),
            _ => Ok(match self.kind {
                FieldKind::Custom => self.class.name.clone(),
                k => k.internal_type().into(),
            }),
        }
    }
    /// The model it points to, for relation fields.
    pub fn related_model(&self) -> Option<ModelRef> {
        self.remote.as_ref().and_then(|r| r.model())
    }
    /// True when both are the same field of the same model.
    pub fn same(&self, other: &Field) -> bool {
        std::ptr::eq(self, other)
            || (self.creation_counter == other.creation_counter
                && self.name() == other.name()
                && match (self.model(), other.model()) {
                    (Some(a), Some(b)) => Rc::ptr_eq(&a, &b),
                    _ => false,
                })
    }
    /// Forgets what was computed from its relation (used when models are cleared or rebuilt).
    pub fn clear(&self) {
        self.face.clear();
        if let Some(rel) = &self.remote {
            rel.face.clear();
        }
    }
}
