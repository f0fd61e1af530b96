//! The bar between editor and panel: drag it, or use the arrow keys.

use web_sys::{Element, KeyboardEvent, PointerEvent};
use yew::prelude::*;

use crate::browser;
use crate::state::{Action, use_state_handle};
use crate::store::Settings;

/// The bar.
#[component]
pub fn Splitter() -> Html {
    let state = use_state_handle();
    let split = if state.settings.split == 0 {
        46
    } else {
        state.settings.split
    };
    let set = {
        let state = state.clone();
        Callback::from(move |split: u8| {
            let settings = Settings {
                split: split.clamp(20, 80),
                ..state.settings
            };
            state.dispatch(Action::Settings(settings));
        })
    };
    let on_down = |event: PointerEvent| {
        if let Some(bar) = event.target_dyn_into::<Element>() {
            let _ = bar.set_pointer_capture(event.pointer_id());
        }
    };
    let on_move = {
        let set = set.clone();
        move |event: PointerEvent| {
            let width = browser::window()
                .and_then(|window| window.inner_width().ok())
                .and_then(|width| width.as_f64());
            if let Some(width) = width.filter(|width| event.buttons() & 1 == 1 && *width > 0.0) {
                set.emit((f64::from(event.client_x()) / width * 100.0).round() as u8);
            }
        }
    };
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "ArrowLeft" => set.emit(split.saturating_sub(2)),
        "ArrowRight" => set.emit(split + 2),
        _ => {}
    };
    html! {
        <div
            class="splitter"
            role="separator"
            tabindex="0"
            aria-orientation="vertical"
            aria-label="Width of the editor"
            aria-valuenow={split.to_string()}
            aria-valuemin="20"
            aria-valuemax="80"
            onpointerdown={on_down}
            onpointermove={on_move}
            onkeydown={on_key}
        />
    }
}
