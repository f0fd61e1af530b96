//! What models are: fields, relations, `Meta` options, constraints, indexes, inheritance, and the
//! registry that holds all models of one moment. Plain data: no SQL, no Python, no clock, no disk.
//!
//! ```text
//! Apps ──holds──▶ Model ──has──▶ Field ──class──▶ FieldClass (MRO, registered lookups)
//!                   │              └──remote──▶ Rel ──to──▶ Model   (weak; resolved lazily)
//!                   └──related_objects──▶ Rel (reverse side)
//! ```
//!
//! Links between models are weak; an [`Apps`] owns its models. What a language binding attaches to
//! a model or field (its Python object) sits in a [`Face`].
pub mod apps;
pub mod constraint;
pub mod dateparse;
pub mod error;
pub mod face;
pub mod field;
pub mod field_class;
pub mod maps;
pub mod model;
pub mod rel;
pub mod settings;
pub mod temporal;
pub mod value;

pub use apps::Apps;
pub use constraint::{Constraint, Deferrable, Index};
pub use error::{Error, ErrorKind, Result};
pub use face::{Clause, Face, Object, Source};
pub use field::{Field, FieldDefault, FieldKind, FieldOptions};
pub use field_class::{FieldClass, FieldHooks};
pub use model::{AnyField, Model, ModelOptions, ModelRef};
pub use rel::{OnDelete, PathInfo, Rel, RelKind, RelTarget};
pub use temporal::{DateTime, Duration, Time};
pub use value::Value;
