//! SQL, laid out and coloured; the pointer on a piece lights the Python it
//! came from.

use protocol::Report;
use protocol::report::{QueryRecord, TextRange};
use yew::prelude::*;

use crate::sql::{Layout, Place, TokenKind, lay_out};
use crate::state::{Action, Same, State};
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
    let layout = use_memo(
        (props.report.clone(), props.at, props.params),
        |(report, at, params)| laid_out(query(report, *at), *params),
    );
    let Some(query) = query(&props.report, props.at) else {
        return Html::default();
    };
    let places = layout.places.iter().map(|place| piece(props, query, place));
    html! { <pre class="sql" tabindex="0" aria-label="SQL"><code>{ for places }</code></pre> }
}

fn query(report: &Report, (card, query): (usize, usize)) -> Option<&QueryRecord> {
    report.cards.get(card)?.queries.get(query)
}

fn laid_out(query: Option<&QueryRecord>, params: Params) -> Layout {
    let text = query.map(|query| match params {
        Params::Bound => &query.text.sql,
        Params::Inline if query.text.interpolated.is_empty() => &query.text.sql,
        Params::Inline => &query.text.interpolated,
    });
    text.map(|text| lay_out(text)).unwrap_or_default()
}

fn piece(props: &SqlProps, query: &QueryRecord, place: &Place) -> Html {
    if place.kind == TokenKind::Space {
        return html! { { place.text.clone() } };
    }
    // Provenance speaks of the text with placeholders.
    let source = (props.params == Params::Bound)
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
