//! What an operation needs to have happened.
use crate::operation::Operation;

/// The kinds of change an operation may wait for. Source of names: Django's `OperationDependency.Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Create,
    Remove,
    Alter,
    RemoveOrderWrt,
    AlterFooTogether,
    RemoveIndexOrConstraint,
}

/// One change of a model or field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Needs {
    pub app_label: String,
    pub model_name: String,
    pub field_name: Option<String>,
    pub kind: Kind,
    /// The setting that names the model, if one does.
    pub setting: Option<String>,
}

impl Needs {
    pub fn model(key: &(String, String), kind: Kind) -> Needs {
        Needs {
            app_label: key.0.clone(),
            model_name: key.1.to_lowercase(),
            field_name: None,
            kind,
            setting: None,
        }
    }
    pub fn field(key: &(String, String), field: &str, kind: Kind) -> Needs {
        Needs {
            field_name: Some(field.into()),
            ..Needs::model(key, kind)
        }
    }
    /// Is this the operation that is waited for? (`check_dependency`)
    pub fn met_by(&self, op: &Operation) -> bool {
        use Operation::*;
        let model = |name: &str| name.to_lowercase() == self.model_name;
        let Some(field) = &self.field_name else {
            return match (self.kind, op) {
                (Kind::Create, CreateModel { name, .. }) | (Kind::Remove, DeleteModel { name }) => {
                    model(name)
                }
                _ => false,
            };
        };
        let lower = field.to_lowercase();
        match (self.kind, op) {
            (Kind::Create, CreateModel { name, fields, .. }) => {
                model(name) && fields.iter().any(|(n, _)| n == field)
            }
            (
                Kind::Create,
                AddField {
                    model_name, name, ..
                },
            )
            | (Kind::Remove, RemoveField { model_name, name })
            | (
                Kind::Alter,
                AlterField {
                    model_name, name, ..
                },
            ) => model(model_name) && name.to_lowercase() == lower,
            (
                Kind::RemoveOrderWrt,
                AlterOrderWithRespectTo {
                    name,
                    order_with_respect_to,
                },
            ) => {
                model(name)
                    && order_with_respect_to
                        .as_deref()
                        .unwrap_or("")
                        .to_lowercase()
                        != lower
            }
            (Kind::AlterFooTogether, AlterTogether { name, .. }) => model(name),
            (
                Kind::RemoveIndexOrConstraint,
                RemoveIndex { model_name, .. } | RemoveConstraint { model_name, .. },
            ) => model(model_name),
            _ => false,
        }
    }
}
