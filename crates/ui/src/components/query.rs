//! One SQL statement: its text, its parameters, its joins, its plan.

use protocol::Report;
use protocol::report::{QueryRecord, SqlText};
use yew::prelude::*;

use super::cell::cell;
use super::copy_button::CopyButton;
use super::icon::icon;
use super::join_graph::JoinGraphView;
use super::plan::plan;
use super::sql_text::SqlView;
use super::{count, duration};
use crate::state::{Action, Same, State, light};
use crate::store::Params;

/// A query of a card.
#[derive(PartialEq, Properties)]
pub struct QueryProps {
    /// The report.
    pub report: Same<Report>,
    /// Which of its cards.
    pub card: usize,
    /// Which of the card's queries.
    pub query: usize,
    /// Whether it is unfolded at first.
    pub open: bool,
    /// How SQL shows its parameters.
    pub params: Params,
    /// The piece of provenance the pointer is on.
    pub lit: Option<usize>,
    /// Where actions go.
    pub dispatch: UseReducerDispatcher<State>,
}

/// One SQL statement.
#[component]
pub fn QueryView(props: &QueryProps) -> Html {
    let open = use_state(|| None::<bool>);
    let card = props.report.cards.get(props.card);
    let Some(query) = card.and_then(|card| card.queries.get(props.query)) else {
        return Html::default();
    };
    let is_open = open.unwrap_or(props.open);
    let toggle = move |_| open.set(Some(!is_open));
    let on_alias = {
        let (report, dispatch) = (props.report.clone(), props.dispatch.clone());
        let (card, query) = (props.card, props.query);
        Callback::from(move |alias: Option<String>| {
            let record = report
                .cards
                .get(card)
                .and_then(|card| card.queries.get(query));
            let piece = alias.and_then(|alias| light::of_alias(record?, &alias));
            dispatch.dispatch(Action::Light(piece.map(|piece| (card, query, piece))));
        })
    };
    let number = props.query + 1;
    let several = card.is_some_and(|card| card.queries.len() > 1);
    html! {
        <section class={classes!("query", is_open.then_some("open"))} aria-label={format!("Query {number}")}>
            <div class="bar">
                <button class="fold" onclick={toggle} aria-expanded={is_open.to_string()}>
                    { icon("chevron") }
                    if several { <b>{ format!("#{number}") }</b> }
                    <span class="kind">{ kind(query) }</span>
                    if !is_open { <code class="gist">{ gist(&query.text) }</code> }
                </button>
                { meters(query) }
                if is_open && !query.text.params.is_empty() { { params_switch(props.params, props.dispatch.clone()) } }
                <CopyButton text={query.text.interpolated.clone()} label="Copy SQL" />
            </div>
            if is_open {
                <SqlView
                    report={props.report.clone()}
                    at={(props.card, props.query)}
                    params={props.params}
                    lit={props.lit}
                    dispatch={props.dispatch.clone()}
                />
                if props.params == Params::Bound && !query.text.params.is_empty() {
                    <p class="params">
                        <span class="type">{"params"}</span>
                        { for query.text.params.iter().map(|value| html! { <code>{ cell(value) }</code> }) }
                    </p>
                }
                if let Some(error) = &query.error { <p class="refused" role="alert">{ error }</p> }
                if let Some(graph) = &query.graph {
                    <JoinGraphView
                        graph={graph.clone()}
                        lit={lit_aliases(query, props.lit)}
                        on_alias={on_alias}
                    />
                }
                if !query.plan.is_empty() { { plan(&query.plan) } }
            }
        </section>
    }
}

fn meters(query: &QueryRecord) -> Html {
    html! {
        <span class="meter">
            if query.not_run { <em class="not-run">{"not run"}</em> }
            else {
                <span>{ count(query.rows, "row", "rows") }</span>
                <span>{ duration(query.millis) }</span>
            }
            if !query.database.is_empty() && query.database != "default" {
                <span class="database">{ &query.database }</span>
            }
        </span>
    }
}

/// Switches all queries between parameters inside and beside the SQL.
fn params_switch(params: Params, dispatch: UseReducerDispatcher<State>) -> Html {
    let bound = params == Params::Bound;
    let turn = move |_| {
        let params = if bound { Params::Inline } else { Params::Bound };
        dispatch.dispatch(Action::Params(params));
    };
    html! {
        <button class="small switch" role="switch" aria-checked={bound.to_string()} onclick={turn}
            title="Parameters bound beside the SQL, or written into it">
            <code>{ if bound { "%s" } else { "'…'" } }</code>
            <span>{ if bound { "bound" } else { "inline" } }</span>
        </button>
    }
}

fn kind(query: &QueryRecord) -> &'static str {
    use protocol::report::QueryKind;
    match query.kind {
        QueryKind::Select => "SELECT",
        QueryKind::Insert => "INSERT",
        QueryKind::Update => "UPDATE",
        QueryKind::Delete => "DELETE",
        QueryKind::Schema => "SCHEMA",
        QueryKind::Transaction => "TRANSACTION",
        QueryKind::Other => "SQL",
    }
}

/// What a folded query says: where it starts to be of its own kind.
fn gist(text: &SqlText) -> String {
    let sql = &text.interpolated;
    let start = sql.find(" FROM ").map_or(0, |at| at + 1);
    sql[start..].chars().take(140).collect()
}

fn lit_aliases(query: &QueryRecord, lit: Option<usize>) -> Vec<String> {
    lit.and_then(|index| query.provenance.get(index))
        .map(|piece| piece.aliases.clone())
        .unwrap_or_default()
}
