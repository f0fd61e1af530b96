//! `text REGEXP pattern` with the regular expressions of Python's `re`.
use super::{Answer, Arguments, Raised, deterministic};
use fancy_regex::Regex;
use orm_state::value::float_repr;
use rusqlite::types::{Value as Sql, ValueRef};
use rusqlite::{Connection, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

thread_local! {
    static COMPILED: RefCell<HashMap<String, Option<Rc<Regex>>>> = RefCell::default();
}

pub fn register(db: &Connection) -> Result<()> {
    deterministic(db, "regexp", 2, regexp)
}

fn regexp(a: &Arguments) -> Answer {
    if a.any_null() {
        return Ok(Sql::Null);
    }
    // No pattern is made of a number.
    let ValueRef::Text(_) = a.get(0) else {
        return Err(Raised);
    };
    let pattern = compiled(a.text(0)?).ok_or(Raised)?;
    let found = match a.get(1) {
        ValueRef::Integer(i) => pattern.is_match(&i.to_string()),
        ValueRef::Real(f) => pattern.is_match(&float_repr(f)),
        ValueRef::Blob(b) => pattern.is_match(&orm_state::Value::Bytes(b.into()).repr()),
        _ => pattern.is_match(a.text(1)?),
    };
    Ok(i64::from(found.map_err(|_| Raised)?).into())
}

fn compiled(pattern: &str) -> Option<Rc<Regex>> {
    COMPILED.with_borrow_mut(|cache| {
        if let Some(found) = cache.get(pattern) {
            return found.clone();
        }
        if cache.len() >= 512 {
            cache.clear();
        }
        let regex = Regex::new(&translate(pattern)).ok().map(Rc::new);
        cache.insert(pattern.into(), regex.clone());
        regex
    })
}

/// The pattern as `fancy-regex` writes the same thing.
fn translate(pattern: &str) -> String {
    let chars: Vec<char> = pattern.chars().collect();
    let mut out = String::with_capacity(pattern.len() + 8);
    let (mut i, mut in_class, mut class_start) = (0, false, 0);
    while i < chars.len() {
        let c = chars[i];
        match c {
            '\\' => {
                let next = chars.get(i + 1).copied().unwrap_or('\\');
                match next {
                    'Z' if !in_class => out.push_str(r"\z"),
                    n if n.is_alphanumeric() => {
                        out.push('\\');
                        out.push(n);
                    }
                    n if n.is_ascii_punctuation() => {
                        out.push('\\');
                        out.push(n);
                    }
                    n => out.push(n),
                }
                i += 2;
                continue;
            }
            '[' if in_class => out.push_str(r"\["),
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '[' => {
                in_class = true;
                out.push('[');
                if chars.get(i + 1) == Some(&'^') {
                    out.push('^');
                    i += 1;
                }
                class_start = i + 1;
            }
            ']' if in_class && i == class_start => out.push_str(r"\]"),
            ']' if in_class => {
                in_class = false;
                out.push(']');
            }
            '$' if !in_class => out.push_str(r"(?=\n?\z)"),
            '{' if !in_class => match quantifier(&chars[i..]) {
                Some((text, len)) => {
                    out.push_str(&text);
                    i += len;
                    continue;
                }
                None => out.push_str(r"\{"),
            },
            '}' if !in_class => out.push_str(r"\}"),
            c => out.push(c),
        }
        i += 1;
    }
    out
}

/// `{2}`, `{2,}`, `{,3}`, `{2,3}`: the text to write and the length read.
fn quantifier(chars: &[char]) -> Option<(String, usize)> {
    let end = chars.iter().position(|c| *c == '}')?;
    let body: String = chars[1..end].iter().collect();
    let digits = |s: &str| s.chars().all(|c| c.is_ascii_digit());
    let text = match body.split_once(',') {
        None if !body.is_empty() && digits(&body) => format!("{{{body}}}"),
        Some((lo, hi)) if digits(lo) && digits(hi) => {
            let lo = if lo.is_empty() { "0" } else { lo };
            format!("{{{lo},{hi}}}")
        }
        _ => return None,
    };
    Some((text, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_python_means() {
        let found = |p: &str, s: &str| compiled(p).unwrap().is_match(s).unwrap();
        assert!(found(r"^foo$", "foo\n"));
        assert!(!found(r"^foo\Z", "foo\n"));
        assert!(found(r"[[]a", "[a"));
        assert!(found(r"x{,2}y", "xxy"));
        assert!(found(r"a{b", "a{b"));
        assert!(found(r"(?P<q>['\x22]).*(?P=q)", "'x'"));
        assert!(found("(?i)ÉCOLE", "école"));
        assert!(compiled("(").is_none());
    }
}
