//! What `makemigrations` asks, for somebody who answers later or not at all.
//!
//! Every question that has no answer yet is kept; changes are worked out as if it were answered
//! with no, so that further questions come at once.
use django::error::OrForeign;
use django::management::questions::{self as texts, GO_ON, IGNORE, NOW, ONE_OFF};
use orm_migrations::{ModelState, Questioner};
use orm_state::field::FieldDefault;
use orm_state::{Field, Result, Value};
use protocol::report::{Answer, Question};
use rustpython_vm::vm::thread::with_current_vm;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Answers that were given, questions that were not answered.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    answers: &'a [Answer],
    open: RefCell<Vec<Question>>,
    /// Whether nothing can be written before an open question is answered.
    needed: Cell<bool>,
    /// Why an answer's code was of no use.
    problem: RefCell<Option<String>>,
}

impl<'a> Asked<'a> {
    pub fn new(answers: &'a [Answer]) -> Self {
        Asked {
            answers,
            ..Asked::default()
        }
    }

    /// The questions that are left, whether they must be answered first, and what went wrong.
    pub fn left(self) -> (Vec<Question>, bool, Option<String>) {
        (
            self.open.into_inner(),
            self.needed.get(),
            self.problem.into_inner(),
        )
    }

    fn answer(&self, id: &str) -> Option<&'a Answer> {
        self.answers.iter().find(|a| a.id == id)
    }

    fn keep(&self, id: String, text: String, choices: &[&str], code: Option<u32>) {
        let question = Question {
            id,
            text: text.trim_end().to_owned(),
            choices: choices.iter().map(|c| (*c).to_owned()).collect(),
            wants_code: code,
        };
        let mut open = self.open.borrow_mut();
        if !open.contains(&question) {
            open.push(question);
        }
    }

    fn yes(&self, id: String, text: String) -> bool {
        match self.answer(&id) {
            Some(answer) => answer.choice == 0,
            None => {
                self.keep(id, text, &["Yes", "No"], None);
                false
            }
        }
    }

    /// A default for existing rows: the first choice wants code, the others give none.
    fn default_for(&self, id: String, text: String, choices: &[&str]) -> Result<FieldDefault> {
        let Some(answer) = self.answer(&id) else {
            self.needed.set(true);
            self.keep(id, text, choices, Some(0));
            return Ok(FieldDefault::Value(Value::Null));
        };
        if answer.choice != 0 {
            return Ok(FieldDefault::NotProvided);
        }
        let (value, problem) = with_current_vm(|vm| {
            let value = texts::evaluate(vm, answer.code.trim());
            match value.and_then(|v| texts::field_default(vm, v)) {
                Ok(value) => Ok((value, None)),
                Err(e) => {
                    let failure = python::failure::describe(vm, &e);
                    let problem = format!("{}: {}", failure.kind, failure.message);
                    Ok((FieldDefault::Value(Value::Null), Some(problem)))
                }
            }
        })
        .or_foreign()?;
        if let Some(problem) = problem {
            self.needed.set(true);
            self.keep(id, text, choices, Some(0));
            self.problem.replace(Some(problem));
        }
        Ok(value)
    }
}

impl Questioner for Asked<'_> {
    fn ask_initial(&self, _: &str) -> Result<bool> {
        Ok(true)
    }
    fn ask_not_null_addition(&self, field: &str, model: &str) -> Result<FieldDefault> {
        let id = format!("default for new {model}.{field}");
        self.default_for(id, texts::not_null_addition(field, model), &[ONE_OFF])
    }
    fn ask_not_null_alteration(&self, field: &str, model: &str) -> Result<FieldDefault> {
        let id = format!("default for {model}.{field}");
        let text = texts::not_null_alteration(field, model);
        self.default_for(id, text, &[ONE_OFF, IGNORE])
    }
    fn ask_rename(&self, model: &str, old: &str, new: &str, field: &Rc<Field>) -> Result<bool> {
        let id = format!("rename {model}.{old} to {new}");
        Ok(self.yes(id, texts::rename(model, old, new, field)))
    }
    fn ask_rename_model(&self, old: &ModelState, new: &ModelState) -> Result<bool> {
        let id = format!("rename {}.{} to {}", old.app_label, old.name, new.name);
        Ok(self.yes(id, texts::rename_model(old, new)))
    }
    fn ask_auto_now_add_addition(&self, field: &str, model: &str) -> Result<FieldDefault> {
        let id = format!("moment for new {model}.{field}");
        self.default_for(id, texts::auto_now_add_addition(field, model), &[NOW])
    }
    fn ask_unique_callable_default_addition(&self, field: &str, model: &str) -> Result<()> {
        let id = format!("unique {model}.{field}");
        if self.answer(&id).is_none() {
            let text = texts::unique_callable_default_addition(field, model);
            self.keep(id, text, &[GO_ON], None);
        }
        Ok(())
    }
}
