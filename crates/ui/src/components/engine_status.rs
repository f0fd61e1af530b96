//! A lamp, and what it means.

use yew::prelude::*;

use crate::state::{EngineState, Run, State};

/// A lamp, and what it means. Most runs are over before anybody could read that
/// they go on; the first is waited for.
pub fn engine_status(state: &State) -> Html {
    let engine = &state.engine;
    let (lamp, text) = match (engine, &state.running) {
        (EngineState::Failed(_), _) => ("bad", "engine unavailable".to_owned()),
        (EngineState::Idle, _) => ("wait", "starting".to_owned()),
        (EngineState::Loading(loaded, total), _) => ("wait", progress(*loaded, *total)),
        (
            EngineState::Ready(_),
            Some(Run {
                at: Some((file, line)),
                ..
            }),
        ) => ("busy", format!("{file}:{line}")),
        (EngineState::Ready(_), Some(_)) => ("busy", "running".to_owned()),
        (EngineState::Ready(_), None) if state.reported == 0 && state.halt.is_none() => {
            ("busy", "running".to_owned())
        }
        (EngineState::Ready(info), None) => ("good", format!("Django {}", info.django)),
    };
    let title = match engine {
        EngineState::Ready(info) => format!(
            "ormscope {} — as Django {}, Python {}, SQLite {}",
            info.version, info.django, info.python, info.sqlite
        ),
        EngineState::Failed(reason) => reason.clone(),
        _ => "The engine runs in this page, in a worker. Nothing leaves the browser.".to_owned(),
    };
    let bar = match engine {
        EngineState::Loading(loaded, total) if *total > 0 => html! {
            <progress max={total.to_string()} value={loaded.to_string()} aria-label="Engine download" />
        },
        _ => Html::default(),
    };
    html! {
        <div class={classes!("engine", lamp)} role="status" title={title}>
            <i class="lamp" /><span class="text">{ text }</span>{ bar }
        </div>
    }
}

fn progress(loaded: u64, total: u64) -> String {
    let mega = |bytes: u64| bytes as f64 / 1_000_000.0;
    if total == 0 {
        format!("engine {:.1} MB", mega(loaded))
    } else if loaded >= total {
        "starting engine".to_owned()
    } else {
        format!("engine {:.1} of {:.1} MB", mega(loaded), mega(total))
    }
}
