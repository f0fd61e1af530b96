//! Migration operations. Source: "Migration Operations" in Django's documentation.
//!
//! Each has three sides: what it does to the state (`operation::state`), to the database
//! (`operation::database`), and how it merges with its neighbours (`optimizer`).
mod database;
pub mod reduce;
mod references;
mod state;
mod together;
pub(crate) use state::ALTER_OPTION_KEYS;
pub use together::Together;

use crate::state::{Base, ProjectState};
use indexmap::IndexMap;
use orm_sql::schema::SchemaEditor;
use orm_state::{Clause, Constraint, Field, Index, Object, Result, Value};
use std::rc::Rc;

/// One change of the models.
#[derive(Clone, Debug)]
pub enum Operation {
    CreateModel {
        name: String,
        fields: Vec<(String, Rc<Field>)>,
        options: IndexMap<String, Value>,
        indexes: Vec<Index>,
        constraints: Vec<Constraint>,
        bases: Vec<Base>,
        managers: Vec<(String, Clause)>,
    },
    DeleteModel {
        name: String,
    },
    RenameModel {
        old_name: String,
        new_name: String,
    },
    AlterModelTable {
        name: String,
        table: Option<String>,
    },
    AlterModelTableComment {
        name: String,
        table_comment: Option<String>,
    },
    /// `AlterUniqueTogether`, `AlterIndexTogether`
    AlterTogether {
        name: String,
        option: Together,
        sets: Vec<Vec<String>>,
    },
    AlterOrderWithRespectTo {
        name: String,
        order_with_respect_to: Option<String>,
    },
    AlterModelOptions {
        name: String,
        options: IndexMap<String, Value>,
    },
    AlterModelManagers {
        name: String,
        managers: Vec<(String, Clause)>,
    },
    AddField {
        model_name: String,
        name: String,
        field: Rc<Field>,
        preserve_default: bool,
    },
    RemoveField {
        model_name: String,
        name: String,
    },
    AlterField {
        model_name: String,
        name: String,
        field: Rc<Field>,
        preserve_default: bool,
    },
    RenameField {
        model_name: String,
        old_name: String,
        new_name: String,
    },
    AddIndex {
        model_name: String,
        index: Index,
    },
    RemoveIndex {
        model_name: String,
        name: String,
    },
    RenameIndex {
        model_name: String,
        new_name: String,
        old_name: Option<String>,
        old_fields: Vec<String>,
    },
    AddConstraint {
        model_name: String,
        constraint: Constraint,
    },
    RemoveConstraint {
        model_name: String,
        name: String,
    },
    AlterConstraint {
        model_name: String,
        name: String,
        constraint: Constraint,
    },
    RunSql(Box<RunSql>),
    SeparateDatabaseAndState {
        database_operations: Vec<Operation>,
        state_operations: Vec<Operation>,
    },
    /// `RunPython` and users' own operations.
    Custom(Rc<dyn CustomOperation>),
}

/// `RunSQL(sql, reverse_sql, …)`
#[derive(Clone, Debug)]
pub struct RunSql {
    /// Text, or a list of statements each with its parameters.
    pub sql: Value,
    pub reverse_sql: Option<Value>,
    pub state_operations: Vec<Operation>,
    pub hints: Value,
    pub elidable: bool,
}

/// An operation written in Python.
pub trait CustomOperation: std::fmt::Debug {
    /// The binding's object.
    fn object(&self) -> Rc<dyn Object>;
    fn describe(&self) -> String;
    /// Its class and arguments, for writing it into a file.
    fn parts(&self) -> Result<crate::deconstruct::OperationParts>;
    fn migration_name_fragment(&self) -> Option<String> {
        None
    }
    fn reversible(&self) -> bool;
    fn reduces_to_sql(&self) -> bool {
        true
    }
    fn elidable(&self) -> bool {
        false
    }
    fn state_forwards(&self, app_label: &str, state: &mut ProjectState) -> Result<()>;
    fn database_forwards(
        &self,
        app_label: &str,
        editor: &mut SchemaEditor<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<()>;
    fn database_backwards(
        &self,
        app_label: &str,
        editor: &mut SchemaEditor<'_>,
        from: &ProjectState,
        to: &ProjectState,
    ) -> Result<()>;
}

fn lower(s: &str) -> String {
    s.to_lowercase()
}

impl Operation {
    /// Its class's name.
    pub fn class_name(&self) -> String {
        use Operation::*;
        match self {
            CreateModel { .. } => "CreateModel",
            DeleteModel { .. } => "DeleteModel",
            RenameModel { .. } => "RenameModel",
            AlterModelTable { .. } => "AlterModelTable",
            AlterModelTableComment { .. } => "AlterModelTableComment",
            AlterTogether { option, .. } => option.class_name(),
            AlterOrderWithRespectTo { .. } => "AlterOrderWithRespectTo",
            AlterModelOptions { .. } => "AlterModelOptions",
            AlterModelManagers { .. } => "AlterModelManagers",
            AddField { .. } => "AddField",
            RemoveField { .. } => "RemoveField",
            AlterField { .. } => "AlterField",
            RenameField { .. } => "RenameField",
            AddIndex { .. } => "AddIndex",
            RemoveIndex { .. } => "RemoveIndex",
            RenameIndex { .. } => "RenameIndex",
            AddConstraint { .. } => "AddConstraint",
            RemoveConstraint { .. } => "RemoveConstraint",
            AlterConstraint { .. } => "AlterConstraint",
            RunSql(_) => "RunSQL",
            SeparateDatabaseAndState { .. } => "SeparateDatabaseAndState",
            Custom(c) => return c.object().type_name(),
        }
        .to_string()
    }
    /// The mark before its description in `makemigrations`' output: `+`, `-`, `~` …
    pub fn category_mark(&self) -> char {
        use Operation::*;
        match self {
            CreateModel { .. } | AddField { .. } | AddIndex { .. } | AddConstraint { .. } => '+',
            DeleteModel { .. }
            | RemoveField { .. }
            | RemoveIndex { .. }
            | RemoveConstraint { .. } => '-',
            RunSql(_) => 's',
            SeparateDatabaseAndState { .. } => '?',
            Custom(c) if c.object().type_name() == "RunPython" => 'p',
            Custom(_) => '?',
            _ => '~',
        }
    }
    /// One line about what it does.
    pub fn describe(&self) -> String {
        use Operation::*;
        match self {
            CreateModel { name, options, .. } => {
                let proxy = if options.get("proxy").is_some_and(Value::truthy) {
                    "proxy "
                } else {
                    ""
                };
                format!("Create {proxy}model {name}")
            }
            DeleteModel { name } => format!("Delete model {name}"),
            RenameModel { old_name, new_name } => format!("Rename model {old_name} to {new_name}"),
            AlterModelTable { name, table } => {
                format!(
                    "Rename table for {name} to {}",
                    table.as_deref().unwrap_or("(default)")
                )
            }
            AlterModelTableComment { name, .. } => format!("Alter {name} table comment"),
            AlterTogether { name, option, sets } => {
                format!(
                    "Alter {} for {name} ({} constraint(s))",
                    option.option_name(),
                    sets.len()
                )
            }
            AlterOrderWithRespectTo {
                name,
                order_with_respect_to,
            } => format!(
                "Set order_with_respect_to on {name} to {}",
                order_with_respect_to.as_deref().unwrap_or("None")
            ),
            AlterModelOptions { name, .. } => format!("Change Meta options on {name}"),
            AlterModelManagers { name, .. } => format!("Change managers on {name}"),
            AddField {
                model_name, name, ..
            } => format!("Add field {name} to {model_name}"),
            RemoveField { model_name, name } => format!("Remove field {name} from {model_name}"),
            AlterField {
                model_name, name, ..
            } => format!("Alter field {name} on {model_name}"),
            RenameField {
                model_name,
                old_name,
                new_name,
            } => {
                format!("Rename field {old_name} on {model_name} to {new_name}")
            }
            AddIndex { model_name, index } if !index.expressions.is_empty() => {
                let shown: Vec<String> = index.expressions.iter().map(|e| e.to_str()).collect();
                format!(
                    "Create index {} on {} on model {model_name}",
                    index.name,
                    shown.join(", ")
                )
            }
            AddIndex { model_name, index } => {
                let shown: Vec<String> = index
                    .fields_orders
                    .iter()
                    .map(|(f, o)| {
                        if o.is_empty() {
                            f.clone()
                        } else {
                            format!("-{f}")
                        }
                    })
                    .collect();
                format!(
                    "Create index {} on field(s) {} of model {model_name}",
                    index.name,
                    shown.join(", ")
                )
            }
            RemoveIndex { model_name, name } => format!("Remove index {name} from {model_name}"),
            RenameIndex {
                model_name,
                new_name,
                old_name: Some(old),
                ..
            } => {
                format!("Rename index {old} on {model_name} to {new_name}")
            }
            RenameIndex {
                model_name,
                new_name,
                old_fields,
                ..
            } => format!(
                "Rename unnamed index for ({}) on {model_name} to {new_name}",
                old_fields
                    .iter()
                    .map(|f| format!("'{f}'"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            AddConstraint {
                model_name,
                constraint,
            } => {
                format!(
                    "Create constraint {} on model {model_name}",
                    constraint.name()
                )
            }
            RemoveConstraint { model_name, name } => {
                format!("Remove constraint {name} from model {model_name}")
            }
            AlterConstraint {
                model_name, name, ..
            } => format!("Alter constraint {name} on {model_name}"),
            RunSql(_) => "Raw SQL operation".into(),
            SeparateDatabaseAndState { .. } => "Custom state/database change combination".into(),
            Custom(c) => c.describe(),
        }
    }
    /// Its part of the migration's name.
    pub fn migration_name_fragment(&self) -> Option<String> {
        use Operation::*;
        Some(match self {
            CreateModel { name, .. } => lower(name),
            DeleteModel { name } => format!("delete_{}", lower(name)),
            RenameModel { old_name, new_name } => {
                format!("rename_{}_{}", lower(old_name), lower(new_name))
            }
            AlterModelTable { name, .. } => format!("alter_{}_table", lower(name)),
            AlterModelTableComment { name, .. } => format!("alter_{}_table_comment", lower(name)),
            AlterTogether { name, option, .. } => {
                format!("alter_{}_{}", lower(name), option.option_name())
            }
            AlterOrderWithRespectTo { name, .. } => {
                format!("alter_{}_order_with_respect_to", lower(name))
            }
            AlterModelOptions { name, .. } => format!("alter_{}_options", lower(name)),
            AlterModelManagers { name, .. } => format!("alter_{}_managers", lower(name)),
            AddField {
                model_name, name, ..
            } => format!("{}_{}", lower(model_name), lower(name)),
            RemoveField { model_name, name } => {
                format!("remove_{}_{}", lower(model_name), lower(name))
            }
            AlterField {
                model_name, name, ..
            } => format!("alter_{}_{}", lower(model_name), lower(name)),
            RenameField {
                model_name,
                old_name,
                new_name,
            } => {
                format!(
                    "rename_{}_{}_{}",
                    lower(old_name),
                    lower(model_name),
                    lower(new_name)
                )
            }
            AddIndex { model_name, index } => {
                format!("{}_{}", lower(model_name), lower(&index.name))
            }
            RemoveIndex { model_name, name } => {
                format!("remove_{}_{}", lower(model_name), lower(name))
            }
            RenameIndex {
                new_name,
                old_name: Some(old),
                ..
            } => {
                format!("rename_{}_{}", lower(old), lower(new_name))
            }
            RenameIndex {
                model_name,
                new_name,
                old_fields,
                ..
            } => {
                format!(
                    "rename_{}_{}_{}",
                    lower(model_name),
                    old_fields.join("_"),
                    lower(new_name)
                )
            }
            AddConstraint {
                model_name,
                constraint,
            } => {
                format!("{}_{}", lower(model_name), lower(constraint.name()))
            }
            RemoveConstraint { model_name, name } => {
                format!("remove_{}_{}", lower(model_name), lower(name))
            }
            AlterConstraint {
                model_name,
                constraint,
                ..
            } => {
                format!("alter_{}_{}", lower(model_name), lower(constraint.name()))
            }
            RunSql(_) | SeparateDatabaseAndState { .. } => return None,
            Custom(c) => return c.migration_name_fragment(),
        })
    }
    pub fn reversible(&self) -> bool {
        match self {
            Operation::RunSql(r) => r.reverse_sql.is_some(),
            Operation::Custom(c) => c.reversible(),
            _ => true,
        }
    }
    /// Can `sqlmigrate` show it?
    pub fn reduces_to_sql(&self) -> bool {
        match self {
            Operation::Custom(c) => c.reduces_to_sql(),
            _ => true,
        }
    }
    pub fn elidable(&self) -> bool {
        match self {
            Operation::RunSql(r) => r.elidable,
            Operation::Custom(c) => c.elidable(),
            _ => false,
        }
    }
    /// `<CreateModel name='Author', …>`
    pub fn repr(&self) -> String {
        format!("<{} {}>", self.class_name(), self.describe())
    }
    /// The model it changes, in lower case.
    pub fn model_name(&self) -> Option<String> {
        use Operation::*;
        match self {
            CreateModel { name, .. }
            | DeleteModel { name }
            | AlterModelTable { name, .. }
            | AlterModelTableComment { name, .. }
            | AlterTogether { name, .. }
            | AlterOrderWithRespectTo { name, .. }
            | AlterModelOptions { name, .. }
            | AlterModelManagers { name, .. }
            | RenameModel { old_name: name, .. } => Some(lower(name)),
            AddField { model_name, .. }
            | RemoveField { model_name, .. }
            | AlterField { model_name, .. }
            | RenameField { model_name, .. }
            | AddIndex { model_name, .. }
            | RemoveIndex { model_name, .. }
            | RenameIndex { model_name, .. }
            | AddConstraint { model_name, .. }
            | RemoveConstraint { model_name, .. }
            | AlterConstraint { model_name, .. } => Some(lower(model_name)),
            RunSql(_) | SeparateDatabaseAndState { .. } | Custom(_) => None,
        }
    }
}

impl From<Base> for Value {
    fn from(base: Base) -> Value {
        match base {
            Base::Model(label) => Value::from(label),
            Base::Class(v) => v,
        }
    }
}
