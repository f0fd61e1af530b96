//! What reached the database, as cards show it.
use crate::graph::drawn;
use crate::provenance::provenance;
use crate::value::cell_of;
use crate::world::World;
use django::db::QueryRecord as Logged;
use django::queries::execute::Plan;
use orm_sqlite::{Params, SqliteConnection};
use orm_state::Value as OrmValue;
use protocol::report::{PlanRow, QueryKind, QueryRecord, SourceRange, SqlText};
use rustpython_vm::VirtualMachine;

/// More statements of a card are listed without their plans.
const MOST_PLANS: usize = 40;

/// The statements since the last time, for a card at a place.
pub fn take(vm: &VirtualMachine, world: &World, at: &SourceRange) -> Vec<QueryRecord> {
    django::db::take_log()
        .iter()
        .enumerate()
        .map(|(index, logged)| record(vm, world, logged, at, index < MOST_PLANS))
        .collect()
}

fn record(
    vm: &VirtualMachine,
    world: &World,
    logged: &Logged,
    at: &SourceRange,
    explained: bool,
) -> QueryRecord {
    let connection = django::db::database(vm, &logged.using)
        .and_then(|d| d.sqlite(vm))
        .ok();
    let params = logged.params.as_deref();
    let kind = kind(&logged.sql);
    let made = logged.plan.as_ref();
    let made = made.and_then(|plan| plan.downcast_ref::<Plan>());
    let graph = made.and_then(|plan| Some(drawn(plan.graph.as_ref()?, &logged.sql)));
    let many = logged.times.is_some();
    let plan = match &connection {
        Some(c) if explained && !many && logged.error.is_none() => {
            plan(c, kind, &logged.sql, params)
        }
        _ => Vec::new(),
    };
    QueryRecord {
        text: SqlText {
            sql: logged.sql.to_string(),
            params: params.unwrap_or_default().iter().map(cell_of).collect(),
            interpolated: interpolated(connection.as_ref(), &logged.sql, params),
        },
        kind,
        database: logged.using.to_string(),
        at: place(logged, at),
        not_run: false,
        millis: logged.duration * 1000.0,
        rows: u64::try_from(logged.rows).unwrap_or(0),
        error: logged.error.clone(),
        plan,
        provenance: made
            .map(|plan| provenance(world, &logged.sql, plan))
            .unwrap_or_default(),
        graph,
    }
}

/// Columns are lit in the card's rows, which are a model's: those of other queries are not there.
pub fn only_columns_of(model: Option<&str>, queries: &mut [QueryRecord]) {
    for query in queries {
        let about = query.graph.as_ref().and_then(|g| g.nodes.first());
        if model.is_some() && about.map(|node| node.model.as_str()) != model {
            query.provenance.iter_mut().for_each(|p| p.columns.clear());
        }
    }
}

/// The innermost line of the project that caused it.
fn place(logged: &Logged, at: &SourceRange) -> SourceRange {
    match logged.stack.first() {
        Some((file, line)) if *file != at.file || !(at.line..=at.end_line).contains(line) => {
            SourceRange {
                file: file.clone(),
                line: *line,
                end_line: *line,
                ..SourceRange::default()
            }
        }
        _ => at.clone(),
    }
}

fn interpolated(
    connection: Option<&SqliteConnection>,
    sql: &str,
    params: Option<&[OrmValue]>,
) -> String {
    match (connection, params) {
        (Some(c), Some(p)) => c.interpolate(sql, p).unwrap_or_else(|_| sql.to_owned()),
        _ => sql.to_owned(),
    }
}

fn kind(sql: &str) -> QueryKind {
    let word = sql
        .trim_start_matches(['(', ' ', '\n'])
        .split(|c: char| !c.is_ascii_alphabetic())
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    match word.as_str() {
        "SELECT" | "WITH" | "VALUES" => QueryKind::Select,
        "INSERT" | "REPLACE" => QueryKind::Insert,
        "UPDATE" => QueryKind::Update,
        "DELETE" => QueryKind::Delete,
        "CREATE" | "ALTER" | "DROP" => QueryKind::Schema,
        "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => QueryKind::Transaction,
        _ => QueryKind::Other,
    }
}

/// `EXPLAIN QUERY PLAN`, asked of the database beside the log.
fn plan(
    connection: &SqliteConnection,
    kind: QueryKind,
    sql: &str,
    params: Option<&[OrmValue]>,
) -> Vec<PlanRow> {
    let rows = matches!(
        kind,
        QueryKind::Select | QueryKind::Update | QueryKind::Delete
    );
    if !rows {
        return Vec::new();
    }
    let params = params.map_or(Params::None, Params::Positional);
    let Ok(out) = connection.run(&format!("EXPLAIN QUERY PLAN {sql}"), params) else {
        return Vec::new();
    };
    let number = |v: Option<&OrmValue>| match v {
        Some(OrmValue::Int(n)) => *n,
        _ => 0,
    };
    out.rows
        .iter()
        .map(|row| PlanRow {
            id: number(row.first()),
            parent: number(row.get(1)),
            detail: row.get(3).map(OrmValue::to_str).unwrap_or_default(),
        })
        .collect()
}

/// The statement an unevaluated queryset would cause.
pub fn not_run(
    vm: &VirtualMachine,
    world: &World,
    queryset: &django::queries::queryset::PyQuerySet,
    at: &SourceRange,
) -> Option<QueryRecord> {
    let using = queryset.db(vm).ok()?;
    let query = queryset.query.borrow().clone();
    let compiled = django::queries::execute::compile(vm, &query, &using).ok()??;
    let connection = django::db::database(vm, &using)
        .and_then(|d| d.sqlite(vm))
        .ok()?;
    let (sql, params) = (&compiled.sql.sql, compiled.sql.params.as_slice());
    let made = Plan::of(&compiled);
    Some(QueryRecord {
        text: SqlText {
            sql: sql.clone(),
            params: params.iter().map(cell_of).collect(),
            interpolated: interpolated(Some(&connection), sql, Some(params)),
        },
        kind: QueryKind::Select,
        database: using.to_string(),
        at: at.clone(),
        not_run: true,
        plan: plan(&connection, QueryKind::Select, sql, Some(params)),
        graph: made.graph.as_ref().map(|graph| drawn(graph, sql)),
        provenance: provenance(world, sql, &made),
        ..QueryRecord::default()
    })
}
