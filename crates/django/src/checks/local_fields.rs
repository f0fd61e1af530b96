//! Fields that `Meta` names: they must exist, have one column, and be the model's own.
use super::report::Report;
use orm_state::{AnyField, FieldKind, ModelRef};
use rustpython_vm::PyResult;
use std::rc::Rc;

/// Checks the names given to an option (`unique_together`, `indexes`, `constraints`).
pub fn check(r: &mut Report, model: &ModelRef, names: &[String], option: &str) -> PyResult<()> {
    let local = model.local_fields();
    for name in names {
        let forward = match model.field(name) {
            Ok(f) => AnyField::Field(f),
            Err(_) => {
                r.error(
                    "models.E012",
                    format!("'{option}' refers to the nonexistent field '{name}'."),
                )?;
                continue;
            }
        };
        let AnyField::Field(field) = forward else {
            continue;
        };
        let is_local = local.iter().any(|f| Rc::ptr_eq(f, &field));
        let several_columns =
            field.kind == FieldKind::ForeignObject && field.options.borrow().from_fields.len() > 1;
        if field.kind == FieldKind::ManyToMany {
            r.error(
                "models.E013",
                format!(
                    "'{option}' refers to a ManyToManyField '{name}', but ManyToManyFields are not \
                     permitted in '{option}'."
                ),
            )?;
        } else if field.kind == FieldKind::CompositePrimaryKey {
            r.error(
                "models.E048",
                format!(
                    "'{option}' refers to a CompositePrimaryKey '{name}', but CompositePrimaryKeys \
                     are not permitted in '{option}'."
                ),
            )?;
        } else if several_columns {
            r.error(
                "models.E049",
                format!(
                    "'{option}' refers to a ForeignObject '{name}' with multiple 'from_fields', \
                     which is not supported for that option."
                ),
            )?;
        } else if !is_local {
            r.error_hint(
                "models.E016",
                format!(
                    "'{option}' refers to field '{name}' which is not local to model '{}'.",
                    model.object_name()
                ),
                "This issue may be caused by multi-table inheritance.",
            )?;
        }
    }
    Ok(())
}
