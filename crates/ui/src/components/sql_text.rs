//! SQL, laid out and coloured; the pointer on a piece lights the Python it
//! came from.

use protocol::Report;
use protocol::report::{QueryRecord, TextRange};
use yew::prelude::*;

use crate::browser;
use crate::sql::{LINE, Layout, Place, SHORT_LINE, TokenKind, align, lay_out};
use crate::state::{Action, Same, State, light};
use crate::store::Params;

/// The SQL of a query.
#[derive(PartialEq, Properties)]
pub struct SqlProps {
    /// The report.
    pub report: Same<Report>,
    /// Which card, which query.
    pub at: (usize, usize),
    /// How it shows its parameters.
    pub params: Params,
    /// The piece of provenance the pointer is on.
    pub lit: Option<usize>,
    /// Where actions go.
    pub dispatch: UseReducerDispatcher<State>,
}

/// The SQL of a query.
#[component]
pub fn SqlView(props: &SqlProps) -> Html {
    let line = if browser::is_narrow() {
        SHORT_LINE
    } else {
        LINE
    };
    let layout = use_memo(
        (props.report.clone(), props.at, props.params, line),
        |(report, at, params, line)| laid_out(query(report, *at), *params, *line),
    );
    let Some(query) = query(&props.report, props.at) else {
        return Html::default();
    };
    let places = layout.places.iter().map(|place| piece(props, query, place));
    let on_key = keys(props, query);
    let leave = {
        let dispatch = props.dispatch.clone();
        move |_: FocusEvent| dispatch.dispatch(Action::Light(None))
    };
    let words = props.lit.and_then(|lit| query.provenance.get(lit));
    html! {
        <>
            <pre class="sql" tabindex="0" aria-label="SQL" onkeydown={on_key} onblur={leave}><code>{ for places }</code></pre>
            if let Some(piece) = words { <p class="unseen" role="status">{ &piece.text }</p> }
        </>
    }
}

fn query(report: &Report, (card, query): (usize, usize)) -> Option<&QueryRecord> {
    report.cards.get(card)?.queries.get(query)
}

/// The text that is shown. Its pieces know their place in the SQL with
/// placeholders, of which provenance speaks.
fn laid_out(query: Option<&QueryRecord>, params: Params, line: usize) -> Layout {
    let Some(text) = query.map(|query| &query.text) else {
        return Layout::default();
    };
    if params == Params::Bound || text.interpolated.is_empty() {
        return lay_out(&text.sql, line);
    }
    let mut layout = lay_out(&text.interpolated, line);
    if query.is_some_and(|query| !query.provenance.is_empty()) {
        let pairs = align(&text.interpolated, &text.sql);
        for place in &mut layout.places {
            let found = pairs.binary_search_by_key(&place.before.start, |(inline, _)| inline.start);
            place.before = found.map_or_else(|_| TextRange::default(), |index| pairs[index].1);
        }
    }
    layout
}

fn piece(props: &SqlProps, query: &QueryRecord, place: &Place) -> Html {
    if place.kind == TokenKind::Space {
        return html! { { place.text.clone() } };
    }
    let source = (place.before.end > 0)
        .then(|| source_of(query, place.before))
        .flatten();
    let class = classes!(
        place.kind.class(),
        source.map(|_| "traced"),
        source
            .filter(|found| props.lit == Some(*found))
            .map(|_| "lit"),
    );
    let Some(source) = source else {
        return html! { <span class={class}>{ place.text.clone() }</span> };
    };
    let light = |lit: Option<(usize, usize, usize)>| {
        let dispatch = props.dispatch.clone();
        move |_: MouseEvent| dispatch.dispatch(Action::Light(lit))
    };
    let (card, query) = props.at;
    html! {
        <span class={class} onmouseenter={light(Some((card, query, source)))} onmouseleave={light(None)}>
            { place.text.clone() }
        </span>
    }
}

/// With the arrow keys one piece after the other is lit.
fn keys(props: &SqlProps, query: &QueryRecord) -> Callback<KeyboardEvent> {
    let (dispatch, lit, (card, at)) = (props.dispatch.clone(), props.lit, props.at);
    let count = query.provenance.len();
    Callback::from(move |event: KeyboardEvent| {
        if count == 0 {
            return;
        }
        let next = match event.key().as_str() {
            "ArrowRight" | "ArrowDown" => light::next(count, lit, true),
            "ArrowLeft" | "ArrowUp" => light::next(count, lit, false),
            "Escape" if lit.is_some() => None,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        dispatch.dispatch(Action::Light(next.map(|piece| (card, at, piece))));
    })
}

/// The innermost piece of provenance that covers a range.
fn source_of(query: &QueryRecord, range: TextRange) -> Option<usize> {
    let covering = query
        .provenance
        .iter()
        .enumerate()
        .filter_map(|(index, piece)| {
            let around = piece
                .sql
                .iter()
                .find(|sql| sql.start <= range.start && range.end <= sql.end)?;
            Some((around.end - around.start, index))
        });
    covering.min().map(|(_, index)| index)
}
