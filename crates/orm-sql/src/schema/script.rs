//! Splitting a script into statements (`prepare_sql_script`).

/// The statements of a script, comments dropped, without their semicolons' whitespace.
///
/// ```
/// let parts = orm_sql::schema::script::split("CREATE TABLE a (b text DEFAULT ';'); -- x\nDROP TABLE a;");
/// assert_eq!(parts, ["CREATE TABLE a (b text DEFAULT ';');", "DROP TABLE a;"]);
/// ```
pub fn split(sql: &str) -> Vec<String> {
    let mut out = vec![];
    let mut current = String::new();
    let mut chars = sql.chars().peekable();
    let mut in_trigger = false;
    while let Some(c) = chars.next() {
        match c {
            '\'' | '"' | '`' => {
                current.push(c);
                for q in chars.by_ref() {
                    current.push(q);
                    if q == c {
                        break;
                    }
                }
            }
            '-' if chars.peek() == Some(&'-') => {
                for q in chars.by_ref() {
                    if q == '\n' {
                        current.push('\n');
                        break;
                    }
                }
            }
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                let mut last = ' ';
                for q in chars.by_ref() {
                    if last == '*' && q == '/' {
                        break;
                    }
                    last = q;
                }
            }
            ';' => {
                current.push(';');
                let upper = current.to_uppercase();
                in_trigger = in_trigger || upper.trim_start().starts_with("CREATE TRIGGER");
                if in_trigger
                    && !upper
                        .trim_end()
                        .trim_end_matches(';')
                        .trim_end()
                        .ends_with("END")
                {
                    continue;
                }
                in_trigger = false;
                push(&mut out, &mut current);
            }
            c => current.push(c),
        }
    }
    push(&mut out, &mut current);
    out
}

fn push(out: &mut Vec<String>, current: &mut String) {
    let text = current.trim();
    if !text.is_empty() && text != ";" {
        out.push(text.to_string());
    }
    current.clear();
}
