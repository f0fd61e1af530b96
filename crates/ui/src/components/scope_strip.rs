//! The run as a trace: each query a pulse, as long and as high as it took.

use protocol::Report;
use yew::prelude::*;

use super::{count, duration};
use crate::state::{Action, Same, State};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 56.0;
const BASE: f64 = 46.0;

/// The run, and the card that is selected.
#[derive(PartialEq, Properties)]
pub struct ScopeStripProps {
    /// The run.
    pub report: Same<Report>,
    /// The selected card.
    pub selected: Option<usize>,
    /// Where clicks go.
    pub dispatch: UseReducerDispatcher<State>,
}

/// The run as a trace.
#[component]
pub fn ScopeStrip(props: &ScopeStripProps) -> Html {
    let totals = &props.report.totals;
    let pulses = pulses(&props.report);
    let path = trace(&pulses);
    let selected = pulses
        .iter()
        .filter(|pulse| Some(pulse.card) == props.selected);
    let targets = pulses.iter().map(|pulse| {
        let (dispatch, card) = (props.dispatch.clone(), pulse.card);
        let select = move |_| dispatch.dispatch(Action::Card(card));
        html! {
            <rect class="target" x={pulse.x.to_string()} y="0" width={pulse.width.to_string()} height={HEIGHT.to_string()} onclick={select}>
                <title>{ pulse.title.clone() }</title>
            </rect>
        }
    });
    let says = format!(
        "{} in {}, {} altogether",
        count(u64::from(totals.queries), "query", "queries"),
        duration(totals.database_millis),
        duration(totals.millis)
    );
    html! {
        <div class="strip">
            <svg viewBox={format!("0 0 {WIDTH} {HEIGHT}")} preserveAspectRatio="none" role="img" aria-label={says}>
                <path class="grid" d={grid()} />
                { for selected.map(|pulse| html! {
                    <rect class="chosen" x={pulse.x.to_string()} y="0" width={pulse.width.to_string()} height={HEIGHT.to_string()} />
                }) }
                <path class="glow" d={path.clone()} />
                <path class="beam" d={path} />
                { for targets }
            </svg>
            <dl class="meters">
                <div><dt>{"queries"}</dt><dd>{ totals.queries }</dd></div>
                <div><dt>{"rows"}</dt><dd>{ super::grouped(totals.rows) }</dd></div>
                <div><dt>{"sql"}</dt><dd>{ duration(totals.database_millis) }</dd></div>
                <div><dt>{"run"}</dt><dd>{ duration(totals.millis) }</dd></div>
            </dl>
        </div>
    }
}

struct Pulse {
    card: usize,
    x: f64,
    width: f64,
    height: f64,
    title: String,
}

/// One pulse a query. Widths follow the square root of the times, so that a
/// quick query beside a slow one is still seen.
fn pulses(report: &Report) -> Vec<Pulse> {
    let queries = || {
        report.cards.iter().enumerate().flat_map(|(card, entry)| {
            entry
                .queries
                .iter()
                .filter(|query| !query.not_run)
                .map(move |query| (card, entry, query))
        })
    };
    let weight = |millis: f64| millis.max(0.01).sqrt();
    let total: f64 = queries().map(|(.., query)| weight(query.millis)).sum();
    let most = queries()
        .map(|(.., query)| query.millis)
        .fold(0.01, f64::max);
    let space = WIDTH - 40.0;
    let mut x = 20.0;
    queries()
        .map(|(card, entry, query)| {
            let width = weight(query.millis) / total * space;
            let height = 8.0 + 30.0 * (query.millis.max(0.01) / most).sqrt();
            let title = format!(
                "{}:{} — {}",
                entry.at.file,
                entry.at.line,
                duration(query.millis)
            );
            let pulse = Pulse {
                card,
                x,
                width,
                height,
                title,
            };
            x += width;
            pulse
        })
        .collect()
}

fn trace(pulses: &[Pulse]) -> String {
    use std::fmt::Write;
    let mut path = format!("M0 {BASE}");
    for Pulse {
        x, width, height, ..
    } in pulses
    {
        let rise = (width * 0.16).min(7.0);
        let (from, to) = (x + width * 0.12, x + width * 0.88);
        let top = BASE - height;
        let _ = write!(
            path,
            " H{from:.1} C{:.1} {BASE} {:.1} {top:.1} {:.1} {top:.1} H{:.1} C{:.1} {top:.1} {:.1} {BASE} {to:.1} {BASE}",
            from + rise * 0.5,
            from + rise * 0.5,
            from + rise,
            (to - rise).max(from + rise),
            to - rise * 0.5,
            to - rise * 0.5,
        );
    }
    let _ = write!(path, " H{WIDTH}");
    path
}

fn grid() -> String {
    let down = (1..20).map(|step| format!("M{} 0V{HEIGHT}", f64::from(step) * WIDTH / 20.0));
    let across = (1..4).map(|step| format!("M0 {}H{WIDTH}", f64::from(step) * HEIGHT / 4.0));
    down.chain(across).collect()
}
