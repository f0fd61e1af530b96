//! The playground.

use yew::prelude::*;

use super::dialogs::Dialogs;
use super::file_tabs::FileTabs;
use super::header::Header;
use super::notice::NoticeBar;
use super::panels::Panels;
use super::source_editor::SourceEditor;
use super::splitter::Splitter;
use crate::browser;
use crate::hooks::{Ask, Way, use_autosave, use_engine, use_links, use_shortcuts, use_theme};
use crate::state::{Dialog, Notice, Pane, State, StateHandle, Tone};
use crate::store::{Settings, opening};

/// The whole page.
#[component]
pub fn App() -> Html {
    let state = use_reducer(opened);
    let ask = use_engine(&state, Way::Own);
    use_autosave(&state);
    use_links(&state);
    use_shortcuts(&state);
    use_theme(state.settings);

    let pane = match state.pane {
        Pane::Code => "show-code",
        Pane::Panel => "show-panel",
    };
    html! {
        <ContextProvider<StateHandle> context={state.clone()}>
        <ContextProvider<Ask> context={ask}>
            <Header />
            <main class={classes!("workbench", pane)}>
                <section class="source" aria-label="Source">
                    <FileTabs />
                    <SourceEditor />
                </section>
                <Splitter />
                <Panels />
            </main>
            <NoticeBar />
            <Dialogs />
        </ContextProvider<Ask>>
        </ContextProvider<StateHandle>>
    }
}

/// What the page opens with: a link, the work of last time, or an example.
fn opened() -> State {
    let fragment = browser::fragment();
    let opening = opening(&fragment);
    if fragment.len() > 1 {
        browser::clear_fragment();
    }
    let mut state = State::new(
        opening.work,
        opening.project,
        opening.touched,
        Settings::load(),
    );
    state.from_link = fragment.len() > 1;
    state.dialog = opening
        .question
        .map(|project| Dialog::OpenLink(Box::new(project)));
    state.notice = opening.problem.map(|problem| Notice {
        tone: Tone::Bad,
        text: format!("{problem} Nothing of yours was changed."),
        undo: None,
    });
    state
}
