//! From a join graph to coordinates. Queries inside are boxes below.

use protocol::report::{Edge, JoinGraph, Node, Subgraph};

use super::tree::{Slot, slots};

/// Height of a node.
const NODE: f64 = 46.0;
/// Space between rows.
const ROW_GAP: f64 = 26.0;
/// Space around all.
const MARGIN: f64 = 10.0;
/// Height of an inner box's title, and space inside its edges.
const TITLE: f64 = 26.0;
const PADDING: f64 = 14.0;
/// Width of a character of code and of small text.
const CODE: f64 = 7.3;
const SMALL: f64 = 6.1;

/// A node with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedNode {
    /// The alias.
    pub node: Node,
    /// What its first line says: the model, or the table.
    pub title: String,
    /// What its second line says: the alias and table.
    pub subtitle: String,
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
    /// 0 for the query itself, 1 for one inside it …
    pub depth: usize,
}

/// A join with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedEdge {
    /// The join.
    pub edge: Edge,
    /// The line, as an SVG path.
    pub path: String,
    /// Where it ends.
    pub end: (f64, f64),
    /// Middle of its label.
    pub label: (f64, f64),
    /// The label's lines: relation, kind of join, columns.
    pub lines: [String; 3],
}

/// The frame of a query inside.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedBox {
    /// What stands on it.
    pub title: String,
    /// Left, top, width, height.
    pub at: (f64, f64, f64, f64),
}

/// A reference from inside to an outer alias.
#[derive(Clone, Debug, PartialEq)]
pub struct PlacedReference {
    /// The line.
    pub path: String,
    /// What it says.
    pub label: String,
    /// Where.
    pub at: (f64, f64),
}

/// All of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Picture {
    /// Width of the whole.
    pub width: f64,
    /// Height of the whole.
    pub height: f64,
    /// The aliases.
    pub nodes: Vec<PlacedNode>,
    /// The joins.
    pub edges: Vec<PlacedEdge>,
    /// The queries inside.
    pub boxes: Vec<PlacedBox>,
    /// Their references to what is outside.
    pub references: Vec<PlacedReference>,
}

/// Gives everything its place.
#[must_use]
pub fn place(graph: &JoinGraph) -> Picture {
    let mut picture = Picture::default();
    let (width, height) = block(graph, MARGIN, MARGIN, 0, &mut picture);
    picture.width = width + 2.0 * MARGIN;
    picture.height = height + 2.0 * MARGIN;
    picture
}

/// Places a graph with its top left corner there; returns its size.
fn block(graph: &JoinGraph, x: f64, y: f64, depth: usize, picture: &mut Picture) -> (f64, f64) {
    let slots = slots(graph);
    let lefts = columns(graph, &slots);
    let first = picture.nodes.len();
    for (node, slot) in graph.nodes.iter().zip(&slots) {
        let (title, subtitle) = titles(node);
        picture.nodes.push(PlacedNode {
            x: x + lefts[slot.column].0,
            y: y + slot.row as f64 * (NODE + ROW_GAP),
            width: lefts[slot.column].1,
            height: NODE,
            node: node.clone(),
            title,
            subtitle,
            depth,
        });
    }
    let placed: Vec<PlacedNode> = picture.nodes[first..].to_vec();
    for edge in &graph.edges {
        let find = |alias: &str| placed.iter().find(|placed| placed.node.alias == alias);
        if let (Some(from), Some(to)) = (find(&edge.from), find(&edge.to)) {
            picture.edges.push(connect(edge, from, to));
        }
    }
    let rows = slots.iter().map(|slot| slot.row + 1).max().unwrap_or(0) as f64;
    let mut width = lefts.last().map_or(0.0, |(left, width)| left + width);
    let mut height = if rows > 0.0 {
        rows * (NODE + ROW_GAP) - ROW_GAP
    } else {
        0.0
    };
    for inner in &graph.subqueries {
        let top = if height > 0.0 { height + ROW_GAP } else { 0.0 };
        let size = inner_block(inner, x, y + top, depth, picture);
        width = width.max(size.0);
        height = top + size.1;
    }
    (width, height)
}

fn inner_block(
    inner: &Subgraph,
    x: f64,
    y: f64,
    depth: usize,
    picture: &mut Picture,
) -> (f64, f64) {
    let outer = picture.nodes.clone();
    let at = picture.boxes.len();
    picture.boxes.push(PlacedBox {
        title: box_title(inner),
        at: (0.0, 0.0, 0.0, 0.0),
    });
    let (width, height) = block(&inner.graph, x + PADDING, y + TITLE, depth + 1, picture);
    let mut labels = x + PADDING + box_title(inner).chars().count() as f64 * SMALL + 16.0;
    for reference in &inner.outer {
        let from = outer
            .iter()
            .rev()
            .find(|placed| placed.node.alias == reference.outer_alias);
        let to = picture.nodes[outer.len()..]
            .iter()
            .find(|placed| placed.node.alias == reference.inner_alias)
            .or_else(|| picture.nodes.get(outer.len()));
        let (Some(from), Some(to)) = (from, to) else {
            continue;
        };
        let label = match reference.inner_column.as_str() {
            "" => reference.outer_column.clone(),
            inner => format!("{inner} = outer {}", reference.outer_column),
        };
        let is_beside = from.x <= x && to.x <= x + PADDING;
        let path = if is_beside {
            around(from, to, x)
        } else {
            across(from, to)
        };
        let at = (labels, y + 17.0);
        labels += label.chars().count() as f64 * SMALL + 16.0;
        picture.references.push(PlacedReference { path, label, at });
    }
    let size = (
        (width + 2.0 * PADDING).max(labels - x),
        height + TITLE + PADDING,
    );
    picture.boxes[at].at = (x, y, size.0, size.1);
    size
}

/// From a node's left side to another's, left of all boxes between them.
fn around(from: &PlacedNode, to: &PlacedNode, x: f64) -> String {
    let left = x - 7.0;
    let (y1, y2) = (from.y + from.height / 2.0, to.y + to.height / 2.0);
    format!(
        "M{} {y1} Q{left} {y1} {left} {} V{} Q{left} {y2} {} {y2} H{}",
        from.x,
        y1 + 8.0,
        y2 - 8.0,
        left + 8.0,
        to.x
    )
}

/// From a node's lower side to another's upper one.
fn across(from: &PlacedNode, to: &PlacedNode) -> String {
    let (x1, y1) = (from.x + 22.0, from.y + from.height);
    let (x2, y2) = (to.x + to.width - 22.0, to.y);
    let bend = ((y2 - y1) / 2.0).max(18.0);
    format!(
        "M{x1} {y1} C{x1} {:.1} {x2} {:.1} {x2} {y2}",
        y1 + bend,
        y2 - bend
    )
}

fn box_title(inner: &Subgraph) -> String {
    if inner.name.is_empty() {
        inner.role.clone()
    } else {
        format!("{} · {}", inner.role, inner.name)
    }
}

/// Left and width of each column: as wide as its widest node, with space for
/// the labels of the joins that lead to it.
fn columns(graph: &JoinGraph, slots: &[Slot]) -> Vec<(f64, f64)> {
    let count = slots.iter().map(|slot| slot.column + 1).max().unwrap_or(0);
    let mut columns = Vec::with_capacity(count);
    let mut left = 0.0;
    for column in 0..count {
        let inside = || {
            graph
                .nodes
                .iter()
                .zip(slots)
                .filter(move |(_, slot)| slot.column == column)
        };
        let width = inside()
            .map(|(node, _)| node_width(node))
            .fold(96.0, f64::max);
        let gap = inside()
            .filter_map(|(node, _)| graph.edges.iter().find(|edge| edge.to == node.alias))
            .map(edge_width)
            .fold(96.0, f64::max);
        if column > 0 {
            left += gap;
        }
        columns.push((left, width));
        left += width;
    }
    columns
}

fn node_width(node: &Node) -> f64 {
    let (title, subtitle) = titles(node);
    let title = title.chars().count() as f64 * CODE;
    let subtitle = subtitle.chars().count() as f64 * SMALL;
    title.max(subtitle) + 26.0
}

fn edge_width(edge: &Edge) -> f64 {
    let [relation, join, columns] = label_lines(edge).map(|line| line.chars().count() as f64);
    let first = relation * CODE + (join + 1.0) * SMALL;
    first.max(columns * SMALL) + 44.0
}

fn titles(node: &Node) -> (String, String) {
    let model = node.model.rsplit('.').next().unwrap_or_default();
    let title = if model.is_empty() {
        node.table.as_str()
    } else {
        model
    };
    let subtitle = if node.alias == node.table {
        node.table.clone()
    } else {
        format!("{} → {}", node.alias, node.table)
    };
    (shorten(title, 30), shorten(&subtitle, 40))
}

fn label_lines(edge: &Edge) -> [String; 3] {
    let many = if edge.to_many { " · many" } else { "" };
    let join = format!("{}{many}", edge.join.trim_end_matches(" JOIN"));
    let columns: Vec<_> = edge
        .columns
        .iter()
        .map(|(left, right)| format!("{left} = {right}"))
        .collect();
    [
        shorten(&edge.relation, 28),
        join,
        shorten(&columns.join(", "), 34),
    ]
}

fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    format!("{kept}…")
}

/// A line that leaves on the right and arrives on the left.
fn connect(edge: &Edge, from: &PlacedNode, to: &PlacedNode) -> PlacedEdge {
    let start = (from.x + from.width, from.y + from.height / 2.0);
    let end = (to.x, to.y + to.height / 2.0);
    let turn = start.0 + 18.0;
    let path = if (start.1 - end.1).abs() < 0.5 {
        format!("M{} {} H{}", start.0, start.1, end.0)
    } else {
        // Down or up in one S, then straight on to the node.
        let (x, y) = start;
        let after = turn + 12.0;
        format!(
            "M{x} {y} C{turn} {y} {x} {1} {after} {1} H{0}",
            end.0, end.1
        )
    };
    let label = ((start.0 + end.0 - 12.0) / 2.0, end.1);
    PlacedEdge {
        edge: edge.clone(),
        path,
        end,
        label,
        lines: label_lines(edge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::report::OuterReference;

    fn node(alias: &str) -> Node {
        Node {
            alias: alias.into(),
            table: alias.into(),
            ..Node::default()
        }
    }

    #[test]
    fn nodes_do_not_overlap_and_lie_within_the_picture() {
        let edge = |from: &str, to: &str| Edge {
            from: from.into(),
            to: to.into(),
            ..Edge::default()
        };
        let inner = Subgraph {
            role: "Exists".into(),
            graph: JoinGraph {
                nodes: vec![node("U0")],
                ..JoinGraph::default()
            },
            outer: vec![OuterReference {
                outer_alias: "book".into(),
                inner_alias: "U0".into(),
                ..OuterReference::default()
            }],
            ..Subgraph::default()
        };
        let graph = JoinGraph {
            nodes: ["book", "author", "country", "tag"].map(node).to_vec(),
            edges: vec![
                edge("book", "author"),
                edge("author", "country"),
                edge("book", "tag"),
            ],
            subqueries: vec![inner],
        };
        let picture = place(&graph);
        assert_eq!((picture.edges.len(), picture.references.len()), (3, 1));
        for (index, one) in picture.nodes.iter().enumerate() {
            assert!(one.x + one.width <= picture.width && one.y + one.height <= picture.height);
            for other in &picture.nodes[index + 1..] {
                let apart = one.x + one.width <= other.x
                    || other.x + other.width <= one.x
                    || one.y + one.height <= other.y
                    || other.y + other.height <= one.y;
                assert!(apart, "{} and {}", one.title, other.title);
            }
        }
    }

    #[test]
    fn an_empty_graph_is_an_empty_picture() {
        assert!(place(&JoinGraph::default()).nodes.is_empty());
    }
}
