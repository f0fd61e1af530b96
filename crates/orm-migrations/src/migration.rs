//! One migration file.
use crate::operation::Operation;
use crate::state::ProjectState;
use orm_sql::schema::SchemaEditor;
use orm_state::{Clause, Error, ErrorKind, Result};

/// `("app", "0001_initial")`, or a swappable setting's model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dependency {
    Migration(String, String),
    /// `migrations.swappable_dependency(settings.AUTH_USER_MODEL)`
    Swappable {
        setting: String,
        app_label: String,
    },
}

impl Dependency {
    pub fn key(&self) -> (String, String) {
        match self {
            Dependency::Migration(a, n) => (a.clone(), n.clone()),
            Dependency::Swappable { app_label, .. } => (app_label.clone(), "__first__".into()),
        }
    }
}

/// `class Migration(migrations.Migration)`
#[derive(Clone, Debug, Default)]
pub struct Migration {
    pub app_label: String,
    pub name: String,
    pub operations: Vec<Operation>,
    pub dependencies: Vec<Dependency>,
    pub run_before: Vec<Dependency>,
    pub replaces: Vec<(String, String)>,
    pub initial: Option<bool>,
    pub atomic: bool,
    /// The binding's object, if it was loaded from a file.
    pub face: Option<Clause>,
}

impl Migration {
    pub fn new(app_label: &str, name: &str) -> Migration {
        Migration {
            app_label: app_label.into(),
            name: name.into(),
            atomic: true,
            ..Migration::default()
        }
    }
    pub fn key(&self) -> (String, String) {
        (self.app_label.clone(), self.name.clone())
    }
    /// Changes the state as the migration does.
    pub fn mutate_state(&self, state: &mut ProjectState) -> Result<()> {
        for op in &self.operations {
            op.state_forwards(&self.app_label, state)?;
        }
        Ok(())
    }
    /// Runs it; `state` becomes the state after it.
    pub fn apply(
        &self,
        state: &mut ProjectState,
        editor: &mut SchemaEditor<'_>,
        collect: bool,
    ) -> Result<()> {
        for op in &self.operations {
            if collect {
                self.comment(editor, op);
                if !op.reduces_to_sql() {
                    if let Some(sql) = &mut editor.collected_sql {
                        sql.push("-- THIS OPERATION CANNOT BE WRITTEN AS SQL".into());
                    }
                    op.state_forwards(&self.app_label, state)?;
                    continue;
                }
                let before = editor.collected_sql.as_ref().map_or(0, Vec::len);
                let old = state.clone();
                op.state_forwards(&self.app_label, state)?;
                op.database_forwards(&self.app_label, editor, &old, state)?;
                if let Some(sql) = &mut editor.collected_sql
                    && sql.len() == before
                {
                    sql.push("-- (no-op)".into());
                }
                continue;
            }
            let old = state.clone();
            op.state_forwards(&self.app_label, state)?;
            op.database_forwards(&self.app_label, editor, &old, state)?;
        }
        Ok(())
    }
    /// Undoes it, from the state before it.
    pub fn unapply(
        &self,
        state: &ProjectState,
        editor: &mut SchemaEditor<'_>,
        collect: bool,
    ) -> Result<()> {
        editor.backwards = true;
        let mut steps: Vec<(&Operation, ProjectState, ProjectState)> = vec![];
        let mut current = state.clone();
        for op in &self.operations {
            if !op.reversible() {
                return Err(Error::new(
                    ErrorKind::IrreversibleError,
                    format!(
                        "Operation {} in {} is not reversible",
                        op.repr(),
                        self.label()
                    ),
                ));
            }
            let before = current.clone();
            op.state_forwards(&self.app_label, &mut current)?;
            steps.insert(0, (op, current.clone(), before));
        }
        for (op, to, from) in steps {
            if collect {
                self.comment(editor, op);
                if !op.reduces_to_sql() {
                    if let Some(sql) = &mut editor.collected_sql {
                        sql.push("-- THIS OPERATION CANNOT BE WRITTEN AS SQL".into());
                    }
                    continue;
                }
            }
            let before = editor.collected_sql.as_ref().map_or(0, Vec::len);
            op.database_backwards(&self.app_label, editor, &to, &from)?;
            if collect
                && let Some(sql) = &mut editor.collected_sql
                && sql.len() == before
            {
                sql.push("-- (no-op)".into());
            }
        }
        Ok(())
    }
    fn label(&self) -> String {
        format!("{}.{}", self.app_label, self.name)
    }
    fn comment(&self, editor: &mut SchemaEditor<'_>, op: &Operation) {
        if let Some(sql) = &mut editor.collected_sql {
            sql.push("--".into());
            sql.push(format!("-- {}", op.describe()));
            sql.push("--".into());
        }
    }
    /// A name from its operations: `author_age_alter_book_title`; `timestamp` where they have none.
    pub fn suggest_name(&self, timestamp: &str) -> String {
        if self.initial == Some(true) {
            return "initial".into();
        }
        let fragments: Vec<String> = self
            .operations
            .iter()
            .filter_map(|o| o.migration_name_fragment())
            .filter(|f| !f.is_empty())
            .map(|f| clean(&f))
            .collect();
        if fragments.is_empty() || fragments.len() != self.operations.len() {
            return format!("auto_{timestamp}");
        }
        let mut name = fragments[0].clone();
        for f in &fragments[1..] {
            let longer = format!("{name}_{f}");
            if longer.chars().count() > 52 {
                return format!("{name}_and_more");
            }
            name = longer;
        }
        name
    }
}

/// Runs of anything but letters, digits and underscores become one underscore.
fn clean(fragment: &str) -> String {
    let mut out = String::new();
    let mut gap = false;
    for c in fragment.chars() {
        if c.is_alphanumeric() || c == '_' {
            out.push(c);
            gap = false;
        } else if !gap {
            out.push('_');
            gap = true;
        }
    }
    out
}
