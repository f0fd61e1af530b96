//! SQL being written: text and parameters, appended in step.
use crate::origin::{Note, Origin};
use crate::query::Alias;
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
    /// What was written for whom, while origins are traced.
    pub notes: Vec<Note>,
}

/// A position to go back to, when a part turns out to be empty or always true.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    sql: usize,
    params: usize,
}

impl Mark {
    /// Before anything was written.
    pub const START: Mark = Mark { sql: 0, params: 0 };
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
        self.notes.retain(|n| n.end <= mark.sql);
    }
    /// Takes out what was written since the mark.
    pub fn take_from(&mut self, mark: Mark) -> SqlWriter {
        SqlWriter {
            sql: self.sql.split_off(mark.sql),
            params: self.params.split_off(mark.params),
            notes: self.take_notes(mark.sql),
        }
    }
    /// Puts text before and after what was written since the mark.
    pub fn wrap(&mut self, mark: Mark, before: &str, after: &str) {
        self.sql.insert_str(mark.sql, before);
        self.sql.push_str(after);
        for note in self.notes.iter_mut().filter(|n| n.start >= mark.sql) {
            note.start += before.len();
            note.end += before.len();
        }
    }
    /// What was written since the mark.
    pub fn since(&self, mark: Mark) -> &str {
        &self.sql[mark.sql..]
    }
    pub fn append(&mut self, other: SqlWriter) {
        let start = self.sql.len();
        self.sql.push_str(&other.sql);
        self.params.extend(other.params);
        self.place_notes(other.notes, start);
    }
    /// Takes off the first and the last byte.
    pub fn strip_brackets(&mut self) {
        self.sql.pop();
        self.sql.remove(0);
        self.notes.retain(|n| n.start > 0);
        for note in &mut self.notes {
            note.start -= 1;
            note.end -= 1;
        }
    }
    /// Appends a copy.
    pub fn append_ref(&mut self, other: &SqlWriter) {
        let start = self.sql.len();
        self.sql.push_str(&other.sql);
        self.params.extend(other.params.iter().cloned());
        if !other.notes.is_empty() {
            self.place_notes(other.notes.clone(), start);
        }
    }
    /// Notes of a text that now begins there.
    pub fn place_notes(&mut self, notes: Vec<Note>, start: usize) {
        self.notes.extend(notes.into_iter().map(|n| Note {
            start: n.start + start,
            end: n.end + start,
            ..n
        }));
    }
    /// Notes of a text that stands somewhere in what was written since the mark.
    pub fn find_notes(&mut self, mark: Mark, text: &str, notes: Vec<Note>) {
        if !notes.is_empty()
            && let Some(at) = self.since(mark).find(text)
        {
            self.place_notes(notes, mark.sql + at);
        }
    }
    /// What was written since the mark came from there.
    pub fn note(&mut self, mark: Mark, origin: Option<Origin>) {
        if let Some(origin) = origin {
            self.note_alias(mark, origin, None);
        }
    }
    /// The same; it adds an alias.
    pub fn note_alias(&mut self, mark: Mark, origin: Origin, alias: Option<Alias>) {
        if !self.is_at(mark) {
            self.notes.push(Note {
                start: mark.sql,
                end: self.sql.len(),
                origin,
                alias,
            });
        }
    }
    fn take_notes(&mut self, start: usize) -> Vec<Note> {
        if self.notes.is_empty() {
            return vec![];
        }
        let (taken, kept) = std::mem::take(&mut self.notes)
            .into_iter()
            .partition(|n| n.start >= start);
        self.notes = kept;
        let taken: Vec<Note> = taken;
        let moved = taken.into_iter().map(|n| Note {
            start: n.start - start,
            end: n.end - start,
            ..n
        });
        moved.collect()
    }
    pub fn is_empty(&self) -> bool {
        self.sql.is_empty()
    }
}
