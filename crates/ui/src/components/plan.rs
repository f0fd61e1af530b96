//! What the database does for a query, step by step.

use protocol::report::PlanRow;
use yew::prelude::*;

/// The steps of a plan, folded.
pub fn plan(rows: &[PlanRow]) -> Html {
    let scans = rows.iter().filter(|row| is_scan(row)).count();
    let summary = match (rows.len(), scans) {
        (steps, 0) => super::count(steps as u64, "step", "steps"),
        (steps, scans) => format!(
            "{}, {}",
            super::count(steps as u64, "step", "steps"),
            super::count(scans as u64, "scan", "scans")
        ),
    };
    html! {
        <details class="plan">
            <summary><span class="type">{"EXPLAIN QUERY PLAN"}</span>{" "}{ summary }</summary>
            { steps(rows, 0, 0) }
        </details>
    }
}

fn steps(rows: &[PlanRow], parent: i64, depth: usize) -> Html {
    let children: Vec<_> = rows
        .iter()
        .filter(|row| row.parent == parent && row.id != parent)
        .collect();
    if children.is_empty() || depth > 30 {
        return Html::default();
    }
    html! {
        <ul>
            { for children.into_iter().map(|row| html! {
                <li>
                    <code class={classes!(is_scan(row).then_some("scan"))}>{ &row.detail }</code>
                    { steps(rows, row.id, depth + 1) }
                </li>
            }) }
        </ul>
    }
}

fn is_scan(row: &PlanRow) -> bool {
    row.detail.starts_with("SCAN ") && !row.detail.contains("INDEX")
}
