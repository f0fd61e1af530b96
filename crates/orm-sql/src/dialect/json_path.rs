//! Paths into JSON documents: `$."a"[0]`.
use orm_state::Value;

/// The path of a chain of keys; integers index arrays, from the end where negative.
///
/// ```
/// use orm_sql::dialect::json_path::compile;
/// assert_eq!(compile(&["a".into(), "0".into(), "-1".into()], true, true), r#"$."a"[0][#-1]"#);
/// ```
pub fn compile(keys: &[Value], include_root: bool, from_end_with_hash: bool) -> String {
    let mut path = String::from(if include_root { "$" } else { "" });
    for key in keys {
        let text = key.to_str();
        match python_int(&text) {
            Some(n) => {
                let hash = if from_end_with_hash && n.starts_with('-') {
                    "#"
                } else {
                    ""
                };
                path.push_str(&format!("[{hash}{n}]"));
            }
            None => {
                path.push('.');
                path.push_str(&json_string(&text));
            }
        }
    }
    path
}

/// `str(int(text))`, where Python's `int()` takes it.
fn python_int(text: &str) -> Option<String> {
    orm_state::field::prep::parse_python_int(text).map(|i| i.to_string())
}

/// `json.dumps(text)`, ASCII only.
pub fn json_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if (' '..='\u{7e}').contains(&c) => out.push(c),
            c => {
                let mut units = [0u16; 2];
                for u in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{u:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}
