//! What is shown where.

use protocol::Project;

/// The panels beside the editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Panel {
    /// The cards.
    Results,
    /// What was printed.
    Output,
    /// Tables and rows.
    Database,
    /// Applied and pending migrations.
    Migrations,
}

impl Panel {
    /// All, in the order of their tabs.
    pub const ALL: [Self; 4] = [
        Self::Results,
        Self::Output,
        Self::Database,
        Self::Migrations,
    ];

    /// What its tab says.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Results => "Results",
            Self::Output => "Output",
            Self::Database => "Database",
            Self::Migrations => "Migrations",
        }
    }

    /// Its name in ids.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Results => "results",
            Self::Output => "output",
            Self::Database => "database",
            Self::Migrations => "migrations",
        }
    }
}

/// The halves of the page, of which a narrow screen shows one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The editor.
    Code,
    /// The panel.
    Panel,
}

/// A dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// A link holds another project than the one that is open.
    OpenLink(Box<Project>),
    /// The link to this project.
    Share(String),
    /// What the keys do.
    Help,
    /// The examples and the works kept in the browser.
    Projects,
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It went well.
    Good,
    /// It did not.
    Bad,
}

/// A short message.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// How it is meant.
    pub tone: Tone,
    /// What it says.
    pub text: String,
    /// Undoes what it tells of: the project as it was.
    pub undo: Option<Box<Project>>,
}

/// The file a project opens with.
pub(super) fn first_file(project: &Project) -> String {
    let wanted = project.view.as_ref().map(|view| view.file.as_str());
    wanted
        .into_iter()
        .chain([project.script(), "models.py"])
        .find(|path| project.read(path).is_some())
        .or_else(|| project.files.first().map(|file| file.path.as_str()))
        .unwrap_or_default()
        .to_owned()
}
