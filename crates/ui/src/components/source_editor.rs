//! The editor.

use yew::prelude::*;

use crate::hooks::use_editor;
use crate::state::use_state_handle;

/// CodeMirror lives in the shadow root of this element. Until its script has
/// come the text is shown as it is.
#[component]
pub fn SourceEditor() -> Html {
    let state = use_state_handle();
    let parent = use_node_ref();
    let is_ready = use_editor(&state, &parent);
    let text = state.project.read(&state.file).unwrap_or_default();
    html! {
        <div
            id="editor"
            class="editor"
            ref={parent}
            role="tabpanel"
            aria-label={state.file.clone()}
        >
            if !is_ready { <pre class="plain">{ text.to_owned() }</pre> }
        </div>
    }
}
