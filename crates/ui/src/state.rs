//! Everything the page knows, in one place, and the actions that change it.

mod action;
pub mod light;
mod live;
mod reduce;
mod same;
mod view;

pub use action::Action;
pub use live::{EngineState, Halt, Run};
pub use same::Same;
pub use view::{Dialog, Notice, Pane, Panel, Tone};

use std::rc::Rc;

use protocol::report::{Migrations, RowsPage};
use protocol::{Project, Report};
use yew::prelude::*;

use crate::store::Settings;

/// The state of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Names the work that is open among those kept in the browser.
    pub work: String,
    /// The project as it stands.
    pub project: Rc<Project>,
    /// Whether the user has changed it since it was opened.
    pub touched: bool,
    /// Whether the page was opened by a link.
    pub from_link: bool,
    /// Counts the changes to the project; a run is named by it.
    pub revision: u32,
    /// Counts the projects opened; the editor forgets the last one's undo.
    pub opened: u32,
    /// Path of the file in the editor.
    pub file: String,
    /// The line the cursor should go to: the count makes each wish a new one.
    pub goal: (u32, u32),
    /// The engine.
    pub engine: EngineState,
    /// The run that is going on, if it takes long enough to be noticed.
    pub running: Option<Run>,
    /// The newest report.
    pub report: Option<Same<Report>>,
    /// The revision the report is of.
    pub reported: u32,
    /// The last run was stopped from outside.
    pub halt: Option<Halt>,
    /// Index of the selected card.
    pub card: Option<usize>,
    /// What the pointer is on: card, query and piece of provenance.
    pub lit: Option<(usize, usize, usize)>,
    /// Rows of the table shown in the database panel.
    pub rows: Option<Same<RowsPage>>,
    /// What `makemigrations` would write after questions were answered.
    pub planned: Option<Same<Migrations>>,
    /// Which panel is shown beside the editor.
    pub panel: Panel,
    /// On a narrow screen: editor or panel.
    pub pane: Pane,
    /// An open dialog.
    pub dialog: Option<Dialog>,
    /// A short message.
    pub notice: Option<Notice>,
    /// What the user chose for good.
    pub settings: Settings,
}

impl State {
    /// The state of a page that has just opened a project.
    #[must_use]
    pub fn new(work: String, project: Project, touched: bool, settings: Settings) -> Self {
        let file = view::first_file(&project);
        let line = project.view.as_ref().map_or(0, |view| view.line);
        Self {
            work,
            project: Rc::new(project),
            touched,
            from_link: false,
            revision: 1,
            opened: 1,
            file,
            goal: (0, line),
            engine: EngineState::default(),
            running: None,
            report: None,
            reported: 0,
            halt: None,
            card: None,
            lit: None,
            rows: None,
            planned: None,
            panel: Panel::Results,
            pane: Pane::Code,
            dialog: None,
            notice: None,
            settings,
        }
    }

    /// Whether what is shown is older than what is written.
    #[must_use]
    pub fn stale(&self) -> bool {
        self.reported != self.revision
    }
}

/// The state with its dispatcher, as components find it.
pub type StateHandle = UseReducerHandle<State>;

/// The state of the page around this component.
///
/// Every component stands inside the provider, so the fallback is never seen.
#[hook]
pub fn use_state_handle() -> StateHandle {
    let fallback = use_reducer(|| {
        State::new(
            String::new(),
            Project::default(),
            false,
            Settings::default(),
        )
    });
    use_context::<StateHandle>().unwrap_or(fallback)
}
