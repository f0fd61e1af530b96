//! What was raised: its message, its way through the project's files, and the
//! whole traceback.

use protocol::report::Exception;
use yew::prelude::*;

use super::results::place;
use crate::state::use_state_handle;

/// An exception.
#[derive(PartialEq, Properties)]
pub struct ExceptionProps {
    /// What was raised.
    pub raised: Exception,
}

/// An exception.
#[component]
pub fn ExceptionView(props: &ExceptionProps) -> Html {
    let state = use_state_handle();
    let raised = &props.raised;
    html! {
        <div class="raised" role="alert">
            <p>
                <strong title={raised.qualified.clone()}>{ &raised.kind }</strong>
                <span class="message">{ &raised.message }</span>
            </p>
            if raised.frames.len() > 1 {
                <ol class="frames">
                    { for raised.frames.iter().map(|frame| html! {
                        <li>{ place(&state, &frame.file, frame.line) }{" in "}<code>{ &frame.function }</code></li>
                    }) }
                </ol>
            }
            if !raised.traceback.is_empty() {
                <details><summary>{"Traceback"}</summary><pre>{ &raised.traceback }</pre></details>
            }
        </div>
    }
}
