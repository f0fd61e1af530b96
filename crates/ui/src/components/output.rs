//! What was printed, each piece with the line that printed it.

use protocol::report::Stream;
use yew::prelude::*;

use super::results::place;
use crate::state::use_state_handle;

/// The printed text.
#[component]
pub fn OutputPanel() -> Html {
    let state = use_state_handle();
    let pieces = state.report.iter().flat_map(|report| &report.output);
    let lines: Vec<Html> = pieces
        .map(|piece| {
            let class = match piece.stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            };
            html! {
                <div class={class}>
                    <span class="from">{ place(&state, &piece.file, piece.line) }</span>
                    <pre>{ &piece.text }</pre>
                </div>
            }
        })
        .collect();
    if lines.is_empty() {
        return html! { <div class="empty"><p>{"Nothing was printed. "}<code>{"print(…)"}</code>{" writes here."}</p></div> };
    }
    html! { <div class="scroll printed" role="log">{ for lines }</div> }
}
