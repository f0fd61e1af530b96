//! A project: what the user wrote, and how to run it.
//!
//! ```
//! use ormscope_protocol::Project;
//!
//! let mut project = Project::default();
//! project.write("models.py", "from django.db import models\n");
//! project.write("queries.py", "1 + 1\n");
//! assert_eq!(project.read("queries.py"), Some("1 + 1\n"));
//! assert!(project.remove("models.py"));
//! assert_eq!(project.files.len(), 1);
//! ```

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One text file of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Path relative to the project's root, with `/`: `shop/models.py`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// The SQL dialect a project is shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// SQLite: shown and run.
    #[default]
    Sqlite,
    /// PostgreSQL: not written yet.
    Postgresql,
    /// MySQL: not written yet.
    Mysql,
}

impl Dialect {
    /// Every dialect, in the order menus list them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgresql, Self::Mysql];

    /// The name used in messages, on the command line and in links.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
        }
    }

    /// The name people write.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgresql => "PostgreSQL",
            Self::Mysql => "MySQL",
        }
    }

    /// Whether queries can be shown in it.
    ///
    /// ```
    /// use ormscope_protocol::Dialect;
    ///
    /// assert!(Dialect::default().is_written());
    /// assert!(!Dialect::Mysql.is_written());
    /// ```
    #[must_use]
    pub fn is_written(self) -> bool {
        matches!(self, Self::Sqlite)
    }

    /// The dialect of that [`name`](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// The file and line in view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    #[serde(default)]
    pub line: u32,
}

/// Named text files and how to run them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// What people call it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The files, in the order of their tabs. Paths are unique.
    pub files: Vec<File>,
    /// The dialect SQL is shown in.
    #[serde(default)]
    pub dialect: Dialect,
    /// The live script, if it is not `queries.py`; see [`script`](Self::script).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub script: String,
    /// How far each app is migrated: a migration's name, or `zero`.
    /// An app that is not named is migrated to its newest migration.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub migrate_to: BTreeMap<String, String>,
    /// What is in view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<View>,
}

impl Project {
    /// The live script's name, `queries.py` if none was chosen.
    #[must_use]
    pub fn script(&self) -> &str {
        if self.script.is_empty() {
            "queries.py"
        } else {
            &self.script
        }
    }

    /// The text of a file.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<&str> {
        self.files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    }

    /// Replaces a file's text, or adds the file at the end.
    pub fn write(&mut self, path: impl Into<String>, text: impl Into<String>) {
        let (path, text) = (path.into(), text.into());
        match self.files.iter_mut().find(|file| file.path == path) {
            Some(file) => file.text = text,
            None => self.files.push(File { path, text }),
        }
    }

    /// Removes a file; false if there was none.
    pub fn remove(&mut self, path: &str) -> bool {
        let before = self.files.len();
        self.files.retain(|file| file.path != path);
        self.files.len() != before
    }

    /// Renames a file; false if there is none or the new name is taken.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        if self.read(to).is_some() {
            return false;
        }
        match self.files.iter_mut().find(|file| file.path == from) {
            Some(file) => {
                to.clone_into(&mut file.path);
                true
            }
            None => false,
        }
    }
}

/// Why a path cannot name a project's file.
///
/// ```
/// use ormscope_protocol::project::path_problem;
/// assert_eq!(path_problem("shop/models.py"), None);
/// assert!(path_problem("../etc/passwd").is_some());
/// assert!(path_problem("/models.py").is_some());
/// ```
#[must_use]
pub fn path_problem(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("a file needs a name");
    }
    if path.len() > 200 {
        return Some("the name is longer than 200 bytes");
    }
    if path.starts_with('/') || path.contains('\\') || path.contains(':') {
        return Some("a name is relative and uses / between folders");
    }
    if path.chars().any(char::is_control) {
        return Some("the name holds a control character");
    }
    if path
        .split('/')
        .any(|part| part.is_empty() || part == "." || part == "..")
    {
        return Some("a folder's name may not be empty, . or ..");
    }
    None
}
