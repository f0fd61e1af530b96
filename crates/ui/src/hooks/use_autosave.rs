//! Keeps the user's work in the browser as it is typed.

use yew::prelude::*;

use crate::state::{Action, Notice, StateHandle, Tone};
use crate::store::Works;

/// Saves the project whenever it has changed, and what was opened besides: a
/// reload shows it again. Only the example a first visit begins with is left
/// to be the newest one next time.
#[hook]
pub fn use_autosave(state: &StateHandle) {
    let dispatch = state.dispatcher();
    let kept = (
        state.work.clone(),
        state.project.clone(),
        state.touched,
        state.file.clone(),
    );
    use_effect_with(kept, move |(work, project, touched, file)| {
        if !*touched {
            return;
        }
        let mut project = protocol::Project::clone(project);
        project.view = Some(protocol::View {
            file: file.clone(),
            line: 0,
        });
        if let Err(text) = Works::save(work, &project, *touched) {
            let notice = Notice {
                tone: Tone::Bad,
                text,
                undo: None,
            };
            dispatch.dispatch(Action::Notice(Some(notice)));
        }
    });
}
