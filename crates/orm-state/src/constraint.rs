//! `Meta.constraints` and `Meta.indexes`.
use crate::face::Clause;

/// `Deferrable.DEFERRED` or `Deferrable.IMMEDIATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferrable {
    Deferred,
    Immediate,
}

/// A constraint of a model. Source: Django's "Constraints reference".
#[derive(Clone, Debug)]
pub enum Constraint {
    Check {
        name: String,
        condition: Clause,
        violation_error_code: Option<String>,
        violation_error_message: Option<String>,
    },
    Unique {
        name: String,
        fields: Vec<String>,
        expressions: Vec<Clause>,
        condition: Option<Clause>,
        deferrable: Option<Deferrable>,
        include: Vec<String>,
        opclasses: Vec<String>,
        nulls_distinct: Option<bool>,
        violation_error_code: Option<String>,
        violation_error_message: Option<String>,
    },
    /// A user's subclass of `BaseConstraint`, called back by the binding.
    Custom { name: String, object: Clause },
}

impl Constraint {
    pub fn name(&self) -> &str {
        match self {
            Constraint::Check { name, .. }
            | Constraint::Unique { name, .. }
            | Constraint::Custom { name, .. } => name,
        }
    }
}

/// An index of a model. Source: Django's "Model index reference".
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// May be empty until the model's table is known (`set_name_with_model`).
    pub name: String,
    /// Fields with their order: `("name", "DESC")`; the order is empty for ascending.
    pub fields_orders: Vec<(String, String)>,
    pub expressions: Vec<Clause>,
    pub opclasses: Vec<String>,
    pub condition: Option<Clause>,
    pub include: Vec<String>,
    pub db_tablespace: Option<String>,
    /// `idx` for `Index`; subclasses differ (`gin` …).
    pub suffix: String,
    /// The binding's object, where its class is a user's own.
    pub face: Option<Clause>,
}

impl Index {
    /// A plain index over fields.
    pub fn over(name: &str, fields: &[String]) -> Index {
        Index {
            name: name.into(),
            fields_orders: fields.iter().map(|f| (f.clone(), String::new())).collect(),
            suffix: "idx".into(),
            ..Index::default()
        }
    }
}
