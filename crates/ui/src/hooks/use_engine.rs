//! Runs the project whenever it has changed, and hears what comes of it.

use gloo::timers::callback::Timeout;
use protocol::{FromWorker, ToWorker, message::Limits};
use web_sys::MessagePort;
use yew::prelude::*;

use super::Ask;
use crate::browser;
use crate::engine::{Link, Parcel, Shared, Supervisor};
use crate::state::{Action, Halt, Notice, Run, State, StateHandle, Tone};

/// Milliseconds without typing before a run.
const DEBOUNCE: u32 = 120;

/// Which engine to use.
#[derive(Clone, PartialEq)]
pub enum Way {
    /// None yet.
    Later,
    /// A worker of one's own.
    Own,
    /// One at the other end of a port.
    Port(MessagePort),
}

/// Keeps the engine running what is written.
#[hook]
pub fn use_engine(state: &StateHandle, way: Way) -> Ask {
    let link = use_mut_ref(|| None::<Link>);
    let connected = use_state(|| false);
    {
        let (link, connected, dispatch) = (link.clone(), connected.clone(), state.dispatcher());
        use_effect_with(way, move |way| {
            let made = match way {
                Way::Later => return,
                Way::Own => Link::Own(Supervisor::start(Callback::from(move |(_, parcel)| {
                    hear(&dispatch, parcel);
                }))),
                Way::Port(port) => Link::Shared(Shared::new(
                    port.clone(),
                    Callback::from(move |parcel| hear(&dispatch, parcel)),
                )),
            };
            *link.borrow_mut() = Some(made);
            connected.set(true);
        });
    }
    {
        let (link, project) = (link.clone(), state.project.clone());
        let delay = if state.reported == 0 { 0 } else { DEBOUNCE };
        use_effect_with((state.revision, *connected), move |(id, connected)| {
            let id = *id;
            let timer = connected.then(|| {
                Timeout::new(delay, move || {
                    let project = protocol::Project::clone(&project);
                    let run = ToWorker::Run {
                        id,
                        project,
                        limits: Limits::default(),
                    };
                    if let Some(link) = &*link.borrow() {
                        link.send(&run);
                    }
                })
            });
            move || drop(timer)
        });
    }
    use_callback((), move |message: ToWorker, ()| {
        if let Some(link) = &*link.borrow() {
            link.send(&message);
        }
    })
}

fn hear(dispatch: &UseReducerDispatcher<State>, parcel: Parcel) {
    let Ok(message) = serde_json::from_str(&parcel.json) else {
        return;
    };
    let action = match message {
        FromWorker::Progress { loaded, total } => Action::Loading(loaded, total),
        FromWorker::Ready(info) => Action::Ready(info),
        FromWorker::Line { id, file, line } => Action::Running(Run {
            id,
            at: (line > 0).then_some((file, line)),
        }),
        FromWorker::Report { id, report } => Action::Reported(id, report),
        FromWorker::Rows { page, .. } => Action::Rows(page),
        FromWorker::Migrations { migrations, .. } => Action::Planned(migrations),
        FromWorker::Stopped {
            reason, file, line, ..
        } => Action::Halted(Halt { reason, file, line }),
        FromWorker::Failed { id: 0, message } => Action::Failed(message),
        FromWorker::Failed { message, .. } => complain(message),
        FromWorker::Exported { file_name, .. } => {
            let saved = parcel
                .bytes
                .map(|bytes| browser::download(&file_name, "application/vnd.sqlite3", &bytes));
            match saved {
                Some(Ok(())) => return,
                _ => complain("The database could not be saved.".to_owned()),
            }
        }
        FromWorker::Tested { .. } => return,
    };
    dispatch.dispatch(action);
}

fn complain(text: String) -> Action {
    Action::Notice(Some(Notice {
        tone: Tone::Bad,
        text,
        undo: None,
    }))
}
