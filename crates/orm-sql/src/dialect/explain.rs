//! The prefix of `EXPLAIN`.
use orm_state::{Error, Result, Value};

/// `EXPLAIN QUERY PLAN`, or the errors of formats and options nobody knows.
pub fn explain_prefix(
    word: &str,
    display_name: &str,
    formats: &[&str],
    format: Option<&str>,
    options: &[(String, Value)],
) -> Result<String> {
    if let Some(f) = format {
        let normalized = f.to_uppercase();
        if !formats.contains(&normalized.as_str()) {
            let mut message = format!("{normalized} is not a recognized format.");
            if formats.is_empty() {
                message.push_str(&format!(" {display_name} does not support any formats."));
            } else {
                let mut sorted = formats.to_vec();
                sorted.sort_unstable();
                message.push_str(&format!(" Allowed formats: {}", sorted.join(", ")));
            }
            return Err(Error::value_error(message));
        }
    }
    if !options.is_empty() {
        let mut names: Vec<&str> = options.iter().map(|(k, _)| k.as_str()).collect();
        names.sort_unstable();
        return Err(Error::value_error(format!(
            "Unknown options: {}",
            names.join(", ")
        )));
    }
    Ok(word.into())
}
