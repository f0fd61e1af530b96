//! What `makemigrations` has to ask. Source of names: Django's `migrations.questioner`.
use orm_state::{Error, ErrorKind, Field, Result, Value};
use std::rc::Rc;

/// Answers the autodetector's questions.
pub trait Questioner {
    /// Should an app without migrations get some?
    fn ask_initial(&mut self, _app_label: &str) -> bool {
        true
    }
    /// A value for the rows that exist when a column without a default is added; `None` keeps it
    /// without (and the field is then not added with a one-off default).
    fn ask_not_null_addition(
        &mut self,
        field_name: &str,
        model_name: &str,
    ) -> Result<Option<Value>> {
        Err(Error::new(
            ErrorKind::CommandError,
            format!(
                "Field '{field_name}' on model '{model_name}' not migrated: it is impossible to add a non-nullable \
                 field without specifying a default."
            ),
        ))
    }
    /// A value for the rows that hold NULL when a column becomes NOT NULL; `None`: they are dealt
    /// with elsewhere.
    fn ask_not_null_alteration(
        &mut self,
        _field_name: &str,
        _model_name: &str,
    ) -> Result<Option<Value>> {
        Ok(None)
    }
    fn ask_auto_now_add_addition(
        &mut self,
        field_name: &str,
        model_name: &str,
    ) -> Result<Option<Value>> {
        Err(Error::new(
            ErrorKind::CommandError,
            format!(
                "Field '{field_name}' on model '{model_name}' not migrated: it is impossible to add a field with \
                 'auto_now_add=True' without specifying a default."
            ),
        ))
    }
    fn ask_rename(
        &mut self,
        _model_name: &str,
        _old: &str,
        _new: &str,
        _field: &Rc<Field>,
    ) -> bool {
        false
    }
    fn ask_rename_model(&mut self, _old: &str, _new: &str, _app_label: &str) -> bool {
        false
    }
}

/// Never asks: renames are a removal and an addition, defaults that are missing are errors.
#[derive(Clone, Copy, Debug, Default)]
pub struct NonInteractive;

impl Questioner for NonInteractive {}

/// Answers yes to every rename, and gives one value for every missing default.
#[derive(Clone, Debug, Default)]
pub struct Prepared {
    pub rename: bool,
    pub default: Option<Value>,
}

impl Questioner for Prepared {
    fn ask_rename(&mut self, _: &str, _: &str, _: &str, _: &Rc<Field>) -> bool {
        self.rename
    }
    fn ask_rename_model(&mut self, _: &str, _: &str, _: &str) -> bool {
        self.rename
    }
    fn ask_not_null_addition(&mut self, field: &str, model: &str) -> Result<Option<Value>> {
        match &self.default {
            Some(v) => Ok(Some(v.clone())),
            None => NonInteractive.ask_not_null_addition(field, model),
        }
    }
    fn ask_not_null_alteration(&mut self, _: &str, _: &str) -> Result<Option<Value>> {
        Ok(self.default.clone())
    }
    fn ask_auto_now_add_addition(&mut self, field: &str, model: &str) -> Result<Option<Value>> {
        match &self.default {
            Some(v) => Ok(Some(v.clone())),
            None => NonInteractive.ask_auto_now_add_addition(field, model),
        }
    }
}
