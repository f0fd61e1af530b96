//! Python's `template % data` for SQL templates.
//!
//! ```
//! use orm_sql::expressions::template::render;
//! let mut sql = String::new();
//! render("%(function)s(%(expressions)s)", &[("function", "MAX".into()), ("expressions", "1".into())], &mut sql).unwrap();
//! assert_eq!(sql, "MAX(1)");
//! ```
use orm_state::{Error, ErrorKind, Result};

/// Appends `template` with each `%(name)s` replaced and `%%` made `%`.
///
/// # Errors
/// `KeyError` for a name without a value; `ValueError` for a broken placeholder.
pub fn render(template: &str, data: &[(&str, String)], sql: &mut String) -> Result<()> {
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        sql.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('%') {
            sql.push('%');
            rest = after;
            continue;
        }
        let Some((name, after)) = rest.strip_prefix('(').and_then(|r| r.split_once(')')) else {
            return Err(match rest.chars().next() {
                Some(_) => Error::type_error("format requires a mapping"),
                None => Error::value_error("incomplete format"),
            });
        };
        let Some(after) = after.strip_prefix(['s', 'd']) else {
            return Err(Error::value_error(match after.chars().next() {
                Some(c) => format!(
                    "unsupported format character '{c}' (0x{:x}) at index {}",
                    c as u32,
                    template.len() - after.len()
                ),
                None => "incomplete format".into(),
            }));
        };
        match data.iter().rev().find(|(k, _)| *k == name) {
            Some((_, v)) => sql.push_str(v),
            None => return Err(Error::new(ErrorKind::KeyError, format!("'{name}'"))),
        }
        rest = after;
    }
    sql.push_str(rest);
    Ok(())
}
