//! A link holds another project than the user's own work.

use protocol::Project;
use yew::prelude::*;

use super::frame::Frame;
use crate::state::{Action, use_state_handle};
use crate::store::Works;

/// The link's project.
#[derive(PartialEq, Properties)]
pub struct OpenLinkProps {
    /// The project.
    pub project: Project,
}

/// Asks before own work is put aside. It stays kept either way.
#[component]
pub fn OpenLink(props: &OpenLinkProps) -> Html {
    let state = use_state_handle();
    let project = &props.project;
    let open = {
        let (state, project) = (state.clone(), project.clone());
        move |_| {
            state.dispatch(Action::Open {
                work: Works::new_id(),
                project: Box::new(project.clone()),
                touched: false,
            });
        }
    };
    let keep = {
        let state = state.clone();
        move |_| state.dispatch(Action::Dialog(None))
    };
    let title = if project.title.is_empty() {
        "Untitled"
    } else {
        project.title.as_str()
    };
    let own = if state.project.title.is_empty() {
        "Untitled"
    } else {
        state.project.title.as_str()
    };
    html! {
        <Frame title="Open the project of this link?">
            <p>{"The link holds "}<strong>{ title.to_owned() }</strong>{": "}
                { for project.files.iter().take(8).map(|file| html! { <><code>{ &file.path }</code>{" "}</> }) }
                if project.files.len() > 8 { { format!("and {} more", project.files.len() - 8) } }
            </p>
            <p>{"Your own work, "}<strong>{ own.to_owned() }</strong>{", stays kept in this browser, under Projects."}</p>
            <p class="choices">
                <button class="tool primary" id="open-link" onclick={open}>{"Open the link"}</button>
                <button class="tool" id="keep-mine" onclick={keep}>{"Stay with mine"}</button>
            </p>
        </Frame>
    }
}
