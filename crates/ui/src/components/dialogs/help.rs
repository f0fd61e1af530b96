//! What the keys do, and what this is.

use yew::prelude::*;

use super::frame::Frame;

const KEYS: [(&str, &str); 9] = [
    ("Ctrl S", "Copy a link that holds the whole project"),
    ("Alt 1 … 4", "Results, output, database, migrations"),
    ("Alt 0", "Back to the editor"),
    ("Alt ↑ ↓", "From card to card (outside the editor)"),
    ("Enter", "On a card: go to its line"),
    ("F2, Delete", "On a file's tab: rename it, delete it"),
    ("Esc, Tab", "In the editor: leave it (Tab alone indents)"),
    ("Ctrl F", "In the editor: search"),
    ("F1", "This"),
];

/// The help.
#[component]
pub fn Help() -> Html {
    html! {
        <Frame title="An oscilloscope for the Django ORM">
            <p>
                {"Edit "}<code>{"models.py"}</code>{", type a queryset in "}<code>{"queries.py"}</code>
                {": each statement's SQL, joins and rows follow the typing. Every run starts from the same \
                database: migrated, then filled by "}<code>{"seed.py"}</code>{"."}
            </p>
            <table class="keys">
                <tbody>
                    { for KEYS.iter().map(|(keys, does)| html! {
                        <tr><th scope="row"><kbd>{ *keys }</kbd></th><td>{ *does }</td></tr>
                    }) }
                </tbody>
            </table>
            <p class="fine">
                {"This is not Django: it is Django 6.1's ORM, re-implemented in Rust, with Python and SQLite \
                beside it, all in this page. Nothing you type leaves the browser."}
            </p>
        </Frame>
    }
}
