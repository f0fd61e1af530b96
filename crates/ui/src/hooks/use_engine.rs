//! Runs the project whenever it has changed, and hears what comes of it.

use std::cell::RefCell;

use gloo::timers::callback::Timeout;
use protocol::{FromWorker, ToWorker, message::Limits};
use web_sys::MessagePort;
use yew::prelude::*;

use super::Ask;
use crate::browser;
use crate::engine::{Link, Parcel, Shared, Supervisor, Turn};
use crate::state::{Action, Halt, Notice, Run, State, StateHandle, Tone};

/// Milliseconds without typing before results are shown.
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
    let turn = use_mut_ref(Turn::default);
    {
        let (link, connected, dispatch) = (link.clone(), connected.clone(), state.dispatcher());
        let turn = turn.clone();
        use_effect_with(way, move |way| {
            let made = match way {
                Way::Later => return,
                Way::Own => Link::Own(Supervisor::start(Callback::from(move |(_, parcel)| {
                    hear(&dispatch, &turn, parcel);
                }))),
                Way::Port(port) => Link::Shared(Shared::new(
                    port.clone(),
                    Callback::from(move |parcel| hear(&dispatch, &turn, parcel)),
                )),
            };
            *link.borrow_mut() = Some(made);
            connected.set(true);
        });
    }
    {
        let (link, project, dispatch) = (link.clone(), state.project.clone(), state.dispatcher());
        let delay = if state.reported == 0 { 0 } else { DEBOUNCE };
        use_effect_with((state.revision, *connected), move |(id, connected)| {
            let id = *id;
            let timer = connected.then(|| {
                let asking = turn.clone();
                let run = move || {
                    asking.borrow_mut().asked(id);
                    let run = ToWorker::Run {
                        id,
                        project: protocol::Project::clone(&project),
                        limits: Limits::default(),
                    };
                    if let Some(link) = &*link.borrow() {
                        link.send(&run);
                    }
                };
                let begun = turn.borrow().is_quick(f64::from(DEBOUNCE));
                if begun {
                    run();
                }
                Timeout::new(delay, move || {
                    let shown = turn.borrow_mut().pause(id);
                    if !begun {
                        run();
                    }
                    if let Some(report) = shown {
                        dispatch.dispatch(Action::Reported(id, report));
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

fn hear(dispatch: &UseReducerDispatcher<State>, turn: &RefCell<Turn>, parcel: Parcel) {
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
        FromWorker::Report { id, report } => {
            let shown = turn.borrow_mut().report(id, report);
            match shown {
                Some(report) => Action::Reported(id, report),
                None => return,
            }
        }
        FromWorker::Rows { page, .. } => Action::Rows(page),
        FromWorker::Migrations { migrations, .. } => Action::Planned(migrations),
        FromWorker::Stopped {
            reason, file, line, ..
        } => {
            turn.borrow_mut().stopped();
            Action::Halted(Halt { reason, file, line })
        }
        FromWorker::Failed { id, message } => {
            turn.borrow_mut().stopped();
            if id == 0 {
                Action::Failed(message)
            } else {
                complain(message)
            }
        }
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
