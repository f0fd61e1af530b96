//! Several statements in one text.

/// Splits at the semicolons outside quotes, comments and `BEGIN … END` bodies of triggers.
///
/// ```
/// assert_eq!(orm_sqlite::split_script("SELECT ';'; SELECT 2"), ["SELECT ';';", "SELECT 2"]);
/// ```
pub fn split_script(sql: &str) -> Vec<String> {
    let mut found = vec![];
    let (mut start, mut quote, mut comment) = (0, None, None);
    let mut trigger_depth = 0;
    let mut word = String::new();
    let mut in_trigger = false;
    let bytes = sql.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let c = bytes[i];
        let next = bytes.get(i + 1).copied();
        if let Some(end) = comment {
            if end == b'\n' && c == b'\n' {
                comment = None;
            } else if end == b'/' && c == b'*' && next == Some(b'/') {
                comment = None;
                i += 1;
            }
        } else if let Some(q) = quote {
            if c == q {
                quote = None;
            }
        } else {
            if c.is_ascii_alphabetic() || c == b'_' {
                word.push(c.to_ascii_uppercase() as char);
            } else {
                match word.as_str() {
                    "TRIGGER" => in_trigger = true,
                    "BEGIN" | "CASE" if in_trigger => trigger_depth += 1,
                    "END" if in_trigger => trigger_depth -= 1,
                    _ => {}
                }
                word.clear();
            }
            match c {
                b'\'' | b'"' | b'`' => quote = Some(c),
                b'-' if next == Some(b'-') => comment = Some(b'\n'),
                b'/' if next == Some(b'*') => comment = Some(b'/'),
                b';' if trigger_depth <= 0 => {
                    push(&mut found, &sql[start..=i]);
                    start = i + 1;
                    in_trigger = false;
                    trigger_depth = 0;
                }
                _ => {}
            }
        }
        i += 1;
    }
    push(&mut found, &sql[start..]);
    found
}

fn push(found: &mut Vec<String>, part: &str) {
    let part = part.trim();
    if !part.is_empty() && part != ";" {
        found.push(part.to_string());
    }
}
