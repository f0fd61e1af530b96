//! Models that came, went or changed their names.
use super::{Detector, Kind, Needs, comparable, relations_to};
use crate::operation::{Operation, Together};
use crate::state::{Base, ModelKey, ModelState, label_key, relation_label};
use indexmap::IndexMap;
use orm_state::field::deconstruct::Deconstructed;
use orm_state::{Field, Result, Value};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Field definitions without their relations' targets, for telling renamed models.
fn definitions(model: &ModelState) -> Result<Vec<Deconstructed>> {
    let mut names: Vec<&String> = model.fields.keys().collect();
    names.sort();
    names
        .into_iter()
        .map(|n| {
            let mut d = comparable(&model.fields[n])?;
            d.remove("to");
            Ok(d)
        })
        .collect()
}

/// Models that a setting may swap are made first.
fn swappable_first(detector: &Detector<'_>, key: &ModelKey) -> (String, String) {
    let swappable = detector.states.next.models.get(key).is_some_and(|m| {
        m.options.get("swappable").is_some_and(Value::truthy)
            || m.bases.iter().any(|b| match b {
                Base::Class(v) => {
                    let name = match v.as_object().map(|o| o.source()) {
                        Some(Ok(orm_state::Source::Path { name, .. })) => Some(name),
                        _ => None,
                    };
                    matches!(name.as_deref(), Some("AbstractUser" | "AbstractBaseUser"))
                }
                Base::Model(_) => false,
            })
    });
    let label = format!("{}.{}", key.0, key.1).to_lowercase();
    let swappable = swappable || detector.user_model.as_ref() == Some(&label);
    if swappable {
        (format!("___{}", key.0), format!("___{}", key.1))
    } else {
        key.clone()
    }
}

impl Detector<'_> {
    pub(super) fn renamed_models(&mut self) -> Result<()> {
        let added: Vec<ModelKey> = self
            .models
            .next
            .difference(&self.models.previous)
            .cloned()
            .collect();
        for key in added {
            let model = self.states.next.model(&key.0, &key.1)?.clone();
            let defs = definitions(&model)?;
            let removed: Vec<ModelKey> = self
                .models
                .previous
                .difference(&self.models.next)
                .cloned()
                .collect();
            for old in removed.into_iter().filter(|o| o.0 == key.0) {
                let old_model = self.states.previous.model(&old.0, &old.1)?.clone();
                if definitions(&old_model)? != defs
                    || !self.questioner.ask_rename_model(&old_model, &model)?
                {
                    continue;
                }
                let mut needs: Vec<Needs> = model
                    .fields
                    .values()
                    .flat_map(|f| Self::relation_needs(&key, f))
                    .collect();
                for (from, _, _) in relations_to(self.states.next, &key) {
                    needs.push(Needs::model(&from, Kind::Create));
                }
                let op = Operation::RenameModel {
                    old_name: old_model.name.clone(),
                    new_name: model.name.clone(),
                };
                self.add(&key.0.clone(), op, needs);
                self.renamed_models.insert(key.clone(), old.1.clone());
                self.renamed_models_rel.insert(
                    format!("{}.{}", old.0, old.1),
                    format!("{}.{}", key.0, key.1),
                );
                self.models.previous.remove(&old);
                self.models.previous.insert(key.clone());
                break;
            }
        }
        Ok(())
    }

    pub(super) fn prepare_field_lists(&mut self) -> Result<()> {
        for key in self.kept_models() {
            let pair = self.pair(&key)?;
            let of = |m: &ModelState| -> BTreeSet<super::FieldKey> {
                m.fields
                    .keys()
                    .map(|f| (key.0.clone(), key.1.clone(), f.clone()))
                    .collect()
            };
            self.fields.previous.extend(of(&pair.previous));
            self.fields.next.extend(of(&pair.next));
        }
        Ok(())
    }

    pub(super) fn through_model_map(&mut self) -> Result<()> {
        for key in self.models.previous.clone() {
            let old_name = self.old_name(&key);
            let model = self.states.previous.model(&key.0, &old_name)?.clone();
            for (name, field) in &model.fields {
                let through = field
                    .remote
                    .as_ref()
                    .and_then(|r| r.through.borrow().clone());
                if let Some(t) = through {
                    self.through_users.insert(
                        label_key(&relation_label(&t, &key)),
                        (key.0.clone(), old_name.clone(), name.clone()),
                    );
                }
            }
        }
        Ok(())
    }

    pub(super) fn created_models(&mut self) -> Result<()> {
        let old: BTreeSet<ModelKey> = self
            .models
            .previous
            .union(&self.unmanaged.previous)
            .cloned()
            .collect();
        let mut all = vec![];
        for set in [&self.models.next, &self.unmanaged.next] {
            let mut added: Vec<ModelKey> = set.difference(&old).cloned().collect();
            added.sort_by_key(|k| std::cmp::Reverse(swappable_first(self, k)));
            all.extend(added);
        }
        for key in all {
            self.created_model(&key)?;
        }
        Ok(())
    }

    fn created_model(&mut self, key: &ModelKey) -> Result<()> {
        let model = self.states.next.model(&key.0, &key.1)?.clone();
        let mut related: IndexMap<String, Rc<Field>> = IndexMap::new();
        let mut key_target: Option<ModelKey> = None;
        for (name, field) in &model.fields {
            let Some(rel) = &field.remote else { continue };
            if field.primary_key.get() {
                key_target = Some(label_key(&relation_label(&rel.target(), key)));
            } else if !rel.parent_link.get() {
                related.insert(name.clone(), field.clone());
            }
            if rel.through.borrow().is_some() {
                related.insert(name.clone(), field.clone());
            }
        }
        let mut options = model.options.clone();
        options.shift_remove("unique_together");
        let wrt = options
            .shift_remove("order_with_respect_to")
            .filter(Value::truthy);
        let mut needs = vec![Needs::model(key, Kind::Remove)];
        self.base_needs(&model, &mut needs, true);
        if let Some(target) = key_target {
            needs.push(Needs::model(&target, Kind::Create));
        }
        let create = Operation::CreateModel {
            name: model.name.clone(),
            fields: model
                .fields
                .iter()
                .filter(|(n, _)| !related.contains_key(*n))
                .map(|(n, f)| (n.clone(), f.clone()))
                .collect(),
            options,
            indexes: vec![],
            constraints: vec![],
            bases: model.bases.clone(),
            managers: model.managers.clone(),
        };
        self.add_first(&key.0, create, needs);
        if !model.is_managed() {
            return Ok(());
        }
        let mut names: Vec<String> = related.keys().cloned().collect();
        names.sort();
        let made = Needs::model(key, Kind::Create);
        for name in &names {
            let field = related[name].clone();
            let mut needs = Self::relation_needs(key, &field);
            needs.push(made.clone());
            needs.sort();
            needs.dedup();
            let op = Operation::AddField {
                model_name: key.1.clone(),
                name: name.clone(),
                field,
                preserve_default: true,
            };
            self.add(&key.0, op, needs);
        }
        if let Some(wrt) = wrt {
            let op = Operation::AlterOrderWithRespectTo {
                name: key.1.clone(),
                order_with_respect_to: Some(wrt.to_str()),
            };
            self.add(
                &key.0,
                op,
                vec![Needs::field(key, &wrt.to_str(), Kind::Create), made.clone()],
            );
        }
        let mut needs: Vec<Needs> = names
            .iter()
            .map(|n| Needs::field(key, n, Kind::Create))
            .collect();
        needs.push(made.clone());
        for index in &model.indexes {
            let op = Operation::AddIndex {
                model_name: key.1.clone(),
                index: index.clone(),
            };
            self.add(&key.0, op, needs.clone());
        }
        for constraint in &model.constraints {
            let op = Operation::AddConstraint {
                model_name: key.1.clone(),
                constraint: constraint.clone(),
            };
            self.add(&key.0, op, needs.clone());
        }
        let unique_together = model.together(Together::Unique);
        if !unique_together.is_empty() {
            let op = Operation::AlterTogether {
                name: key.1.clone(),
                option: Together::Unique,
                sets: unique_together,
            };
            self.add(&key.0, op, needs);
        }
        // A proxy that became a table of its own: relations to it change.
        if self.proxies.previous.contains(key) {
            for (from, name, field) in relations_to(self.states.next, key) {
                let related = self.states.next.model(&from.0, &from.1)?.name.clone();
                let op = Operation::AlterField {
                    model_name: related,
                    name,
                    field,
                    preserve_default: true,
                };
                self.add(&from.0, op, vec![made.clone()]);
            }
        }
        Ok(())
    }

    fn base_needs(&self, model: &ModelState, needs: &mut Vec<Needs>, fields: bool) {
        for base in &model.bases {
            let Base::Model(label) = base else { continue };
            let base = label_key(label);
            needs.push(Needs::model(&base, Kind::Create));
            if !fields {
                continue;
            }
            // Fields that moved from the base to this model go there first.
            if let (Some(old), Some(new)) = (
                self.states.previous.models.get(&base),
                self.states.next.models.get(&base),
            ) {
                for name in old.fields.keys() {
                    if !new.fields.contains_key(name) && model.fields.contains_key(name) {
                        needs.push(Needs::field(&base, name, Kind::Remove));
                    }
                }
            }
        }
    }

    pub(super) fn created_proxies(&mut self) -> Result<()> {
        let added: Vec<ModelKey> = self
            .proxies
            .next
            .difference(&self.proxies.previous)
            .cloned()
            .collect();
        for key in added {
            let model = self.states.next.model(&key.0, &key.1)?.clone();
            let mut needs = vec![Needs::model(&key, Kind::Remove)];
            self.base_needs(&model, &mut needs, false);
            let op = Operation::CreateModel {
                name: model.name.clone(),
                fields: vec![],
                options: model.options.clone(),
                indexes: vec![],
                constraints: vec![],
                bases: model.bases.clone(),
                managers: model.managers.clone(),
            };
            self.add(&key.0, op, needs);
        }
        Ok(())
    }

    pub(super) fn deleted_models(&mut self) -> Result<()> {
        let new: BTreeSet<ModelKey> = self
            .models
            .next
            .union(&self.unmanaged.next)
            .cloned()
            .collect();
        let mut all: Vec<ModelKey> = self.models.previous.difference(&new).cloned().collect();
        all.extend(self.unmanaged.previous.difference(&new).cloned());
        for key in all {
            let model = self.states.previous.model(&key.0, &key.1)?.clone();
            let mut related: Vec<String> = model
                .fields
                .iter()
                .filter(|(_, f)| f.remote.is_some())
                .map(|(n, _)| n.clone())
                .collect();
            related.sort();
            let name = key.1.clone();
            if !model.together(Together::Unique).is_empty() {
                let op = Operation::AlterTogether {
                    name: name.clone(),
                    option: Together::Unique,
                    sets: vec![],
                };
                self.add(&key.0, op, vec![]);
            }
            for index in &model.indexes {
                let op = Operation::RemoveIndex {
                    model_name: name.clone(),
                    name: index.name.clone(),
                };
                self.add(&key.0, op, vec![]);
            }
            for c in &model.constraints {
                let op = Operation::RemoveConstraint {
                    model_name: name.clone(),
                    name: c.name().into(),
                };
                self.add(&key.0, op, vec![]);
            }
            for field in &related {
                let op = Operation::RemoveField {
                    model_name: name.clone(),
                    name: field.clone(),
                };
                self.add(
                    &key.0,
                    op,
                    vec![Needs::field(&key, field, Kind::RemoveIndexOrConstraint)],
                );
            }
            let mut needs = vec![];
            for (from, field_name, field) in relations_to(self.states.previous, &key) {
                needs.push(Needs::field(&from, &field_name, Kind::Remove));
                if !field.many_to_many() {
                    needs.push(Needs::field(&from, &field_name, Kind::Alter));
                }
            }
            for field in &related {
                needs.push(Needs::field(&key, field, Kind::Remove));
            }
            if let Some((app, user, field)) = self.through_users.get(&key) {
                needs.push(Needs::field(
                    &(app.clone(), user.clone()),
                    field,
                    Kind::Remove,
                ));
            }
            needs.sort();
            needs.dedup();
            self.add(
                &key.0,
                Operation::DeleteModel {
                    name: model.name.clone(),
                },
                needs,
            );
        }
        Ok(())
    }

    pub(super) fn deleted_proxies(&mut self) {
        let gone: Vec<ModelKey> = self
            .proxies
            .previous
            .difference(&self.proxies.next)
            .cloned()
            .collect();
        for key in gone {
            if let Some(model) = self.states.previous.models.get(&key) {
                let op = Operation::DeleteModel {
                    name: model.name.clone(),
                };
                self.add(&key.0, op, vec![]);
            }
        }
    }
}
