//! Operations, each with the SQL it means.

use protocol::report::Operation;
use yew::prelude::*;

use crate::components::ddl::ddl;

/// Operations, each with the SQL it means.
pub fn operations(operations: &[Operation]) -> Html {
    html! {
        <ul class="operations">
            { for operations.iter().map(|operation| html! {
                <li>
                    <p>
                        <b class={classes!("symbol", tone(&operation.symbol))}>{ &operation.symbol }</b>
                        { &operation.description }
                    </p>
                    if !operation.sql.is_empty() {
                        { ddl(&operation.sql) }
                    }
                </li>
            }) }
        </ul>
    }
}

fn tone(symbol: &str) -> &'static str {
    match symbol {
        "+" => "plus",
        "-" => "minus",
        "~" => "change",
        _ => "other",
    }
}
