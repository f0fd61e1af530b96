//! A value, as a card shows it.

use serde::{Deserialize, Serialize};

use super::Exception;

/// What a statement came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Value {
    /// A statement without a value (an import, a definition, an assignment
    /// of something that needs no card) that caused SQL all the same.
    #[default]
    Nothing,
    /// `None`.
    None,
    /// An evaluated queryset, or a list of instances, tuples or dicts.
    Table(Rows),
    /// A model instance.
    Instance(InstanceValue),
    /// A queryset that was not evaluated: its SQL is in the card's queries.
    Queryset {
        /// The model: `playground.Book`; `None` for `.none()`-like values.
        model: String,
    },
    /// A number, string, date … with its type.
    Scalar(Scalar),
    /// Text to be shown as it stands, line by line (`explain()`, SQL).
    Text(String),
    /// A list, tuple or set of anything else.
    List {
        /// Python's type name.
        type_name: String,
        /// The first items.
        items: Vec<Value>,
        /// How many there are.
        total: u64,
    },
    /// A dict.
    Dict {
        /// Python's type name.
        type_name: String,
        /// The first items.
        items: Vec<Named>,
        /// How many there are.
        total: u64,
    },
    /// What was raised.
    Exception(Exception),
}

/// A dict's item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// The key as Python writes it.
    pub name: String,
    /// The value.
    pub value: Value,
}

/// A value that is shown by its `repr`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scalar {
    /// Python's type: `int`, `Decimal`, `datetime.date`.
    pub type_name: String,
    /// `repr(value)`, shortened if it is very long.
    pub repr: String,
}

/// A model instance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InstanceValue {
    /// `app_label.Model`.
    pub model: String,
    /// `repr(instance)`.
    pub repr: String,
    /// Its concrete fields, deferred ones marked.
    pub fields: Vec<Field>,
}

/// One field of an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Attribute name: `author_id`.
    pub name: String,
    /// The field's class: `ForeignKey`; empty for an annotation.
    #[serde(default)]
    pub field_type: String,
    /// Its value; `Deferred` when it has not been loaded.
    pub value: Cell,
}

/// Rows with named columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rows {
    /// `app_label.Model` if the rows are of one model.
    pub model: Option<String>,
    /// What the rows are: `QuerySet`, `list of Book`, `values`, `RawQuerySet`.
    pub type_name: String,
    /// The columns.
    pub columns: Vec<RowsColumn>,
    /// The rows that are carried.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows there are; more than `rows` if it was cut short.
    pub total: u64,
}

/// A column of [`Rows`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RowsColumn {
    /// `title`, `author__name`, an annotation's name.
    pub name: String,
    /// Field class (`CharField`) or Python type; empty if unknown.
    pub type_name: String,
    /// Whether it can be NULL, if known.
    pub nullable: bool,
    /// Whether it is the primary key.
    pub primary_key: bool,
    /// Whether it was added by `annotate`.
    pub annotation: bool,
}

/// One value in a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cell {
    /// `None`, NULL.
    #[default]
    Null,
    /// A field that was left out by `only` or `defer`.
    Deferred,
    /// `True`, `False`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A `float`, as Python writes it (`nan` and `inf` too).
    Float(String),
    /// A `str`.
    Text(String),
    /// `bytes`: how many, and the first of them in hex.
    Bytes(u64, String),
    /// A dict or list, as JSON or as Python writes it.
    Json(String),
    /// A model instance: `app_label.Model` and `str(instance)`.
    Instance(String, String),
    /// Anything else: Python's type and `str(value)`: `Decimal`, `12.50`.
    Other(String, String),
}
