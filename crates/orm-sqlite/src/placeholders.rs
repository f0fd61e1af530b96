//! `%s` and `%(name)s` placeholders become SQLite's `?` and `:name`.
use std::borrow::Cow;

/// `%s` → `?` (not after another `%`), then `%%` → `%`.
pub fn to_qmark(sql: &str) -> Cow<'_, str> {
    if !sql.contains('%') {
        return Cow::Borrowed(sql);
    }
    let mut out = String::with_capacity(sql.len());
    let mut previous_percent = false;
    let mut rest = sql;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        previous_percent = previous_percent && at == 0;
        let tail = &rest[at + 1..];
        if !previous_percent && tail.starts_with('s') {
            out.push('?');
            rest = &tail[1..];
            previous_percent = false;
        } else {
            out.push('%');
            rest = tail;
            previous_percent = true;
        }
    }
    out.push_str(rest);
    Cow::Owned(out.replace("%%", "%"))
}

/// `%(name)s` → `:name`, `%%` → `%`.
pub fn to_named(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('%') {
            out.push('%');
            rest = after;
        } else if let Some((name, after)) = tail.strip_prefix('(').and_then(|t| t.split_once(")s"))
        {
            out.push(':');
            out.push_str(name);
            rest = after;
        } else {
            out.push('%');
            rest = tail;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_are_unescaped_after_placeholders() {
        assert_eq!(to_qmark("a = %s AND b LIKE '%%x'"), "a = ? AND b LIKE '%x'");
        assert_eq!(to_qmark("%%s %s%s"), "%s ??");
        assert_eq!(to_qmark("%%%s"), "%%s");
        assert_eq!(to_named("a = %(x)s, '%%'"), "a = :x, '%'");
    }
}
