//! The script that both sides run, and what it says.

use serde_json::Value;

use crate::case::{Case, Record, Step};
use crate::{record, statements};

/// The Python that runs statements and notes what they do.
pub const DRIVER: &str = include_str!("driver.py");

/// Begins the line that carries the notes.
const MARK: &str = "@@truth@@";

/// A case's statements, block by block, its set-up first. The JSON text is
/// also a Python one.
#[must_use]
pub fn blocks(case: &Case) -> Value {
    let mut blocks = vec![Value::from(statements::split(&case.setup))];
    for (step, _) in &case.steps {
        if let Step::Python(source) = step {
            blocks.push(Value::from(statements::split(source)));
        }
    }
    Value::from(blocks)
}

/// The whole script for one case.
#[must_use]
pub fn script(case: &Case) -> String {
    format!(
        "{DRIVER}\n\nprint(_drive({}, dict(globals()), connection))\n",
        blocks(case)
    )
}

/// One record for every step, from what the script printed.
pub fn read(case: &Case, output: &str) -> Result<Vec<Record>, String> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix(MARK))
        .ok_or("the script did not reach its end")?;
    let notes: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    let mut records = notes.as_array().into_iter().flatten().map(record::of_note);
    let setup = records.next().unwrap_or_default();
    if setup != Record::default() {
        return Err(format!("its set-up says: {}{}", setup.sql, setup.text));
    }
    Ok(case
        .steps
        .iter()
        .map(|(step, _)| match step {
            Step::Python(_) => records.next().unwrap_or_default(),
            _ => Record::default(),
        })
        .collect())
}
