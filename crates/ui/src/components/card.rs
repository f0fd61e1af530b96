//! A result card: a statement, what it came to, the SQL it caused.

use protocol::Report;
use protocol::report::{Card, SourceRange, Value};
use yew::prelude::*;

use super::query::QueryView;
use super::value::ValueView;
use super::{count, duration};
use crate::browser;
use crate::state::{Action, Same, State, light};
use crate::store::Params;

/// More queries than that are folded.
const OPEN_QUERIES: usize = 3;

/// A card of a report.
#[derive(PartialEq, Properties)]
pub struct CardProps {
    /// The report.
    pub report: Same<Report>,
    /// Which of its cards.
    pub index: usize,
    /// Whether it is the selected one.
    pub selected: bool,
    /// How SQL shows its parameters.
    pub params: Params,
    /// The Python that is lit, if something of the card came from it.
    pub lit: Option<SourceRange>,
    /// Where actions go.
    pub dispatch: UseReducerDispatcher<State>,
}

/// A result card.
#[component]
pub fn CardView(props: &CardProps) -> Html {
    let index = props.index;
    use_effect_with((props.selected, index), |(selected, index)| {
        if *selected {
            browser::reveal(&format!("card-{index}"));
        }
    });
    let Some(card) = props.report.cards.get(index) else {
        return Html::default();
    };
    let select = {
        let dispatch = props.dispatch.clone();
        Callback::from(move |()| dispatch.dispatch(Action::Card(index)))
    };
    let on_key = {
        let select = select.clone();
        move |event: KeyboardEvent| {
            if event.key() == "Enter" && event.target() == event.current_target() {
                select.emit(());
            }
        }
    };
    let kind = match &card.value {
        Value::Exception(_) => "exception",
        Value::Queryset { .. } => "idle",
        _ => "done",
    };
    let queries = (0..card.queries.len()).map(|query| {
        html! {
            <QueryView
                key={query}
                report={props.report.clone()}
                card={index}
                query={query}
                open={query < OPEN_QUERIES || card.queries.len() <= OPEN_QUERIES + 1}
                params={props.params}
                lit={props.lit.as_ref().and_then(|lit| light::piece_from(&card.queries[query], lit))}
                dispatch={props.dispatch.clone()}
            />
        }
    });
    html! {
        <article
            id={format!("card-{index}")}
            class={classes!("card", kind, props.selected.then_some("selected"))}
            role="listitem"
            tabindex="0"
            aria-label={format!("Line {}: {}", card.at.line, card.source)}
            aria-current={props.selected.to_string()}
            onkeydown={on_key}
        >
            { head(card, &select) }
            <ValueView
                report={props.report.clone()}
                index={index}
                lit={props.lit.as_ref().map(|lit| light::columns_from(card, lit)).unwrap_or_default()}
                dispatch={props.dispatch.clone()}
            />
            { for queries }
        </article>
    }
}

fn head(card: &Card, select: &Callback<()>) -> Html {
    let run = card.queries.iter().filter(|query| !query.not_run).count() as u64;
    let sql: f64 = card.queries.iter().map(|query| query.millis).sum();
    let idle = matches!(card.value, Value::Queryset { .. });
    html! {
        <header onclick={select.reform(|_| ())}>
            <span class="line">{ card.at.line }</span>
            <code class="statement" title={card.source.clone()}>{ one_line(&card.source) }</code>
            <span class="meter">
                if idle { <em class="not-run">{"not evaluated yet"}</em> }
                else if run > 0 {
                    <b class={classes!((run > 5).then_some("many"))}>{ count(run, "query", "queries") }</b>
                    <span>{ duration(sql) }</span>
                } else { <span>{ duration(card.millis) }</span> }
            </span>
        </header>
    }
}

/// A statement on one line, without the white space of its layout.
fn one_line(source: &str) -> String {
    let mut text = String::new();
    for line in source.lines() {
        let line = line.trim();
        if !text.is_empty()
            && !text.ends_with(['(', '[', '{'])
            && !line.starts_with([')', '.', ']'])
        {
            text.push(' ');
        }
        text.push_str(line);
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_chain_over_several_lines_reads_as_one() {
        let source = "(\n    Book.objects\n    .filter(a=1,\n            b=2)\n)";
        assert_eq!(super::one_line(source), "(Book.objects.filter(a=1, b=2))");
    }
}
