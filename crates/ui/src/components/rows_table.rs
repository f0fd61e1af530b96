//! Rows as a table. However many there are, only those in view are drawn.

use protocol::Report;
use protocol::report::{Cell, Rows, RowsColumn, Value};
use yew::prelude::*;

use super::cell::{cell, is_number, width};
use super::grouped;
use crate::hooks::use_virtual_rows;
use crate::state::{Action, Same, State, light};

/// Height of a row in pixels, as the style sheet has it.
pub const ROW_HEIGHT: usize = 27;
/// Rows that are measured for the widths of the columns.
const MEASURED: usize = 200;

/// The table of a card.
#[derive(PartialEq, Properties)]
pub struct RowsTableProps {
    /// The report.
    pub report: Same<Report>,
    /// Which of its cards.
    pub index: usize,
    /// The columns to light.
    pub lit: Vec<String>,
    /// Where actions go.
    pub dispatch: UseReducerDispatcher<State>,
}

/// The table of a card.
#[component]
pub fn RowsTable(props: &RowsTableProps) -> Html {
    let rows = props
        .report
        .cards
        .get(props.index)
        .and_then(|card| match &card.value {
            Value::Table(rows) => Some(rows),
            _ => None,
        });
    let count = rows.map_or(0, |rows| rows.rows.len());
    let (view, on_scroll) = use_virtual_rows(count, ROW_HEIGHT);
    let Some(rows) = rows else {
        return Html::default();
    };
    let all = if rows.total > count as u64 {
        format!(
            "first {} of {} rows",
            grouped(count as u64),
            grouped(rows.total)
        )
    } else {
        super::count(rows.total, "row", "rows")
    };
    let right = right_columns(rows.columns.len(), &rows.rows);
    let lit: Vec<bool> = rows
        .columns
        .iter()
        .map(|c| props.lit.contains(&c.name))
        .collect();
    let heads = rows.columns.iter().zip(&right).zip(&lit);
    let heads = heads.map(|((column, right), lit)| head(props, column, *right, *lit));
    let of = rows.model.clone().unwrap_or_else(|| rows.type_name.clone());
    html! {
        <div class="rows">
            <div class="grid" tabindex="0" onscroll={on_scroll} role="region" aria-label={format!("{all} of {of}")}>
                <table aria-rowcount={(rows.total + 1).to_string()}>
                    <colgroup>
                        <col width="44" />
                        { for widths(rows).iter().map(|width| html! { <col width={width.to_string()} /> }) }
                        <col />
                    </colgroup>
                    <thead>
                        <tr><th class="number" aria-label="Row" />{ for heads }<th class="filler" aria-hidden="true" /></tr>
                    </thead>
                    <tbody>
                        { spacer(view.above) }
                        { for view.range.clone().map(|row| lit_line(row, &rows.rows[row], &right, &lit)) }
                        { spacer(view.below) }
                    </tbody>
                </table>
            </div>
            <p class="foot">{ all }{" · "}<code>{ of }</code></p>
        </div>
    }
}

/// Which columns stand on the right: those whose first value is a number.
pub fn right_columns(count: usize, rows: &[Vec<Cell>]) -> Vec<bool> {
    let is_right = |index: usize| {
        let mut cells = rows.iter().take(MEASURED).filter_map(|row| row.get(index));
        cells
            .find(|cell| **cell != Cell::Null)
            .is_some_and(is_number)
    };
    (0..count).map(is_right).collect()
}

fn head(props: &RowsTableProps, column: &RowsColumn, right: bool, lit: bool) -> Html {
    let nullable = if column.nullable { "?" } else { "" };
    let class = classes!(
        column.annotation.then_some("annotation"),
        right.then_some("right"),
        lit.then_some("lit")
    );
    let card = props.report.cards.get(props.index);
    let piece = card.and_then(|card| light::of_column(card, &column.name));
    let piece = piece.map(|(query, piece)| (props.index, query, piece));
    let light = |lit: Option<light::Lit>| {
        let dispatch = props.dispatch.clone();
        move |_: MouseEvent| dispatch.dispatch(Action::Light(lit))
    };
    html! {
        <th scope="col" class={class} title={title(column)} onmouseenter={light(piece)} onmouseleave={light(None)}>
            if column.primary_key { <span class="key" aria-label="primary key">{"◆"}</span> }
            { &column.name }
            <small>{ &column.type_name }{ nullable }</small>
        </th>
    }
}

fn title(column: &RowsColumn) -> String {
    let mut parts = vec![column.name.clone(), column.type_name.clone()];
    parts.extend(column.primary_key.then(|| "primary key".to_owned()));
    parts.extend(column.nullable.then(|| "can be NULL".to_owned()));
    parts.extend(column.annotation.then(|| "annotation".to_owned()));
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

/// One row with its number.
pub fn line(number: usize, cells: &[Cell], right: &[bool]) -> Html {
    lit_line(number, cells, right, &[])
}

fn lit_line(number: usize, cells: &[Cell], right: &[bool], lit: &[bool]) -> Html {
    html! {
        <tr key={number} aria-rowindex={(number + 2).to_string()}>
            <td class="number">{ number + 1 }</td>
            { for cells.iter().enumerate().map(|(index, value)| {
                let right = right.get(index).copied().unwrap_or_default();
                let lit = lit.get(index).copied().unwrap_or_default();
                html! { <td class={classes!(right.then_some("right"), lit.then_some("lit"))}>{ cell(value) }</td> }
            }) }
            <td class="filler" />
        </tr>
    }
}

/// Empty space in place of rows that are not drawn.
pub fn spacer(height: usize) -> Html {
    if height == 0 {
        return Html::default();
    }
    html! { <tr class="spacer" aria-hidden="true"><td height={height.to_string()} /></tr> }
}

/// Widths of the columns in pixels, so that they stay when rows come and go.
fn widths(rows: &Rows) -> Vec<usize> {
    rows.columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows
                .rows
                .iter()
                .take(MEASURED)
                .filter_map(|row| row.get(index));
            let widest = cells.map(width).max().unwrap_or(0);
            let name = column.name.chars().count() + 2;
            // Code is 7.5 pixels a character; the type below the name 5.6.
            let cells = widest.max(name).clamp(4, 44) * 75 / 10;
            cells.max(column.type_name.len() * 56 / 10) + 26
        })
        .collect()
}
