//! What `makemigrations` asks, whoever asks it: a terminal or the page.
use crate::convert::{PyObj, to_value};
use orm_migrations::ModelState;
use orm_state::Field;
use orm_state::field::FieldDefault;
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub const ONE_OFF: &str = "Provide a one-off default now (will be set on all existing rows with a null value for this column)";
pub const NOW: &str = "Provide a one-off default now which will be set on all existing rows";
pub const QUIT: &str = "Quit and manually define a default value in models.py.";
pub const QUIT_TO_EDIT: &str = "Quit and edit field options in models.py.";
pub const IGNORE: &str = "Ignore for now. Existing rows that contain NULL values will have to be handled manually, \
                          for example with a RunPython or RunSQL operation.";
pub const GO_ON: &str = "Continue making this migration as the first step in writing a manual migration to generate \
                         unique values described here: \
                         https://docs.djangoproject.com/en/6.1/howto/writing-migrations/#migrations-that-add-unique-fields.";

pub fn not_null_addition(field: &str, model: &str) -> String {
    format!(
        "It is impossible to add a non-nullable field '{field}' to {model} without specifying a default. This is \
         because the database needs something to populate existing rows.\nPlease select a fix:"
    )
}

pub fn not_null_alteration(field: &str, model: &str) -> String {
    format!(
        "It is impossible to change a nullable field '{field}' on {model} to non-nullable without providing a \
         default. This is because the database needs something to populate existing rows.\nPlease select a fix:"
    )
}

pub fn auto_now_add_addition(field: &str, model: &str) -> String {
    format!(
        "It is impossible to add the field '{field}' with 'auto_now_add=True' to {model} without providing a \
         default. This is because the database needs something to populate existing rows.\n"
    )
}

pub fn unique_callable_default_addition(field: &str, model: &str) -> String {
    format!(
        "Callable default on unique field {model}.{field} will not generate unique values upon migrating.\nPlease \
         choose how to proceed:\n"
    )
}

/// Without its `[y/N]`.
pub fn rename(model: &str, old: &str, new: &str, field: &Rc<Field>) -> String {
    let kind = &field.class.name;
    format!("Was {model}.{old} renamed to {model}.{new} (a {kind})?")
}

/// Without its `[y/N]`.
pub fn rename_model(old: &ModelState, new: &ModelState) -> String {
    let (app, old, new) = (&old.app_label, &old.name, &new.name);
    format!("Was the model {app}.{old} renamed to {new}?")
}

/// Runs a line with `datetime` and `timezone` at hand.
pub fn evaluate(vm: &Vm, code: &str) -> PyResult {
    let names = vm.ctx.new_dict();
    names.set_item("datetime", vm.import("datetime", 0)?, vm)?;
    let timezone = crate::modules::module(vm, "django.utils.timezone")?;
    names.set_item("timezone", timezone.into(), vm)?;
    let eval = vm.builtins.get_attr("eval", vm)?;
    eval.call((vm.ctx.new_str(code), names), vm)
}

/// A value for existing rows, as a line came to it.
pub fn field_default(vm: &Vm, value: PyObjectRef) -> PyResult<FieldDefault> {
    if value.is_callable() {
        return Ok(FieldDefault::Callable(Rc::new(PyObj(value))));
    }
    Ok(FieldDefault::Value(to_value(vm, &value)?))
}
