//! SQL over several lines, each piece knowing where it stood before.
//!
//! The layout moves and adds white space only. So a piece of the text before
//! is found again by counting the characters that are not white space.

use protocol::report::TextRange;
use sqlformat::{FormatOptions, Indent, QueryParams};

use super::{Token, TokenKind, tokens};

/// Characters that a line should hold at most.
pub const LINE: usize = 80;
/// The same on a narrow screen.
pub const SHORT_LINE: usize = 44;

/// A piece of the layout, and where it stood in the text before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its text.
    pub text: String,
    /// What it is.
    pub kind: TokenKind,
    /// Its bytes in the text before; empty for white space.
    pub before: TextRange,
}

/// SQL over several lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The pieces, white space among them.
    pub places: Vec<Place>,
}

impl Layout {
    /// The whole text.
    #[must_use]
    pub fn text(&self) -> String {
        self.places
            .iter()
            .map(|place| place.text.as_str())
            .collect()
    }
}

/// Lays SQL out in lines of so many characters.
#[must_use]
pub fn lay_out(sql: &str, line: usize) -> Layout {
    let formatted = format(sql, line);
    let mut before = solid(sql);
    let places = tokens(&formatted)
        .into_iter()
        .map(|token| place(&formatted, token, &mut before))
        .collect();
    Layout { places }
}

fn place(text: &str, token: Token, before: &mut impl Iterator<Item = (usize, usize)>) -> Place {
    let text = &text[token.start..token.end];
    let mut range: Option<TextRange> = None;
    for _ in text.chars().filter(|c| !c.is_whitespace()) {
        if let Some((start, end)) = before.next() {
            let first = range.map_or(start as u32, |range| range.start);
            range = Some(TextRange {
                start: first,
                end: end as u32,
            });
        }
    }
    Place {
        text: text.to_owned(),
        kind: token.kind,
        before: range.unwrap_or_default(),
    }
}

/// Bytes of each character that is not white space.
fn solid(text: &str) -> impl Iterator<Item = (usize, usize)> {
    text.char_indices()
        .filter(|(_, c)| !c.is_whitespace())
        .map(|(start, c)| (start, start + c.len_utf8()))
}

/// The formatter's text, unless it changed more than white space.
fn format(sql: &str, line: usize) -> String {
    let options = FormatOptions {
        indent: Indent::Spaces(2),
        // joins() breaks what these hold.
        max_inline_block: LINE,
        max_inline_arguments: Some(line),
        max_inline_top_level: Some(line),
        joins_as_top_level: true,
        ..FormatOptions::default()
    };
    let (plain, hidden) = hide(sql);
    let formatted = sqlformat::format(&plain, &QueryParams::None, &options);
    let formatted = joins(&fill(&formatted, line), line);
    let formatted = show(&formatted, &hidden);
    let same = solid(&formatted)
        .map(|(start, end)| &formatted[start..end])
        .eq(solid(sql).map(|(start, end)| &sql[start..end]));
    if same { formatted } else { sql.to_owned() }
}

/// Puts items of a list that stand on lines of their own together, as many as
/// a line holds.
fn fill(formatted: &str, length: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in formatted.lines() {
        let (indent, item) = line.split_at(line.len() - line.trim_start().len());
        match lines.last_mut() {
            Some(last)
                if last.ends_with(',')
                    && last.len() + item.len() < length
                    && !indent.is_empty()
                    && last.len() - last.trim_start().len() == indent.len() =>
            {
                last.push(' ');
                last.push_str(item);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n")
}

/// A join is a line; a long one has its condition on the next, and the two
/// sides of a long condition are lines, too.
fn joins(formatted: &str, length: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut rest = formatted.lines().peekable();
    while let Some(line) = rest.next() {
        let indent = line.len() - line.trim_start().len();
        let deeper = |next: &&str| next.len() - next.trim_start().len() > indent;
        let mut whole = line.to_owned();
        if line.ends_with(" JOIN")
            && let Some(next) = rest.next_if(deeper)
        {
            whole.push(' ');
            whole.push_str(next.trim_start());
        }
        let Some(at) = condition(&whole).filter(|_| whole.len() > length) else {
            lines.push(whole);
            continue;
        };
        lines.push(whole[..at].trim_end().to_owned());
        let long = indent + 2 + whole.len() - at > length;
        let sides = outside(&whole[at..], " = ").filter(|_| long);
        let (left, right) = whole[at..].split_at(sides.unwrap_or(whole.len() - at));
        lines.push(format!("{}{left}", " ".repeat(indent + 2)));
        if !right.is_empty() {
            lines.push(format!("{}{}", " ".repeat(indent + 4), right.trim_start()));
        }
    }
    lines.join("\n")
}

/// Where a join's `ON` stands, if the line is a join.
fn condition(line: &str) -> Option<usize> {
    let (before, _) = line.split_once(" JOIN ")?;
    let is_join = before
        .trim_start()
        .chars()
        .all(|c| c.is_ascii_uppercase() || c == ' ');
    outside(line, " ON (").filter(|_| is_join).map(|at| at + 1)
}

/// Where a text stands outside of quotes.
fn outside(line: &str, text: &str) -> Option<usize> {
    let mut places = line.match_indices(text).map(|(at, _)| at);
    places.find(|at| line[..*at].matches('"').count().is_multiple_of(2))
}

/// Puts a word in place of each text in quotes and each placeholder: the
/// formatter reads `'\\'` and `%s` in ways of its own.
fn hide(sql: &str) -> (String, Vec<&str>) {
    let mut hidden = Vec::new();
    let mut plain = String::with_capacity(sql.len());
    for token in tokens(sql) {
        let text = &sql[token.start..token.end];
        if matches!(token.kind, TokenKind::String | TokenKind::Parameter) {
            plain.push_str(&word(hidden.len()));
            hidden.push(text);
        } else {
            plain.push_str(text);
        }
    }
    (plain, hidden)
}

/// Puts everything back.
fn show(formatted: &str, hidden: &[&str]) -> String {
    let mut text = String::with_capacity(formatted.len());
    let mut rest = formatted;
    for (index, original) in hidden.iter().enumerate() {
        let Some((before, after)) = rest.split_once(&word(index)) else {
            break;
        };
        text.push_str(before);
        text.push_str(original);
        rest = after;
    }
    text + rest
}

/// A short word that is in no SQL; should it be, the text stays as it was.
fn word(index: usize) -> String {
    format!("zq{index}qz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_knows_where_it_stood() {
        let sql = "SELECT \"b\".\"id\" FROM \"b\" WHERE \"b\".\"t\" LIKE %s";
        let layout = lay_out(sql, LINE);
        assert!(layout.text().contains('\n'));
        for place in layout
            .places
            .iter()
            .filter(|place| place.kind != TokenKind::Space)
        {
            let TextRange { start, end } = place.before;
            assert_eq!(&sql[start as usize..end as usize], place.text);
        }
    }

    #[test]
    fn text_in_quotes_is_not_touched() {
        let sql = "SELECT 'a   b\n  c' WHERE x = 'SELECT  1'";
        let text = lay_out(sql, LINE).text();
        assert!(text.contains("'a   b\n  c'") && text.contains("'SELECT  1'"));
    }

    #[test]
    fn a_long_join_has_its_condition_on_a_line_of_its_own() {
        let sql = r#"SELECT "playground_book"."id" FROM "playground_book" LEFT OUTER JOIN "playground_book_authors" ON ("playground_book"."id" = "playground_book_authors"."book_id") INNER JOIN "playground_author" "T4" ON ("a"."id" = "T4"."id") ORDER BY 1 ASC"#;
        let expected = r#"SELECT "playground_book"."id"
FROM "playground_book"
LEFT OUTER JOIN "playground_book_authors"
  ON ("playground_book"."id" = "playground_book_authors"."book_id")
INNER JOIN "playground_author" "T4" ON ("a"."id" = "T4"."id")
ORDER BY 1 ASC"#;
        assert_eq!(lay_out(sql, LINE).text(), expected);
    }

    #[test]
    fn on_a_narrow_screen_each_side_of_a_condition_has_its_line() {
        let sql = r#"SELECT "playground_book"."id", "playground_book"."title" FROM "playground_book" INNER JOIN "playground_author" ON ("playground_book"."author_id" = "playground_author"."id")"#;
        let expected = r#"SELECT
  "playground_book"."id",
  "playground_book"."title"
FROM "playground_book"
INNER JOIN "playground_author"
  ON ("playground_book"."author_id"
    = "playground_author"."id")"#;
        assert_eq!(lay_out(sql, SHORT_LINE).text(), expected);
    }

    #[test]
    fn a_pattern_with_its_escape_is_laid_out_too() {
        let sql = r#"SELECT "b"."id", "b"."title" FROM "b" INNER JOIN "a" ON ("b"."a_id" = "a"."id") WHERE ("a"."name" LIKE %s ESCAPE '\' AND NOT (EXISTS(SELECT 1 AS "a" FROM "s" U0 WHERE (U0."b_id" = ("b"."id") AND U0."n" >= %s) LIMIT 1))) ORDER BY "b"."title" ASC LIMIT 21"#;
        let expected = r#"SELECT "b"."id", "b"."title"
FROM "b"
INNER JOIN "a" ON ("b"."a_id" = "a"."id")
WHERE (
  "a"."name" LIKE %s ESCAPE '\'
  AND NOT (
    EXISTS (
      SELECT 1 AS "a"
      FROM "s" U0
      WHERE (U0."b_id" = ("b"."id") AND U0."n" >= %s)
      LIMIT 1
    )
  )
)
ORDER BY "b"."title" ASC
LIMIT 21"#;
        assert_eq!(lay_out(sql, LINE).text(), expected);
    }
}
