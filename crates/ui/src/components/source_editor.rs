//! The editor.

use yew::prelude::*;

use crate::hooks::use_editor;
use crate::state::use_state_handle;

/// CodeMirror lives in the shadow root of this element.
#[component]
pub fn SourceEditor() -> Html {
    let state = use_state_handle();
    let parent = use_node_ref();
    use_editor(&state, &parent);
    html! {
        <div
            id="editor"
            class="editor"
            ref={parent}
            role="tabpanel"
            aria-label={state.file.clone()}
        />
    }
}
