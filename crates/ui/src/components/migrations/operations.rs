//! Operations, each with the SQL it means.

use protocol::report::Operation;
use yew::prelude::*;

use crate::sql::{TokenKind, tokens};

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
                        <pre class="sql ddl">{ for operation.sql.iter().map(|sql| statement(sql)) }</pre>
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

fn statement(sql: &str) -> Html {
    let pieces = tokens(sql).into_iter().map(|token| {
        let text = sql[token.start..token.end].to_owned();
        if token.kind == TokenKind::Space {
            html! { { text } }
        } else {
            html! { <span class={token.kind.class()}>{ text }</span> }
        }
    });
    html! { <code>{ for pieces }{"\n"}</code> }
}
