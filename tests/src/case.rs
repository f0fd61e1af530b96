//! A suite file, read into cases and written back with a new record.
//!
//! ````text
//! # Following relations
//!
//! Models: [bookstore](../../models/bookstore)
//!
//! ## A filter follows a foreign key
//!
//! ```python
//! Book.objects.filter(author__name="Jane Austen")
//! ```
//!
//! ```sql
//! SELECT …
//! ```
//!
//! ```text
//! <Book: Emma>
//! ```
//! ````
//!
//! Fences without a file name hold statements; `python models.py` writes a
//! file of the project, `python - models.py` removes one; `console` holds
//! commands after `$`. Statements above the first title run before every case
//! of the file, without a record. `sql` and `text` fences after statements, and the lines
//! that do not start with `$` in a `console` fence, are the record.

use std::path::{Path, PathBuf};

/// A suite file.
#[derive(Clone, Debug)]
pub struct CaseFile {
    /// Where it is.
    pub path: PathBuf,
    /// `queries/filter`: its path below `suite`, without `.md`.
    pub name: String,
    /// All of it, in order.
    pub parts: Vec<Part>,
    /// The model set for cases that name none.
    pub models: Option<String>,
}

/// A piece of a suite file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Prose, blank lines and other fences, as they stand.
    Prose(String),
    /// `## Title`.
    Title(String),
    /// `Models: [name](…)`, with its line.
    Models(String, String),
    /// Something that a case does.
    Step(Step),
    /// What real Django said to the step before.
    Record(Record),
}

/// Something that a case does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Runs statements in the project's namespace.
    Python(String),
    /// Writes a file of the project.
    Write(String, String),
    /// Removes a file of the project.
    Remove(String),
    /// Runs commands, one a line.
    Console(Vec<String>),
}

/// What a step said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Statements sent to the database, with their parameters.
    pub sql: String,
    /// Values, printed text, exceptions; for a console the whole session.
    pub text: String,
}

/// A case: its steps with what is recorded for each.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file's name and the title: `queries/filter :: A filter follows …`.
    pub id: String,
    /// The model set, if it builds on one.
    pub models: Option<String>,
    /// Statements to run first, without a record: imports.
    pub setup: String,
    /// Its steps in order.
    pub steps: Vec<(Step, Record)>,
}

impl Case {
    /// The steps that have a record: `queries/filter :: A filter follows … :: 2`
    /// for the second, and its place among all steps.
    pub fn recorded(&self) -> impl Iterator<Item = (String, usize)> {
        self.steps
            .iter()
            .enumerate()
            .filter(|(_, (step, _))| matches!(step, Step::Python(_) | Step::Console(_)))
            .enumerate()
            .map(|(number, (index, _))| (format!("{} :: {}", self.id, number + 1), index))
    }

    /// Whether it runs commands rather than statements.
    #[must_use]
    pub fn is_console(&self) -> bool {
        self.steps
            .iter()
            .any(|(step, _)| matches!(step, Step::Console(_)))
    }
}

impl CaseFile {
    /// Reads a file's text.
    pub fn parse(path: &Path, name: &str, text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut models = None;
        let mut titled = false;
        let mut lines = text.lines().enumerate();
        let mut after_step = false;
        while let Some((number, line)) = lines.next() {
            let Some(info) = line.strip_prefix("```") else {
                if let Some(title) = line.strip_prefix("## ") {
                    titled = true;
                    after_step = false;
                    parts.push(Part::Title(title.trim().to_owned()));
                } else if let Some(set) = model_set(line) {
                    if !titled {
                        models = Some(set.clone());
                    }
                    parts.push(Part::Models(set, line.to_owned()));
                } else {
                    if !line.trim().is_empty() {
                        after_step = false;
                    }
                    parts.push(Part::Prose(line.to_owned()));
                }
                continue;
            };
            let mut body = String::new();
            loop {
                let Some((_, inner)) = lines.next() else {
                    return Err(format!("{}:{}: an open fence", path.display(), number + 1));
                };
                if inner == "```" {
                    break;
                }
                body.push_str(inner);
                body.push('\n');
            }
            match info.split_once(' ').unwrap_or((info, "")) {
                ("python", "") => {
                    parts.push(Part::Step(Step::Python(body)));
                    after_step = true;
                }
                ("python" | "json", file) => {
                    after_step = false;
                    parts.push(Part::Step(match file.strip_prefix("- ") {
                        Some(gone) => Step::Remove(gone.to_owned()),
                        None => Step::Write(file.to_owned(), body),
                    }));
                }
                ("console", "") => {
                    after_step = false;
                    let commands = body
                        .lines()
                        .filter_map(|line| line.strip_prefix("$ "))
                        .map(str::to_owned)
                        .collect();
                    parts.push(Part::Step(Step::Console(commands)));
                    parts.push(Part::Record(Record {
                        sql: String::new(),
                        text: body,
                    }));
                }
                ("sql", "") if after_step => match last_record(&mut parts) {
                    Some(record) => record.sql = body,
                    None => parts.push(Part::Record(Record {
                        sql: body,
                        text: String::new(),
                    })),
                },
                ("text", "") if after_step => match last_record(&mut parts) {
                    Some(record) => record.text = body,
                    None => parts.push(Part::Record(Record {
                        sql: String::new(),
                        text: body,
                    })),
                },
                _ => {
                    after_step = false;
                    parts.push(Part::Prose(format!("```{info}\n{body}```")));
                }
            }
        }
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            parts,
            models,
        })
    }

    /// Its cases.
    #[must_use]
    pub fn cases(&self) -> Vec<Case> {
        let mut cases: Vec<Case> = Vec::new();
        let mut setup = String::new();
        for part in &self.parts {
            if let Part::Title(title) = part {
                cases.push(Case {
                    id: format!("{} :: {title}", self.name),
                    models: self.models.clone(),
                    setup: setup.clone(),
                    steps: Vec::new(),
                });
                continue;
            }
            let Some(case) = cases.last_mut() else {
                if let Part::Step(Step::Python(source)) = part {
                    setup.push_str(source);
                }
                continue;
            };
            match part {
                Part::Models(set, _) => case.models = Some(set.clone()),
                Part::Step(step) => case.steps.push((step.clone(), Record::default())),
                Part::Record(record) => {
                    if let Some((_, recorded)) = case.steps.last_mut() {
                        *recorded = record.clone();
                    }
                }
                Part::Prose(_) | Part::Title(_) => {}
            }
        }
        cases.retain(|case| !case.steps.is_empty());
        cases
    }

    /// The file's text with these records instead of its own, one for every
    /// step of every case, in order.
    #[must_use]
    pub fn with_records(&self, records: &[Record]) -> String {
        let mut records = records.iter();
        let mut blocks: Vec<String> = Vec::new();
        let mut prose: Vec<&str> = Vec::new();
        let mut titled = false;
        for part in &self.parts {
            match part {
                Part::Prose(line) => {
                    prose.push(line);
                    continue;
                }
                Part::Models(_, line) => {
                    prose.push(line);
                    continue;
                }
                Part::Record(_) => continue,
                Part::Title(_) | Part::Step(_) => flush(&mut prose, &mut blocks),
            }
            match part {
                Part::Title(title) => {
                    titled = true;
                    blocks.push(format!("## {title}"));
                }
                Part::Step(step) => {
                    let empty = Record::default();
                    let record = if titled {
                        records.next().unwrap_or(&empty)
                    } else {
                        &empty
                    };
                    match step {
                        Step::Python(source) => {
                            blocks.push(format!("```python\n{source}```"));
                            if !record.sql.is_empty() {
                                blocks.push(format!("```sql\n{}```", record.sql));
                            }
                            if !record.text.is_empty() {
                                blocks.push(format!("```text\n{}```", record.text));
                            }
                        }
                        Step::Write(file, body) => {
                            let language = if file.ends_with(".json") {
                                "json"
                            } else {
                                "python"
                            };
                            blocks.push(format!("```{language} {file}\n{body}```"));
                        }
                        Step::Remove(file) => blocks.push(format!("```python - {file}\n```")),
                        Step::Console(_) => blocks.push(format!("```console\n{}```", record.text)),
                    }
                }
                _ => {}
            }
        }
        flush(&mut prose, &mut blocks);
        blocks.join("\n\n") + "\n"
    }
}

/// Ends a run of prose: a block without the blank lines around it.
fn flush(prose: &mut Vec<&str>, blocks: &mut Vec<String>) {
    let text = prose.join("\n");
    let text = text.trim_matches('\n');
    if !text.is_empty() {
        blocks.push(text.to_owned());
    }
    prose.clear();
}

/// The record that belongs to the last step, if it has one already.
fn last_record(parts: &mut [Part]) -> Option<&mut Record> {
    parts
        .iter_mut()
        .rev()
        .find_map(|part| match part {
            Part::Prose(_) => None,
            Part::Record(record) => Some(Some(record)),
            _ => Some(None),
        })
        .flatten()
}

/// `bookstore` of `Models: [bookstore](../../models/bookstore)`.
fn model_set(line: &str) -> Option<String> {
    let rest = line.strip_prefix("Models: [")?;
    Some(rest.split_once(']')?.0.to_owned())
}
