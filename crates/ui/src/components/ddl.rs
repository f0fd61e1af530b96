//! Statements that make tables, coloured as they stand.

use yew::prelude::*;

use crate::sql::{TokenKind, tokens};

/// Statements, each on lines of its own.
pub fn ddl(statements: &[String]) -> Html {
    html! { <pre class="sql ddl">{ for statements.iter().map(|sql| statement(sql)) }</pre> }
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
