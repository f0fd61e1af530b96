//! What operations do to the database.
use super::{Operation, RunSql, Together};
use crate::state::{ModelState, ProjectState};
use orm_sql::schema::SchemaEditor;
use orm_state::{Error, ErrorKind, FieldDefault, ModelRef, Result, Value};
use std::rc::Rc;

/// A model of a state; the editor keeps its registry alive while it works.
fn model_in(
    editor: &SchemaEditor<'_>,
    state: &ProjectState,
    app: &str,
    name: &str,
) -> Result<ModelRef> {
    let apps = state.render()?;
    let model = apps.get_model(app, name)?;
    editor.keep(apps);
    Ok(model)
}

/// Does the model have a table in this database that migrations look after?
/// (`allow_migrate_model`)
fn has_table(editor: &mut SchemaEditor<'_>, state: &ModelState) -> Result<bool> {
    if !state.is_managed() || state.option_is_true("proxy") || swapped(editor, state) {
        return Ok(false);
    }
    if let Some(vendor) = state.options.get("required_db_vendor")
        && vendor.truthy()
        && vendor.to_str() != editor.dialect.vendor()
    {
        return Ok(false);
    }
    let features = state.options.get("required_db_features");
    for feature in features
        .and_then(Value::items)
        .into_iter()
        .flat_map(|f| f.iter())
    {
        if !editor.host.has_feature(&feature.to_str()) {
            return Ok(false);
        }
    }
    let (app, name) = state.key();
    editor.host.allow_migrate(&app, Some(&name), &Value::Null)
}

/// Has a setting put another model in the place of this one?
fn swapped(editor: &mut SchemaEditor<'_>, state: &ModelState) -> bool {
    let Some(setting) = state.options.get("swappable").filter(|s| s.truthy()) else {
        return false;
    };
    let Some(chosen) = editor.host.setting(&setting.to_str()) else {
        return false;
    };
    let (app, name) = state.key();
    !chosen.is_empty() && chosen.to_lowercase() != format!("{}.{name}", app.to_lowercase())
}

impl Operation {
    /// Changes the database so that it fits `to`.
    pub fn database_forwards(
        &self,
        app: &str,
        editor: &mut SchemaEditor<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<()> {
        use Operation::*;
        match self {
            CreateModel { name, .. } => {
                let made = to.model(app, name)?;
                if has_table(editor, made)? {
                    let model = model_in(editor, to, app, name)?;
                    editor.create_model(&model)?;
                    editor.alter_index_together(&model, &[], &made.together(Together::Index))?;
                }
            }
            DeleteModel { name } => {
                if has_table(editor, from.model(app, name)?)? {
                    editor.delete_model(&model_in(editor, from, app, name)?)?;
                }
            }
            RenameModel { old_name, new_name } => {
                rename_model(app, old_name, new_name, editor, from, to)?
            }
            AlterModelTable { name, .. } => alter_table(app, name, editor, from, to)?,
            AlterTogether { name, option, .. } => {
                let new = to.model(app, name)?;
                if has_table(editor, new)? {
                    let old_sets = from.model(app, name)?.together(*option);
                    let new_sets = new.together(*option);
                    let model = model_in(editor, to, app, name)?;
                    match option {
                        Together::Unique => {
                            editor.alter_unique_together(&model, &old_sets, &new_sets)?
                        }
                        Together::Index => {
                            editor.alter_index_together(&model, &old_sets, &new_sets)?
                        }
                    }
                }
            }
            AlterOrderWithRespectTo { name, .. } => {
                order_with_respect_to(app, name, editor, from, to)?
            }
            AddField {
                model_name,
                name,
                field,
                preserve_default,
            } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    let from_model = model_in(editor, from, app, model_name)?;
                    let to_model = model_in(editor, to, app, model_name)?;
                    let added = to_model.field(name)?;
                    if !preserve_default {
                        added.options.borrow_mut().default = field.options.borrow().default.clone();
                    }
                    editor.add_field(&from_model, &added)?;
                    if !preserve_default {
                        added.options.borrow_mut().default = FieldDefault::NotProvided;
                    }
                }
            }
            RemoveField { model_name, name } => {
                if has_table(editor, from.model(app, model_name)?)? {
                    let model = model_in(editor, from, app, model_name)?;
                    let field = model.field(name)?;
                    editor.remove_field(&model, &field)?;
                }
            }
            AlterField {
                model_name,
                name,
                field,
                preserve_default,
            } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    let from_model = model_in(editor, from, app, model_name)?;
                    let to_model = model_in(editor, to, app, model_name)?;
                    let new = to_model.field(name)?;
                    if !preserve_default {
                        new.options.borrow_mut().default = field.options.borrow().default.clone();
                    }
                    let old = from_model.field(name)?;
                    editor.alter_field(&from_model, &old, &new)?;
                    if !preserve_default {
                        new.options.borrow_mut().default = FieldDefault::NotProvided;
                    }
                }
            }
            RenameField {
                model_name,
                old_name,
                new_name,
            } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    let from_model = model_in(editor, from, app, model_name)?;
                    let to_model = model_in(editor, to, app, model_name)?;
                    editor.alter_field(
                        &from_model,
                        &from_model.field(old_name)?,
                        &to_model.field(new_name)?,
                    )?;
                }
            }
            AddIndex { model_name, index } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    let model = model_in(editor, to, app, model_name)?;
                    editor.add_index(&model, index)?;
                }
            }
            RemoveIndex { model_name, name } => {
                if has_table(editor, from.model(app, model_name)?)? {
                    editor.remove_index(name)?;
                }
            }
            RenameIndex {
                model_name,
                new_name,
                old_name,
                old_fields,
            } => {
                let new = to.model(app, model_name)?;
                if has_table(editor, new)? {
                    let model = model_in(editor, to, app, model_name)?;
                    let old = match old_name {
                        Some(n) => n.clone(),
                        None => unnamed_index(
                            editor,
                            &model_in(editor, from, app, model_name)?,
                            old_fields,
                        )?,
                    };
                    if old != *new_name {
                        editor.remove_index(&old)?;
                        if let Some(index) = new.indexes.iter().find(|i| i.name == *new_name) {
                            editor.add_index(&model, index)?;
                        }
                    }
                }
            }
            AddConstraint {
                model_name,
                constraint,
            } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    editor.add_constraint(&model_in(editor, to, app, model_name)?, constraint)?;
                }
            }
            RemoveConstraint { model_name, name } => {
                let old = from.model(app, model_name)?;
                if has_table(editor, old)?
                    && let Some(c) = old.constraints.iter().find(|c| c.name() == name)
                {
                    editor.remove_constraint(&model_in(editor, to, app, model_name)?, c)?;
                }
            }
            AlterModelTableComment { .. }
            | AlterModelOptions { .. }
            | AlterModelManagers { .. }
            | AlterConstraint { .. } => {}
            RunSql(r) => {
                if editor.host.allow_migrate(app, None, &r.hints)? {
                    run_sql(editor, &r.sql)?;
                }
            }
            SeparateDatabaseAndState {
                database_operations,
                ..
            } => {
                let mut current = from.clone();
                for op in database_operations {
                    let before = current.clone();
                    op.state_forwards(app, &mut current)?;
                    op.database_forwards(app, editor, &before, &current)?;
                }
            }
            Custom(c) => c.database_forwards(app, editor, from, to)?,
        }
        Ok(())
    }

    /// Changes the database back: `from` is the state after the operation, `to` the one before.
    pub fn database_backwards(
        &self,
        app: &str,
        editor: &mut SchemaEditor<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<()> {
        use Operation::*;
        match self {
            CreateModel { name, .. } => {
                DeleteModel { name: name.clone() }.database_forwards(app, editor, from, to)
            }
            DeleteModel { name } => {
                if has_table(editor, to.model(app, name)?)? {
                    editor.create_model(&model_in(editor, to, app, name)?)?;
                }
                Ok(())
            }
            RenameModel { old_name, new_name } => {
                rename_model(app, new_name, old_name, editor, from, to)
            }
            AddField {
                model_name, name, ..
            } => RemoveField {
                model_name: model_name.clone(),
                name: name.clone(),
            }
            .database_forwards(app, editor, from, to),
            RemoveField { model_name, name } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    let from_model = model_in(editor, from, app, model_name)?;
                    let to_model = model_in(editor, to, app, model_name)?;
                    editor.add_field(&from_model, &to_model.field(name)?)?;
                }
                Ok(())
            }
            AlterField {
                model_name, name, ..
            } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    let from_model = model_in(editor, from, app, model_name)?;
                    let to_model = model_in(editor, to, app, model_name)?;
                    editor.alter_field(
                        &from_model,
                        &from_model.field(name)?,
                        &to_model.field(name)?,
                    )?;
                }
                Ok(())
            }
            RenameField {
                model_name,
                old_name,
                new_name,
            } => RenameField {
                model_name: model_name.clone(),
                old_name: new_name.clone(),
                new_name: old_name.clone(),
            }
            .database_forwards(app, editor, from, to),
            AddIndex { index, .. } => match self.model_name() {
                Some(m) if has_table(editor, from.model(app, &m)?)? => {
                    editor.remove_index(&index.name)
                }
                _ => Ok(()),
            },
            RemoveIndex { model_name, name } => {
                let old = to.model(app, model_name)?;
                if has_table(editor, old)?
                    && let Some(index) = old.indexes.iter().find(|i| i.name == *name)
                {
                    editor.add_index(&model_in(editor, to, app, model_name)?, index)?;
                }
                Ok(())
            }
            RenameIndex {
                model_name,
                new_name,
                old_name: Some(old),
                ..
            } => RenameIndex {
                model_name: model_name.clone(),
                new_name: old.clone(),
                old_name: Some(new_name.clone()),
                old_fields: vec![],
            }
            .database_forwards(app, editor, from, to),
            RenameIndex { .. } => Ok(()),
            AddConstraint {
                model_name,
                constraint,
            } => {
                if has_table(editor, to.model(app, model_name)?)? {
                    editor
                        .remove_constraint(&model_in(editor, to, app, model_name)?, constraint)?;
                }
                Ok(())
            }
            RemoveConstraint { model_name, name } => {
                let new = to.model(app, model_name)?;
                if has_table(editor, new)?
                    && let Some(c) = new.constraints.iter().find(|c| c.name() == name)
                {
                    editor.add_constraint(&model_in(editor, to, app, model_name)?, c)?;
                }
                Ok(())
            }
            RunSql(r) => match &r.reverse_sql {
                Some(sql) => match editor.host.allow_migrate(app, None, &r.hints)? {
                    true => run_sql(editor, sql),
                    false => Ok(()),
                },
                None => Err(Error::new(
                    ErrorKind::NotImplementedError,
                    "You cannot reverse this operation",
                )),
            },
            SeparateDatabaseAndState {
                database_operations,
                ..
            } => {
                let mut steps = vec![];
                let mut current = to.clone();
                for op in database_operations {
                    let before = current.clone();
                    op.state_forwards(app, &mut current)?;
                    steps.insert(0, (op, current.clone(), before));
                }
                for (op, after, before) in steps {
                    op.database_backwards(app, editor, &after, &before)?;
                }
                Ok(())
            }
            Custom(c) => c.database_backwards(app, editor, from, to),
            // The same change, seen from the other side.
            _ => self.database_forwards(app, editor, from, to),
        }
    }
}

fn alter_table(
    app: &str,
    name: &str,
    editor: &mut SchemaEditor<'_>,
    from: &ProjectState,
    to: &ProjectState,
) -> Result<()> {
    if !has_table(editor, to.model(app, name)?)? {
        return Ok(());
    }
    let old = model_in(editor, from, app, name)?;
    let new = model_in(editor, to, app, name)?;
    editor.alter_db_table(&old.db_table(), &new.db_table())?;
    rename_m2m_tables(editor, &old, &new)
}

fn rename_m2m_tables(editor: &mut SchemaEditor<'_>, old: &ModelRef, new: &ModelRef) -> Result<()> {
    for (old_field, new_field) in old
        .local_many_to_many()
        .iter()
        .zip(new.local_many_to_many())
    {
        if let (Some(a), Some(b)) = (
            orm_sql::schema::auto_through(old_field),
            orm_sql::schema::auto_through(&new_field),
        ) {
            editor.alter_db_table(&a.db_table(), &b.db_table())?;
        }
    }
    Ok(())
}

fn rename_model(
    app: &str,
    old_name: &str,
    new_name: &str,
    editor: &mut SchemaEditor<'_>,
    from: &ProjectState,
    to: &ProjectState,
) -> Result<()> {
    if !has_table(editor, to.model(app, new_name)?)? {
        return Ok(());
    }
    let old = model_in(editor, from, app, old_name)?;
    let new = model_in(editor, to, app, new_name)?;
    editor.alter_db_table(&old.db_table(), &new.db_table())?;
    // Foreign keys that point here are rebuilt, so that they name the new table.
    for rel in old.related_objects() {
        let Some(field) = rel.field_opt() else {
            continue;
        };
        let Some(owner) = field.model() else { continue };
        let same = Rc::ptr_eq(&owner, &old);
        let owner_name = if same {
            new_name.to_string()
        } else {
            owner.model_name().to_string()
        };
        let Ok(new_owner) = model_in(editor, to, owner.app_label(), &owner_name) else {
            continue;
        };
        if owner.options.borrow().auto_created {
            continue;
        }
        let Ok(new_field) = new_owner.field(&field.name()) else {
            continue;
        };
        editor.alter_field(&new_owner, &field, &new_field)?;
    }
    for (old_field, new_field) in old
        .local_many_to_many()
        .iter()
        .zip(new.local_many_to_many())
    {
        let (Some(a), Some(b)) = (
            orm_sql::schema::auto_through(old_field),
            orm_sql::schema::auto_through(&new_field),
        ) else {
            continue;
        };
        // One that leads back to its own model is among the relations above.
        let target = new_field.remote.as_ref().and_then(|r| r.model());
        if target.is_some_and(|t| Rc::ptr_eq(&t, &new)) {
            continue;
        }
        editor.alter_many_to_many(&a, &b, old_field, &new_field)?;
    }
    Ok(())
}

fn order_with_respect_to(
    app: &str,
    name: &str,
    editor: &mut SchemaEditor<'_>,
    from: &ProjectState,
    to: &ProjectState,
) -> Result<()> {
    let wrt = |s: &ModelState| {
        s.options
            .get("order_with_respect_to")
            .is_some_and(|v| !v.is_null())
    };
    let (old, new) = (from.model(app, name)?, to.model(app, name)?);
    if !has_table(editor, new)? {
        return Ok(());
    }
    match (wrt(old), wrt(new)) {
        (true, false) => {
            let model = model_in(editor, from, app, name)?;
            editor.remove_field(&model, &model.field("_order")?)
        }
        (false, true) => {
            let from_model = model_in(editor, from, app, name)?;
            let to_model = model_in(editor, to, app, name)?;
            let field = to_model.field("_order")?;
            field.options.borrow_mut().default = FieldDefault::Value(Value::Int(0));
            editor.add_field(&from_model, &field)
        }
        _ => Ok(()),
    }
}

fn unnamed_index(
    editor: &mut SchemaEditor<'_>,
    model: &ModelRef,
    fields: &[String],
) -> Result<String> {
    let columns = fields
        .iter()
        .map(|f| Ok(model.field(f)?.column().unwrap_or_default().to_string()))
        .collect::<Result<Vec<_>>>()?;
    let names = editor
        .host
        .constraint_names(&model.db_table(), &columns, false)?;
    match &names[..] {
        [one] => Ok(one.clone()),
        _ => Err(Error::value_error(format!(
            "Found wrong number ({}) of indexes for {}({}).",
            names.len(),
            model.db_table(),
            columns.join(", ")
        ))),
    }
}

fn run_sql(editor: &mut SchemaEditor<'_>, sql: &Value) -> Result<()> {
    match sql {
        Value::Str(text) if text.is_empty() => Ok(()),
        Value::Str(text) => {
            for statement in orm_sql::schema::script::split(text) {
                editor.execute(&statement, None)?;
            }
            Ok(())
        }
        v => {
            for item in v.items().map(|i| i.to_vec()).unwrap_or_default() {
                match item.items() {
                    Some(pair) if pair.len() == 2 => {
                        let params: Vec<Value> =
                            pair[1].items().map(|p| p.to_vec()).unwrap_or_default();
                        let params = (!pair[1].is_null()).then_some(params);
                        editor.execute(&pair[0].to_str(), params.as_deref())?;
                    }
                    Some(parts) => {
                        return Err(Error::value_error(format!(
                            "Expected a 2-tuple but got {}",
                            parts.len()
                        )));
                    }
                    None => editor.execute(&item.to_str(), None)?,
                }
            }
            Ok(())
        }
    }
}

impl RunSql {
    /// `RunSQL(sql)`
    pub fn new(sql: Value) -> RunSql {
        RunSql {
            sql,
            reverse_sql: None,
            state_operations: vec![],
            hints: Value::Null,
            elidable: false,
        }
    }
}
