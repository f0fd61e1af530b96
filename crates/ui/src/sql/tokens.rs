//! SQL in pieces to colour.
//!
//! ```
//! use ormscope_ui::sql::{TokenKind, tokens};
//!
//! let kinds: Vec<_> = tokens("SELECT 'it''s'").iter().map(|token| token.kind).collect();
//! assert_eq!(kinds, [TokenKind::Keyword, TokenKind::Space, TokenKind::String]);
//! ```

/// A kind of piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `SELECT`, `INNER JOIN` …
    Keyword,
    /// A function's name: a word before a parenthesis.
    Function,
    /// `"table"`, `` `table` ``, or a bare word.
    Name,
    /// `'text'`.
    String,
    /// `12`, `0.5`.
    Number,
    /// `%s`, `?`, `:name`.
    Parameter,
    /// `-- …`, `/* … */`.
    Comment,
    /// Anything else that is seen.
    Sign,
    /// Anything that is not.
    Space,
}

impl TokenKind {
    /// Its class in the style sheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Keyword => "k",
            Self::Function => "f",
            Self::Name => "n",
            Self::String => "s",
            Self::Number => "d",
            Self::Parameter => "p",
            Self::Comment => "c",
            Self::Sign => "o",
            Self::Space => "",
        }
    }
}

/// A piece: bytes `start..end` of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// Cuts SQL into pieces that together are the whole text.
#[must_use]
pub fn tokens(sql: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut start = 0;
    while let Some((kind, length)) = next(&sql[start..]) {
        let end = start + length;
        let kind = match kind {
            TokenKind::Name if is_function(sql, start, end) => TokenKind::Function,
            kind => kind,
        };
        found.push(Token { kind, start, end });
        start = end;
    }
    found
}

/// The first piece of a text: its kind and length.
fn next(rest: &str) -> Option<(TokenKind, usize)> {
    let first = rest.chars().next()?;
    let while_ = |test: fn(char) -> bool| rest.find(|c: char| !test(c)).unwrap_or(rest.len());
    Some(match first {
        c if c.is_whitespace() => (TokenKind::Space, while_(char::is_whitespace)),
        '\'' => (TokenKind::String, quoted(rest, '\'')),
        '"' | '`' => (TokenKind::Name, quoted(rest, first)),
        '-' if rest.starts_with("--") => {
            (TokenKind::Comment, rest.find('\n').unwrap_or(rest.len()))
        }
        '/' if rest.starts_with("/*") => (
            TokenKind::Comment,
            rest.find("*/").map_or(rest.len(), |end| end + 2),
        ),
        '%' if rest.starts_with("%s") => (TokenKind::Parameter, 2),
        '?' => (TokenKind::Parameter, 1),
        c if c.is_ascii_digit() => (
            TokenKind::Number,
            while_(|c| c.is_ascii_alphanumeric() || c == '.'),
        ),
        c if c.is_alphabetic() || c == '_' => {
            let length = while_(|c| c.is_alphanumeric() || c == '_' || c == '$');
            let kind = if is_keyword(&rest[..length]) {
                TokenKind::Keyword
            } else {
                TokenKind::Name
            };
            (kind, length)
        }
        c => (TokenKind::Sign, c.len_utf8()),
    })
}

/// Length of a quoted piece; a doubled quote is part of it.
fn quoted(rest: &str, quote: char) -> usize {
    let mut from = 1;
    loop {
        match rest[from..].find(quote) {
            None => return rest.len(),
            Some(at) => {
                from += at + 1;
                if !rest[from..].starts_with(quote) {
                    return from;
                }
                from += 1;
            }
        }
    }
}

fn is_function(sql: &str, start: usize, end: usize) -> bool {
    sql[end..].starts_with('(') && !sql[start..].starts_with(['"', '`'])
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS
        .binary_search(&word.to_ascii_uppercase().as_str())
        .is_ok()
}

/// In order, for the binary search.
const KEYWORDS: [&str; 104] = [
    "ADD",
    "ALL",
    "ALTER",
    "AND",
    "AS",
    "ASC",
    "AUTOINCREMENT",
    "BEGIN",
    "BETWEEN",
    "BY",
    "CASCADE",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLUMN",
    "COMMIT",
    "CONFLICT",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CURRENT",
    "DEFAULT",
    "DEFERRABLE",
    "DEFERRED",
    "DELETE",
    "DESC",
    "DISTINCT",
    "DO",
    "DROP",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXISTS",
    "EXPLAIN",
    "FALSE",
    "FILTER",
    "FIRST",
    "FOLLOWING",
    "FOREIGN",
    "FROM",
    "FULL",
    "GLOB",
    "GROUP",
    "HAVING",
    "IF",
    "IGNORE",
    "IN",
    "INDEX",
    "INITIALLY",
    "INNER",
    "INSERT",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "KEY",
    "LAST",
    "LEFT",
    "LIKE",
    "LIMIT",
    "NOT",
    "NOTHING",
    "NULL",
    "NULLS",
    "OFFSET",
    "ON",
    "OR",
    "ORDER",
    "OUTER",
    "OVER",
    "PARTITION",
    "PLAN",
    "PRAGMA",
    "PRECEDING",
    "PRIMARY",
    "QUERY",
    "RANGE",
    "RECURSIVE",
    "REFERENCES",
    "REGEXP",
    "RELEASE",
    "RENAME",
    "RETURNING",
    "RIGHT",
    "ROLLBACK",
    "ROW",
    "ROWS",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "TABLE",
    "THEN",
    "TO",
    "TRANSACTION",
    "TRUE",
    "UNION",
    "UNIQUE",
    "UPDATE",
    "USING",
    "VALUES",
    "WHEN",
    "WHERE",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sql: &str) -> String {
        tokens(sql)
            .iter()
            .map(|token| match token.kind {
                TokenKind::Space => "_",
                kind => kind.class(),
            })
            .collect()
    }

    #[test]
    fn keywords_are_in_order() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn pieces_are_the_whole_text() {
        for sql in [
            "",
            "SELECT \"a\".\"b\" -- x\n FROM 'ü''",
            "%s %(name)s \"open",
            "/* open",
            "é€𝄞",
        ] {
            let joined: String = tokens(sql)
                .iter()
                .map(|token| &sql[token.start..token.end])
                .collect();
            assert_eq!(joined, sql);
        }
    }

    #[test]
    fn pieces_have_their_kinds() {
        assert_eq!(kinds("SELECT COUNT(\"a\") >= %s"), "k_fono_oo_p");
        assert_eq!(kinds("'x''y' 1.5 t"), "s_d_n");
    }
}
