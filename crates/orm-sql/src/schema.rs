//! The schema editor: models become tables. Source: "SchemaEditor" in Django's documentation.
//!
//! ```text
//! create_model(Book)  →  CREATE TABLE "app_book" (…)            now
//!                        CREATE INDEX "app_book_author_id_…"    when the editor finishes
//! ```
//!
//! SQLite cannot alter most of a table: it is rebuilt under another name, its rows are copied, and
//! the new table takes the old one's place (`schema::remake`).
pub mod alter;
pub mod column;
pub mod constraint;
pub mod naming;
pub mod remake;
pub mod script;

use crate::dialect::Dialect;
use orm_state::maps::HashMap;
use orm_state::{Apps, Field, FieldKind, ModelRef, Result, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// What the editor asks of the world around it.
pub trait SchemaHost {
    /// Runs one statement; `None` parameters mean that the text is literal.
    fn execute(&mut self, sql: &str, params: Option<&[Value]>) -> Result<()>;
    /// The value rows get for a field (`effective_default`): its default, or the moment for
    /// `auto_now`, prepared for the column.
    fn effective_default(&mut self, field: &Rc<Field>) -> Result<Value>;
    /// Do the routers let this database have the tables of a model, or what `hints` speak of?
    fn allow_migrate(
        &mut self,
        _app_label: &str,
        _model_name: Option<&str>,
        _hints: &Value,
    ) -> Result<bool> {
        Ok(true)
    }
    /// A setting's text: models may be swapped by one.
    fn setting(&mut self, _name: &str) -> Option<String> {
        None
    }
    /// Told of a statement that is collected and not run.
    fn log(&mut self, _sql: &str, _params: Option<&[Value]>) -> Result<()> {
        Ok(())
    }
    /// Does the database have a feature that a model requires?
    fn has_feature(&mut self, _name: &str) -> bool {
        true
    }
    /// Names of the constraints and indexes of a table over exactly these columns; asked when a
    /// nameless one has to go (`introspection.get_constraints`).
    fn constraint_names(
        &mut self,
        table: &str,
        columns: &[String],
        unique: bool,
    ) -> Result<Vec<String>>;
}

/// Where a deferred statement's name comes from.
#[derive(Clone, Debug)]
pub enum Name {
    Given(String),
    /// Made of table and columns when the statement runs, so that a renamed table counts.
    Index {
        suffix: &'static str,
    },
}

/// An index to be made once all tables stand.
#[derive(Clone, Debug)]
pub struct Statement {
    pub unique: bool,
    pub table: String,
    pub name: Name,
    pub columns: Vec<String>,
    /// What stands in the brackets, quoted: columns with order, or expressions.
    pub columns_sql: String,
    /// `" WHERE …"`, or nothing.
    pub condition: String,
}

/// Changes tables so that they fit models. Finish with [`SchemaEditor::finish`].
pub struct SchemaEditor<'h> {
    pub host: &'h mut dyn SchemaHost,
    pub dialect: Rc<dyn Dialect>,
    pub using: Rc<str>,
    /// Statements are collected instead of run (`sqlmigrate`).
    pub collected_sql: Option<Vec<String>>,
    /// New name → existing name of tables renamed while only collecting.
    pub collected_table_renames: HashMap<String, String>,
    pub deferred_sql: Vec<Statement>,
    /// A migration is being undone: decides where changed columns stand in rebuilt tables.
    pub backwards: bool,
    /// Registries whose models are being worked on.
    kept: RefCell<Vec<Rc<Apps>>>,
}

impl<'h> SchemaEditor<'h> {
    pub fn new(
        host: &'h mut dyn SchemaHost,
        dialect: Rc<dyn Dialect>,
        using: Rc<str>,
        collect: bool,
    ) -> Self {
        SchemaEditor {
            host,
            dialect,
            using,
            collected_sql: collect.then(Vec::new),
            collected_table_renames: HashMap::default(),
            deferred_sql: vec![],
            backwards: false,
            kept: RefCell::default(),
        }
    }
    /// Keeps the models of a registry alive until the editor is dropped.
    pub fn keep(&self, apps: Rc<Apps>) {
        self.kept.borrow_mut().push(apps);
    }
    pub(crate) fn quote(&self, name: &str) -> String {
        self.dialect.quote_name(name)
    }
    /// Runs or collects one statement.
    pub fn execute(&mut self, sql: &str, params: Option<&[Value]>) -> Result<()> {
        match &mut self.collected_sql {
            Some(collected) => {
                self.host.log(sql, params)?;
                let ending = if sql.trim_end().ends_with(';') {
                    ""
                } else {
                    ";"
                };
                let text = match params {
                    Some(p) => column::interpolate(sql, p)?,
                    None => sql.to_string(),
                };
                collected.push(format!("{text}{ending}"));
                Ok(())
            }
            None => self.host.execute(sql, params),
        }
    }
    /// Runs what was put off: indexes.
    pub fn finish(&mut self) -> Result<()> {
        for statement in std::mem::take(&mut self.deferred_sql) {
            self.run_statement(&statement)?;
        }
        Ok(())
    }
    pub(crate) fn run_statement(&mut self, s: &Statement) -> Result<()> {
        let sql = self.statement_sql(s);
        self.execute(&sql, None)
    }
    /// A deferred statement as text.
    pub fn statement_sql(&self, s: &Statement) -> String {
        let name = match &s.name {
            Name::Given(n) => n.clone(),
            Name::Index { suffix } => naming::index_name(&s.table, &s.columns, suffix),
        };
        format!(
            "CREATE {}INDEX {} ON {} ({}){}",
            if s.unique { "UNIQUE " } else { "" },
            self.quote(&name),
            self.quote(&s.table),
            s.columns_sql,
            s.condition
        )
    }

    /// Creates a model's table, its indexes later, and its automatic many-to-many tables.
    pub fn create_model(&mut self, model: &ModelRef) -> Result<()> {
        let (sql, params) = self.table_sql(model)?;
        self.execute(&sql, (!params.is_empty()).then_some(&params[..]))?;
        let indexes = self.model_indexes(model)?;
        self.deferred_sql.extend(indexes);
        for field in model.local_many_to_many() {
            if let Some(through) = auto_through(&field) {
                self.create_model(&through)?;
            }
        }
        Ok(())
    }
    /// Drops a model's table and its automatic many-to-many tables.
    pub fn delete_model(&mut self, model: &ModelRef) -> Result<()> {
        for field in model.local_many_to_many() {
            if let Some(through) = auto_through(&field) {
                self.delete_model(&through)?;
            }
        }
        self.drop_table(&model.db_table())
    }
    pub(crate) fn drop_table(&mut self, table: &str) -> Result<()> {
        let sql = format!("DROP TABLE {}", self.quote(table));
        self.execute(&sql, Some(&[]))?;
        self.deferred_sql.retain(|s| s.table != table);
        Ok(())
    }
    /// `ALTER TABLE … RENAME TO …`
    pub fn alter_db_table(&mut self, old: &str, new: &str) -> Result<()> {
        if old == new || old.eq_ignore_ascii_case(new) {
            return Ok(());
        }
        let sql = format!(
            "ALTER TABLE {} RENAME TO {}",
            self.quote(old),
            self.quote(new)
        );
        self.execute(&sql, Some(&[]))?;
        if self.collected_sql.is_some() {
            let existing = self
                .collected_table_renames
                .remove(old)
                .unwrap_or_else(|| old.to_string());
            self.collected_table_renames
                .insert(new.to_string(), existing);
        }
        for s in &mut self.deferred_sql {
            if s.table == old {
                s.table = new.to_string();
            }
        }
        Ok(())
    }

    fn table_sql(&mut self, model: &ModelRef) -> Result<(String, Vec<Value>)> {
        let options = model.options.borrow().clone();
        for names in &options.unique_together {
            let fields = names
                .iter()
                .map(|n| model.field(n))
                .collect::<Result<Vec<_>>>()?;
            let statement = self.unique_statement(model, &fields);
            self.deferred_sql.push(statement);
        }
        let mut parts: Vec<String> = vec![];
        let mut params: Vec<Value> = vec![];
        for field in model.local_fields() {
            let Some((mut definition, extra)) = self.column_sql(&field, false)? else {
                continue;
            };
            if let Some(check) = column::db_check(&*self.dialect, &field)? {
                definition.push_str(&format!(" CHECK ({check})"));
            }
            if field.kind.is_auto() {
                definition.push_str(" AUTOINCREMENT");
            }
            params.extend(extra);
            if let Some(reference) = self.inline_foreign_key(&field)? {
                definition.push(' ');
                definition.push_str(&reference);
            }
            parts.push(format!(
                "{} {definition}",
                self.quote(&field.column().unwrap_or_default())
            ));
        }
        for constraint in &options.constraints {
            if params.is_empty() {
                parts.extend(self.constraint_sql(model, constraint)?);
            } else if let Some(s) = self.constraint_statement(model, constraint)? {
                self.deferred_sql.push(s);
            }
        }
        if let Some(pk) = model.pk()
            && pk.kind == FieldKind::CompositePrimaryKey
        {
            let columns: Vec<String> = model
                .pk_fields()?
                .iter()
                .map(|f| self.quote(&f.column().unwrap_or_default()))
                .collect();
            parts.push(format!("PRIMARY KEY ({})", columns.join(", ")));
        }
        Ok((
            format!(
                "CREATE TABLE {} ({})",
                self.quote(&options.db_table),
                parts.join(", ")
            ),
            params,
        ))
    }

    /// `REFERENCES "table" ("column") DEFERRABLE INITIALLY DEFERRED`
    pub(crate) fn inline_foreign_key(&self, field: &Rc<Field>) -> Result<Option<String>> {
        let Some(rel) = &field.remote else {
            return Ok(None);
        };
        if !rel.db_constraint.get() || !field.concrete() {
            return Ok(None);
        }
        let Some(to) = rel.model() else {
            return Ok(None);
        };
        let target = rel.target_field()?;
        Ok(Some(format!(
            "REFERENCES {} ({}){} DEFERRABLE INITIALLY DEFERRED",
            self.quote(&to.db_table()),
            self.quote(&target.column().unwrap_or_default()),
            naming::on_delete_sql(&rel.on_delete.borrow())
        )))
    }

    /// Indexes of single fields and of `Meta.indexes`.
    pub(crate) fn model_indexes(&self, model: &ModelRef) -> Result<Vec<Statement>> {
        let options = model.options.borrow().clone();
        if !options.managed || options.proxy || model.swapped.borrow().is_some() {
            return Ok(vec![]);
        }
        let mut out = vec![];
        for field in model.local_fields() {
            if field.concrete() && field.db_index.get() && !field.is_unique() {
                out.push(self.field_index(model, &field));
            }
        }
        for index in &options.indexes {
            out.push(self.index_statement(model, index)?);
        }
        Ok(out)
    }
    pub(crate) fn field_index(&self, model: &ModelRef, field: &Rc<Field>) -> Statement {
        let column = field.column().unwrap_or_default().to_string();
        Statement {
            unique: false,
            table: model.db_table(),
            name: Name::Index { suffix: "" },
            columns_sql: self.quote(&column),
            columns: vec![column],
            condition: String::new(),
        }
    }
    pub fn unique_statement(&self, model: &ModelRef, fields: &[Rc<Field>]) -> Statement {
        let columns: Vec<String> = fields
            .iter()
            .map(|f| f.column().unwrap_or_default().to_string())
            .collect();
        Statement {
            unique: true,
            table: model.db_table(),
            name: Name::Index { suffix: "_uniq" },
            columns_sql: columns
                .iter()
                .map(|c| self.quote(c))
                .collect::<Vec<_>>()
                .join(", "),
            columns,
            condition: String::new(),
        }
    }
}

/// The through model of a many-to-many field, if Django made it.
pub fn auto_through(field: &Rc<Field>) -> Option<ModelRef> {
    let through = field.remote.as_ref()?.through_model()?;
    let auto = through.options.borrow().auto_created;
    auto.then_some(through)
}
