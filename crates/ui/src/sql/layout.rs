//! SQL over several lines, each piece knowing where it stood before.
//!
//! The layout moves and adds white space only. So a piece of the text before
//! is found again by counting the characters that are not white space.

use protocol::report::TextRange;
use sqlformat::{FormatOptions, Indent, QueryParams};

use super::{Token, TokenKind, tokens};

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

/// Lays SQL out.
#[must_use]
pub fn lay_out(sql: &str) -> Layout {
    let formatted = format(sql);
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
fn format(sql: &str) -> String {
    let options = FormatOptions {
        indent: Indent::Spaces(2),
        uppercase: None,
        max_inline_block: 48,
        max_inline_arguments: Some(56),
        ..FormatOptions::default()
    };
    let formatted = sqlformat::format(sql, &QueryParams::None, &options);
    let same = solid(&formatted)
        .map(|(start, end)| &formatted[start..end])
        .eq(solid(sql).map(|(start, end)| &sql[start..end]));
    let whole = same && quoted_text(&formatted) == quoted_text(sql);
    if whole { formatted } else { sql.to_owned() }
}

/// What stands in quotes, where white space has a meaning.
fn quoted_text(sql: &str) -> Vec<&str> {
    tokens(sql)
        .into_iter()
        .map(|token| &sql[token.start..token.end])
        .filter(|text| text.starts_with(['\'', '"', '`']))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_knows_where_it_stood() {
        let sql = "SELECT \"b\".\"id\" FROM \"b\" WHERE \"b\".\"t\" LIKE %s";
        let layout = lay_out(sql);
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
        let text = lay_out(sql).text();
        assert!(text.contains("'a   b\n  c'") && text.contains("'SELECT  1'"));
    }
}
