//! The joins of a compiled query as a graph, for drawing.
use crate::expression::Expr;
use crate::expressions::col::Col;
use crate::query::subquery::QueryExpr;
use crate::query::{Combinator, FromItem, JoinType, Query};
use orm_state::AnyField;

/// Tables as nodes, joins as edges, subqueries nested.
#[derive(Clone, Debug, Default)]
pub struct JoinGraph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    /// Queries inside conditions and annotations, and the parts of a union.
    pub subqueries: Vec<Nested>,
}

/// A query inside another one.
#[derive(Clone, Debug, Default)]
pub struct Nested {
    /// `Exists`, `IN`, `Subquery`, `UNION` …
    pub role: String,
    /// The annotation it is, if it is one.
    pub name: String,
    pub graph: JoinGraph,
    /// What it takes from the queries around it.
    pub outer: Vec<OuterColumn>,
}

/// An outer query's column used inside, and the column inside that it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct OuterColumn {
    /// Alias and column.
    pub outer: (String, String),
    pub inner: Option<(String, String)>,
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
    let mut collect = |e: &Expr, name: &str| nested(e, "", name, &mut graph.subqueries);
    query.where_.children.iter().for_each(|e| collect(e, ""));
    for (name, e) in query.annotations.iter() {
        collect(e, name);
    }
    query.select.iter().for_each(|e| collect(e, ""));
    for q in &query.combined_queries {
        graph.subqueries.push(Nested {
            role: combined(query).to_owned(),
            graph: join_graph(q),
            ..Nested::default()
        });
    }
    graph
}

fn combined(query: &Query) -> &'static str {
    match (query.combinator, query.combinator_all) {
        (Some(Combinator::Union), true) => "UNION ALL",
        (Some(Combinator::Intersection), _) => "INTERSECT",
        (Some(Combinator::Difference), _) => "EXCEPT",
        _ => "UNION",
    }
}

/// The queries inside an expression; `around` is the class of what it is an operand of.
fn nested(e: &Expr, around: &str, name: &str, out: &mut Vec<Nested>) {
    if let Some(q) = e.as_any().downcast_ref::<QueryExpr>() {
        let role = match around {
            "Exists" => "Exists",
            "In" | "RelatedIn" => "IN",
            _ => "Subquery",
        };
        let mut outer = vec![];
        for e in q.0.where_.children.iter().chain(q.0.annotations.values()) {
            outer_columns(e, None, &q.0, &mut outer);
        }
        out.push(Nested {
            role: role.to_owned(),
            name: name.to_owned(),
            graph: join_graph(&q.0),
            outer,
        });
        return;
    }
    let class = e.name();
    for s in e.sources() {
        nested(&s, &class, name, out);
    }
}

/// The columns of outer queries in an expression; `beside` is the inner column next to it.
fn outer_columns(e: &Expr, beside: Option<&Col>, query: &Query, out: &mut Vec<OuterColumn>) {
    let named = |c: &Col| {
        let column = c.target.column().map(|c| c.to_string());
        (c.alias.to_string(), column.unwrap_or_default())
    };
    let is_inner = |c: &Col| query.alias_map.contains_key(&c.alias);
    if let Some(col) = e.as_any().downcast_ref::<Col>() {
        let found = OuterColumn {
            outer: named(col),
            inner: beside.map(named),
        };
        if !is_inner(col) && !out.contains(&found) {
            out.push(found);
        }
        return;
    }
    let sources = e.sources();
    let beside = sources
        .iter()
        .filter_map(|s| s.as_any().downcast_ref::<Col>())
        .find(|c| is_inner(c));
    for s in &sources {
        outer_columns(s, beside, query, out);
    }
}
