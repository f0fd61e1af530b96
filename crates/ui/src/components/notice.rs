//! A short message at the foot of the page.

use gloo::timers::callback::Timeout;
use yew::prelude::*;

use super::icon::icon;
use crate::state::{Action, Tone, use_state_handle};

/// The message, if there is one. A good one goes by itself.
#[component]
pub fn NoticeBar() -> Html {
    let state = use_state_handle();
    let dispatch = state.dispatcher();
    use_effect_with(state.notice.clone(), move |notice| {
        let goes = notice
            .as_ref()
            .is_some_and(|notice| notice.tone == Tone::Good);
        let timer =
            goes.then(|| Timeout::new(8_000, move || dispatch.dispatch(Action::Notice(None))));
        move || drop(timer)
    });
    let Some(notice) = state.notice.clone() else {
        return Html::default();
    };
    let close = {
        let state = state.clone();
        move |_| state.dispatch(Action::Notice(None))
    };
    let undo = notice.undo.map(|project| {
        let undo = move |_| state.dispatch(Action::Restore(project.clone()));
        html! { <button class="small" onclick={undo}>{"Undo"}</button> }
    });
    let tone = if notice.tone == Tone::Good {
        "good"
    } else {
        "bad"
    };
    html! {
        <div class={classes!("notice", tone)} role="alert">
            <span>{ notice.text }</span>
            { undo }
            <button class="small" onclick={close} aria-label="Close the message">{ icon("close") }</button>
        </div>
    }
}
