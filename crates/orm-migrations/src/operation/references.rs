//! What operations touch: which of them may change places.
use super::Operation;
use crate::state::{Base, ModelKey, label_key, relation_label};
use orm_state::Field;
use std::rc::Rc;

fn field_references(
    owner: &ModelKey,
    field: &Rc<Field>,
    model: &ModelKey,
    name: Option<&str>,
) -> bool {
    let Some(rel) = &field.remote else {
        return false;
    };
    let label = format!("{}.{}", model.0, model.1);
    if relation_label(&rel.target(), owner) == label {
        let to_fields = field.options.borrow().to_fields.clone();
        let field_name = rel.field_name.borrow().clone();
        return match name {
            None => true,
            Some(n) => {
                to_fields.iter().any(|t| t.as_deref() == Some(n))
                    || (to_fields.is_empty() && field_name.is_none())
                    || field_name.as_deref() == Some(n)
            }
        };
    }
    let through = rel.through.borrow().clone();
    if let Some(t) = through
        && relation_label(&t, owner) == label
    {
        return match (name, &*rel.through_fields.borrow()) {
            (None, _) | (_, None) => true,
            (Some(n), Some((a, b))) => a == n || b == n,
        };
    }
    false
}

/// A base's key; one without an app is of the operation's own.
fn in_app(label: &str, app_label: &str) -> ModelKey {
    let (app, model) = label_key(label);
    match app.is_empty() {
        true => (app_label.to_string(), model),
        false => (app, model),
    }
}

impl Operation {
    /// Might it touch the model? When in doubt, yes.
    pub fn references_model(&self, name: &str, app_label: &str) -> bool {
        use Operation::*;
        let name = name.to_lowercase();
        let key = (app_label.to_string(), name.clone());
        match self {
            CreateModel {
                name: own,
                fields,
                bases,
                ..
            } => {
                let own_key = (app_label.to_string(), own.to_lowercase());
                own_key.1 == name
                    || bases.iter().any(|b| match b {
                        Base::Model(label) => in_app(label, app_label) == key,
                        Base::Class(_) => false,
                    })
                    || fields
                        .iter()
                        .any(|(_, f)| field_references(&own_key, f, &key, None))
            }
            // Deleting leaves other relations as they are: they must not be reordered around it.
            DeleteModel { .. } => true,
            RenameModel { old_name, new_name } => {
                old_name.to_lowercase() == name || new_name.to_lowercase() == name
            }
            AddField {
                model_name, field, ..
            }
            | AlterField {
                model_name, field, ..
            } => {
                let own_key = (app_label.to_string(), model_name.to_lowercase());
                own_key.1 == name || field_references(&own_key, field, &key, None)
            }
            RunSql(_)
            | SeparateDatabaseAndState { .. }
            | Custom(_)
            | AddIndex { .. }
            | RemoveIndex { .. }
            | RenameIndex { .. }
            | AddConstraint { .. }
            | RemoveConstraint { .. }
            | AlterConstraint { .. } => true,
            _ => self.model_name().is_some_and(|m| m == name),
        }
    }
    /// Might it touch the field?
    pub fn references_field(&self, model_name: &str, name: &str, app_label: &str) -> bool {
        use Operation::*;
        let model = model_name.to_lowercase();
        let key = (app_label.to_string(), model.clone());
        match self {
            AddField {
                model_name: own,
                name: field_name,
                field,
                ..
            }
            | AlterField {
                model_name: own,
                name: field_name,
                field,
                ..
            } => {
                let own_key = (app_label.to_string(), own.to_lowercase());
                if own_key.1 == model && (field_name == name || uses(field, name)) {
                    return true;
                }
                field_references(&own_key, field, &key, Some(name))
            }
            RemoveField {
                model_name: own,
                name: field_name,
            } => own.to_lowercase() == model && field_name.eq_ignore_ascii_case(name),
            RenameField {
                model_name: own,
                old_name,
                new_name,
            } => {
                own.to_lowercase() == model
                    && (old_name.eq_ignore_ascii_case(name) || new_name.eq_ignore_ascii_case(name))
            }
            AlterTogether { sets, .. } => {
                self.references_model(&model, app_label)
                    && (sets.is_empty() || sets.iter().any(|s| s.iter().any(|f| f == name)))
            }
            AlterOrderWithRespectTo {
                order_with_respect_to,
                ..
            } => {
                self.references_model(&model, app_label)
                    && order_with_respect_to.as_deref().is_none_or(|f| f == name)
            }
            _ => self.references_model(&model, app_label),
        }
    }
}

fn uses(field: &Rc<Field>, name: &str) -> bool {
    field
        .options
        .borrow()
        .from_fields
        .iter()
        .any(|f| f.as_deref() == Some(name))
        || field.remote.as_ref().is_some_and(|r| {
            r.through_fields
                .borrow()
                .as_ref()
                .is_some_and(|(a, b)| a == name || b == name)
        })
        || reads(field, name)
}

/// Does a generated column's expression read the field?
fn reads(field: &Field, name: &str) -> bool {
    let expression = field.options.borrow().generated_expression.clone();
    let Some(expression) = expression.and_then(|e| orm_sql::expression::expr_of(&*e)) else {
        return false;
    };
    let mut names = vec![];
    orm_sql::q::expression_names(&expression, &mut names);
    names.iter().any(|n| n.split("__").next() == Some(name))
}
