//! Fields that came, went, changed or were renamed.
use super::{Detector, FieldKey, Kind, Needs, RenamedField, comparable};
use crate::operation::Operation;
use crate::state::{ModelKey, label_key, relation_label};
use orm_sql::expression::expr_of;
use orm_state::field::FieldDefault;
use orm_state::{Field, FieldKind, Result, Value};
use std::rc::Rc;

/// May an empty string stand in for a missing value?
fn empty_strings_allowed(kind: FieldKind) -> bool {
    use FieldKind::*;
    !(kind.is_integer()
        || matches!(
            kind,
            Boolean
                | Date
                | DateTime
                | Decimal
                | Duration
                | Float
                | GenericIpAddress
                | Time
                | Uuid
                | Json
                | ForeignKey
                | OneToOne
                | ForeignObject
        ))
}

/// The names a generated field's expression reads.
fn expression_names(field: &Rc<Field>) -> Vec<String> {
    let clause = field.options.borrow().generated_expression.clone();
    let mut names = vec![];
    if let Some(e) = clause.as_ref().and_then(|c| expr_of(&**c)) {
        fn walk(e: &orm_sql::Expr, out: &mut Vec<String>) {
            if let Some(f) = e.as_any().downcast_ref::<orm_sql::expressions::F>() {
                out.push(f.name.split("__").next().unwrap_or_default().to_string());
            } else if let Some(q) = e.as_any().downcast_ref::<orm_sql::expressions::QExpr>() {
                let mut names = vec![];
                q.q.names(&mut names);
                out.extend(
                    names
                        .iter()
                        .map(|n| n.split("__").next().unwrap_or_default().to_string()),
                );
            } else {
                for s in e.sources() {
                    walk(&s, out);
                }
            }
        }
        walk(&e, &mut names);
    }
    names
}

impl Detector<'_> {
    pub(super) fn find_renamed_fields(&mut self) -> Result<()> {
        let mut old_keys = self.fields.previous.clone();
        let added: Vec<FieldKey> = self.fields.next.difference(&old_keys).cloned().collect();
        for (app, model_name, field_name) in added {
            let key: ModelKey = (app.clone(), model_name.clone());
            let pair = self.pair(&key)?;
            let field = pair.next.get_field(&field_name)?.clone();
            let definition = comparable(&field)?;
            let removed: Vec<FieldKey> = old_keys
                .difference(&self.fields.next)
                .filter(|k| k.0 == app && k.1 == model_name)
                .cloned()
                .collect();
            for gone in removed {
                let old_field = pair.previous.get_field(&gone.2)?.clone();
                let mut old_definition = comparable(&old_field)?;
                if field.remote.is_some() {
                    for (k, v) in &mut old_definition.kwargs {
                        if k == "to"
                            && let Some(new) =
                                v.as_str().and_then(|s| self.renamed_models_rel.get(s))
                        {
                            *v = Value::from(new.as_str());
                        }
                    }
                }
                let named = old_field.duplicate();
                named.set_name(&gone.2);
                let old_column = named.column().unwrap_or_default().to_string();
                let mut with_column = old_definition.clone();
                with_column.remove("db_column");
                with_column
                    .kwargs
                    .push(("db_column".into(), old_column.into()));
                with_column.kwargs.sort_by(|a, b| a.0.cmp(&b.0));
                if (old_definition == definition || with_column == definition)
                    && self
                        .questioner
                        .ask_rename(&model_name, &gone.2, &field_name, &field)?
                {
                    self.renamed_operations.push(RenamedField {
                        key: key.clone(),
                        old_name: gone.2.clone(),
                        old_column: old_field.options.borrow().db_column.clone(),
                        field: field.clone(),
                        new_name: field_name.clone(),
                    });
                    old_keys.remove(&gone);
                    let new_key = (app.clone(), model_name.clone(), field_name.clone());
                    old_keys.insert(new_key.clone());
                    self.renamed_fields.insert(new_key, gone.2.clone());
                    break;
                }
            }
        }
        Ok(())
    }

    pub(super) fn renamed_fields(&mut self) {
        for renamed in std::mem::take(&mut self.renamed_operations) {
            let (app, model_name) = renamed.key.clone();
            if renamed.old_column != renamed.field.options.borrow().db_column {
                let altered = renamed.field.duplicate();
                altered.set_name(&renamed.old_name);
                let op = Operation::AlterField {
                    model_name: model_name.clone(),
                    name: renamed.old_name.clone(),
                    field: altered,
                    preserve_default: true,
                };
                self.add(&app, op, vec![]);
            }
            let op = Operation::RenameField {
                model_name: model_name.clone(),
                old_name: renamed.old_name.clone(),
                new_name: renamed.new_name.clone(),
            };
            self.add(&app, op, vec![]);
            self.fields
                .previous
                .remove(&(app.clone(), model_name.clone(), renamed.old_name));
            self.fields
                .previous
                .insert((app, model_name, renamed.new_name));
        }
    }

    pub(super) fn added_fields(&mut self) -> Result<()> {
        let added: Vec<FieldKey> = self
            .fields
            .next
            .difference(&self.fields.previous)
            .cloned()
            .collect();
        for key in added {
            self.added_field(&key)?;
        }
        Ok(())
    }

    fn added_field(&mut self, (app, model_name, name): &FieldKey) -> Result<()> {
        let key = (app.clone(), model_name.clone());
        let mut field = self
            .states
            .next
            .model(app, model_name)?
            .get_field(name)?
            .clone();
        let mut needs = vec![Needs::field(&key, name, Kind::Remove)];
        needs.extend(Self::relation_needs(&key, &field));
        if field.kind == FieldKind::Generated {
            needs.extend(self.generated_needs(&field)?);
        }
        let time = matches!(
            field.kind,
            FieldKind::Date | FieldKind::DateTime | FieldKind::Time
        );
        let (auto_now, auto_now_add, db_default) = {
            let o = field.options.borrow();
            (o.auto_now, o.auto_now_add, o.db_default.is_some())
        };
        let preserve_default = field.null.get()
            || field.has_default()
            || db_default
            || field.many_to_many()
            || (field.blank.get() && empty_strings_allowed(field.kind))
            || (time && auto_now)
            || field.kind.is_auto()
            || matches!(
                field.kind,
                FieldKind::Generated | FieldKind::CompositePrimaryKey
            );
        if !preserve_default {
            let default = if time && auto_now_add {
                self.questioner
                    .ask_auto_now_add_addition(name, model_name)?
            } else {
                self.questioner.ask_not_null_addition(name, model_name)?
            };
            field = field.duplicate();
            field.options.borrow_mut().default = default;
        }
        let callable = matches!(field.options.borrow().default, FieldDefault::Callable(_));
        if field.is_unique() && callable {
            self.questioner
                .ask_unique_callable_default_addition(name, model_name)?;
        }
        let op = Operation::AddField {
            model_name: model_name.clone(),
            name: name.clone(),
            field,
            preserve_default,
        };
        self.add(app, op, needs);
        Ok(())
    }

    /// A generated field waits for new fields its expression reads.
    fn generated_needs(&self, field: &Rc<Field>) -> Result<Vec<Needs>> {
        let names = expression_names(field);
        let mut out = vec![];
        for (app, model, name) in self.fields.next.difference(&self.fields.previous) {
            let added = self.states.next.model(app, model)?.get_field(name)?;
            if added.remote.is_some() || names.contains(name) {
                out.push(Needs::field(
                    &(app.clone(), model.clone()),
                    name,
                    Kind::Create,
                ));
            }
        }
        Ok(out)
    }

    pub(super) fn removed_fields(&mut self) -> Result<()> {
        let removed: Vec<FieldKey> = self
            .fields
            .previous
            .difference(&self.fields.next)
            .cloned()
            .collect();
        for key in removed {
            self.removed_field(&key)?;
        }
        Ok(())
    }

    fn removed_field(&mut self, (app, model_name, name): &FieldKey) -> Result<()> {
        let key = (app.clone(), model_name.clone());
        let mut needs = vec![
            Needs::field(&key, name, Kind::RemoveOrderWrt),
            Needs::field(&key, name, Kind::AlterFooTogether),
            Needs::field(&key, name, Kind::RemoveIndexOrConstraint),
        ];
        if let Some(model) = self.states.previous.models.get(&key) {
            for (other, field) in &model.fields {
                if field.kind == FieldKind::Generated && expression_names(field).contains(name) {
                    needs.push(Needs::field(&key, other, Kind::Remove));
                }
            }
        }
        let op = Operation::RemoveField {
            model_name: model_name.clone(),
            name: name.clone(),
        };
        self.add(app, op, needs);
        Ok(())
    }

    pub(super) fn altered_fields(&mut self) -> Result<()> {
        let both: Vec<FieldKey> = self
            .fields
            .previous
            .intersection(&self.fields.next)
            .cloned()
            .collect();
        for field_key in both {
            let (app, model_name, name) = &field_key;
            let key = (app.clone(), model_name.clone());
            let pair = self.pair(&key)?;
            let old_name = self
                .renamed_fields
                .get(&field_key)
                .cloned()
                .unwrap_or_else(|| name.clone());
            let old = pair.previous.get_field(&old_name)?.clone();
            let new = pair.next.get_field(name)?.duplicate();
            let mut needs = vec![];
            if let Some(rel) = &new.remote {
                self.follow_renames(&key, &old, &new);
                needs.extend(Self::relation_needs(&key, &new));
                let through = rel.through.borrow().clone();
                if let Some(t) = through
                    && self
                        .renamed_models
                        .contains_key(&label_key(&relation_label(&t, &key)))
                    && let Some(old_rel) = &old.remote
                {
                    *rel.through.borrow_mut() = old_rel.through.borrow().clone();
                }
            }
            let (before, after) = (comparable(&old)?, comparable(&new)?);
            if before == after || old_name != *name {
                continue;
            }
            let both_m2m = old.many_to_many() && new.many_to_many();
            let neither = !old.many_to_many() && !new.many_to_many();
            let target_changed = both_m2m && before.kwarg("to") != after.kwarg("to");
            if (both_m2m || neither) && !target_changed {
                let mut field = new.clone();
                let mut preserve_default = true;
                let db_default = new.options.borrow().db_default.is_some();
                if old.null.get()
                    && !new.null.get()
                    && !new.has_default()
                    && !db_default
                    && !new.many_to_many()
                {
                    let default = self.questioner.ask_not_null_alteration(name, model_name)?;
                    if !matches!(default, FieldDefault::NotProvided) {
                        field = new.duplicate();
                        field.options.borrow_mut().default = default;
                        preserve_default = false;
                    }
                }
                let op = Operation::AlterField {
                    model_name: model_name.clone(),
                    name: name.clone(),
                    field,
                    preserve_default,
                };
                self.add(app, op, needs);
            } else {
                self.removed_field(&field_key)?;
                self.added_field(&field_key)?;
            }
        }
        Ok(())
    }

    /// A relation whose target, or the target's field, was renamed is no change.
    fn follow_renames(&self, key: &ModelKey, old: &Rc<Field>, new: &Rc<Field>) {
        let (Some(rel), Some(old_rel)) = (&new.remote, &old.remote) else {
            return;
        };
        let target = label_key(&relation_label(&rel.target(), key));
        if self.renamed_models.contains_key(&target) {
            rel.set_target(old_rel.target());
        }
        let field_name = rel.field_name.borrow().clone();
        if let Some(name) = field_name
            && self
                .renamed_fields
                .contains_key(&(target.0.clone(), target.1.clone(), name))
        {
            rel.set_target(old_rel.target());
            *rel.field_name.borrow_mut() = old_rel.field_name.borrow().clone();
        }
        let renamed = |model: &ModelKey, name: &mut Option<String>| {
            if let Some(n) = name
                && let Some(old) =
                    self.renamed_fields
                        .get(&(model.0.clone(), model.1.clone(), n.clone()))
            {
                *name = Some(old.clone());
            }
        };
        let mut o = new.options.borrow_mut();
        o.from_fields.iter_mut().for_each(|n| renamed(key, n));
        o.to_fields.iter_mut().for_each(|n| renamed(&target, n));
    }
}
