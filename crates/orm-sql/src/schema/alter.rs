//! Changing fields, indexes and constraints of a table.
use super::column::collation_of;
use super::remake::Remake;
use super::{Name, SchemaEditor, Statement, auto_through};
use orm_state::{Constraint, Error, ErrorKind, Field, FieldKind, Index, ModelRef, Result};
use std::rc::Rc;

/// Field arguments that say nothing about the column.
const NON_DB_ATTRS: [&str; 11] = [
    "blank",
    "choices",
    "db_column",
    "editable",
    "error_messages",
    "help_text",
    "limit_choices_to",
    "related_name",
    "related_query_name",
    "validators",
    "verbose_name",
];

impl SchemaEditor<'_> {
    /// Adds a column, or the table of a many-to-many field.
    pub fn add_field(&mut self, model: &ModelRef, field: &Rc<Field>) -> Result<()> {
        if field.kind == FieldKind::ManyToMany {
            return match auto_through(field) {
                Some(through) => self.create_model(&through),
                None => Ok(()),
            };
        }
        if field.kind == FieldKind::CompositePrimaryKey {
            return Ok(());
        }
        let db_default = field.options.borrow().db_default.clone();
        let expression_default = match &db_default {
            Some(c) => crate::expression::expr_of(&**c)
                .is_some_and(|e| !e.as_any().is::<crate::expressions::Val>()),
            None => false,
        };
        let rebuild = field.primary_key.get()
            || field.is_unique()
            || !field.null.get()
            || (db_default.is_none() && !self.host.effective_default(field)?.is_null())
            || expression_default;
        if rebuild {
            return self.remake_table(
                model,
                Remake {
                    create_field: Some(field),
                    ..Remake::default()
                },
            );
        }
        let Some((mut definition, params)) = self.column_sql(field, true)? else {
            return Ok(());
        };
        if let Some(check) = super::column::db_check(&*self.dialect, field)? {
            definition.push_str(&format!(" CHECK ({check})"));
        }
        if let Some(reference) = self.inline_foreign_key(field)? {
            definition.push(' ');
            definition.push_str(&reference);
        }
        let sql = format!(
            "ALTER TABLE {} ADD COLUMN {} {definition}",
            self.quote(&model.db_table()),
            self.quote(&field.column().unwrap_or_default())
        );
        self.execute(&sql, (!params.is_empty()).then_some(&params[..]))?;
        if field.db_index.get() && !field.is_unique() {
            let index = self.field_index(model, field);
            self.deferred_sql.push(index);
        }
        Ok(())
    }

    /// Drops a column, or the table of a many-to-many field.
    pub fn remove_field(&mut self, model: &ModelRef, field: &Rc<Field>) -> Result<()> {
        if field.kind == FieldKind::ManyToMany {
            return match auto_through(field) {
                Some(through) => self.delete_model(&through),
                None => Ok(()),
            };
        }
        let constrained = field.remote.as_ref().is_some_and(|r| r.db_constraint.get());
        if !field.primary_key.get() && !field.is_unique() && !field.db_index.get() && !constrained {
            if !field.concrete() {
                return Ok(());
            }
            let sql = format!(
                "ALTER TABLE {} DROP COLUMN {}",
                self.quote(&model.db_table()),
                self.quote(&field.column().unwrap_or_default())
            );
            self.execute(&sql, Some(&[]))?;
            let (table, column) = (
                model.db_table(),
                field.column().unwrap_or_default().to_string(),
            );
            self.deferred_sql
                .retain(|s| s.table != table || !s.columns.contains(&column));
            return Ok(());
        }
        if !field.concrete() {
            return Ok(());
        }
        self.remake_table(
            model,
            Remake {
                delete_field: Some(field),
                ..Remake::default()
            },
        )
    }

    /// Changes a column from one definition to another.
    pub fn alter_field(
        &mut self,
        model: &ModelRef,
        old: &Rc<Field>,
        new: &Rc<Field>,
    ) -> Result<()> {
        if !self.field_should_be_altered(old, new)? {
            return Ok(());
        }
        let old_type = self.dialect.db_type(old)?;
        let new_type = self.dialect.db_type(new)?;
        let m2m = |f: &Rc<Field>| f.kind == FieldKind::ManyToMany;
        if m2m(old) && m2m(new) {
            return match (auto_through(old), auto_through(new)) {
                (Some(a), Some(b)) => self.alter_many_to_many(&a, &b, old, new),
                // A hand-made through model keeps its table.
                (None, None) if has_through(old) && has_through(new) => Ok(()),
                _ => Err(unalterable(old, new)),
            };
        }
        if (old_type.is_none() && old.remote.is_none())
            || (new_type.is_none() && new.remote.is_none())
        {
            return Err(Error::value_error(format!(
                "Cannot alter field {} into {} - they do not properly define db_type (are you using a badly-written \
                 custom field?)",
                crate::expressions::col::label(old),
                crate::expressions::col::label(new)
            )));
        }
        if m2m(old) != m2m(new) {
            return Err(unalterable(old, new));
        }
        if self.generated_differently(old, new)? {
            return Err(Error::value_error(format!(
                "Modifying GeneratedFields is not supported - the field {} must be removed and \
                 re-added with the new definition.",
                crate::expressions::col::label(new)
            )));
        }
        let constrained = |f: &Rc<Field>| f.remote.as_ref().is_some_and(|r| r.db_constraint.get());
        if old.column() != new.column()
            && self.column_sql(old, false)? == self.column_sql(new, false)?
            && !constrained(old)
            && !constrained(new)
        {
            let sql = format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                self.quote(&model.db_table()),
                self.quote(&old.column().unwrap_or_default()),
                self.quote(&new.column().unwrap_or_default())
            );
            return self.execute(&sql, Some(&[]));
        }
        self.remake_table(
            model,
            Remake {
                alter_fields: vec![(old.clone(), new.clone())],
                ..Remake::default()
            },
        )?;
        // Tables that point to a key whose type changed are rebuilt with it.
        let same_collation = collation_of(old) == collation_of(new);
        if new.is_unique() && (old_type != new_type || !same_collation) {
            let mut found: Vec<ModelRef> = vec![];
            if let Some(owner) = new.model() {
                tables_pointing_to(new, &owner, &mut found);
                if new.primary_key.get() {
                    for field in owner.local_many_to_many() {
                        let own = field.remote.as_ref().and_then(|r| r.model());
                        if own.is_some_and(|to| Rc::ptr_eq(&to, &owner)) {
                            continue;
                        }
                        if let Some(through) = auto_through(&field)
                            && !found.iter().any(|d| Rc::ptr_eq(d, &through))
                        {
                            found.push(through);
                        }
                    }
                }
            }
            for related in found {
                self.remake_table(&related, Remake::default())?;
            }
        }
        Ok(())
    }

    /// Would a change make, unmake or redefine a generated column? SQLite's cannot be altered.
    fn generated_differently(&self, old: &Rc<Field>, new: &Rc<Field>) -> Result<bool> {
        let generated = |f: &Rc<Field>| f.kind == FieldKind::Generated;
        if !generated(old) && !generated(new) {
            return Ok(false);
        }
        let persist = |f: &Rc<Field>| f.options.borrow().db_persist;
        if generated(old) != generated(new) || persist(old) != persist(new) {
            return Ok(true);
        }
        match self.generated_sql(old) {
            Ok(sql) => Ok(sql != self.generated_sql(new)?),
            // It names a field that has another name now.
            Err(e) if e.kind() == ErrorKind::FieldError => Ok(true),
            Err(e) => Err(e),
        }
    }

    /// Changes the table of a many-to-many field, keeping its rows.
    pub fn alter_many_to_many(
        &mut self,
        old_through: &ModelRef,
        new_through: &ModelRef,
        old: &Rc<Field>,
        new: &Rc<Field>,
    ) -> Result<()> {
        let (old_from, old_to) = old.m2m_fields()?;
        let (new_from, new_to) = new.m2m_fields()?;
        if old_through.db_table() == new_through.db_table() {
            return self.remake_table(
                old_through,
                Remake {
                    alter_fields: vec![(old_to, new_to), (old_from, new_from)],
                    ..Remake::default()
                },
            );
        }
        self.create_model(new_through)?;
        let columns = |a: &Rc<Field>, b: &Rc<Field>| {
            format!(
                "id, {}, {}",
                a.column().unwrap_or_default(),
                b.column().unwrap_or_default()
            )
        };
        let sql = format!(
            "INSERT INTO {} ({}) SELECT {} FROM {}",
            self.quote(&new_through.db_table()),
            columns(&new_from, &new_to),
            columns(&old_from, &old_to),
            self.quote(&old_through.db_table())
        );
        self.execute(&sql, Some(&[]))?;
        self.delete_model(old_through)
    }

    /// Does a change of a field's definition change its column?
    fn field_should_be_altered(&self, old: &Rc<Field>, new: &Rc<Field>) -> Result<bool> {
        let m2m = |f: &Rc<Field>| f.kind == FieldKind::ManyToMany;
        if !(old.concrete() || m2m(old)) && !(new.concrete() || m2m(new)) {
            return Ok(false);
        }
        let (mut a, mut b) = (old.deconstruct()?, new.deconstruct()?);
        for (field, d) in [(old, &mut a), (new, &mut b)] {
            for attr in NON_DB_ATTRS {
                d.remove(attr);
            }
            // What the database does when a row goes is part of the column.
            let by_database = field.remote.as_ref().is_some_and(|r| {
                use orm_state::OnDelete::{DbCascade, DbSetDefault, DbSetNull};
                matches!(&*r.on_delete.borrow(), DbCascade | DbSetNull | DbSetDefault)
            });
            if !by_database {
                d.remove("on_delete");
            }
        }
        let default = |f: &Rc<Field>| f.options.borrow().db_default.is_some();
        if default(old) && default(new) && self.db_default_sql(old)? == self.db_default_sql(new)? {
            a.remove("db_default");
            b.remove("db_default");
        }
        let table = |f: &Rc<Field>| {
            f.remote
                .as_ref()
                .and_then(|r| r.model())
                .map(|m| m.db_table())
        };
        if !m2m(new) && table(old).is_some() && table(old) == table(new) {
            a.remove("to");
            b.remove("to");
        }
        if old.concrete() && new.concrete() && old.column() != new.column() {
            return Ok(true);
        }
        if m2m(old) && m2m(new) && old.name() != new.name() {
            return Ok(true);
        }
        a.kwargs.sort_by(|x, y| x.0.cmp(&y.0));
        b.kwargs.sort_by(|x, y| x.0.cmp(&y.0));
        Ok(a != b)
    }

    pub fn add_index(&mut self, model: &ModelRef, index: &Index) -> Result<()> {
        let statement = self.index_statement(model, index)?;
        self.run_statement(&statement)
    }
    pub fn remove_index(&mut self, name: &str) -> Result<()> {
        let sql = format!("DROP INDEX {}", self.quote(name));
        self.execute(&sql, Some(&[]))?;
        self.deferred_sql
            .retain(|s| !matches!(&s.name, super::Name::Given(n) if n == name));
        Ok(())
    }
    /// Adds a constraint; one that stands inside the table needs it rebuilt.
    pub fn add_constraint(&mut self, model: &ModelRef, constraint: &Constraint) -> Result<()> {
        if is_index(constraint) {
            if let Some(s) = self.constraint_statement(model, constraint)? {
                self.run_statement(&s)?;
            }
            return Ok(());
        }
        self.remake_table(model, Remake::default())
    }
    /// `model` is the model without the constraint.
    pub fn remove_constraint(&mut self, model: &ModelRef, constraint: &Constraint) -> Result<()> {
        if is_index(constraint) {
            // One that the database does not support was never made.
            if self.constraint_statement(model, constraint)?.is_none() {
                return Ok(());
            }
            let sql = format!("DROP INDEX {}", self.quote(constraint.name()));
            return self.execute(&sql, Some(&[]));
        }
        self.remake_table(model, Remake::default())
    }
    /// Adds and drops the unique indexes of `unique_together`.
    pub fn alter_unique_together(
        &mut self,
        model: &ModelRef,
        old: &[Vec<String>],
        new: &[Vec<String>],
    ) -> Result<()> {
        for names in old.iter().filter(|n| !new.contains(n)) {
            let columns = columns_of(model, names)?;
            let table = model.db_table();
            let before = self.deferred_sql.len();
            self.deferred_sql
                .retain(|s| !(s.unique && s.table == table && s.columns == columns));
            if self.deferred_sql.len() < before {
                continue;
            }
            self.drop_composed_index(model, &columns, true)?;
        }
        for names in new.iter().filter(|n| !old.contains(n)) {
            let fields = names
                .iter()
                .map(|n| model.field(n))
                .collect::<Result<Vec<_>>>()?;
            let statement = self.unique_statement(model, &fields);
            self.run_statement(&statement)?;
        }
        Ok(())
    }
    /// Adds and drops the indexes of `index_together`.
    pub fn alter_index_together(
        &mut self,
        model: &ModelRef,
        old: &[Vec<String>],
        new: &[Vec<String>],
    ) -> Result<()> {
        for names in old.iter().filter(|n| !new.contains(n)) {
            let columns = columns_of(model, names)?;
            self.drop_composed_index(model, &columns, false)?;
        }
        for names in new.iter().filter(|n| !old.contains(n)) {
            let columns = columns_of(model, names)?;
            let quoted: Vec<String> = columns.iter().map(|c| self.quote(c)).collect();
            self.run_statement(&Statement {
                unique: false,
                table: model.db_table(),
                name: Name::Index { suffix: "_idx" },
                columns_sql: quoted.join(", "),
                columns,
                condition: String::new(),
            })?;
        }
        Ok(())
    }
    /// Drops the one index over columns that no constraint or index of the model's names.
    fn drop_composed_index(
        &mut self,
        model: &ModelRef,
        columns: &[String],
        unique: bool,
    ) -> Result<()> {
        let table = model.db_table();
        let suffix = if unique { "_uniq" } else { "_idx" };
        let default = super::naming::index_name(&table, columns, suffix);
        let name = if self.collected_sql.is_some() {
            default
        } else {
            let mut found = self.host.constraint_names(&table, columns, unique)?;
            let options = model.options.borrow();
            found.retain(|n| {
                options.constraints.iter().all(|c| c.name() != n)
                    && options.indexes.iter().all(|i| i.name != *n)
            });
            drop(options);
            if unique && found.contains(&default) {
                default
            } else if let [one] = &found[..] {
                one.clone()
            } else {
                return Err(Error::value_error(format!(
                    "Found wrong number ({}) of constraints for {table}({})",
                    found.len(),
                    columns.join(", ")
                )));
            }
        };
        let sql = format!("DROP INDEX {}", self.quote(&name));
        self.execute(&sql, Some(&[]))
    }
}

/// The tables with keys to a column, and those with keys to these keys; not the column's own table.
fn tables_pointing_to(column: &Rc<Field>, changed: &ModelRef, found: &mut Vec<ModelRef>) {
    let Some(owner) = column.model() else {
        return;
    };
    for rel in owner.all_related_objects() {
        let Some(field) = rel.field_opt() else {
            continue;
        };
        let Some(related) = field.model() else {
            continue;
        };
        let points_here =
            field.kind != FieldKind::ManyToMany && rel.target_field().is_ok_and(|t| t.same(column));
        if !points_here || related.object_name() == changed.object_name() {
            continue;
        }
        if !found.iter().any(|d| Rc::ptr_eq(d, &related)) {
            found.push(related);
            tables_pointing_to(&field, changed, found);
        }
    }
}

fn has_through(field: &Rc<Field>) -> bool {
    field
        .remote
        .as_ref()
        .is_some_and(|r| r.through.borrow().is_some())
}

fn columns_of(model: &ModelRef, names: &[String]) -> Result<Vec<String>> {
    names
        .iter()
        .map(|n| Ok(model.field(n)?.column().unwrap_or_default().to_string()))
        .collect()
}

fn is_index(constraint: &Constraint) -> bool {
    matches!(
        constraint,
        Constraint::Unique { condition, expressions, include, deferrable, nulls_distinct, .. }
            if condition.is_some()
                || !expressions.is_empty()
                || !include.is_empty()
                || deferrable.is_some()
                || nulls_distinct.is_some()
    )
}

fn unalterable(old: &Rc<Field>, new: &Rc<Field>) -> Error {
    Error::value_error(format!(
        "Cannot alter field {} into {} - they are not compatible types (you cannot alter to or from M2M fields, or \
         add or remove through= on M2M fields)",
        crate::expressions::col::label(old),
        crate::expressions::col::label(new)
    ))
}
