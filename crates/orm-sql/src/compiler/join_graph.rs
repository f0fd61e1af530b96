//! The joins of a compiled query as a graph, for drawing.
use crate::expression::Expr;
use crate::query::subquery::QueryExpr;
use crate::query::{FromItem, JoinType, Query};
use orm_state::AnyField;

/// Tables as nodes, joins as edges, subqueries nested.
#[derive(Clone, Debug, Default)]
pub struct JoinGraph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    /// Queries inside conditions and annotations, and the parts of a union.
    pub subqueries: Vec<JoinGraph>,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub alias: String,
    pub table: String,
    /// `app.Model`
    pub model: String,
}

#[derive(Clone, Debug)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub join_type: JoinType,
    /// Pairs of columns compared: (from's, to's).
    pub columns: Vec<(String, String)>,
    pub nullable: bool,
    /// One row on the left may meet many on the right.
    pub to_many: bool,
    /// The relation's name as a query writes it.
    pub relation: String,
}

/// The graph of a query whose joins are set up.
pub fn join_graph(query: &Query) -> JoinGraph {
    let mut graph = JoinGraph::default();
    for (alias, entry) in query.alias_map.iter().filter(|(_, t)| t.refcount > 0) {
        graph.nodes.push(Node {
            alias: alias.to_string(),
            table: entry.item.table().to_string(),
            model: query
                .joined_model(alias)
                .map(|m| m.label())
                .unwrap_or_default(),
        });
        let FromItem::Join(j) = &entry.item else {
            continue;
        };
        let column = |f: &orm_state::Field| f.column().map(|c| c.to_string()).unwrap_or_default();
        graph.edges.push(Edge {
            from: j.parent_alias.to_string(),
            to: alias.to_string(),
            join_type: j.join_type,
            columns: j
                .join_fields
                .iter()
                .map(|(l, r)| (column(l), column(r)))
                .collect(),
            nullable: j.nullable,
            to_many: match &j.join_field {
                AnyField::Field(f) => f.many_to_many() || f.one_to_many(),
                AnyField::Rel(r) => r.field_opt().is_none_or(|f| !f.is_unique()),
            },
            relation: j.join_field.name().to_string(),
        });
    }
    let mut collect = |e: &Expr| nested(e, &mut graph.subqueries);
    query.where_.children.iter().for_each(&mut collect);
    query.annotations.values().for_each(&mut collect);
    query.select.iter().for_each(&mut collect);
    for q in &query.combined_queries {
        graph.subqueries.push(join_graph(q));
    }
    graph
}

fn nested(e: &Expr, out: &mut Vec<JoinGraph>) {
    if let Some(q) = e.as_any().downcast_ref::<QueryExpr>() {
        out.push(join_graph(&q.0));
        return;
    }
    for s in e.sources() {
        nested(&s, out);
    }
}
