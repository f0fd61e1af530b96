//! Why the SQL is as it is: which piece of Python each piece of it came from.
use crate::world::World;
use django::queries::execute::Plan;
use django::queries::origins;
use orm_sql::compiler::join_graph::JoinGraph;
use orm_sql::origin::{Note, Origin, Part};
use protocol::report::{Provenance, SourceRange, TextRange};
use std::ops::Range;

/// The pieces of a statement, by where they came from, in the order of their SQL.
pub fn provenance(world: &World, sql: &str, plan: &Plan) -> Vec<Provenance> {
    let mut notes: Vec<&Note> = plan.notes.iter().collect();
    notes.sort_by_key(|note| (note.start, std::cmp::Reverse(note.end)));
    let mut aliases = vec![];
    if let Some(graph) = &plan.graph {
        all_aliases(graph, &mut aliases);
    }
    let mut found: Vec<Provenance> = vec![];
    for note in notes {
        let Some(text) = sql.get(note.start..note.end) else {
            continue;
        };
        let Some((python, words)) = python(world, note.origin) else {
            continue;
        };
        let known = found
            .iter()
            .position(|p| p.python.as_ref() == Some(&python))
            .unwrap_or(found.len());
        if known == found.len() {
            found.push(Provenance {
                python: Some(python),
                text: words,
                ..Provenance::default()
            });
        }
        let Some(piece) = found.get_mut(known) else {
            continue;
        };
        add_range(sql, &mut piece.sql, note.start, note.end);
        match &note.alias {
            Some(alias) => add(&mut piece.aliases, alias),
            // All that is grouped by is nobody's in particular.
            None if text.starts_with("GROUP BY ") => continue,
            None => {
                let named = aliases.iter().filter(|a| names(text, a));
                named.for_each(|a| add(&mut piece.aliases, a));
            }
        }
        // What a query is about says nothing of a single column.
        if note.origin.part != Part::Receiver {
            let places = plan.columns.iter().enumerate();
            let shown = places.filter(|(i, (column, _))| mentions(text, *i, column));
            let names = shown.filter_map(|(_, (_, name))| name.as_deref());
            names.for_each(|name| add(&mut piece.columns, name));
        }
    }
    found
}

fn add(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// Ranges that only a comma parts are one.
fn add_range(sql: &str, ranges: &mut Vec<TextRange>, start: usize, end: usize) {
    let comma = sql.get(start.saturating_sub(2)..start) == Some(", ");
    let (start, end) = (start as u32, end as u32);
    match ranges.last_mut() {
        Some(last) if last.start <= start && end <= last.end => {}
        Some(last) if comma && start == last.end + 2 => last.end = end,
        _ => ranges.push(TextRange { start, end }),
    }
}

/// Whether a piece of SQL speaks of a column of the result: by what it is, or, in `ORDER BY 2 ASC`,
/// by its place.
fn mentions(sql: &str, index: usize, column: &str) -> bool {
    let place = sql.strip_suffix(" ASC").or(sql.strip_suffix(" DESC"));
    match place.and_then(|p| p.parse::<usize>().ok()) {
        Some(place) => place == index + 1,
        None => !column.is_empty() && sql.contains(column),
    }
}

/// Whether a piece of SQL names an alias.
fn names(sql: &str, alias: &str) -> bool {
    let quoted = format!("\"{alias}\"");
    sql == quoted || sql.contains(&format!("{quoted}."))
}

fn all_aliases(graph: &JoinGraph, out: &mut Vec<String>) {
    for node in &graph.nodes {
        add(out, &node.alias);
    }
    for nested in &graph.subqueries {
        all_aliases(&nested.graph, out);
    }
}

/// Where an origin's text stands, and what it says.
fn python(world: &World, origin: Origin) -> Option<(SourceRange, String)> {
    let call = origins::call_of(origin)?;
    let calls = world.calls(&call.file)?;
    let found = calls.at(call.start, call.end)?;
    let whole = || found.own.clone();
    let spread = || found.keywords.iter().find(|(name, _)| name.is_none());
    let (range, name): (Range<usize>, Option<&str>) = match origin.part {
        Part::Whole => (whole(), None),
        Part::Receiver => (found.receiver.clone().unwrap_or_else(whole), None),
        Part::Argument(_) if !call.direct => (whole(), None),
        Part::Argument(index) => {
            let index = usize::from(index);
            let keyword = index.checked_sub(call.positional);
            let keyword = keyword.and_then(|k| call.keywords.get(k));
            match keyword {
                Some(keyword) => found
                    .keywords
                    .iter()
                    .find(|(name, _)| name.as_deref() == Some(keyword))
                    .or_else(spread)
                    .map_or_else(
                        || (whole(), None),
                        |(name, range)| (range.clone(), name.as_deref()),
                    ),
                None => (
                    found.arguments.get(index).cloned().unwrap_or_else(whole),
                    None,
                ),
            }
        }
    };
    let (line, column) = calls.position(range.start);
    let (end_line, end_column) = calls.position(range.end);
    let text = name.unwrap_or_else(|| calls.text(&range)).to_owned();
    let range = SourceRange {
        file: call.file.to_string(),
        line,
        column,
        end_line,
        end_column,
    };
    Some((range, text))
}
