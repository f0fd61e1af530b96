//! The database as the script left it: tables, columns, rows, the file.

use protocol::report::{Column, Database, RowsPage, Table};
use protocol::{Report, ToWorker};
use yew::prelude::*;

use super::ddl::ddl;
use super::icon::icon;
use super::rows_table::{ROW_HEIGHT, line, right_columns, spacer};
use super::{count, grouped};
use crate::hooks::{use_ask, use_virtual_rows};
use crate::state::{Same, use_state_handle};

/// Rows that are asked for at once.
const PAGE: u32 = 5_000;

/// The database.
#[component]
pub fn DatabasePanel() -> Html {
    let state = use_state_handle();
    let ask = use_ask();
    let chosen = use_state(|| None::<(String, String)>);
    let offset = use_state(|| 0_u64);
    let table = state
        .report
        .as_ref()
        .and_then(|report| find(report, chosen.as_ref()));
    let wanted = table.map(|(base, table)| (base.alias.clone(), table.name.clone()));
    {
        let ask = ask.clone();
        // A new report may have other rows in the same table.
        let when = (wanted.clone(), *offset, state.report.clone());
        use_effect_with(when, move |(wanted, offset, _)| {
            if let Some((database, table)) = wanted.clone() {
                ask.emit(ToWorker::Rows {
                    id: 1,
                    database,
                    table,
                    offset: *offset,
                    limit: PAGE,
                });
            }
        });
    }
    let Some(report) = state.report.clone() else {
        return Html::default();
    };
    let choose = {
        let offset = offset.clone();
        Callback::from(move |place| {
            offset.set(0);
            chosen.set(Some(place));
        })
    };
    let Some((base, table)) = table else {
        return html! { <div class="empty"><p>{"The database has no tables yet."}</p></div> };
    };
    let page = state
        .rows
        .clone()
        .filter(|page| page.table == table.name && page.database == base.alias);
    html! {
        <div class="database">
            <nav class="tables" aria-label="Tables">
                { for report.databases.iter().map(|base| html! {
                    <DatabaseList base={base.clone()} shown={wanted.clone()} choose={choose.clone()} several={report.databases.len() > 1} />
                }) }
            </nav>
            <div class="table-view">
                { table_head(table) }
                if let Some(page) = page {
                    <PageOfRows page={page} columns={table.columns.clone()} />
                }
                <Pager total={table.rows} offset={*offset} set={Callback::from(move |to| offset.set(to))} />
            </div>
        </div>
    }
}

fn find<'a>(
    report: &'a Report,
    chosen: Option<&(String, String)>,
) -> Option<(&'a Database, &'a Table)> {
    let mut all = report
        .databases
        .iter()
        .flat_map(|base| base.tables.iter().map(move |table| (base, table)));
    let first = all
        .clone()
        .find(|(_, table)| !table.model.is_empty())
        .or_else(|| all.clone().next());
    let by_name = chosen.and_then(|(alias, name)| {
        all.find(|(base, table)| base.alias == *alias && table.name == *name)
    });
    by_name.or(first)
}

#[derive(PartialEq, Properties)]
struct DatabaseListProps {
    base: Database,
    shown: Option<(String, String)>,
    choose: Callback<(String, String)>,
    several: bool,
}

#[component]
fn DatabaseList(props: &DatabaseListProps) -> Html {
    let ask = use_ask();
    let alias = props.base.alias.clone();
    let export = move |_| {
        ask.emit(ToWorker::Export {
            id: 2,
            database: alias.clone(),
        })
    };
    let items = props.base.tables.iter().map(|table| {
        let place = (props.base.alias.clone(), table.name.clone());
        let shown = props.shown.as_ref() == Some(&place);
        html! {
            <li>
                <button class={classes!(shown.then_some("shown"))} aria-current={shown.to_string()}
                    title={table.model.clone()} onclick={props.choose.reform(move |_| place.clone())}>
                    <span>{ &table.name }</span><small>{ grouped(table.rows) }</small>
                </button>
            </li>
        }
    });
    html! {
        <>
            if props.several { <h3>{ &props.base.alias }</h3> }
            <ul>{ for items }</ul>
            <button class="small download" id={format!("download-{}", props.base.alias)} onclick={export}>
                { icon("download") }<span>{".sqlite3 file"}</span>
            </button>
        </>
    }
}

fn table_head(table: &Table) -> Html {
    html! {
        <header class="table-head">
            <h2><code>{ &table.name }</code></h2>
            if !table.model.is_empty() { <span class="type">{ &table.model }</span> }
            <details>
                <summary>{ count(table.columns.len() as u64, "column", "columns") }</summary>
                <table class="columns">
                    <tbody>{ for table.columns.iter().map(column) }</tbody>
                </table>
                if !table.sql.is_empty() { { ddl(&table.sql) } }
            </details>
        </header>
    }
}

fn column(column: &Column) -> Html {
    html! {
        <tr>
            <th scope="row">
                if column.primary_key { <span class="key" aria-label="primary key">{"◆"}</span> }
                { &column.name }
            </th>
            <td><code>{ &column.type_name }</code></td>
            <td>{ if column.nullable { "NULL" } else { "NOT NULL" } }</td>
            <td>if !column.references.is_empty() { {"→ "}<code>{ &column.references }</code> }</td>
        </tr>
    }
}

#[derive(PartialEq, Properties)]
struct PageProps {
    page: Same<RowsPage>,
    columns: Vec<Column>,
}

#[component]
fn PageOfRows(props: &PageProps) -> Html {
    let page = &props.page;
    let (view, on_scroll) = use_virtual_rows(page.rows.len(), ROW_HEIGHT);
    let first = usize::try_from(page.offset).unwrap_or(0);
    let right = right_columns(page.columns.len(), &page.rows);
    let type_of = |name: &String| {
        props
            .columns
            .iter()
            .find(|column| column.name == *name)
            .map(|column| column.type_name.clone())
    };
    html! {
        <div class="grid" tabindex="0" role="region" aria-label={format!("Rows of {}", page.table)} onscroll={on_scroll}>
            <table>
                <thead>
                    <tr>
                        <th class="number" aria-label="Row" />
                        { for page.columns.iter().zip(&right).map(|(name, right)| html! {
                            <th scope="col" class={classes!(right.then_some("right"))}>{ name }<small>{ type_of(name) }</small></th>
                        }) }
                        <th class="filler" aria-hidden="true" />
                    </tr>
                </thead>
                <tbody>
                    { spacer(view.above) }
                    { for view.range.clone().map(|row| line(first + row, &page.rows[row], &right)) }
                    { spacer(view.below) }
                </tbody>
            </table>
        </div>
    }
}

#[derive(PartialEq, Properties)]
struct PagerProps {
    total: u64,
    offset: u64,
    set: Callback<u64>,
}

/// Steps through tables longer than a page.
#[component]
fn Pager(props: &PagerProps) -> Html {
    let PagerProps { total, offset, set } = props;
    let page = u64::from(PAGE);
    if *total <= page {
        return html! { <p class="foot">{ count(*total, "row", "rows") }</p> };
    }
    let (offset, last) = (*offset, (*offset + page).min(*total));
    html! {
        <p class="foot pager">
            <button class="small" disabled={offset == 0} onclick={set.reform(move |_| offset.saturating_sub(page))}>{"←"}</button>
            { format!("{}–{} of {}", grouped(offset + 1), grouped(last), grouped(*total)) }
            <button class="small" disabled={last == *total} onclick={set.reform(move |_| offset + page)}>{"→"}</button>
        </p>
    }
}
