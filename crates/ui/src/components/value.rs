//! What a statement came to.

use protocol::Report;
use protocol::report::{InstanceValue, Named, Scalar, Value};
use yew::prelude::*;

use super::cell::cell;
use super::exception::ExceptionView;
use super::grouped;
use super::rows_table::RowsTable;
use crate::state::{Same, State};

/// The value of a card.
#[derive(PartialEq, Properties)]
pub struct ValueProps {
    /// The report.
    pub report: Same<Report>,
    /// Which of its cards.
    pub index: usize,
    /// The columns to light.
    pub lit: Vec<String>,
    /// Where actions go.
    pub dispatch: UseReducerDispatcher<State>,
}

/// The value of a card.
#[component]
pub fn ValueView(props: &ValueProps) -> Html {
    let Some(card) = props.report.cards.get(props.index) else {
        return Html::default();
    };
    match &card.value {
        Value::Nothing | Value::Queryset { .. } => Html::default(),
        Value::Table(rows) if rows.columns.is_empty() || rows.total == 0 => html! {
            <p class="value none">{ format!("{}: no rows", rows.type_name) }</p>
        },
        Value::Table(_) => {
            html! {
                <RowsTable
                    report={props.report.clone()}
                    index={props.index}
                    lit={props.lit.clone()}
                    dispatch={props.dispatch.clone()}
                />
            }
        }
        Value::Exception(raised) => html! { <ExceptionView raised={raised.clone()} /> },
        other => html! { <div class="value">{ draw(other) }</div> },
    }
}

fn draw(value: &Value) -> Html {
    match value {
        Value::Nothing => Html::default(),
        Value::None => html! { <code class="v-null">{"None"}</code> },
        Value::Scalar(scalar) => scalar_value(scalar),
        Value::Text(text) => html! { <pre class="text">{ text }</pre> },
        Value::Instance(instance) => instance_value(instance),
        Value::Queryset { model } => html! { <code>{ format!("QuerySet of {model}") }</code> },
        Value::List {
            type_name,
            items,
            total,
        } => list(type_name, items, *total),
        Value::Dict {
            type_name,
            items,
            total,
        } => dict(type_name, items, *total),
        Value::Table(rows) => {
            html! { <code>{ format!("{} of {} rows", rows.type_name, grouped(rows.total)) }</code> }
        }
        Value::Exception(raised) => html! { <ExceptionView raised={raised.clone()} /> },
    }
}

fn scalar_value(scalar: &Scalar) -> Html {
    let class = match scalar.type_name.as_str() {
        "int" | "float" | "Decimal" | "decimal.Decimal" => "v-number",
        "str" => "v-text",
        "bool" => "v-bool",
        _ => "v-other",
    };
    html! {
        <span class="scalar">
            <code class={classes!("big", class)}>{ &scalar.repr }</code>
            <span class="type">{ &scalar.type_name }</span>
        </span>
    }
}

fn instance_value(instance: &InstanceValue) -> Html {
    html! {
        <>
            <code class="repr">{ &instance.repr }</code>
            <table class="fields">
                <tbody>
                    { for instance.fields.iter().map(|field| html! {
                        <tr>
                            <th scope="row">{ &field.name }</th>
                            <td>{ cell(&field.value) }</td>
                            <td class="type">{ &field.field_type }</td>
                        </tr>
                    }) }
                </tbody>
            </table>
        </>
    }
}

fn list(type_name: &str, items: &[Value], total: u64) -> Html {
    html! {
        <>
            <span class="type">{ format!("{type_name} of {}", grouped(total)) }</span>
            <ol class="items" start="0">{ for items.iter().map(|item| html! { <li>{ draw(item) }</li> }) }</ol>
            { more(items.len(), total) }
        </>
    }
}

fn dict(type_name: &str, items: &[Named], total: u64) -> Html {
    html! {
        <>
            <span class="type">{ type_name }</span>
            <table class="fields">
                <tbody>
                    { for items.iter().map(|item| html! {
                        <tr><th scope="row">{ &item.name }</th><td>{ draw(&item.value) }</td></tr>
                    }) }
                </tbody>
            </table>
            { more(items.len(), total) }
        </>
    }
}

fn more(shown: usize, total: u64) -> Html {
    let left = total.saturating_sub(shown as u64);
    if left == 0 {
        return Html::default();
    }
    html! { <p class="more">{ format!("and {} more", grouped(left)) }</p> }
}
