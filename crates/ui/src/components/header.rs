//! The head of the page: what is open, how the engine does, what can be done.

use protocol::Dialect;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::engine_status::engine_status;
use super::icon::{icon, logo};
use crate::hooks::use_clipboard;
use crate::state::{Action, Dialog, use_state_handle};
use crate::store::Settings;

/// The head of the page.
#[component]
pub fn Header() -> Html {
    let state = use_state_handle();
    html! {
        <header class="head">
            <a class="brand" href="./" aria-label="ormscope, start page">{ logo() }</a>
            <ProjectName />
            <span class="grow" />
            { engine_status(&state) }
            <DialectChoice dialect={state.project.dialect} />
            <Tools />
        </header>
    }
}

#[component]
fn ProjectName() -> Html {
    let state = use_state_handle();
    let rename = {
        let state = state.clone();
        Callback::from(move |event: Event| {
            let title = event
                .target_dyn_into::<HtmlInputElement>()
                .map(|input| input.value());
            state.dispatch(Action::Title(title.unwrap_or_default()));
        })
    };
    let browse = move |_| state.dispatch(Action::Dialog(Some(Dialog::Projects)));
    let state = use_state_handle();
    html! {
        <div class="project">
            <button class="tool" onclick={browse} title="Examples and your projects">
                { icon("folder") }<span class="wide">{"Projects"}</span>
            </button>
            <input
                class="title"
                aria-label="Title of the project"
                placeholder="Untitled"
                maxlength="80"
                value={state.project.title.clone()}
                onchange={rename}
            />
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct DialectProps {
    dialect: Dialect,
}

#[component]
fn DialectChoice(props: &DialectProps) -> Html {
    let state = use_state_handle();
    let choose = Callback::from(move |event: Event| {
        let select = event.target_dyn_into::<HtmlSelectElement>();
        if let Some(dialect) = select.and_then(|select| Dialect::from_name(&select.value())) {
            state.dispatch(Action::Dialect(dialect));
        }
    });
    html! {
        <select class="tool dialect" aria-label="SQL dialect" onchange={choose}>
            { for Dialect::ALL.iter().map(|dialect| html! {
                <option value={dialect.name()} selected={*dialect == props.dialect} disabled={!dialect.is_written()}>
                    { dialect.label() }{ if dialect.is_written() { "" } else { " (not yet)" } }
                </option>
            }) }
        </select>
    }
}

#[component]
fn Tools() -> Html {
    let state = use_state_handle();
    let (_, copy) = use_clipboard();
    let theme = state.settings.theme;
    let share = {
        let state = state.clone();
        move |_| state.dispatch(crate::hooks::share(&state, &copy))
    };
    let turn = {
        let state = state.clone();
        move |_| {
            let settings = Settings {
                theme: state.settings.theme.next(),
                ..state.settings
            };
            state.dispatch(Action::Settings(settings));
        }
    };
    let help = move |_| state.dispatch(Action::Dialog(Some(Dialog::Help)));
    let theme_label = format!("Colours: {}", theme.label());
    html! {
        <>
            <button class="tool primary" id="share" onclick={share} title="Copy a link to this project (Ctrl+S)">
                { icon("share") }<span class="wide">{"Share"}</span>
            </button>
            <button class="tool" id="theme" onclick={turn} title={theme_label.clone()} aria-label={theme_label}>
                { icon(theme.label()) }
            </button>
            <button class="tool" onclick={help} title="Keys (F1)" aria-label="Keys and help">
                { icon("help") }
            </button>
        </>
    }
}
