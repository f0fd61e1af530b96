//! What an operation needs to come before it.
use super::Autodetector;
use crate::operation::Operation;
use crate::state::{ModelKey, label_key, relation_label};
use orm_state::Field;
use std::rc::Rc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum DepKind {
    Create,
    Remove,
    Alter,
    RemoveOrderWrt,
    AlterFooTogether,
    RemoveIndexOrConstraint,
}

/// Something done to a model or one of its fields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Dep {
    pub app_label: String,
    pub model_name: String,
    pub field_name: Option<String>,
    pub kind: DepKind,
    /// The setting that named the model (`AUTH_USER_MODEL`).
    pub setting: Option<String>,
}

impl Dep {
    pub fn model(key: &ModelKey, kind: DepKind) -> Dep {
        Dep {
            app_label: key.0.clone(),
            model_name: key.1.clone(),
            field_name: None,
            kind,
            setting: None,
        }
    }
    pub fn field(key: &ModelKey, field: &str, kind: DepKind) -> Dep {
        Dep {
            field_name: Some(field.to_string()),
            ..Dep::model(key, kind)
        }
    }
    /// Is `operation` (of the same app) what is needed?
    pub fn satisfied_by(&self, operation: &Operation) -> bool {
        use Operation::*;
        let on_model = || {
            operation
                .model_name()
                .is_some_and(|m| m == self.model_name.to_lowercase())
        };
        let same = |name: &str, field: &str| name.eq_ignore_ascii_case(field);
        match (self.kind, &self.field_name) {
            (DepKind::Create, None) => matches!(operation, CreateModel { .. }) && on_model(),
            (DepKind::Create, Some(f)) => match operation {
                CreateModel { fields, .. } => on_model() && fields.iter().any(|(n, _)| n == f),
                AddField { name, .. } => on_model() && same(name, f),
                _ => false,
            },
            (DepKind::Remove, Some(f)) => {
                matches!(operation, RemoveField { name, .. } if same(name, f)) && on_model()
            }
            (DepKind::Remove, None) => matches!(operation, DeleteModel { .. }) && on_model(),
            (DepKind::Alter, Some(f)) => {
                matches!(operation, AlterField { name, .. } if same(name, f)) && on_model()
            }
            (DepKind::RemoveOrderWrt, Some(f)) => match operation {
                AlterOrderWithRespectTo {
                    order_with_respect_to,
                    ..
                } => on_model() && !same(order_with_respect_to.as_deref().unwrap_or(""), f),
                _ => false,
            },
            (DepKind::AlterFooTogether, Some(_)) => {
                matches!(operation, AlterUniqueTogether { .. }) && on_model()
            }
            (DepKind::RemoveIndexOrConstraint, Some(_)) => {
                matches!(operation, RemoveIndex { .. } | RemoveConstraint { .. }) && on_model()
            }
            _ => false,
        }
    }
}

impl Autodetector<'_> {
    /// The models a relation field needs: its target and its through model.
    pub(super) fn foreign_key_deps(key: &ModelKey, field: &Rc<Field>) -> Vec<Dep> {
        let Some(rel) = &field.remote else {
            return vec![];
        };
        let target = label_key(&relation_label(&rel.target(), key));
        let mut deps = vec![Dep {
            setting: rel.swappable_setting(),
            ..Dep::model(&target, DepKind::Create)
        }];
        if let Some(through) = &*rel.through.borrow() {
            deps.push(Dep::model(
                &label_key(&relation_label(through, key)),
                DepKind::Create,
            ));
        }
        deps
    }
    pub(super) fn model_deps(&self, key: &ModelKey) -> Vec<Dep> {
        let Some(state) = self.new_state(key) else {
            return vec![];
        };
        state
            .fields
            .values()
            .filter(|f| f.is_relation())
            .flat_map(|f| Self::foreign_key_deps(key, f))
            .collect()
    }
}
