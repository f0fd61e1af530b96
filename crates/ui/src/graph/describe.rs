//! The join graph in words, for those who do not see the picture.

use protocol::report::{Edge, JoinGraph, Node, Subgraph};

/// Says what the picture shows.
///
/// ```
/// use protocol::report::{JoinGraph, Node};
///
/// let book = Node { alias: "book".into(), table: "book".into(), model: "shop.Book".into(), ..Node::default() };
/// let graph = JoinGraph { nodes: vec![book], ..JoinGraph::default() };
/// assert_eq!(ormscope_ui::graph::describe(&graph), "From shop.Book (book).");
/// ```
#[must_use]
pub fn describe(graph: &JoinGraph) -> String {
    let mut sentences = Vec::new();
    if let Some(base) = graph.nodes.first() {
        sentences.push(format!("From {}.", name(base)));
    }
    sentences.extend(graph.edges.iter().map(|edge| join(edge, graph)));
    sentences.extend(graph.subqueries.iter().map(subquery));
    sentences.join(" ")
}

fn name(node: &Node) -> String {
    let table = if node.alias == node.table {
        node.table.clone()
    } else {
        format!("{} as {}", node.table, node.alias)
    };
    if node.model.is_empty() {
        table
    } else {
        format!("{} ({table})", node.model)
    }
}

fn join(edge: &Edge, graph: &JoinGraph) -> String {
    let target = graph
        .nodes
        .iter()
        .find(|node| node.alias == edge.to)
        .map_or_else(|| edge.to.clone(), name);
    let columns: Vec<_> = edge
        .columns
        .iter()
        .map(|(left, right)| format!("{}.{left} = {}.{right}", edge.from, edge.to))
        .collect();
    let many = if edge.to_many { "to-many" } else { "to-one" };
    let nullable = if edge.nullable { ", nullable" } else { "" };
    format!(
        "{} {target} on {}, {many}{nullable}.",
        edge.join,
        columns.join(" and ")
    )
}

fn subquery(inner: &Subgraph) -> String {
    let outer: Vec<_> = inner
        .outer
        .iter()
        .map(|reference| format!("{}.{}", reference.outer_alias, reference.outer_column))
        .collect();
    let outer = if outer.is_empty() {
        String::new()
    } else {
        format!(", referring to {} outside", outer.join(", "))
    };
    format!(
        "Inside, as {}{outer}: {}",
        inner.role,
        describe(&inner.graph)
    )
}
