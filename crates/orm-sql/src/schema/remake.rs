//! Rebuilding a table under another name, rows copied: how SQLite changes columns.
use super::{SchemaEditor, column::quote_value};
use orm_state::maps::IndexMap;
use orm_state::model::ModelOptions;
use orm_state::{Apps, Constraint, Field, FieldKind, Index, ModelRef, Result};
use std::rc::Rc;

/// What changes while a table is rebuilt.
#[derive(Default)]
pub struct Remake<'a> {
    pub create_field: Option<&'a Rc<Field>>,
    pub delete_field: Option<&'a Rc<Field>>,
    pub alter_fields: Vec<(Rc<Field>, Rc<Field>)>,
    /// Constraints and indexes instead of the model's own.
    pub constraints: Option<Vec<Constraint>>,
    pub indexes: Option<Vec<Index>>,
}

impl SchemaEditor<'_> {
    /// `CREATE TABLE "new__t"`, `INSERT … SELECT`, `DROP TABLE "t"`, `ALTER TABLE "new__t" RENAME`.
    pub fn remake_table(&mut self, model: &ModelRef, change: Remake<'_>) -> Result<()> {
        let change_names: Vec<Rc<str>> = change
            .create_field
            .into_iter()
            .chain(change.alter_fields.iter().map(|(_, new)| new))
            .map(|f| f.name())
            .collect();
        let column = |f: &Rc<Field>| f.column().unwrap_or_default().to_string();
        let mut body: IndexMap<String, Rc<Field>> = IndexMap::default();
        let mut mapping: IndexMap<String, String> = IndexMap::default();
        for f in model.local_concrete_fields() {
            body.insert(f.name().to_string(), f.duplicate());
            if f.kind != FieldKind::Generated {
                mapping.insert(column(&f), self.quote(&column(&f)));
            }
        }
        if let Some(pk) = model.pk()
            && pk.kind == FieldKind::CompositePrimaryKey
        {
            body.insert(pk.name().to_string(), pk.duplicate());
        }
        let mut rename: IndexMap<String, String> = IndexMap::default();
        // A new primary key takes the old one's place.
        let new_key = change.create_field.is_some_and(|f| f.primary_key.get())
            || change.alter_fields.iter().any(|(_, f)| f.primary_key.get());
        if new_key {
            let names: Vec<String> = body.keys().cloned().collect();
            for name in names {
                let Some(f) = body.get(&name).cloned() else {
                    continue;
                };
                if f.primary_key.get()
                    && !change.alter_fields.iter().any(|(_, n)| *n.name() == *name)
                {
                    f.primary_key.set(false);
                    if f.options.borrow().auto_created {
                        mapping.shift_remove(&column(&f));
                        body.shift_remove(&name);
                    }
                }
            }
        }
        if let Some(f) = change.create_field {
            body.insert(f.name().to_string(), f.duplicate());
            let generated = f.kind == FieldKind::Generated;
            if f.options.borrow().db_default.is_none() && !generated && f.concrete() {
                let default = self.host.effective_default(f)?;
                mapping.insert(column(f), quote_value(&default)?);
            }
        }
        for (old, new) in &change.alter_fields {
            body.shift_remove(&*old.name());
            mapping.shift_remove(&column(old));
            body.insert(new.name().to_string(), new.duplicate());
            rename.insert(old.name().to_string(), new.name().to_string());
            if new.kind == FieldKind::Generated {
                continue;
            }
            let source = if old.null.get() && !new.null.get() {
                let default = if new.options.borrow().db_default.is_some() {
                    self.db_default_sql(new)?
                } else {
                    quote_value(&self.host.effective_default(new)?)?
                };
                format!("coalesce({}, {default})", self.quote(&column(old)))
            } else {
                self.quote(&column(old))
            };
            mapping.insert(column(new), source);
        }
        if let Some(f) = change.delete_field {
            body.shift_remove(&*f.name());
            mapping.shift_remove(&column(f));
            if let Some(through) = super::auto_through(f) {
                return self.delete_model(&through);
            }
        }
        let options = model.options.borrow().clone();
        let table = options.db_table.clone();
        let deleted = change.delete_field.map(|f| f.name().to_string());
        let mut indexes = change.indexes.unwrap_or(options.indexes);
        if let Some(name) = &deleted {
            indexes.retain(|i| !i.fields_orders.iter().any(|(f, _)| f == name));
        }
        let rename_all = |names: &[String]| -> Vec<String> {
            names
                .iter()
                .map(|n| rename.get(n).cloned().unwrap_or_else(|| n.clone()))
                .collect()
        };
        let temporary = ModelOptions {
            db_table: format!("new__{}", table.trim_matches('"')),
            unique_together: options
                .unique_together
                .iter()
                .map(|s| rename_all(s))
                .collect(),
            indexes,
            constraints: change.constraints.unwrap_or(options.constraints),
            managed: true,
            ..ModelOptions::default()
        };
        let apps = Apps::new();
        let new_model = orm_state::Model::new(
            &apps,
            model.app_label(),
            &format!("New{}", model.object_name()),
            &model.module,
            temporary,
        );
        for (i, field) in self
            .column_order(model, &body, &change_names)
            .iter()
            .enumerate()
        {
            let this = field.duplicate();
            this.set_name(&field.name());
            this.creation_counter.set(i as i64);
            if let (Some(rel), Some(old)) = (&this.remote, &field.remote) {
                // Relations to itself keep naming the table's final name.
                if let Some(to) = old.model() {
                    rel.set_model(&to);
                }
            }
            new_model.add_field(&this, false);
        }
        self.keep(apps);
        self.create_model(&new_model)?;
        let columns: Vec<String> = mapping.keys().map(|c| self.quote(c)).collect();
        let values: Vec<String> = mapping.values().cloned().collect();
        let sql = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {}",
            self.quote(&new_model.db_table()),
            columns.join(", "),
            values.join(", "),
            self.quote(&table)
        );
        self.execute(&sql, Some(&[]))?;
        self.drop_table(&table)?;
        self.alter_db_table(&new_model.db_table(), &table)?;
        for statement in std::mem::take(&mut self.deferred_sql) {
            self.run_statement(&statement)?;
        }
        Ok(())
    }

    /// The columns of a rebuilt table, in Django's order: changed ones go last, or first when a
    /// migration is undone; an automatic key stays in front, relations to itself at the end.
    fn column_order(
        &self,
        model: &ModelRef,
        body: &IndexMap<String, Rc<Field>>,
        changed: &[Rc<str>],
    ) -> Vec<Rc<Field>> {
        let mut fields: Vec<Rc<Field>> = body.values().cloned().collect();
        fields.sort_by_key(|f| {
            let is_changed = changed.contains(&f.name());
            let to_itself = f
                .remote
                .as_ref()
                .and_then(|r| r.model())
                .is_some_and(|to| Rc::ptr_eq(&to, model));
            if f.options.borrow().auto_created {
                0
            } else if is_changed {
                if self.backwards { 1 } else { 3 }
            } else if to_itself {
                4
            } else {
                2
            }
        });
        fields
    }
}
