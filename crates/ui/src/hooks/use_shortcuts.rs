//! The keys that work everywhere.

use gloo::events::{EventListener, EventListenerOptions};
use protocol::permalink;
use wasm_bindgen::JsCast;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use super::use_clipboard;
use crate::browser;
use crate::state::{Action, Dialog, Notice, Panel, State, StateHandle, Tone};

/// Ctrl+S shares, Alt+1…4 show a panel, Alt+0 the editor, Alt+↑↓ walk the
/// cards, Ctrl+/ in the page's head shows the keys.
#[hook]
pub fn use_shortcuts(state: &StateHandle) {
    let (_, copy) = use_clipboard();
    let state = state.clone();
    use_effect_with(state.clone(), move |_| {
        let listener = browser::document().map(|document| {
            let options = EventListenerOptions::enable_prevent_default();
            EventListener::new_with_options(&document, "keydown", options, move |event| {
                let Some(key) = event.dyn_ref::<KeyboardEvent>() else {
                    return;
                };
                if let Some(actions) = actions_of(key, &state, &copy) {
                    event.prevent_default();
                    actions
                        .into_iter()
                        .for_each(|action| state.dispatch(action));
                }
            })
        });
        move || drop(listener)
    });
}

fn actions_of(key: &KeyboardEvent, state: &State, copy: &Callback<String>) -> Option<Vec<Action>> {
    let command = key.ctrl_key() || key.meta_key();
    match (key.code().as_str(), command, key.alt_key()) {
        ("KeyS", true, false) => Some(vec![share(state, copy)]),
        ("F1", false, false) => Some(vec![Action::Dialog(Some(Dialog::Help))]),
        ("Digit0", false, true) => {
            browser::focus("#editor");
            Some(vec![Action::Pane(crate::state::Pane::Code)])
        }
        ("ArrowDown", false, true) if !in_editor(key) => step(state, 1),
        ("ArrowUp", false, true) if !in_editor(key) => step(state, -1),
        (code, false, true) => {
            let index: usize = code.strip_prefix("Digit")?.parse().ok()?;
            let panel = *Panel::ALL.get(index.checked_sub(1)?)?;
            Some(vec![Action::Panel(panel)])
        }
        _ => None,
    }
}

/// Copies the link and shows it.
pub(crate) fn share(state: &State, copy: &Callback<String>) -> Action {
    let mut project = protocol::Project::clone(&state.project);
    let line = state
        .card
        .and_then(|index| Some(state.report.as_ref()?.cards.get(index)?.at.line))
        .unwrap_or(0);
    project.view = Some(protocol::View {
        file: state.file.clone(),
        line,
    });
    match permalink::encode(&project) {
        Ok(fragment) => {
            let link = format!("{}{fragment}", browser::address());
            copy.emit(link.clone());
            Action::Dialog(Some(Dialog::Share(link)))
        }
        Err(error) => {
            let text = error.to_string();
            Action::Notice(Some(Notice {
                tone: Tone::Bad,
                text,
                undo: None,
            }))
        }
    }
}

fn in_editor(key: &KeyboardEvent) -> bool {
    key.target()
        .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
        .is_some_and(|element| element.id() == "editor")
}

fn step(state: &State, by: i64) -> Option<Vec<Action>> {
    let count = state.report.as_ref()?.cards.len() as i64;
    let next = state.card.map_or(0, |index| index as i64 + by);
    let next = usize::try_from(next).ok().filter(|_| next < count)?;
    browser::focus(&format!("#card-{next}"));
    Some(vec![Action::Card(next)])
}
