//! Runs the project whenever it has changed, and hears what comes of it.

use gloo::timers::callback::Timeout;
use protocol::{FromWorker, Report, ToWorker, message::Limits};
use web_sys::MessagePort;
use yew::prelude::*;

use super::Ask;
use std::cell::RefCell;

use crate::browser;
use crate::engine::{Link, Parcel, Shared, Supervisor};
use crate::state::{Action, Halt, Notice, Run, State, StateHandle, Tone};

/// Milliseconds without typing before results are shown.
const DEBOUNCE: u32 = 120;
/// What was run, and what may be shown of it.
struct Turn {
    /// The newest revision that typing has stopped at.
    due: u32,
    /// Results of a revision that may yet be typed on.
    held: Option<(u32, Box<Report>)>,
    /// How long the last run took.
    millis: f64,
    /// The run that is not over yet.
    waits_for: Option<u32>,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            due: 0,
            held: None,
            millis: f64::INFINITY,
            waits_for: None,
        }
    }
}

impl Turn {
    /// Whether a run may begin with the edit: if it takes as long as the last one,
    /// its results are there by the end of the debounce. One that takes longer would
    /// be in the way of the next edit's, and begins when typing has stopped.
    fn is_quick(&self) -> bool {
        self.millis < f64::from(DEBOUNCE) && self.waits_for.is_none()
    }

    /// A run was stopped or failed: the next one waits until typing stops.
    fn stopped(&mut self) {
        self.millis = f64::INFINITY;
        self.waits_for = None;
    }

    /// Results have come: the action that shows them, if it is time.
    fn report(&mut self, id: u32, report: Box<Report>) -> Option<Action> {
        self.millis = report.totals.millis;
        self.waits_for.take_if(|waited| *waited <= id);
        if id <= self.due {
            return Some(Action::Reported(id, report));
        }
        self.held = Some((id, report));
        None
    }

    /// Typing has stopped: the action that shows what has come meanwhile.
    fn pause(&mut self, id: u32) -> Option<Action> {
        self.due = id;
        let (held, report) = self.held.take()?;
        (held == id).then_some(Action::Reported(id, report))
    }
}

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
                    asking.borrow_mut().waits_for = Some(id);
                    let run = ToWorker::Run {
                        id,
                        project: protocol::Project::clone(&project),
                        limits: Limits::default(),
                    };
                    if let Some(link) = &*link.borrow() {
                        link.send(&run);
                    }
                };
                let begun = turn.borrow().is_quick();
                if begun {
                    run();
                }
                Timeout::new(delay, move || {
                    let shown = turn.borrow_mut().pause(id);
                    if !begun {
                        run();
                    }
                    if let Some(shown) = shown {
                        dispatch.dispatch(shown);
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
                Some(shown) => shown,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(action: Option<Action>) -> Option<u32> {
        match action {
            Some(Action::Reported(id, _)) => Some(id),
            _ => None,
        }
    }

    #[test]
    fn results_wait_until_typing_stops() {
        let mut turn = Turn::default();
        // The first run: nobody types.
        assert_eq!(shown(turn.pause(1)), None);
        assert_eq!(shown(turn.report(1, Box::default())), Some(1));
        // Results that come before typing stops are shown then.
        assert_eq!(shown(turn.report(2, Box::default())), None);
        assert_eq!(shown(turn.pause(2)), Some(2));
        // Typed on: the older ones are never shown.
        assert_eq!(shown(turn.report(3, Box::default())), None);
        assert_eq!(shown(turn.pause(4)), None);
        assert_eq!(shown(turn.report(4, Box::default())), Some(4));
    }

    #[test]
    fn only_a_quick_run_begins_with_the_edit_and_one_at_a_time() {
        let took = |millis| {
            let mut report = Report::default();
            report.totals.millis = millis;
            Box::new(report)
        };
        let mut turn = Turn::default();
        assert!(!turn.is_quick(), "nothing is known of the project");
        turn.report(1, took(20.0));
        assert!(turn.is_quick());
        turn.waits_for = Some(2);
        assert!(!turn.is_quick());
        turn.report(2, took(500.0));
        assert!(!turn.is_quick());
        turn.report(3, took(20.0));
        turn.stopped();
        assert!(!turn.is_quick());
    }
}
