//! The panels beside the editor, one shown at a time.

use yew::prelude::*;

use super::database::DatabasePanel;
use super::migrations::MigrationsPanel;
use super::output::OutputPanel;
use super::results::ResultsPanel;
use crate::state::{Action, Pane, Panel, State, use_state_handle};

/// Tabs and the panel of the one that is chosen.
#[component]
pub fn Panels() -> Html {
    let state = use_state_handle();
    let to_code = {
        let state = state.clone();
        move |_| state.dispatch(Action::Pane(Pane::Code))
    };
    let panel = match state.panel {
        Panel::Results => html! { <ResultsPanel /> },
        Panel::Output => html! { <OutputPanel /> },
        Panel::Database => html! { <DatabasePanel /> },
        Panel::Migrations => html! { <MigrationsPanel /> },
    };
    html! {
        <section
            class="panels"
            aria-label="What it became"
            aria-busy={state.stale().to_string()}
            data-revision={state.revision.to_string()}
            data-reported={state.reported.to_string()}
        >
            <div class="tabs" role="tablist" aria-label="Panels">
                <span class="tab narrow">
                    <button role="tab" aria-selected={(state.pane == Pane::Code).to_string()} onclick={to_code}>
                        {"Code"}
                    </button>
                </span>
                { for Panel::ALL.iter().map(|panel| html! { <PanelTab panel={*panel} /> }) }
            </div>
            <div
                class={classes!("panel", state.panel.id())}
                id={format!("panel-{}", state.panel.id())}
                role="tabpanel"
                aria-label={state.panel.label()}
            >
                { panel }
            </div>
        </section>
    }
}

#[derive(PartialEq, Properties)]
struct PanelTabProps {
    panel: Panel,
}

#[component]
fn PanelTab(props: &PanelTabProps) -> Html {
    let state = use_state_handle();
    let panel = props.panel;
    let shown = state.panel == panel;
    let show = {
        let state = state.clone();
        move |_| state.dispatch(Action::Panel(panel))
    };
    let on_key = {
        let state = state.clone();
        move |event: KeyboardEvent| {
            let by = match event.key().as_str() {
                "ArrowRight" => 1,
                "ArrowLeft" => Panel::ALL.len() - 1,
                _ => return,
            };
            let at = Panel::ALL
                .iter()
                .position(|other| *other == panel)
                .unwrap_or(0);
            let next = Panel::ALL[(at + by) % Panel::ALL.len()];
            crate::browser::focus(&format!("#tab-{}", next.id()));
            state.dispatch(Action::Panel(next));
        }
    };
    let badge = badge(&state, panel);
    html! {
        <span class={classes!("tab", shown.then_some("shown"))}>
            <button
                role="tab"
                id={format!("tab-{}", panel.id())}
                aria-selected={shown.to_string()}
                aria-controls={format!("panel-{}", panel.id())}
                tabindex={if shown { "0" } else { "-1" }}
                onclick={show}
                onkeydown={on_key}
            >
                { panel.label() }
                if let Some((text, loud)) = badge {
                    <span class={classes!("badge", loud.then_some("loud"))}>{ text }</span>
                }
            </button>
        </span>
    }
}

/// A number beside a panel's name, and whether it wants attention.
fn badge(state: &State, panel: Panel) -> Option<(usize, bool)> {
    let report = state.report.as_ref()?;
    let (number, loud) = match panel {
        Panel::Results => (report.cards.len(), false),
        Panel::Output => (
            report
                .output
                .iter()
                .map(|piece| piece.text.lines().count())
                .sum(),
            false,
        ),
        Panel::Database => (
            report.databases.iter().map(|base| base.tables.len()).sum(),
            false,
        ),
        Panel::Migrations => (
            report.migrations.apps.iter().map(to_do).sum::<usize>(),
            true,
        ),
    };
    (number > 0).then_some((number, loud))
}

/// Operations that wait to be written, and migrations that wait to be applied.
fn to_do(app: &protocol::report::AppMigrations) -> usize {
    if !app.migrated {
        return 0;
    }
    let pending: usize = app.pending.iter().map(|file| file.operations.len()).sum();
    pending
        + app
            .applied
            .iter()
            .filter(|migration| !migration.applied)
            .count()
}
