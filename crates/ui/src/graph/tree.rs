//! Columns and rows of a join tree: a join stands one column after the alias
//! it starts from; the first join of an alias stays in its row.

use protocol::report::JoinGraph;

/// A node's place in the grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Column, from 0.
    pub column: usize,
    /// Row, from 0.
    pub row: usize,
}

/// The slots of a graph's nodes, in their order.
pub fn slots(graph: &JoinGraph) -> Vec<Slot> {
    let mut found: Vec<Option<Slot>> = vec![None; graph.nodes.len()];
    let mut next_row = 0;
    for index in 0..graph.nodes.len() {
        let is_joined = graph
            .edges
            .iter()
            .any(|edge| edge.to == graph.nodes[index].alias);
        if !is_joined && found[index].is_none() {
            descend(
                graph,
                index,
                Slot {
                    column: 0,
                    row: next_row,
                },
                &mut found,
                &mut next_row,
            );
            next_row += 1;
        }
    }
    found.into_iter().map(Option::unwrap_or_default).collect()
}

fn descend(
    graph: &JoinGraph,
    index: usize,
    slot: Slot,
    found: &mut [Option<Slot>],
    last_row: &mut usize,
) {
    if found[index].is_some() {
        return;
    }
    found[index] = Some(slot);
    *last_row = (*last_row).max(slot.row);
    let mut is_first = true;
    for edge in graph
        .edges
        .iter()
        .filter(|edge| edge.from == graph.nodes[index].alias)
    {
        let Some(child) = graph.nodes.iter().position(|node| node.alias == edge.to) else {
            continue;
        };
        if found[child].is_some() {
            continue;
        }
        let row = if is_first { slot.row } else { *last_row + 1 };
        is_first = false;
        descend(
            graph,
            child,
            Slot {
                column: slot.column + 1,
                row,
            },
            found,
            last_row,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::report::{Edge, Node};

    #[test]
    fn a_second_join_takes_a_row_below_all_of_the_first() {
        let node = |alias: &str| Node {
            alias: alias.into(),
            ..Node::default()
        };
        let edge = |from: &str, to: &str| Edge {
            from: from.into(),
            to: to.into(),
            ..Edge::default()
        };
        let graph = JoinGraph {
            nodes: ["book", "author", "country", "tag"].map(node).to_vec(),
            edges: vec![
                edge("book", "author"),
                edge("author", "country"),
                edge("book", "tag"),
            ],
            ..JoinGraph::default()
        };
        let places: Vec<_> = slots(&graph)
            .iter()
            .map(|slot| (slot.column, slot.row))
            .collect();
        assert_eq!(places, [(0, 0), (1, 0), (2, 0), (1, 1)]);
    }

    #[test]
    fn joins_that_go_in_a_circle_end() {
        let node = |alias: &str| Node {
            alias: alias.into(),
            ..Node::default()
        };
        let edge = |from: &str, to: &str| Edge {
            from: from.into(),
            to: to.into(),
            ..Edge::default()
        };
        let graph = JoinGraph {
            nodes: vec![node("a"), node("b")],
            edges: vec![edge("a", "b"), edge("b", "a")],
            ..JoinGraph::default()
        };
        assert_eq!(slots(&graph).len(), 2);
    }
}
