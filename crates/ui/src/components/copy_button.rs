//! A button that copies a text.

use yew::prelude::*;

use super::icon::icon;
use crate::hooks::use_clipboard;

/// What is copied, and what the button is called.
#[derive(PartialEq, Properties)]
pub struct CopyButtonProps {
    /// The text.
    pub text: AttrValue,
    /// What it is: `Copy SQL`.
    pub label: AttrValue,
    /// Show the label beside the picture.
    #[prop_or_default]
    pub wide: bool,
}

/// A button that copies a text.
#[component]
pub fn CopyButton(props: &CopyButtonProps) -> Html {
    let (copied, copy) = use_clipboard();
    let text = props.text.clone();
    let on_click = move |event: MouseEvent| {
        event.stop_propagation();
        copy.emit(text.to_string());
    };
    let label: AttrValue = if copied {
        "Copied".into()
    } else {
        props.label.clone()
    };
    html! {
        <button class={classes!("small", copied.then_some("copied"))} onclick={on_click} title={label.clone()} aria-label={label.clone()}>
            { icon(if copied { "check" } else { "copy" }) }
            if props.wide { <span>{ label }</span> }
        </button>
    }
}
