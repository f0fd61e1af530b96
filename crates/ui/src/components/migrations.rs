//! Where the migrations stand: what the models would change, before anything
//! is done; the files; what is applied; forwards and back.

mod operations;
mod pending;
mod questions;

use protocol::report::{AppMigrations, Migration, Migrations};
use yew::prelude::*;

use self::operations::operations;
use self::pending::Pending;
use self::questions::Questions;
use super::icon::icon;
use super::results::place;
use crate::state::{Action, StateHandle, use_state_handle};

/// The migrations of all apps.
#[component]
pub fn MigrationsPanel() -> Html {
    let state = use_state_handle();
    let Some(report) = state.report.clone() else {
        return Html::default();
    };
    let migrations: &Migrations = match &state.planned {
        Some(planned) => planned,
        None => &report.migrations,
    };
    html! {
        <div class="scroll migrations">
            if let Some(problem) = &migrations.problem {
                <div class="banner bad" role="alert">{ problem }</div>
            }
            if !migrations.questions.is_empty() {
                <Questions questions={migrations.questions.clone()} />
            }
            { for migrations.apps.iter().map(|app| html! { <AppView app={app.clone()} /> }) }
            if migrations.apps.is_empty() {
                <div class="empty"><p>{"There are no models yet."}</p></div>
            }
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct AppViewProps {
    app: AppMigrations,
}

#[component]
fn AppView(props: &AppViewProps) -> Html {
    let state = use_state_handle();
    let app = &props.app;
    let newest_applied = app.applied.iter().rposition(|migration| migration.applied);
    let before = app
        .applied
        .last()
        .map_or("zero", |last| last.name.as_str())
        .to_owned();
    let has_unapplied = app.applied.iter().any(|migration| !migration.applied);
    let to_newest = {
        let (state, name) = (state.clone(), app.app.clone());
        move |_| state.dispatch(Action::MigrateTo(name.clone(), None))
    };
    html! {
        <section class="app" aria-label={format!("Migrations of {}", app.app)}>
            <header>
                <h2>{ &app.app }</h2>
                <span class="type">{ standing(app) }</span>
                if has_unapplied {
                    <button class="small primary apply-all" onclick={to_newest}>
                        { icon("forward") }<span>{"Migrate"}</span>
                    </button>
                }
            </header>
            { for app.pending.iter().map(|file| html! {
                <Pending app={app.app.clone()} file={file.clone()} before={before.clone()} first={!app.migrated} />
            }) }
            <ol class="chain">
                if !app.applied.is_empty() { { zero(&state, &app.app, newest_applied) } }
                { for app.applied.iter().enumerate().map(|(index, migration)| {
                    step(&state, app, migration, index, newest_applied)
                }) }
            </ol>
        </section>
    }
}

fn standing(app: &AppMigrations) -> String {
    let changes: usize = app.pending.iter().map(|file| file.operations.len()).sum();
    let applied = app
        .applied
        .iter()
        .filter(|migration| migration.applied)
        .count();
    match (app.migrated, changes) {
        (false, _) => "no migration files: its tables are made directly".to_owned(),
        (true, 0) => format!("{applied} of {} applied, no changes", app.applied.len()),
        (true, _) => format!(
            "{applied} of {} applied, changes pending",
            app.applied.len()
        ),
    }
}

/// The beginning, before any migration.
fn zero(state: &StateHandle, app: &str, newest: Option<usize>) -> Html {
    let (state, app) = (state.clone(), app.to_owned());
    let go = move |_| state.dispatch(Action::MigrateTo(app.clone(), Some("zero".to_owned())));
    html! {
        <li class="applied zero">
            <div class="row">
                <span class="dot" aria-hidden="true" /><code>{"zero"}</code><span class="grow" />
                if newest.is_some() {
                    <button class="small" onclick={go} title="Unapply all migrations">{ icon("back") }<span>{"Go back to here"}</span></button>
                } else { <em class="here">{"the database is here"}</em> }
            </div>
        </li>
    }
}

fn step(
    state: &StateHandle,
    app: &AppMigrations,
    migration: &Migration,
    index: usize,
    newest: Option<usize>,
) -> Html {
    let is_here = newest == Some(index);
    let is_last = index + 1 == app.applied.len();
    let target = (!is_last).then(|| migration.name.clone());
    let go = {
        let (state, app) = (state.clone(), app.app.clone());
        move |_| state.dispatch(Action::MigrateTo(app.clone(), target.clone()))
    };
    let (picture, text) = if migration.applied {
        ("back", "Go back to here")
    } else {
        ("forward", "Apply to here")
    };
    html! {
        <li class={classes!(migration.applied.then_some("applied"), is_here.then_some("here"))}>
            <div class="row">
                <span class="dot" aria-hidden="true" />
                <code>{ &migration.name }</code>
                <span class="unseen">{ if migration.applied { "applied" } else { "not applied" } }</span>
                { place(state, &migration.file, 0) }
                <span class="grow" />
                if is_here { <em class="here">{"the database is here"}</em> }
                else { <button class="small" onclick={go}>{ icon(picture) }<span>{ text }</span></button> }
            </div>
            if !migration.operations.is_empty() {
                <details>
                    <summary>{ super::count(migration.operations.len() as u64, "operation", "operations") }</summary>
                    { operations(&migration.operations) }
                </details>
            }
        </li>
    }
}
