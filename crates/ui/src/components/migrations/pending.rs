//! A migration that is not written yet: its operations, its SQL, its file.

use protocol::report::MigrationFile;
use yew::prelude::*;

use super::operations::operations;
use crate::components::icon::icon;
use crate::state::{Action, Notice, Tone, use_state_handle};

/// The migration to be.
#[derive(PartialEq, Properties)]
pub struct PendingProps {
    /// The app.
    pub app: String,
    /// What would be written.
    pub file: MigrationFile,
    /// The migration before it, or `zero`.
    pub before: String,
    /// Whether the app has no migration files at all.
    pub first: bool,
}

/// A migration that is not written yet.
#[component]
pub fn Pending(props: &PendingProps) -> Html {
    let state = use_state_handle();
    let file = &props.file;
    let write = {
        let (file, app, before) = (file.clone(), props.app.clone(), props.before.clone());
        move |_| {
            state.dispatch(Action::WriteMigration {
                app: app.clone(),
                file: (file.file.clone(), file.text.clone()),
                before: before.clone(),
            });
            let text = format!("{} is written. Nothing is applied yet.", file.file);
            let notice = Notice {
                tone: Tone::Good,
                text,
                undo: None,
            };
            state.dispatch(Action::Notice(Some(notice)));
        }
    };
    let heading = if props.first {
        "Could become a migration"
    } else {
        "Pending change"
    };
    html! {
        <div class={classes!("pending", props.first.then_some("first"))}>
            <header>
                <span class="type">{ heading }</span>
                <code>{ &file.file }</code>
                <span class="grow" />
                <button class="small primary write" onclick={write}>
                    { icon("plus") }<span>{"Write the file"}</span>
                </button>
            </header>
            { operations(&file.operations) }
            <details><summary>{"The file"}</summary><pre class="file-text">{ &file.text }</pre></details>
        </div>
    }
}
