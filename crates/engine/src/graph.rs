//! A query's joins as the page draws them.
use orm_sql::compiler::join_graph::{self, Nested, OuterColumn};
use protocol::report::{Edge, JoinGraph, Node, OuterReference, Subgraph};

/// The graph of a statement.
pub fn drawn(graph: &join_graph::JoinGraph, sql: &str) -> JoinGraph {
    let columns = selected(sql);
    let mut out = inside(graph);
    for node in &mut out.nodes {
        let column = format!("\"{}\".", node.alias);
        let count = columns.iter().filter(|c| c.contains(&column)).count();
        node.selected = u32::try_from(count).unwrap_or(u32::MAX);
    }
    out
}

fn inside(graph: &join_graph::JoinGraph) -> JoinGraph {
    JoinGraph {
        nodes: graph
            .nodes
            .iter()
            .map(|n| Node {
                alias: n.alias.clone(),
                table: n.table.clone(),
                model: n.model.clone(),
                selected: 0,
            })
            .collect(),
        edges: graph.edges.iter().map(edge).collect(),
        subqueries: graph.subqueries.iter().map(nested).collect(),
    }
}

fn edge(edge: &join_graph::Edge) -> Edge {
    Edge {
        from: edge.from.clone(),
        to: edge.to.clone(),
        join: edge.join_type.sql().to_owned(),
        columns: edge.columns.clone(),
        relation: edge.relation.clone(),
        nullable: edge.nullable,
        to_many: edge.to_many,
        condition: String::new(),
    }
}

fn nested(nested: &Nested) -> Subgraph {
    Subgraph {
        role: nested.role.clone(),
        name: nested.name.clone(),
        graph: inside(&nested.graph),
        outer: nested.outer.iter().map(reference).collect(),
    }
}

fn reference(column: &OuterColumn) -> OuterReference {
    let (outer_alias, outer_column) = column.outer.clone();
    let (inner_alias, inner_column) = column.inner.clone().unwrap_or_default();
    OuterReference {
        outer_alias,
        outer_column,
        inner_alias,
        inner_column,
    }
}

/// The columns between `SELECT` and its `FROM`, as written.
fn selected(sql: &str) -> Vec<&str> {
    let Some(list) = sql.strip_prefix("SELECT ") else {
        return Vec::new();
    };
    let mut columns = Vec::new();
    let (mut depth, mut quoted, mut begun) = (0_u32, None, 0);
    for (at, byte) in list.bytes().enumerate() {
        match (quoted, byte) {
            (Some(quote), _) if quote == byte => quoted = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quoted = Some(byte),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, b',') if depth == 0 => {
                columns.push(&list[begun..at]);
                begun = at + 1;
            }
            (None, b' ') if depth == 0 && list[at..].starts_with(" FROM ") => {
                columns.push(&list[begun..at]);
                return columns;
            }
            _ => {}
        }
    }
    columns.push(&list[begun..]);
    columns
}
