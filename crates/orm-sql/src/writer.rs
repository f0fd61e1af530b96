//! SQL being written: text and parameters, appended in step.
use orm_state::Value;

/// ```
/// use orm_sql::SqlWriter;
/// let mut out = SqlWriter::default();
/// out.push("a = ");
/// out.param(3.into());
/// assert_eq!(out.sql, "a = %s");
/// ```
#[derive(Clone, Debug, Default)]
pub struct SqlWriter {
    pub sql: String,
    pub params: Vec<Value>,
}

/// A position to go back to, when a part turns out to be empty or always true.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    sql: usize,
    params: usize,
}

impl SqlWriter {
    pub fn push(&mut self, sql: &str) {
        self.sql.push_str(sql);
    }
    /// Writes `%s` and binds the value.
    pub fn param(&mut self, value: Value) {
        self.sql.push_str("%s");
        self.params.push(value);
    }
    pub fn mark(&self) -> Mark {
        Mark {
            sql: self.sql.len(),
            params: self.params.len(),
        }
    }
    /// True if nothing was written since the mark.
    pub fn is_at(&self, mark: Mark) -> bool {
        self.sql.len() == mark.sql
    }
    pub fn rewind(&mut self, mark: Mark) {
        self.sql.truncate(mark.sql);
        self.params.truncate(mark.params);
    }
    /// Takes out what was written since the mark.
    pub fn take_from(&mut self, mark: Mark) -> SqlWriter {
        SqlWriter {
            sql: self.sql.split_off(mark.sql),
            params: self.params.split_off(mark.params),
        }
    }
    /// Puts text before and after what was written since the mark.
    pub fn wrap(&mut self, mark: Mark, before: &str, after: &str) {
        self.sql.insert_str(mark.sql, before);
        self.sql.push_str(after);
    }
    /// What was written since the mark.
    pub fn since(&self, mark: Mark) -> &str {
        &self.sql[mark.sql..]
    }
    pub fn append(&mut self, other: SqlWriter) {
        self.sql.push_str(&other.sql);
        self.params.extend(other.params);
    }
    pub fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }
}
