//! What only a person can answer while changes are detected.
use crate::state::ModelState;
use orm_state::field::FieldDefault;
use orm_state::{Field, Result, Value};
use std::rc::Rc;

/// Answers the autodetector's questions. Names are those of Django's `MigrationQuestioner`; the
/// defaults are its non-interactive answers. An answer may be to stop: an error.
#[allow(unused_variables)]
pub trait Questioner {
    /// Should an app without migrations get its first one?
    fn ask_initial(&self, app_label: &str) -> Result<bool> {
        Ok(false)
    }
    /// The value for existing rows of a new field that may not be null.
    fn ask_not_null_addition(&self, field_name: &str, model_name: &str) -> Result<FieldDefault> {
        Ok(FieldDefault::Value(Value::Null))
    }
    /// The value for existing NULLs of a field that may no longer be null; `NotProvided` to leave
    /// them to the user.
    fn ask_not_null_alteration(&self, field_name: &str, model_name: &str) -> Result<FieldDefault> {
        Ok(FieldDefault::Value(Value::Null))
    }
    fn ask_rename(
        &self,
        model_name: &str,
        old_name: &str,
        new_name: &str,
        field: &Rc<Field>,
    ) -> Result<bool> {
        Ok(false)
    }
    fn ask_rename_model(&self, old: &ModelState, new: &ModelState) -> Result<bool> {
        Ok(false)
    }
    fn ask_merge(&self, app_label: &str) -> Result<bool> {
        Ok(false)
    }
    fn ask_auto_now_add_addition(
        &self,
        field_name: &str,
        model_name: &str,
    ) -> Result<FieldDefault> {
        Ok(FieldDefault::Value(Value::Null))
    }
    fn ask_unique_callable_default_addition(
        &self,
        field_name: &str,
        model_name: &str,
    ) -> Result<()> {
        Ok(())
    }
}

/// Answers no to everything, but makes first migrations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unattended;

impl Questioner for Unattended {
    fn ask_initial(&self, _: &str) -> Result<bool> {
        Ok(true)
    }
}
