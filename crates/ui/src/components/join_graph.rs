//! The joins behind a query, drawn.

use protocol::report::JoinGraph;
use yew::prelude::*;

use crate::graph::{PlacedBox, PlacedEdge, PlacedNode, PlacedReference, describe, place};

/// The joins, and the aliases the pointer is on.
#[derive(PartialEq, Properties)]
pub struct JoinGraphProps {
    /// The joins.
    pub graph: JoinGraph,
    /// The aliases to light.
    pub lit: Vec<String>,
    /// The pointer is on an alias, or on none.
    pub on_alias: Callback<Option<String>>,
}

/// The joins behind a query. Without any there is nothing to draw.
#[component]
pub fn JoinGraphView(props: &JoinGraphProps) -> Html {
    let picture = use_memo(props.graph.clone(), place);
    if picture.edges.is_empty() && picture.boxes.is_empty() {
        return Html::default();
    }
    let is_lit = |alias: &String| props.lit.contains(alias);
    let on = &props.on_alias;
    let (width, height) = (
        picture.width.ceil().to_string(),
        picture.height.ceil().to_string(),
    );
    html! {
        <figure class="joins">
            <svg class={fit(picture.width)} width={width.clone()} height={height.clone()} viewBox={format!("0 0 {width} {height}")}
                role="img" aria-label={describe(&props.graph)}>
                { for picture.boxes.iter().map(frame) }
                { for picture.references.iter().map(reference) }
                { for picture.edges.iter().map(|placed| edge(placed, is_lit(&placed.edge.to), on)) }
                { for picture.nodes.iter().map(|placed| node(placed, is_lit(&placed.node.alias), on)) }
            </svg>
            <figcaption class="unseen">{ describe(&props.graph) }</figcaption>
        </figure>
    }
}

/// How wide a panel must be for the picture to be made smaller rather than
/// scrolled: it stays legible.
fn fit(width: f64) -> Option<&'static str> {
    match width {
        ..=840.0 => Some("fits-600"),
        ..=1_120.0 => Some("fits-800"),
        _ => None,
    }
}

fn frame(placed: &PlacedBox) -> Html {
    let (x, y, width, height) = placed.at;
    html! {
        <g class="inner">
            <rect x={x.to_string()} y={y.to_string()} width={width.to_string()} height={height.to_string()} rx="8" />
            <text x={(x + 12.0).to_string()} y={(y + 17.0).to_string()}>{ &placed.title }</text>
        </g>
    }
}

fn reference(placed: &PlacedReference) -> Html {
    html! {
        <g class="outer">
            <path d={placed.path.clone()} />
            <text x={placed.at.0.to_string()} y={placed.at.1.to_string()}>{ &placed.label }</text>
        </g>
    }
}

/// What the pointer does to an alias.
fn pointed(on: &Callback<Option<String>>, alias: Option<&String>) -> Callback<MouseEvent> {
    let alias = alias.cloned();
    on.reform(move |_| alias.clone())
}

fn node(placed: &PlacedNode, lit: bool, on: &Callback<Option<String>>) -> Html {
    let PlacedNode {
        x,
        y,
        width,
        height,
        ..
    } = *placed;
    let class = classes!(
        "node",
        (placed.depth > 0).then_some("deep"),
        lit.then_some("lit")
    );
    let alias = Some(&placed.node.alias);
    html! {
        <g class={class} onmouseenter={pointed(on, alias)} onmouseleave={pointed(on, None)}>
            <rect x={x.to_string()} y={y.to_string()} width={width.to_string()} height={height.to_string()} rx="6" />
            <text class="model" x={(x + 12.0).to_string()} y={(y + 19.0).to_string()}>{ &placed.title }</text>
            <text class="alias" x={(x + 12.0).to_string()} y={(y + 35.0).to_string()}>{ &placed.subtitle }</text>
        </g>
    }
}

fn edge(placed: &PlacedEdge, lit: bool, on: &Callback<Option<String>>) -> Html {
    let [relation, join, columns] = &placed.lines;
    let (x, y) = placed.label;
    let outer = placed.edge.join.starts_with("LEFT");
    let class = classes!("edge", outer.then_some("left"), lit.then_some("lit"));
    let alias = Some(&placed.edge.to);
    html! {
        <g class={class} onmouseenter={pointed(on, alias)} onmouseleave={pointed(on, None)}>
            <path d={placed.path.clone()} />
            { ending(placed) }
            <text class="relation" x={x.to_string()} y={(y - 8.0).to_string()}>
                { relation }<tspan class="kind">{ format!(" {join}") }</tspan>
            </text>
            <text class="columns" x={x.to_string()} y={(y + 15.0).to_string()}>{ columns }</text>
        </g>
    }
}

/// The end of the line: a crow's foot for many, a bar for one, a circle if
/// the row can be missing.
fn ending(placed: &PlacedEdge) -> Html {
    let (x, y) = placed.end;
    let mark = if placed.edge.to_many {
        format!(
            "M{} {y}L{x} {}M{} {y}L{x} {}",
            x - 10.0,
            y - 6.0,
            x - 10.0,
            y + 6.0
        )
    } else {
        format!("M{0} {1}V{2}", x - 7.0, y - 5.0, y + 5.0)
    };
    html! {
        <>
            <path d={mark} />
            if placed.edge.nullable {
                <circle cx={(x - 15.0).to_string()} cy={y.to_string()} r="3.500" />
            }
        </>
    }
}
