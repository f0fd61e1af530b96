//! All that can happen to the state.

use protocol::report::{EngineInfo, Migrations, RowsPage};
use protocol::{Dialect, Project, Report};

use super::{Dialog, Halt, Notice, Pane, Panel, Run};
use crate::store::{Params, Settings};

/// All that can happen to the state.
#[derive(Debug)]
pub enum Action {
    /// Another project is opened, as the work of that id.
    Open {
        /// Its id among the works kept.
        work: String,
        /// The project.
        project: Box<Project>,
        /// Whether it is the user's own by now.
        touched: bool,
    },
    /// A file's text was edited.
    Edit(String, String),
    /// The file in the editor is another.
    Show(String),
    /// The file in the editor is another, the cursor on that line.
    GoTo(String, u32),
    /// A new file.
    Add(String),
    /// A file has another name.
    Rename(String, String),
    /// A file is gone.
    Delete(String),
    /// The project's title.
    Title(String),
    /// The dialect.
    Dialect(Dialect),
    /// Write a migration's file; the database stays before it.
    WriteMigration {
        /// The app.
        app: String,
        /// Path and text of the file.
        file: (String, String),
        /// The migration before it, or `zero`.
        before: String,
    },
    /// Move an app to a migration; `None`: the newest.
    MigrateTo(String, Option<String>),
    /// The project as it was before.
    Restore(Box<Project>),
    /// The cursor is on a line of a file.
    Cursor(String, u32),
    /// A card is selected, from the cards' side.
    Card(usize),
    /// The pointer is on a piece of provenance, or on none.
    Light(Option<(usize, usize, usize)>),
    /// The pointer is over a place of the source: line and column.
    Hover(String, u32, u32),
    /// Bytes of the engine have arrived.
    Loading(u64, u64),
    /// The engine answers.
    Ready(EngineInfo),
    /// The engine cannot be had.
    Failed(String),
    /// A run takes long enough to be noticed.
    Running(Run),
    /// A run has ended.
    Reported(u32, Box<Report>),
    /// It was stopped.
    Halted(Halt),
    /// Rows of a table have come.
    Rows(RowsPage),
    /// What `makemigrations` would write has come.
    Planned(Migrations),
    /// Show a panel.
    Panel(Panel),
    /// Show a half, on a narrow screen.
    Pane(Pane),
    /// Open or close a dialog.
    Dialog(Option<Dialog>),
    /// Say something, or stop saying it.
    Notice(Option<Notice>),
    /// SQL shows its parameters that way.
    Params(Params),
    /// Settings have changed.
    Settings(Settings),
}
