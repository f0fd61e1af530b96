//! Two texts of one statement: with parameters written into it, and with
//! placeholders. Provenance speaks of the second; people mostly read the first.

use protocol::report::TextRange;

use super::{Token, TokenKind, tokens};

/// For each piece of the SQL that runs, where it stands in the SQL with
/// placeholders. What cannot be told ends the list.
#[must_use]
pub fn align(inline: &str, bound: &str) -> Vec<(TextRange, TextRange)> {
    let (left, right) = (solid(inline), solid(bound));
    let mut pairs = Vec::with_capacity(left.len());
    let mut at = 0;
    let mut next = 0;
    while let (Some(one), Some(other)) = (left.get(at), right.get(next)) {
        if other.kind == TokenKind::Parameter {
            let after = right
                .get(next + 1)
                .map(|token| &bound[token.start..token.end]);
            let start = at;
            // A literal is one piece or, like -5, a few.
            while at < left.len() && (at == start || Some(piece(inline, left[at])) != after) {
                pairs.push((range(left[at]), range(*other)));
                at += 1;
            }
        } else if piece(inline, *one) == piece(bound, *other) {
            pairs.push((range(*one), range(*other)));
            at += 1;
            // %% stands for % beside placeholders.
            if piece(bound, *other) == "%"
                && right
                    .get(next + 1)
                    .is_some_and(|token| piece(bound, *token) == "%")
            {
                next += 1;
            }
        } else {
            break;
        }
        next += 1;
    }
    pairs
}

fn solid(sql: &str) -> Vec<Token> {
    let mut all = tokens(sql);
    all.retain(|token| token.kind != TokenKind::Space);
    all
}

fn piece(sql: &str, token: Token) -> &str {
    &sql[token.start..token.end]
}

fn range(token: Token) -> TextRange {
    TextRange {
        start: token.start as u32,
        end: token.end as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stand_where_their_placeholders_do() {
        let bound = "WHERE (a = %s AND b IN (%s, %s)) LIMIT 3";
        let inline = "WHERE (a = 'it''s' AND b IN (-5, NULL)) LIMIT 3";
        let pairs = align(inline, bound);
        let found: Vec<_> = pairs
            .iter()
            .map(|(one, other)| {
                let cut = |sql: &'static str, range: &TextRange| {
                    &sql[range.start as usize..range.end as usize]
                };
                (cut(inline, one), cut(bound, other))
            })
            .filter(|(one, other)| one != other)
            .collect();
        assert_eq!(
            found,
            [("'it''s'", "%s"), ("-", "%s"), ("5", "%s"), ("NULL", "%s")]
        );
        assert_eq!(
            pairs.len(),
            tokens(inline)
                .iter()
                .filter(|token| token.kind != TokenKind::Space)
                .count()
        );
    }

    #[test]
    fn texts_that_differ_elsewhere_end_it() {
        assert_eq!(align("SELECT a", "SELECT b").len(), 1);
    }
}
