//! Python source, split into its top-level statements.
//!
//! By its layout, not its grammar: a statement begins at a line without
//! indentation that neither closes a bracket, continues a compound statement,
//! nor stands inside a string of several lines. That is enough for the suite,
//! whose sources are ours, and both sides get the same pieces.

/// The statements, in order, each with its newlines.
#[must_use]
pub fn split(source: &str) -> Vec<String> {
    let mut statements: Vec<String> = Vec::new();
    let mut depth = 0_i32;
    let mut quote: Option<&str> = None;
    let mut decorated = false;
    for line in source.lines() {
        let inside = depth > 0 || quote.is_some();
        let blank = line.trim().is_empty();
        let begins = !inside && !blank && !line.starts_with([' ', '\t']) && !continues(line);
        if begins && !decorated {
            statements.push(String::new());
        }
        if begins {
            decorated = line.starts_with('@');
        }
        scan(line, &mut depth, &mut quote);
        if let Some(statement) = statements.last_mut() {
            statement.push_str(line);
            statement.push('\n');
        }
    }
    statements
        .into_iter()
        .map(|statement| format!("{}\n", statement.trim_end()))
        .filter(|statement| !statement.trim_start().starts_with('#'))
        .collect()
}

/// Whether a line continues the statement above it.
fn continues(line: &str) -> bool {
    ["else", "elif", "except", "finally", "case"]
        .iter()
        .any(|word| {
            line.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with([' ', ':']))
        })
        || line.starts_with([')', ']', '}'])
}

/// Follows brackets and strings through a line.
fn scan(line: &str, depth: &mut i32, quote: &mut Option<&'static str>) {
    let mut rest = line;
    while !rest.is_empty() {
        if let Some(end) = *quote {
            if let Some(escaped) = rest.strip_prefix('\\') {
                rest = escaped
                    .get(escaped.chars().next().map_or(0, char::len_utf8)..)
                    .unwrap_or("");
            } else if let Some(after) = rest.strip_prefix(end) {
                *quote = None;
                rest = after;
            } else {
                rest = rest
                    .get(rest.chars().next().map_or(0, char::len_utf8)..)
                    .unwrap_or("");
            }
            continue;
        }
        let opening = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|mark| rest.starts_with(mark));
        if let Some(mark) = opening {
            *quote = Some(mark);
            rest = &rest[mark.len()..];
            continue;
        }
        let Some(first) = rest.chars().next() else {
            break;
        };
        match first {
            '#' => break,
            '(' | '[' | '{' => *depth += 1,
            ')' | ']' | '}' => *depth -= 1,
            _ => {}
        }
        rest = &rest[first.len_utf8()..];
    }
    // A string of one line ends with it.
    if quote.is_some_and(|mark| mark.len() == 1) {
        *quote = None;
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_call_over_several_lines_is_one_statement() {
        let source = "x = f(\n    1,\n)\nx\n";
        assert_eq!(split(source), ["x = f(\n    1,\n)\n", "x\n"]);
    }

    #[test]
    fn a_compound_statement_keeps_its_clauses() {
        let source = "try:\n    f()\nexcept E:\n    pass\n\ng()\n";
        assert_eq!(
            split(source),
            ["try:\n    f()\nexcept E:\n    pass\n", "g()\n"]
        );
    }

    #[test]
    fn a_decorator_belongs_to_its_function() {
        let source = "@d(1)\ndef f():\n    return 1\nf()\n";
        assert_eq!(split(source), ["@d(1)\ndef f():\n    return 1\n", "f()\n"]);
    }

    #[test]
    fn a_string_may_hold_brackets_and_lines() {
        let source = "a = \"(\"\nb = '''x\ny('''\nc\n";
        assert_eq!(split(source), ["a = \"(\"\n", "b = '''x\ny('''\n", "c\n"]);
    }
}
