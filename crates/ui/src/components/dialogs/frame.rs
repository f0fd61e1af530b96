//! A modal dialog of the browser's own: it keeps the focus, Escape closes it.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::components::icon::icon;
use crate::state::{Action, use_state_handle};

/// A dialog's title and content.
#[derive(PartialEq, Properties)]
pub struct FrameProps {
    /// Its title.
    pub title: AttrValue,
    /// Its content.
    pub children: Html,
}

/// A modal dialog.
#[component]
pub fn Frame(props: &FrameProps) -> Html {
    let state = use_state_handle();
    let dialog = use_node_ref();
    use_effect_with(dialog.clone(), |dialog| {
        if let Some(dialog) = dialog
            .cast::<HtmlDialogElement>()
            .filter(|dialog| !dialog.open())
        {
            let _ = dialog.show_modal();
        }
    });
    let close = {
        let state = state.clone();
        Callback::from(move |()| state.dispatch(Action::Dialog(None)))
    };
    // A click on the dialog itself, not on what it holds, is one beside it.
    let beside = {
        let (close, dialog) = (close.clone(), dialog.clone());
        move |event: MouseEvent| {
            let on_itself = event.target_dyn_into::<HtmlDialogElement>();
            if on_itself.is_some() && on_itself == dialog.cast() {
                close.emit(());
            }
        }
    };
    html! {
        <dialog ref={dialog} aria-label={props.title.clone()} onclose={close.reform(|_| ())} onclick={beside}>
            <div class="sheet">
                <header>
                    <h2>{ props.title.clone() }</h2>
                    <button class="small" onclick={close.reform(|_| ())} aria-label="Close">{ icon("close") }</button>
                </header>
                { props.children.clone() }
            </div>
        </dialog>
    }
}
