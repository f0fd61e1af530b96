//! Added, removed, renamed and altered fields.
use super::dependency::{Dep, DepKind};
use super::{Autodetector, FieldKey, RenamedField};
use crate::operation::Operation;
use crate::state::{ModelKey, label_key, relation_label};
use orm_state::field::deconstruct::Deconstructed;
use orm_state::rel::RelTarget;
use orm_state::{Field, FieldDefault, FieldKind, Result, Value};
use std::rc::Rc;

fn model_key(key: &FieldKey) -> ModelKey {
    (key.0.clone(), key.1.clone())
}

/// Arguments compared by name, whatever their order.
fn same(a: &Deconstructed, b: &Deconstructed) -> bool {
    let sorted = |d: &Deconstructed| {
        let mut k = d.kwargs.clone();
        k.sort_by(|x, y| x.0.cmp(&y.0));
        k
    };
    a.path == b.path && a.args == b.args && sorted(a) == sorted(b)
}

/// `deconstruct` with relations as full labels, so that `"self"` and `"app.model"` compare.
fn deconstruct(field: &Rc<Field>, key: &ModelKey) -> Result<Deconstructed> {
    let mut d = field.deconstruct()?;
    if let Some(rel) = &field.remote
        && rel.swappable_setting().is_none()
    {
        for (k, v) in &mut d.kwargs {
            if k == "to" {
                *v = Value::from(relation_label(&rel.target(), key));
            }
        }
    }
    Ok(d)
}

fn with_default(field: &Rc<Field>, default: Value) -> Rc<Field> {
    let copy = field.duplicate();
    copy.options.borrow_mut().default = FieldDefault::Value(default);
    copy
}

fn empty_strings_allowed(field: &Field) -> bool {
    use FieldKind::*;
    matches!(
        field.kind,
        Char | Text | Slug | Email | Url | File | Image | FilePath | Custom | Binary
    )
}

impl Autodetector<'_> {
    pub(super) fn create_renamed_fields(&mut self) -> Result<()> {
        let mut old_keys = self.old_fields.clone();
        let added: Vec<FieldKey> = self.new_fields.difference(&old_keys).cloned().collect();
        for new in added {
            let key = model_key(&new);
            let (Some(old_state), Some(new_state)) = (self.old_state(&key), self.new_state(&key))
            else {
                continue;
            };
            let Ok(field) = new_state.get_field(&new.2).cloned() else {
                continue;
            };
            let new_dec = deconstruct(&field, &key)?;
            let removed: Vec<FieldKey> = old_keys.difference(&self.new_fields).cloned().collect();
            for old in removed.into_iter().filter(|o| o.0 == new.0 && o.1 == new.1) {
                let Ok(old_field) = old_state.get_field(&old.2).cloned() else {
                    continue;
                };
                let mut old_dec = deconstruct(&old_field, &key)?;
                for (k, v) in &mut old_dec.kwargs {
                    if k == "to"
                        && let Some(renamed) = self.renamed_labels.get(&v.to_str())
                    {
                        *v = Value::from(renamed.as_str());
                    }
                }
                let named = old_field.duplicate();
                named.set_name(&old.2);
                let column = named.column().map(|c| Value::Str(c)).unwrap_or(Value::Null);
                let mut with_column = old_dec.clone();
                with_column.remove("db_column");
                with_column.kwargs.push(("db_column".into(), column));
                if (same(&old_dec, &new_dec) || same(&with_column, &new_dec))
                    && self.questioner.ask_rename(&key.1, &old.2, &new.2, &field)
                {
                    self.renamed_operations.push(RenamedField {
                        app_label: key.0.clone(),
                        model_name: key.1.clone(),
                        old_name: old.2.clone(),
                        new_name: new.2.clone(),
                        old_db_column: old_field.options.borrow().db_column.clone(),
                        field: field.clone(),
                    });
                    old_keys.remove(&old);
                    old_keys.insert(new.clone());
                    self.renamed_fields.insert(new.clone(), old.2.clone());
                    break;
                }
            }
        }
        Ok(())
    }

    pub(super) fn generate_renamed_fields(&mut self) {
        for renamed in std::mem::take(&mut self.renamed_operations) {
            let app = renamed.app_label.clone();
            if renamed.old_db_column != renamed.field.options.borrow().db_column {
                self.add(
                    &app,
                    Operation::AlterField {
                        model_name: renamed.model_name.clone(),
                        name: renamed.old_name.clone(),
                        field: renamed.field.duplicate(),
                        preserve_default: true,
                    },
                    vec![],
                );
            }
            self.add(
                &app,
                Operation::RenameField {
                    model_name: renamed.model_name.clone(),
                    old_name: renamed.old_name.clone(),
                    new_name: renamed.new_name.clone(),
                },
                vec![],
            );
            let key = |name: &str| (app.clone(), renamed.model_name.clone(), name.to_string());
            self.old_fields.remove(&key(&renamed.old_name));
            self.old_fields.insert(key(&renamed.new_name));
        }
    }

    pub(super) fn generate_added_fields(&mut self) -> Result<()> {
        let added: Vec<FieldKey> = self
            .new_fields
            .difference(&self.old_fields)
            .cloned()
            .collect();
        added.iter().try_for_each(|k| self.generate_added_field(k))
    }

    fn generate_added_field(&mut self, at: &FieldKey) -> Result<()> {
        let key = model_key(at);
        let Some(state) = self.new_state(&key) else {
            return Ok(());
        };
        let mut field = state.get_field(&at.2)?.clone();
        let mut deps = vec![Dep::field(&key, &at.2, DepKind::Remove)];
        if field.remote.is_some() {
            deps.extend(Self::foreign_key_deps(&key, &field));
        }
        if field.kind == FieldKind::Generated {
            let added: Vec<FieldKey> = self
                .new_fields
                .difference(&self.old_fields)
                .cloned()
                .collect();
            deps.extend(
                added
                    .iter()
                    .filter(|k| *k != at)
                    .map(|k| Dep::field(&model_key(k), &k.2, DepKind::Create)),
            );
        }
        let (auto_now, auto_now_add, has_db_default) = {
            let o = field.options.borrow();
            (o.auto_now, o.auto_now_add, o.db_default.is_some())
        };
        let preserve_default = field.null.get()
            || field.has_default()
            || has_db_default
            || field.many_to_many()
            || (field.blank.get() && empty_strings_allowed(&field))
            || auto_now
            || field.kind.is_auto()
            || matches!(
                field.kind,
                FieldKind::Generated | FieldKind::CompositePrimaryKey
            );
        if !preserve_default {
            let default = if auto_now_add {
                self.questioner.ask_auto_now_add_addition(&at.2, &at.1)?
            } else {
                self.questioner.ask_not_null_addition(&at.2, &at.1)?
            };
            if let Some(default) = default {
                field = with_default(&field, default);
            }
        }
        self.add(
            &at.0,
            Operation::AddField {
                model_name: at.1.clone(),
                name: at.2.clone(),
                field,
                preserve_default,
            },
            deps,
        );
        Ok(())
    }

    pub(super) fn generate_removed_fields(&mut self) {
        let removed: Vec<FieldKey> = self
            .old_fields
            .difference(&self.new_fields)
            .cloned()
            .collect();
        removed.iter().for_each(|k| self.generate_removed_field(k));
    }

    fn generate_removed_field(&mut self, at: &FieldKey) {
        let key = model_key(at);
        let mut deps: Vec<Dep> = [
            DepKind::RemoveOrderWrt,
            DepKind::AlterFooTogether,
            DepKind::RemoveIndexOrConstraint,
        ]
        .into_iter()
        .map(|kind| Dep::field(&key, &at.2, kind))
        .collect();
        if let Some(state) = self.old_state(&key) {
            for (name, field) in &state.fields {
                if field.kind == FieldKind::Generated && *name != at.2 {
                    deps.push(Dep::field(&key, name, DepKind::Remove));
                }
            }
        }
        self.add(
            &at.0,
            Operation::RemoveField {
                model_name: at.1.clone(),
                name: at.2.clone(),
            },
            deps,
        );
    }

    pub(super) fn generate_altered_fields(&mut self) -> Result<()> {
        let kept: Vec<FieldKey> = self
            .old_fields
            .intersection(&self.new_fields)
            .cloned()
            .collect();
        for at in kept {
            let key = model_key(&at);
            let old_name = self.renamed_fields.get(&at).unwrap_or(&at.2).clone();
            let (Some(old_state), Some(new_state)) = (self.old_state(&key), self.new_state(&key))
            else {
                continue;
            };
            let (Ok(old_field), Ok(new_field)) = (
                old_state.get_field(&old_name).cloned(),
                new_state.get_field(&at.2).cloned(),
            ) else {
                continue;
            };
            let mut deps = vec![];
            let new_field = self.undo_renames(&key, &old_field, &new_field, &mut deps);
            let (old_dec, new_dec) = (
                deconstruct(&old_field, &key)?,
                deconstruct(&new_field, &key)?,
            );
            if same(&old_dec, &new_dec) || old_name != at.2 {
                continue;
            }
            let both_m2m = old_field.many_to_many() && new_field.many_to_many();
            let neither = !old_field.many_to_many() && !new_field.many_to_many();
            let target_changed = both_m2m && old_dec.kwarg("to") != new_dec.kwarg("to");
            if !(both_m2m || neither) || target_changed {
                self.generate_removed_field(&at);
                self.generate_added_field(&at)?;
                continue;
            }
            let mut preserve_default = true;
            let mut field = new_field.clone();
            let becomes_required = old_field.null.get()
                && !new_field.null.get()
                && !new_field.has_default()
                && new_field.options.borrow().db_default.is_none()
                && !new_field.many_to_many();
            if becomes_required
                && let Some(default) = self.questioner.ask_not_null_alteration(&at.2, &at.1)?
            {
                field = with_default(&new_field, default);
                preserve_default = false;
            }
            self.add(
                &at.0,
                Operation::AlterField {
                    model_name: at.1.clone(),
                    name: at.2.clone(),
                    field,
                    preserve_default,
                },
                deps,
            );
        }
        Ok(())
    }

    /// A relation to something renamed is no change: the new field as it would be without renames.
    fn undo_renames(
        &self,
        key: &ModelKey,
        old: &Rc<Field>,
        new: &Rc<Field>,
        deps: &mut Vec<Dep>,
    ) -> Rc<Field> {
        let (Some(new_rel), Some(old_rel)) = (&new.remote, &old.remote) else {
            if new.remote.is_some() {
                deps.extend(Self::foreign_key_deps(key, new));
            }
            return new.clone();
        };
        deps.extend(Self::foreign_key_deps(key, new));
        let target = label_key(&relation_label(&new_rel.target(), key));
        let to_field = new_rel.field_name.borrow().clone();
        let field_renamed = to_field.as_ref().is_some_and(|f| {
            self.renamed_fields
                .contains_key(&(target.0.clone(), target.1.clone(), f.clone()))
        });
        let through: Option<RelTarget> = new_rel.through.borrow().clone();
        let through_renamed = through.as_ref().is_some_and(|t| {
            self.renamed_models
                .contains_key(&label_key(&relation_label(t, key)))
        });
        if !self.renamed_models.contains_key(&target) && !field_renamed && !through_renamed {
            return new.clone();
        }
        let copy = new.duplicate();
        if let Some(rel) = &copy.remote {
            if self.renamed_models.contains_key(&target) || field_renamed {
                rel.set_target(old_rel.target());
            }
            if field_renamed {
                *rel.field_name.borrow_mut() = old_rel.field_name.borrow().clone();
            }
            if through_renamed {
                *rel.through.borrow_mut() = old_rel.through.borrow().clone();
            }
        }
        copy
    }
}
