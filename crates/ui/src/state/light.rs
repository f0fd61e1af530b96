//! What lights up with what: Python, SQL, the join graph, columns of rows.

use protocol::Report;
use protocol::report::{Card, Provenance, QueryRecord, SourceRange};

/// Card, query, piece of provenance.
pub type Lit = (usize, usize, usize);

/// A piece of a report.
#[must_use]
pub fn piece(report: &Report, (card, query, piece): Lit) -> Option<&Provenance> {
    let query = report.cards.get(card)?.queries.get(query)?;
    query.provenance.get(piece)
}

/// The piece of a query that came from there.
#[must_use]
pub fn piece_from(query: &QueryRecord, python: &SourceRange) -> Option<usize> {
    let is_it = |piece: &Provenance| piece.python.as_ref() == Some(python);
    query.provenance.iter().position(is_it)
}

/// The columns of a card's rows that came from there.
#[must_use]
pub fn columns_from(card: &Card, python: &SourceRange) -> Vec<String> {
    let pieces = card
        .queries
        .iter()
        .filter_map(|query| query.provenance.get(piece_from(query, python)?));
    pieces.flat_map(|piece| piece.columns.clone()).collect()
}

/// The piece behind a place of the source: the innermost one around it.
#[must_use]
pub fn at_place(report: &Report, path: &str, line: u32, column: u32) -> Option<Lit> {
    let mut found: Option<((u32, i64), Lit)> = None;
    for (card_index, card) in report.cards.iter().enumerate() {
        for (query_index, query) in card.queries.iter().enumerate() {
            for (index, piece) in query.provenance.iter().enumerate() {
                let Some(range) = &piece.python else { continue };
                let covers = range.file == path
                    && (range.line, range.column) <= (line, column)
                    && (line, column) < (range.end_line, range.end_column);
                let size = (
                    range.end_line - range.line.min(range.end_line),
                    i64::from(range.end_column) - i64::from(range.column),
                );
                if covers && found.is_none_or(|(smallest, _)| size < smallest) {
                    found = Some((size, (card_index, query_index, index)));
                }
            }
        }
    }
    found.map(|(_, lit)| lit)
}

/// The piece that says most about an alias of a query's join graph: the one that touches least
/// besides.
#[must_use]
pub fn of_alias(query: &QueryRecord, alias: &str) -> Option<usize> {
    closest(query, |piece| &piece.aliases, alias)
}

/// The piece that says most about a column of a card's rows: query and piece.
#[must_use]
pub fn of_column(card: &Card, column: &str) -> Option<(usize, usize)> {
    let queries = card.queries.iter().enumerate();
    let mut found =
        queries.filter_map(|(at, query)| Some((at, closest(query, |p| &p.columns, column)?)));
    found.next()
}

fn closest(
    query: &QueryRecord,
    names: impl Fn(&Provenance) -> &Vec<String>,
    name: &str,
) -> Option<usize> {
    let pieces = query.provenance.iter().enumerate();
    let touching = pieces.filter(|(_, piece)| names(piece).iter().any(|n| n == name));
    let least = touching.min_by_key(|(_, piece)| names(piece).len());
    least.map(|(index, _)| index)
}

/// The piece before or after another one, in the order of the SQL; around the end it goes on.
#[must_use]
pub fn next(count: usize, from: Option<usize>, forwards: bool) -> Option<usize> {
    let last = count.checked_sub(1)?;
    Some(match (from, forwards) {
        (None, true) => 0,
        (None, false) => last,
        (Some(at), true) if at >= last => 0,
        (Some(at), true) => at + 1,
        (Some(0), false) => last,
        (Some(at), false) => at - 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(column: u32, end_column: u32, names: &[&str]) -> Provenance {
        Provenance {
            python: Some(SourceRange {
                file: "queries.py".to_owned(),
                line: 1,
                column,
                end_line: 1,
                end_column,
            }),
            aliases: names.iter().map(|n| (*n).to_owned()).collect(),
            columns: names.iter().map(|n| (*n).to_owned()).collect(),
            ..Provenance::default()
        }
    }

    fn report() -> Report {
        let provenance = vec![
            from(0, 40, &["book", "author"]),
            from(10, 20, &["author"]),
            from(22, 30, &["book"]),
        ];
        let query = QueryRecord {
            provenance,
            ..QueryRecord::default()
        };
        let card = Card {
            queries: vec![query],
            ..Card::default()
        };
        Report {
            cards: vec![card],
            ..Report::default()
        }
    }

    #[test]
    fn the_innermost_piece_is_lit() {
        let report = report();
        let at = |column| at_place(&report, "queries.py", 1, column);
        assert_eq!(at(12), Some((0, 0, 1)));
        assert_eq!(at(20), Some((0, 0, 0)));
        assert_eq!(at(40), None);
        assert_eq!(at_place(&report, "models.py", 1, 12), None);
    }

    #[test]
    fn an_alias_and_a_column_light_what_is_about_them() {
        let report = report();
        let card = &report.cards[0];
        assert_eq!(of_alias(&card.queries[0], "author"), Some(1));
        assert_eq!(of_column(card, "book"), Some((0, 2)));
        assert_eq!(of_column(card, "id"), None);
        let python = piece(&report, (0, 0, 1)).and_then(|p| p.python.clone());
        let columns = python.map(|p| columns_from(card, &p));
        assert_eq!(columns, Some(vec!["author".to_owned()]));
    }

    #[test]
    fn keys_go_round() {
        assert_eq!(next(0, None, true), None);
        assert_eq!(next(3, None, true), Some(0));
        assert_eq!(next(3, Some(2), true), Some(0));
        assert_eq!(next(3, Some(0), false), Some(2));
    }
}
