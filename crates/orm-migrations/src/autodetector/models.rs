//! Created, deleted and renamed models.
use super::Autodetector;
use super::dependency::{Dep, DepKind};
use crate::operation::Operation;
use crate::state::{Base, ModelKey, ModelState, label_key, relation_label, without_target};
use orm_state::field::deconstruct::Deconstructed;
use orm_state::{Field, Result};
use std::rc::Rc;

/// A model's fields without where their relations lead: what stays when models are renamed.
fn relation_agnostic(state: &ModelState) -> Result<Vec<Deconstructed>> {
    let mut names: Vec<&String> = state.fields.keys().collect();
    names.sort();
    names
        .into_iter()
        .map(|n| {
            let field = &state.fields[n];
            let d = field.deconstruct()?;
            Ok(if field.remote.is_some() {
                without_target(&d)
            } else {
                d
            })
        })
        .collect()
}

impl Autodetector<'_> {
    pub(super) fn generate_renamed_models(&mut self) -> Result<()> {
        let added: Vec<ModelKey> = self
            .new_models
            .difference(&self.old_models)
            .cloned()
            .collect();
        for key in added {
            let Some(new) = self.new_state(&key) else {
                continue;
            };
            let fields = relation_agnostic(&new)?;
            let removed: Vec<ModelKey> = self
                .old_models
                .difference(&self.new_models)
                .cloned()
                .collect();
            for old_key in removed.into_iter().filter(|k| k.0 == key.0) {
                let Some(old) = self.states.previous.models.get(&old_key).cloned() else {
                    continue;
                };
                if relation_agnostic(&old)? != fields
                    || !self
                        .questioner
                        .ask_rename_model(&old.name, &new.name, &key.0)
                {
                    continue;
                }
                let deps = new
                    .fields
                    .values()
                    .filter(|f| f.is_relation())
                    .flat_map(|f| Self::foreign_key_deps(&key, f))
                    .collect();
                self.add(
                    &key.0,
                    Operation::RenameModel {
                        old_name: old.name.clone(),
                        new_name: new.name.clone(),
                    },
                    deps,
                );
                self.renamed_models.insert(key.clone(), old_key.1.clone());
                self.renamed_labels.insert(
                    format!("{}.{}", old_key.0, old_key.1),
                    format!("{}.{}", key.0, key.1),
                );
                self.old_models.remove(&old_key);
                self.old_models.insert(key.clone());
                break;
            }
        }
        Ok(())
    }

    /// Swappable models come first, so that others can point to them.
    fn swappable_first(&self, key: &ModelKey) -> ModelKey {
        let swappable = self.new_state(key).is_some_and(|s| {
            s.options.contains_key("swappable")
                || s.bases.iter().any(|b| match b {
                    Base::Class(v) => {
                        let shown = v.repr();
                        shown.ends_with("AbstractUser") || shown.ends_with("AbstractBaseUser")
                    }
                    Base::Model(_) => false,
                })
        });
        if swappable {
            (format!("___{}", key.0), format!("___{}", key.1))
        } else {
            key.clone()
        }
    }

    pub(super) fn generate_created_models(&mut self) {
        let old: std::collections::BTreeSet<ModelKey> = self
            .old_models
            .union(&self.old_unmanaged)
            .cloned()
            .collect();
        let sorted = |keys: Vec<ModelKey>| {
            let mut keys = keys;
            keys.sort_by_key(|k| std::cmp::Reverse(self.swappable_first(k)));
            keys
        };
        let mut added = sorted(self.new_models.difference(&old).cloned().collect());
        added.extend(sorted(
            self.new_unmanaged.difference(&old).cloned().collect(),
        ));
        for key in added {
            let Some(model) = self.new_state(&key) else {
                continue;
            };
            self.create_model(&key, &model);
        }
    }

    fn create_model(&mut self, key: &ModelKey, model: &Rc<ModelState>) {
        let mut related: Vec<(String, Rc<Field>)> = vec![];
        let mut primary_key_target: Option<ModelKey> = None;
        for (name, field) in &model.fields {
            let Some(rel) = &field.remote else { continue };
            if field.primary_key.get() {
                primary_key_target = Some(label_key(&relation_label(&rel.target(), key)));
            } else if !rel.parent_link.get() || rel.through.borrow().is_some() {
                related.push((name.clone(), field.clone()));
            }
        }
        let mut options = model.options.clone();
        let unique_together = options.shift_remove("unique_together");
        let order_wrt = options.shift_remove("order_with_respect_to");
        let mut deps = vec![Dep::model(key, DepKind::Remove)];
        for base in &model.bases {
            let Base::Model(label) = base else { continue };
            let base_key = label_key(label);
            deps.push(Dep::model(&base_key, DepKind::Create));
            if let (Some(old), Some(new)) = (
                self.states.previous.models.get(&base_key),
                self.states.next.models.get(&base_key),
            ) {
                for f in old.fields.keys() {
                    if !new.fields.contains_key(f) && model.fields.contains_key(f) {
                        deps.push(Dep::field(&base_key, f, DepKind::Remove));
                    }
                }
            }
        }
        if let Some(target) = primary_key_target {
            deps.push(Dep::model(&target, DepKind::Create));
        }
        let fields = model
            .fields
            .iter()
            .filter(|(n, _)| !related.iter().any(|(r, _)| r == *n))
            .map(|(n, f)| (n.clone(), f.clone()))
            .collect();
        self.add_first(
            &key.0,
            Operation::CreateModel {
                name: model.name.clone(),
                fields,
                options,
                indexes: vec![],
                constraints: vec![],
                bases: model.bases.clone(),
                managers: model.managers.clone(),
            },
            deps,
        );
        if !model.is_managed() {
            return;
        }
        related.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, field) in &related {
            let mut deps = Self::foreign_key_deps(key, field);
            deps.push(Dep::model(key, DepKind::Create));
            self.add(
                &key.0,
                Operation::AddField {
                    model_name: key.1.clone(),
                    name: name.clone(),
                    field: field.clone(),
                    preserve_default: true,
                },
                Self::unique_deps(deps),
            );
        }
        if let Some(wrt) = order_wrt.as_ref().and_then(|v| v.as_str()) {
            self.add(
                &key.0,
                Operation::AlterOrderWithRespectTo {
                    name: key.1.clone(),
                    order_with_respect_to: Some(wrt.to_string()),
                },
                vec![
                    Dep::field(key, wrt, DepKind::Create),
                    Dep::model(key, DepKind::Create),
                ],
            );
        }
        let mut related_deps: Vec<Dep> = related
            .iter()
            .map(|(n, _)| Dep::field(key, n, DepKind::Create))
            .collect();
        related_deps.push(Dep::model(key, DepKind::Create));
        for index in &model.indexes {
            self.add(
                &key.0,
                Operation::AddIndex {
                    model_name: key.1.clone(),
                    index: index.clone(),
                },
                related_deps.clone(),
            );
        }
        for constraint in &model.constraints {
            self.add(
                &key.0,
                Operation::AddConstraint {
                    model_name: key.1.clone(),
                    constraint: constraint.clone(),
                },
                related_deps.clone(),
            );
        }
        if let Some(sets) = unique_together
            .map(|v| crate::state::together(&v))
            .filter(|s| !s.is_empty())
        {
            self.add(
                &key.0,
                Operation::AlterUniqueTogether {
                    name: key.1.clone(),
                    unique_together: sets,
                },
                related_deps,
            );
        }
        // A proxy that became a model of its own: relations to it now need its table.
        if self.old_proxies.contains(key) {
            for (owner, name, field) in Self::relations_to(&self.states.next, key) {
                let Some(owner_state) = self.new_state(&owner) else {
                    continue;
                };
                self.add(
                    &owner.0,
                    Operation::AlterField {
                        model_name: owner_state.name.clone(),
                        name,
                        field,
                        preserve_default: true,
                    },
                    vec![Dep::model(key, DepKind::Create)],
                );
            }
        }
    }

    pub(super) fn generate_created_proxies(&mut self) {
        let added: Vec<ModelKey> = self
            .new_proxies
            .difference(&self.old_proxies)
            .cloned()
            .collect();
        for key in added {
            let Some(model) = self.new_state(&key) else {
                continue;
            };
            let mut deps = vec![Dep::model(&key, DepKind::Remove)];
            for base in &model.bases {
                if let Base::Model(label) = base {
                    deps.push(Dep::model(&label_key(label), DepKind::Create));
                }
            }
            self.add(
                &key.0,
                Operation::CreateModel {
                    name: model.name.clone(),
                    fields: vec![],
                    options: model.options.clone(),
                    indexes: model.indexes.clone(),
                    constraints: model.constraints.clone(),
                    bases: model.bases.clone(),
                    managers: model.managers.clone(),
                },
                deps,
            );
        }
    }

    pub(super) fn generate_deleted_models(&mut self) {
        let new: std::collections::BTreeSet<ModelKey> = self
            .new_models
            .union(&self.new_unmanaged)
            .cloned()
            .collect();
        let mut deleted: Vec<ModelKey> = self.old_models.difference(&new).cloned().collect();
        deleted.extend(self.old_unmanaged.difference(&new).cloned());
        for key in deleted {
            let Some(model) = self.states.previous.models.get(&key).cloned() else {
                continue;
            };
            if !model.unique_together().is_empty() {
                self.add(
                    &key.0,
                    Operation::AlterUniqueTogether {
                        name: key.1.clone(),
                        unique_together: vec![],
                    },
                    vec![],
                );
            }
            for index in &model.indexes {
                self.add(
                    &key.0,
                    Operation::RemoveIndex {
                        model_name: key.1.clone(),
                        name: index.name.clone(),
                    },
                    vec![],
                );
            }
            for constraint in &model.constraints {
                self.add(
                    &key.0,
                    Operation::RemoveConstraint {
                        model_name: key.1.clone(),
                        name: constraint.name().to_string(),
                    },
                    vec![],
                );
            }
            let mut related: Vec<String> = model
                .fields
                .iter()
                .filter(|(_, f)| f.remote.is_some())
                .map(|(n, _)| n.clone())
                .collect();
            related.sort();
            for name in &related {
                self.add(
                    &key.0,
                    Operation::RemoveField {
                        model_name: key.1.clone(),
                        name: name.clone(),
                    },
                    vec![Dep::field(&key, name, DepKind::RemoveIndexOrConstraint)],
                );
            }
            let mut deps = vec![];
            for (owner, name, field) in Self::relations_to(&self.states.previous, &key) {
                deps.push(Dep::field(&owner, &name, DepKind::Remove));
                if !field.many_to_many() {
                    deps.push(Dep::field(&owner, &name, DepKind::Alter));
                }
            }
            deps.extend(related.iter().map(|n| Dep::field(&key, n, DepKind::Remove)));
            if let Some((app, model, field)) = self.through_users.get(&key) {
                deps.push(Dep::field(
                    &(app.clone(), model.clone()),
                    field,
                    DepKind::Remove,
                ));
            }
            self.add(
                &key.0,
                Operation::DeleteModel {
                    name: model.name.clone(),
                },
                Self::unique_deps(deps),
            );
        }
    }

    pub(super) fn generate_deleted_proxies(&mut self) {
        let deleted: Vec<ModelKey> = self
            .old_proxies
            .difference(&self.new_proxies)
            .cloned()
            .collect();
        for key in deleted {
            if let Some(model) = self.states.previous.models.get(&key).cloned() {
                self.add(
                    &key.0,
                    Operation::DeleteModel {
                        name: model.name.clone(),
                    },
                    vec![],
                );
            }
        }
    }
}
