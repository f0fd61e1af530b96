//! One value in a table: NULL and types are seen.

use protocol::report::Cell;
use yew::prelude::*;

/// Characters of a cell that are drawn; the rest is in its title.
const MOST: usize = 160;

/// A value.
pub fn cell(value: &Cell) -> Html {
    match value {
        Cell::Null => html! { <span class="v-null">{"NULL"}</span> },
        Cell::Deferred => html! { <span class="v-null" title="not loaded">{"deferred"}</span> },
        Cell::Bool(value) => {
            html! { <span class="v-bool">{ if *value { "True" } else { "False" } }</span> }
        }
        Cell::Int(value) => html! { <span class="v-number">{ *value }</span> },
        Cell::Float(text) => html! { <span class="v-number">{ text }</span> },
        Cell::Text(text) if text.is_empty() => html! { <span class="v-null">{"''"}</span> },
        Cell::Text(text) => shortened("v-text", text),
        Cell::Bytes(length, hex) => {
            html! { <span class="v-other" title={hex.clone()}>{ format!("{length} bytes") }</span> }
        }
        Cell::Json(text) => shortened("v-json", text),
        Cell::Instance(model, text) => {
            html! { <span class="v-instance" title={model.clone()}>{ text }</span> }
        }
        Cell::Other(_, text) => shortened("v-other", text),
    }
}

/// Whether a value stands on the right, as numbers do.
pub fn is_number(value: &Cell) -> bool {
    matches!(value, Cell::Int(_) | Cell::Float(_))
        || matches!(value, Cell::Other(kind, _) if kind.ends_with("Decimal"))
}

/// How many characters wide it is drawn.
pub fn width(value: &Cell) -> usize {
    match value {
        Cell::Null => 4,
        Cell::Deferred => 8,
        Cell::Bool(_) => 5,
        Cell::Int(value) => value.to_string().len(),
        Cell::Bytes(..) => 10,
        Cell::Float(text)
        | Cell::Text(text)
        | Cell::Json(text)
        | Cell::Instance(_, text)
        | Cell::Other(_, text) => text.chars().take(MOST).count(),
    }
}

fn shortened(class: &'static str, text: &str) -> Html {
    match text.char_indices().nth(MOST) {
        Some((end, _)) => html! {
            <span class={class} title={text.to_owned()}>{ format!("{}…", &text[..end]) }</span>
        },
        None => html! { <span class={class}>{ text }</span> },
    }
}
