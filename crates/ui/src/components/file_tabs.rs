//! The project's files as tabs: show, add, rename, delete.

use protocol::project::path_problem;
use web_sys::KeyboardEvent;
use yew::prelude::*;

use super::icon::icon;
use super::name_input::NameInput;
use crate::browser;
use crate::state::{Action, StateHandle, use_state_handle};

/// What is being named.
#[derive(Clone, PartialEq)]
enum Naming {
    New,
    Old(String),
}

/// The tabs.
#[component]
pub fn FileTabs() -> Html {
    let state = use_state_handle();
    let naming = use_state(|| None::<Naming>);
    let start = {
        let naming = naming.clone();
        Callback::from(move |what: Naming| naming.set(Some(what)))
    };
    let named = {
        let (state, naming) = (state.clone(), naming.clone());
        Callback::from(move |name: Option<String>| {
            if let (Some(name), Some(what)) = (name, (*naming).clone()) {
                state.dispatch(match what {
                    Naming::New => Action::Add(name),
                    Naming::Old(old) => Action::Rename(old, name),
                });
            }
            naming.set(None);
        })
    };
    let check = {
        let state = state.clone();
        Callback::from(move |name: String| problem(&state, &name))
    };
    let input = |text: String| {
        html! { <NameInput text={text} check={check.clone()} done={named.clone()} /> }
    };
    let tabs = state.project.files.iter().map(|file| {
        if *naming == Some(Naming::Old(file.path.clone())) {
            return input(file.path.clone());
        }
        html! {
            <FileTab
                key={file.path.clone()}
                path={file.path.clone()}
                shown={file.path == state.file}
                faulty={is_faulty(&state, &file.path)}
                on_rename={start.reform(Naming::Old)}
            />
        }
    });
    let add = start.reform(|_: MouseEvent| Naming::New);
    html! {
        <div class="tabs files" role="tablist" aria-label="Files">
            { for tabs }
            if *naming == Some(Naming::New) { { input(String::new()) } }
            <button class="tab add" onclick={add} aria-label="New file" title="New file">
                { icon("plus") }
            </button>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct FileTabProps {
    path: String,
    shown: bool,
    faulty: bool,
    on_rename: Callback<String>,
}

#[component]
fn FileTab(props: &FileTabProps) -> Html {
    let state = use_state_handle();
    let path = props.path.clone();
    let show = {
        let (state, path) = (state.clone(), path.clone());
        move |_| state.dispatch(Action::Show(path.clone()))
    };
    let delete = {
        let (state, path) = (state.clone(), path.clone());
        Callback::from(move |()| state.dispatch(Action::Delete(path.clone())))
    };
    let rename = props.on_rename.reform({
        let path = path.clone();
        move |()| path.clone()
    });
    let on_key = {
        let (rename, delete) = (rename.clone(), delete.clone());
        move |event: KeyboardEvent| match event.key().as_str() {
            "F2" => rename.emit(()),
            "Delete" => delete.emit(()),
            "ArrowRight" => step(&state, 1),
            "ArrowLeft" => step(&state, -1),
            _ => {}
        }
    };
    let (folder, name) = match path.rfind('/') {
        Some(at) => path.split_at(at + 1),
        None => ("", path.as_str()),
    };
    let delete_label = format!("Delete {path}");
    html! {
        <span class={classes!("tab", props.shown.then_some("shown"), props.faulty.then_some("faulty"))}>
            <button
                role="tab"
                id={format!("file-{path}")}
                aria-selected={props.shown.to_string()}
                aria-controls="editor"
                tabindex={if props.shown { "0" } else { "-1" }}
                title={format!("{path} — double-click or F2 renames, Delete deletes")}
                onclick={show}
                ondblclick={rename.reform(|_| ())}
                onkeydown={on_key}
            >
                <span class="folder">{ folder }</span>{ name }
            </button>
            <button class="delete" tabindex="-1" onclick={delete.reform(|_| ())} aria-label={delete_label.clone()} title={delete_label}>
                { icon("close") }
            </button>
        </span>
    }
}

fn step(state: &StateHandle, by: isize) {
    let files = &state.project.files;
    let at = files.iter().position(|file| file.path == state.file);
    let next = at
        .and_then(|at| at.checked_add_signed(by))
        .and_then(|at| files.get(at));
    if let Some(file) = next {
        state.dispatch(Action::Show(file.path.clone()));
        if let Some(tab) = browser::element(&format!("file-{}", file.path)) {
            use wasm_bindgen::JsCast;
            if let Ok(tab) = tab.dyn_into::<web_sys::HtmlElement>() {
                let _ = tab.focus();
            }
        }
    }
}

fn is_faulty(state: &StateHandle, path: &str) -> bool {
    use protocol::report::Severity;
    state.report.as_ref().is_some_and(|report| {
        report
            .diagnostics
            .iter()
            .any(|item| item.file == path && item.severity == Severity::Error)
    })
}

fn problem(state: &StateHandle, name: &str) -> Option<String> {
    if state.project.read(name).is_some() {
        return Some("there is a file of that name".to_owned());
    }
    path_problem(name).map(str::to_owned)
}
