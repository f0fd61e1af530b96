//! A field for a file's name, in place of its tab.

use web_sys::{HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

/// What is named, and who hears of it.
#[derive(PartialEq, Properties)]
pub struct NameInputProps {
    /// The name so far.
    pub text: String,
    /// What is wrong with a name.
    pub check: Callback<String, Option<String>>,
    /// The name; `None` if it stays as it was.
    pub done: Callback<Option<String>>,
}

/// A field for a file's name.
#[component]
pub fn NameInput(props: &NameInputProps) -> Html {
    let input = use_node_ref();
    let problem = use_state(|| None::<String>);
    use_effect_with(input.clone(), |input| {
        if let Some(input) = input.cast::<HtmlInputElement>() {
            let _ = input.focus();
            input.select();
        }
    });
    let finish = {
        let (input, problem) = (input.clone(), problem.clone());
        let (check, done, text) = (props.check.clone(), props.done.clone(), props.text.clone());
        Callback::from(move |leaving: bool| {
            let name = input.cast::<HtmlInputElement>().map(|input| input.value());
            let name = name.unwrap_or_default().trim().to_owned();
            if name == text || name.is_empty() {
                return done.emit(None);
            }
            match check.emit(name.clone()) {
                None => done.emit(Some(name)),
                Some(_) if leaving => done.emit(None),
                Some(wrong) => problem.set(Some(wrong)),
            }
        })
    };
    let on_key = {
        let (finish, done) = (finish.clone(), props.done.clone());
        move |event: KeyboardEvent| match event.key().as_str() {
            "Enter" => finish.emit(false),
            "Escape" => done.emit(None),
            _ => {}
        }
    };
    html! {
        <span class="tab naming">
            <input
                ref={input}
                value={props.text.clone()}
                placeholder="name.py"
                aria-label="Name of the file"
                aria-invalid={problem.is_some().to_string()}
                spellcheck="false"
                onkeydown={on_key}
                onblur={finish.reform(|_| true)}
            />
            if let Some(problem) = &*problem { <em role="alert">{ problem }</em> }
        </span>
    }
}
