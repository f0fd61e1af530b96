//! What happens to rows that refer to a deleted one: Python's rules and the database's own.
use super::databases::{self, Place};
use super::report::Report;
use crate::py;
use orm_state::{Field, FieldKind, ModelRef, OnDelete, Rel};
use rustpython_vm::{PyObject, PyObjectRef, PyResult};
use std::rc::Rc;

/// Is the rule carried out by the database?
fn by_database(rule: &OnDelete) -> bool {
    matches!(
        rule,
        OnDelete::DbCascade | OnDelete::DbSetNull | OnDelete::DbSetDefault
    )
}

/// The rules of the model's own foreign keys; `DO_NOTHING` is no rule.
fn rules(model: &ModelRef) -> Vec<(Rc<Field>, bool)> {
    let mut out = vec![];
    for field in model.forward_fields() {
        let keyed = matches!(
            field.kind,
            FieldKind::ForeignKey | FieldKind::OneToOne | FieldKind::ForeignObject
        );
        if let Some(rel) = field.remote.as_ref().filter(|_| keyed) {
            let rule = rel.on_delete.borrow().clone();
            if !matches!(rule, OnDelete::DoNothing) {
                out.push((field.clone(), by_database(&rule)));
            }
        }
    }
    out
}

pub fn foreign_key(
    r: &mut Report,
    o: &PyObject,
    field: &Field,
    rel: &Rel,
    model: &ModelRef,
    aliases: &[PyObjectRef],
) -> PyResult<()> {
    let vm = r.vm;
    let rule = rel.on_delete.borrow().clone();
    let places = match py::attr_opt(vm, o, "model")? {
        Some(class) if by_database(&rule) => databases::of_model(vm, aliases, &class)?,
        _ => vec![],
    };
    match rule {
        OnDelete::DbCascade => {
            support(
                r,
                &places,
                model,
                "CASCADE",
                "supports_on_delete_db_cascade",
            )?;
        }
        OnDelete::DbSetNull => {
            support(r, &places, model, "SET_NULL", "supports_on_delete_db_null")?;
        }
        _ => {}
    }
    let null_hint = "Set null=True argument on the field, or change the on_delete rule.";
    match rule {
        OnDelete::SetNull | OnDelete::DbSetNull if !field.null.get() => {
            let name = if by_database(&rule) {
                "DB_SET_NULL"
            } else {
                "SET_NULL"
            };
            r.error_hint(
                "fields.E320",
                format!("Field specifies on_delete={name}, but cannot be null."),
                null_hint,
            )?;
        }
        OnDelete::SetDefault if !field.has_default() => r.error_hint(
            "fields.E321",
            "Field specifies on_delete=SET_DEFAULT, but has no default value.",
            "Set a default value, or change the on_delete rule.",
        )?,
        OnDelete::DbSetDefault => {
            if field.options.borrow().db_default.is_none() {
                r.error_hint(
                    "fields.E322",
                    "Field specifies on_delete=DB_SET_DEFAULT, but has no db_default value.",
                    "Set a db_default value, or change the on_delete rule.",
                )?;
            }
            support(
                r,
                &places,
                model,
                "SET_DEFAULT",
                "supports_on_delete_db_default",
            )?;
        }
        _ => {}
    }
    let own = by_database(&rule);
    if let Some(to) = rel.model().filter(|_| !matches!(rule, OnDelete::DoNothing))
        && rules(&to).iter().any(|(_, theirs)| *theirs != own)
    {
        let (this, that) = if own {
            ("database", "Python")
        } else {
            ("Python", "database")
        };
        r.error_hint(
            "fields.E323",
            format!(
                "Field specifies {this}-level on_delete variant, but referenced model uses \
                 {that}-level variant."
            ),
            "Use either database or Python on_delete variants uniformly in the references chain.",
        )?;
    }
    Ok(())
}

fn support(
    r: &mut Report,
    places: &[Place],
    model: &ModelRef,
    name: &str,
    feature: &str,
) -> PyResult<()> {
    for place in places {
        if !place.supports(r.vm, feature, Some(model))? {
            let database = place.name(r.vm)?;
            r.error_hint(
                "fields.E324",
                format!("{database} does not support a DB_{name}."),
                format!("Change the on_delete rule to {name}."),
            )?;
        }
    }
    Ok(())
}

/// An automatic intermediary model uses Python's rules: what it refers to must, too.
pub fn many_to_many(r: &mut Report, o: &PyObject, through: &ModelRef) -> PyResult<()> {
    use super::report::Level;
    use crate::models::fields::field_object;
    let vm = r.vm;
    if !through.options.borrow().auto_created {
        return Ok(());
    }
    let shown = py::to_string(vm, o)?;
    for link in through.forward_fields() {
        let Some(to) = link.remote.as_ref().and_then(|rel| rel.model()) else {
            continue;
        };
        for (field, database) in rules(&to) {
            if database {
                r.add(
                    Level::Error,
                    "fields.E323",
                    "Field specifies database-level on_delete variant, but auto-created \
                     intermediary model uses Python-level variant.",
                    Some(&format!(
                        "Use either one of the Python on_delete variants or create a through \
                         model for {shown}."
                    )),
                    Some(field_object(vm, &field)?),
                )?;
            }
        }
    }
    Ok(())
}

/// A model whose foreign keys mix both kinds of rules.
pub fn model(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let rules = rules(model);
    if rules.iter().any(|(_, db)| *db) && rules.iter().any(|(_, db)| !*db) {
        r.error(
            "models.E050",
            "The model cannot have related fields with both database-level and Python-level \
             on_delete variants.",
        )?;
    }
    Ok(())
}
