//! What operations do to the state.
use super::{Operation, Together};
use crate::state::{ModelState, ProjectState, relation_label, together_value};
use orm_state::{Error, ErrorKind, Field, FieldDefault, Index, Result, Value};
use std::rc::Rc;

/// Options that `AlterModelOptions` resets when they are not given.
pub(crate) const ALTER_OPTION_KEYS: [&str; 13] = [
    "base_manager_name",
    "default_manager_name",
    "default_related_name",
    "get_latest_by",
    "managed",
    "ordering",
    "permissions",
    "default_permissions",
    "select_on_save",
    "verbose_name",
    "verbose_name_plural",
    "required_db_features",
    "required_db_vendor",
];

impl Operation {
    /// Changes the state as the operation does (`state_forwards`).
    pub fn state_forwards(&self, app_label: &str, state: &mut ProjectState) -> Result<()> {
        use Operation::*;
        match self {
            CreateModel {
                name,
                fields,
                options,
                indexes,
                constraints,
                bases,
                managers,
            } => {
                state.add_model(ModelState {
                    app_label: app_label.into(),
                    name: name.clone(),
                    fields: fields.iter().cloned().collect(),
                    options: options.clone(),
                    indexes: indexes.clone(),
                    constraints: constraints.clone(),
                    bases: if bases.is_empty() {
                        vec![crate::state::model_base()]
                    } else {
                        bases.clone()
                    },
                    managers: managers.clone(),
                });
            }
            DeleteModel { name } => state.remove_model(&(app_label.into(), name.to_lowercase())),
            RenameModel { old_name, new_name } => {
                state.rename_model(app_label, old_name, new_name)?
            }
            AlterModelTable { name, table } => {
                set_option(
                    state,
                    app_label,
                    name,
                    "db_table",
                    table.as_deref().map(Value::from),
                )?;
            }
            AlterModelTableComment {
                name,
                table_comment,
            } => {
                set_option(
                    state,
                    app_label,
                    name,
                    "db_table_comment",
                    table_comment.as_deref().map(Value::from),
                )?;
            }
            AlterTogether { name, option, sets } => {
                set_option(
                    state,
                    app_label,
                    name,
                    option.option_name(),
                    Some(together_value(sets)),
                )?;
            }
            AlterOrderWithRespectTo {
                name,
                order_with_respect_to,
            } => {
                let value = order_with_respect_to
                    .as_deref()
                    .map(Value::from)
                    .unwrap_or(Value::Null);
                set_option(state, app_label, name, "order_with_respect_to", Some(value))?;
            }
            AlterModelOptions { name, options } => {
                let model = state.model_mut(app_label, name)?;
                for (k, v) in options {
                    model.options.insert(k.clone(), v.clone());
                }
                for key in ALTER_OPTION_KEYS {
                    if !options.contains_key(key) {
                        model.options.shift_remove(key);
                    }
                }
            }
            AlterModelManagers { name, managers } => {
                state.model_mut(app_label, name)?.managers = managers.clone();
            }
            AddField {
                model_name,
                name,
                field,
                preserve_default,
            } => {
                let field = kept(field, *preserve_default);
                state
                    .model_mut(app_label, model_name)?
                    .fields
                    .insert(name.clone(), field);
            }
            RemoveField { model_name, name } => {
                let model = state.model_mut(app_label, model_name)?;
                if model.fields.shift_remove(name).is_none() {
                    return Err(Error::new(ErrorKind::KeyError, format!("'{name}'")));
                }
            }
            AlterField {
                model_name,
                name,
                field,
                preserve_default,
            } => {
                let field = kept(field, *preserve_default);
                let model = state.model_mut(app_label, model_name)?;
                match model.fields.get_mut(name) {
                    Some(slot) => *slot = field,
                    None => return Err(Error::new(ErrorKind::KeyError, format!("'{name}'"))),
                }
            }
            RenameField {
                model_name,
                old_name,
                new_name,
            } => {
                rename_field(state, app_label, model_name, old_name, new_name)?;
            }
            AddIndex { model_name, index } => {
                state
                    .model_mut(app_label, model_name)?
                    .indexes
                    .push(index.clone());
            }
            RemoveIndex { model_name, name } => {
                state
                    .model_mut(app_label, model_name)?
                    .indexes
                    .retain(|i| i.name != *name);
            }
            RenameIndex {
                model_name,
                new_name,
                old_name: None,
                old_fields,
            } => {
                let model = state.model_mut(app_label, model_name)?;
                model.indexes.push(Index::over(new_name, old_fields));
                let mut sets = model.together(Together::Index);
                sets.retain(|s| s != old_fields);
                let option = Together::Index.option_name();
                if model.option_is_true(option) {
                    model.options.insert(option.into(), together_value(&sets));
                }
            }
            RenameIndex {
                model_name,
                new_name,
                old_name,
                ..
            } => {
                let model = state.model_mut(app_label, model_name)?;
                for index in &mut model.indexes {
                    if Some(&index.name) == old_name.as_ref() {
                        index.name = new_name.clone();
                    }
                }
            }
            AddConstraint {
                model_name,
                constraint,
            } => {
                state
                    .model_mut(app_label, model_name)?
                    .constraints
                    .push(constraint.clone());
            }
            RemoveConstraint { model_name, name } => {
                state
                    .model_mut(app_label, model_name)?
                    .constraints
                    .retain(|c| c.name() != name);
            }
            AlterConstraint {
                model_name,
                name,
                constraint,
            } => {
                let model = state.model_mut(app_label, model_name)?;
                for c in &mut model.constraints {
                    if c.name() == name {
                        *c = constraint.clone();
                    }
                }
            }
            RunSql(r) => {
                for op in &r.state_operations {
                    op.state_forwards(app_label, state)?;
                }
            }
            SeparateDatabaseAndState {
                state_operations, ..
            } => {
                for op in state_operations {
                    op.state_forwards(app_label, state)?;
                }
            }
            Custom(c) => c.state_forwards(app_label, state)?,
        }
        Ok(())
    }
}

/// A one-off default is not part of the state.
fn kept(field: &Rc<Field>, preserve_default: bool) -> Rc<Field> {
    if preserve_default {
        return field.clone();
    }
    let copy = field.duplicate();
    copy.options.borrow_mut().default = FieldDefault::NotProvided;
    copy
}

fn set_option(
    state: &mut ProjectState,
    app: &str,
    model: &str,
    name: &str,
    value: Option<Value>,
) -> Result<()> {
    let model = state.model_mut(app, model)?;
    match value {
        Some(v) => {
            model.options.insert(name.into(), v);
        }
        None => {
            model.options.insert(name.into(), Value::Null);
        }
    }
    Ok(())
}

fn rename_field(
    state: &mut ProjectState,
    app: &str,
    model_name: &str,
    old: &str,
    new: &str,
) -> Result<()> {
    let model = state.model_mut(app, model_name)?;
    let Some(at) = model.fields.get_index_of(old) else {
        return Err(Error::new(
            ErrorKind::FieldDoesNotExist,
            format!("{app}.{model_name} has no field named '{old}'"),
        ));
    };
    if let Some((_, field)) = model.fields.shift_remove_index(at) {
        model.fields.shift_insert(at, new.to_string(), field);
    }
    let rename = |n: &str| {
        if n == old {
            new.to_string()
        } else {
            n.to_string()
        }
    };
    for field in model.fields.values_mut() {
        let named = |n: &String| n == old;
        if field.options.borrow().composite_fields.iter().any(named) {
            let copy = field.duplicate();
            for name in &mut copy.options.borrow_mut().composite_fields {
                *name = rename(name);
            }
            *field = copy;
        }
    }
    for option in Together::ALL.map(Together::option_name) {
        if let Some(sets) = model.options.get(option) {
            let sets: Vec<Vec<String>> = crate::state::together(sets)
                .iter()
                .map(|s| s.iter().map(|n| rename(n)).collect())
                .collect();
            model.options.insert(option.into(), together_value(&sets));
        }
    }
    if model
        .options
        .get("order_with_respect_to")
        .and_then(Value::as_str)
        == Some(old)
    {
        model
            .options
            .insert("order_with_respect_to".into(), Value::from(new));
    }
    let label = format!("{app}.{}", model_name.to_lowercase());
    // Relations that name the field.
    for (key, other) in &mut state.models {
        let touches = other.fields.values().any(|f| {
            f.remote.as_ref().is_some_and(|r| {
                relation_label(&r.target(), key) == label
                    && (r.field_name.borrow().as_deref() == Some(old)
                        || f.options
                            .borrow()
                            .to_fields
                            .iter()
                            .any(|t| t.as_deref() == Some(old)))
            }) || (format!("{}.{}", key.0, key.1) == label
                && f.options
                    .borrow()
                    .from_fields
                    .iter()
                    .any(|t| t.as_deref() == Some(old)))
        });
        if !touches {
            continue;
        }
        for f in Rc::make_mut(other).fields.values_mut() {
            let copy = f.duplicate();
            if let Some(r) = &copy.remote {
                let named = r.field_name.borrow().as_deref() == Some(old);
                if named && relation_label(&r.target(), key) == label {
                    *r.field_name.borrow_mut() = Some(new.to_string());
                }
            }
            {
                let mut options = copy.options.borrow_mut();
                let o = &mut *options;
                for t in o.to_fields.iter_mut().chain(o.from_fields.iter_mut()) {
                    if t.as_deref() == Some(old) {
                        *t = Some(new.to_string());
                    }
                }
            }
            *f = copy;
        }
    }
    Ok(())
}
