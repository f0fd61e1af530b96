//! A snippet inside somebody's documentation: an editor, its results, and the
//! way to the playground.
//!
//! Its address says how: `embed.html?shared&theme=dark#v1/…`. With `shared`
//! the page around it hands over a port to the engine it shares with others;
//! without, it has its own.

use protocol::permalink;
use wasm_bindgen::prelude::*;
use web_sys::{MessageEvent, MessagePort};
use yew::prelude::*;

use super::engine_status::engine_status;
use super::file_tabs::FileTabs;
use super::icon::logo;
use super::notice::NoticeBar;
use super::results::ResultsPanel;
use super::source_editor::SourceEditor;
use crate::browser;
use crate::hooks::{Ask, Way, use_engine};
use crate::state::{Notice, State, StateHandle, Tone};
use crate::store::Settings;

/// An embedded snippet.
#[component]
pub fn Embed() -> Html {
    let state = use_reducer(opened);
    let way = use_state(|| {
        if browser::query_flag("shared") {
            Way::Later
        } else {
            Way::Own
        }
    });
    {
        let way = way.clone();
        use_effect_with((), move |()| await_port(way));
    }
    let ask = use_engine(&state, (*way).clone());
    use_reported_height(&state);
    let set_up = use_state(|| false);
    let toggle = {
        let set_up = set_up.clone();
        move |_| set_up.set(!*set_up)
    };
    let link = permalink::encode(&state.project).unwrap_or_default();
    html! {
        <ContextProvider<StateHandle> context={state.clone()}>
        <ContextProvider<Ask> context={ask}>
            <main class="embed">
                if *set_up { <FileTabs /> }
                <SourceEditor />
                <ResultsPanel />
                <footer>
                    { engine_status(&state) }
                    <span class="grow" />
                    <button class="small" aria-pressed={set_up.to_string()} onclick={toggle}>{"Set-up code"}</button>
                    <a class="small" id="open-in-playground" href={format!("./{link}")} target="_blank" rel="noopener">
                        {"Open in playground"}
                    </a>
                    <a class="brand" href="./" target="_blank" rel="noopener" aria-label="ormscope">{ logo() }</a>
                </footer>
            </main>
            <NoticeBar />
        </ContextProvider<Ask>>
        </ContextProvider<StateHandle>>
    }
}

/// Nothing is kept and no own work is touched: an embed is the page's.
fn opened() -> State {
    let theme = browser::query("theme");
    browser::set_theme(
        theme
            .as_deref()
            .filter(|theme| ["light", "dark"].contains(theme)),
    );
    let (project, problem) = match permalink::decode(&browser::fragment()) {
        Ok(project) => (project, None),
        Err(error) => (protocol::Project::default(), Some(error.to_string())),
    };
    let mut state = State::new(String::new(), project, false, Settings::default());
    state.notice = problem.map(|text| Notice {
        tone: Tone::Bad,
        text,
        undo: None,
    });
    state
}

/// Takes the port to the shared engine, and follows the host's colours.
fn await_port(way: UseStateHandle<Way>) {
    let on_message = Closure::<dyn FnMut(_)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if let Some(theme) = text.strip_prefix("ormscope:theme:") {
            browser::set_theme(Some(theme).filter(|theme| ["light", "dark"].contains(theme)));
        }
        if text == "ormscope:port"
            && let Ok(port) = event.ports().get(0).dyn_into::<MessagePort>()
        {
            way.set(Way::Port(port));
        }
    });
    if let Some(window) = browser::window() {
        let _ =
            window.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref());
        if browser::query_flag("shared") {
            browser::tell_parent("ormscope:want-engine");
        }
    }
    on_message.forget();
}

/// Tells the page around it how high it is, so that nothing is cut off.
#[hook]
fn use_reported_height(state: &StateHandle) {
    let when = (
        state.report.clone(),
        state.project.clone(),
        state.file.clone(),
    );
    use_effect_with(when, |_| {
        let timer = gloo::timers::callback::Timeout::new(30, || {
            let height = browser::content_height();
            browser::tell_parent(&format!("ormscope:height:{height}"));
        });
        move || drop(timer)
    });
}
