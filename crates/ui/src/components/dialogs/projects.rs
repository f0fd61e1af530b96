//! The examples, and the works kept in this browser.

use yew::prelude::*;

use super::frame::Frame;
use crate::components::icon::icon;
use crate::state::{Action, StateHandle, use_state_handle};
use crate::store::{Example, Work, Works, examples};

/// What can be opened.
#[component]
pub fn Projects() -> Html {
    let state = use_state_handle();
    let works = use_state(Works::list);
    let samples = use_memo((), |()| examples());
    let forget = {
        let works = works.clone();
        Callback::from(move |id: String| {
            Works::delete(&id);
            works.set(Works::list());
        })
    };
    html! {
        <Frame title="Projects">
            <h3>{"Examples"}</h3>
            <ul class="gallery">{ for samples.iter().map(|sample| example(&state, sample)) }</ul>
            <h3>{"Yours, kept in this browser"}</h3>
            if works.is_empty() { <p class="fine">{"What you change is kept here by itself."}</p> }
            <ul class="works">{ for works.iter().map(|entry| work(&state, entry, &forget)) }</ul>
        </Frame>
    }
}

fn example(state: &StateHandle, sample: &Example) -> Html {
    let (state, project) = (state.clone(), sample.project.clone());
    let open = move |_| {
        state.dispatch(Action::Open {
            work: Works::new_id(),
            project: Box::new(project.clone()),
            touched: false,
        });
    };
    html! {
        <li>
            <button onclick={open} id={format!("example-{}", sample.name)}>
                <strong>{ &sample.project.title }</strong>
                <span>{ &sample.summary }</span>
            </button>
        </li>
    }
}

fn work(state: &StateHandle, entry: &Work, forget: &Callback<String>) -> Html {
    let is_open = state.work == entry.id;
    let title = if entry.title.is_empty() {
        "Untitled"
    } else {
        entry.title.as_str()
    };
    let open = {
        let (state, id) = (state.clone(), entry.id.clone());
        move |_| {
            if let Some(project) = Works::load(&id) {
                let project = Box::new(project);
                state.dispatch(Action::Open {
                    work: id.clone(),
                    project,
                    touched: true,
                });
            }
        }
    };
    let date = js_sys::Date::new(&entry.changed.into());
    let when = String::from(date.to_locale_string("default", &wasm_bindgen::JsValue::UNDEFINED));
    let id = entry.id.clone();
    html! {
        <li>
            <button class="open" onclick={open} disabled={is_open}>
                <strong>{ title.to_owned() }</strong>
                <span>{ if is_open { "open now".to_owned() } else { when } }</span>
            </button>
            if !is_open {
                <button class="small" onclick={forget.reform(move |_| id.clone())} aria-label={format!("Delete {title}")} title="Delete">
                    { icon("close") }
                </button>
            }
        </li>
    }
}
