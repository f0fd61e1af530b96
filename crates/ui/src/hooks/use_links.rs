//! Links that are opened while the page is: a pasted address, the back button.

use gloo::events::EventListener;
use protocol::permalink;
use yew::prelude::*;

use crate::browser;
use crate::state::{Action, Dialog, Notice, StateHandle, Tone};
use crate::store::{Works, same_content};

/// Opens the link of a changed fragment, with a question if own work is open.
#[hook]
pub fn use_links(state: &StateHandle) {
    let state = state.clone();
    let open = (state.project.clone(), state.touched);
    use_effect_with(open, move |(project, touched)| {
        let (project, touched) = (project.clone(), *touched);
        let listener = browser::window().map(|window| {
            EventListener::new(&window, "hashchange", move |_| {
                let fragment = browser::fragment();
                if fragment.len() < 2 {
                    return;
                }
                browser::clear_fragment();
                state.dispatch(match permalink::decode(&fragment) {
                    Ok(linked) if same_content(&linked, &project) => return,
                    Ok(linked) if touched => {
                        Action::Dialog(Some(Dialog::OpenLink(Box::new(linked))))
                    }
                    Ok(linked) => Action::Open {
                        work: Works::new_id(),
                        project: Box::new(linked),
                        touched: false,
                    },
                    Err(error) => {
                        let text = format!("{error} What you had open is untouched.");
                        Action::Notice(Some(Notice {
                            tone: Tone::Bad,
                            text,
                            undo: None,
                        }))
                    }
                });
            })
        });
        move || drop(listener)
    });
}
