//! The cards, with what is to be said before them.

use protocol::report::{Card, Diagnostic, PhaseName, Severity};
use yew::prelude::*;

use super::card::CardView;
use super::scope_strip::ScopeStrip;
use crate::browser;
use crate::state::{Action, EngineState, Panel, Same, State, StateHandle, light, use_state_handle};

/// The cards of the last run.
#[component]
pub fn ResultsPanel() -> Html {
    let state = use_state_handle();
    let Some(report) = state.report.clone() else {
        return html! { <Waiting /> };
    };
    let dispatch = state.dispatcher();
    let lit = state
        .lit
        .and_then(|lit| light::piece(&report, lit)?.python.clone());
    let concerns = |card: &Card| {
        let lit = lit.clone()?;
        let any = card
            .queries
            .iter()
            .any(|q| light::piece_from(q, &lit).is_some());
        any.then_some(lit)
    };
    let cards = (0..report.cards.len()).map(|index| {
        html! {
            <CardView
                key={index}
                report={report.clone()}
                index={index}
                selected={state.card == Some(index)}
                params={state.settings.params}
                lit={report.cards.get(index).and_then(concerns)}
                dispatch={dispatch.clone()}
            />
        }
    });
    let is_late = state.stale() && state.halt.is_none() && state.running.is_some();
    html! {
        <>
            <ScopeStrip report={report.clone()} selected={state.card} dispatch={dispatch.clone()} />
            <div class={classes!("scroll", is_late.then_some("late"))}>
                <Banners />
                <div class="cards" role="list" aria-label="Results">
                    { for cards }
                    if report.cards.is_empty() && report.succeeded() { { empty() } }
                </div>
            </div>
        </>
    }
}

#[component]
fn Waiting() -> Html {
    let state = use_state_handle();
    let text = match &state.engine {
        EngineState::Failed(reason) => {
            return html! {
                <div class="scroll">
                    <div class="banner bad" role="alert">
                        <strong>{"The engine cannot start."}</strong>
                        <p>{ reason }</p>
                        <p>{"Your files are safe: they are kept in this browser. Reload the page to try again."}</p>
                    </div>
                </div>
            };
        }
        EngineState::Ready(_) => "Running…",
        _ => "The engine is on its way: Python, the ORM and SQLite, in this page.",
    };
    html! {
        <div class="waiting">
            <div class="beam" aria-hidden="true" />
            <p>{ text }</p>
            if let Some(halt) = &state.halt { <p role="alert" class="bad">{ &halt.reason }</p> }
        </div>
    }
}

fn empty() -> Html {
    html! {
        <div class="empty">
            <p>{"Nothing to show yet."}</p>
            <p>{"Every statement of "}<code>{"queries.py"}</code>{" whose value is worth looking at gets a card here. Try "}
                <code>{"Book.objects.all()"}</code>{"."}</p>
        </div>
    }
}

/// What went wrong outside of the cards, and what waits.
#[component]
fn Banners() -> Html {
    let state = use_state_handle();
    // Wherever the cards have been scrolled to: a run that was stopped is seen.
    use_effect_with(state.halt.clone(), |halt| {
        if halt.is_some() {
            browser::reveal("halted");
        }
    });
    let Some(report) = state.report.clone() else {
        return Html::default();
    };
    let halt = state.halt.clone().map(|halt| {
        let place = place(&state, &halt.file, halt.line);
        html! {
            <div class="banner bad" role="alert" id="halted">
                <strong>{"Stopped."}</strong>{" "}{ halt.reason }{" "}{ place }
                <p>{"The engine has started anew. Results below are of the run before; the next edit runs again."}</p>
            </div>
        }
    });
    let shown_in_cards = |item: &Diagnostic| {
        item.phase == Some(PhaseName::Run)
            && report.cards.iter().any(|card| {
                matches!(&card.value, protocol::report::Value::Exception(raised)
                    if raised.kind == item.kind && raised.message == item.message)
            })
    };
    let problems = report
        .diagnostics
        .iter()
        .filter(|item| !shown_in_cards(item));
    html! {
        <>
            { halt }
            { for problems.map(|item| html! { <Problem item={item.clone()} /> }) }
            <PendingBanner report={Same::clone(&report)} />
        </>
    }
}

#[derive(PartialEq, Properties)]
struct ProblemProps {
    item: Diagnostic,
}

#[component]
fn Problem(props: &ProblemProps) -> Html {
    let state = use_state_handle();
    let item = &props.item;
    let tone = match item.severity {
        Severity::Error => "bad",
        Severity::Warning => "warn",
        Severity::Info => "info",
    };
    let phase = match item.phase {
        Some(PhaseName::Load) | None => "",
        Some(PhaseName::Check) => "check: ",
        Some(PhaseName::Migrate) => "migrate: ",
        Some(PhaseName::Seed) => "seed: ",
        Some(PhaseName::Run) => "",
    };
    html! {
        <div class={classes!("banner", tone)} role={if tone == "bad" { "alert" } else { "note" }}>
            <span class="phase">{ phase }</span>
            <strong>{ &item.kind }</strong>{" "}
            <span class="message">{ &item.message }</span>{" "}
            { place(&state, &item.file, item.line) }
            if !item.hint.is_empty() { <p class="hint">{ &item.hint }</p> }
            if !item.traceback.is_empty() {
                <details><summary>{"Traceback"}</summary><pre>{ &item.traceback }</pre></details>
            }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct PendingProps {
    report: Same<protocol::Report>,
}

/// The models have changes that are in no migration.
#[component]
fn PendingBanner(props: &PendingProps) -> Html {
    let state = use_state_handle();
    let apps = || {
        props
            .report
            .migrations
            .apps
            .iter()
            .filter(|app| app.migrated)
    };
    let changes: Vec<_> = apps()
        .flat_map(|app| &app.pending)
        .flat_map(|file| &file.operations)
        .map(|operation| format!("{} {}", operation.symbol, operation.description))
        .collect();
    let unapplied = apps()
        .flat_map(|app| &app.applied)
        .filter(|migration| !migration.applied)
        .count();
    let text = match (changes.len(), unapplied) {
        (0, 0) => return Html::default(),
        (0, 1) => "A migration is not applied.".to_owned(),
        (0, many) => format!("{many} migrations are not applied."),
        (1, _) => format!(
            "The models have a change that is in no migration: {}",
            changes[0]
        ),
        (many, _) => format!("The models have {many} changes that are in no migration."),
    };
    let review = move |_| state.dispatch(Action::Panel(Panel::Migrations));
    html! {
        <div class="banner warn" role="note">
            { text }{" "}
            <button class="small" onclick={review}>{"Review"}</button>
        </div>
    }
}

/// A button that goes to a place of the source.
pub(super) fn place(state: &StateHandle, file: &str, line: u32) -> Html {
    if file.is_empty() {
        return Html::default();
    }
    let text = if line > 0 {
        format!("{file}:{line}")
    } else {
        file.to_owned()
    };
    if !knows(state, file) {
        return html! { <code>{ text }</code> };
    }
    let (state, file) = (state.clone(), file.to_owned());
    let go = move |_| state.dispatch(Action::GoTo(file.clone(), line.max(1)));
    html! { <button class="place" onclick={go}>{ text }</button> }
}

fn knows(state: &State, file: &str) -> bool {
    state.project.read(file).is_some()
}
