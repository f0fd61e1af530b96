//! The dialogs, one at a time.

mod frame;
mod help;
mod open_link;
mod projects;
mod share;

use yew::prelude::*;

use self::help::Help;
use self::open_link::OpenLink;
use self::projects::Projects;
use self::share::Share;
use crate::state::{Dialog, use_state_handle};

/// The dialog that is open, if any.
#[component]
pub fn Dialogs() -> Html {
    let state = use_state_handle();
    match state.dialog.clone() {
        None => Html::default(),
        Some(Dialog::Share(link)) => html! { <Share link={link} /> },
        Some(Dialog::OpenLink(project)) => html! { <OpenLink project={*project} /> },
        Some(Dialog::Help) => html! { <Help /> },
        Some(Dialog::Projects) => html! { <Projects /> },
    }
}
