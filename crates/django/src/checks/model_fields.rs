//! Names of fields that clash: with parents' fields, with each other, with properties.
use super::report::{Level, Report};
use crate::models::class_of_model;
use crate::models::fields::field_object;
use orm_state::{AnyField, Field, FieldKind, ModelRef};
use rustpython_vm::builtins::{PyProperty, PyType};
use rustpython_vm::{PyObject, PyResult, VirtualMachine};
use std::collections::HashMap;
use std::rc::Rc;

type Vm = VirtualMachine;

/// All clashes of names.
pub fn check(r: &mut Report, cls: &PyObject, model: &ModelRef) -> PyResult<()> {
    id_field(r, model)?;
    inherited(r, model)?;
    model_name(r, model)?;
    properties(r, cls, model)?;
    if model
        .local_fields()
        .iter()
        .filter(|f| f.primary_key.get())
        .count()
        > 1
    {
        r.error(
            "models.E026",
            "The model cannot have more than one field with 'primary_key=True'.",
        )?;
    }
    Ok(())
}

fn id_field(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let Some(pk) = model.pk() else {
        return Ok(());
    };
    let other = model
        .local_fields()
        .into_iter()
        .find(|f| &*f.name() == "id" && !Rc::ptr_eq(f, &pk));
    match other {
        Some(f) if !f.primary_key.get() && &*pk.name() == "id" => r.error(
            "models.E004",
            "'id' can only be used as a field name if the field also sets 'primary_key=True'.",
        ),
        _ => Ok(()),
    }
}

/// Names in use, by name and by attribute.
struct Used(HashMap<Rc<str>, AnyField>);

impl Used {
    fn of(&self, field: &Field) -> Option<&AnyField> {
        self.0
            .get(&field.name())
            .or_else(|| self.0.get(&field.attname()))
    }
    fn add(&mut self, field: &Rc<Field>) {
        for name in [field.name(), field.attname()] {
            self.0.insert(name, AnyField::Field(field.clone()));
        }
    }
}

fn label_of(field: &AnyField) -> String {
    field.model().map(|m| m.label_lower()).unwrap_or_default()
}

fn inherited(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let vm = r.vm;
    let mut used = Used(HashMap::new());
    let parents = model.parent_list();
    for parent in &parents {
        for field in parent.local_fields() {
            if let Some(clash) = used.of(&field) {
                r.error(
                    "models.E005",
                    format!(
                        "The field '{}' from parent model '{}' clashes with the field '{}' from \
                         parent model '{}'.",
                        clash.name(),
                        label_of(clash),
                        field.name(),
                        parent.label_lower()
                    ),
                )?;
            }
            used.add(&field);
        }
    }
    for parent in &parents {
        for field in parent.get_fields(false) {
            used.0.insert(field.name(), field);
        }
    }
    for (_, link) in model.parents() {
        let Some(link) = link else { continue };
        if let Some(clash) = used.0.get(&link.name()) {
            let message = clash_message(&link, clash);
            r.error("models.E006", message)?;
        }
    }
    for field in model.local_fields() {
        if let Some(clash) = used.of(&field) {
            // An automatic `id` beside a written one has its own error.
            let two_ids = &*field.name() == "id"
                && &*clash.name() == "id"
                && clash.model().is_some_and(|m| Rc::ptr_eq(&m, model));
            if !two_ids {
                let message = clash_message(&field, clash);
                let about = Some(field_object(vm, &field)?);
                r.add(Level::Error, "models.E006", message, None, about)?;
            }
        }
        used.add(&field);
    }
    Ok(())
}

fn clash_message(field: &Field, clash: &AnyField) -> String {
    format!(
        "The field '{}' clashes with the field '{}' from model '{}'.",
        field.name(),
        clash.name(),
        label_of(clash)
    )
}

fn model_name(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let name = model.object_name();
    if name.starts_with('_') || name.ends_with('_') {
        r.error(
            "models.E023",
            format!(
                "The model name '{name}' cannot start or end with an underscore as it collides \
                 with the query lookup syntax."
            ),
        )
    } else if name.contains("__") {
        r.error(
            "models.E024",
            format!(
                "The model name '{name}' cannot contain double underscores as it collides with the \
                 query lookup syntax."
            ),
        )
    } else {
        Ok(())
    }
}

/// Names of the class's properties, its bases' among them.
pub fn property_names(vm: &Vm, cls: &PyObject) -> Vec<String> {
    let Some(class) = cls.downcast_ref::<PyType>() else {
        return vec![];
    };
    let mut seen: Vec<String> = vec![];
    let mut out = vec![];
    for base in class.mro_collect() {
        for name in base.attributes().interned_names(&vm.ctx) {
            let text = name.to_string();
            if seen.contains(&text) {
                continue;
            }
            let property = base
                .get_direct_attr(name)
                .is_some_and(|v| v.downcast_ref::<PyProperty>().is_some());
            if property {
                out.push(text.clone());
            }
            seen.push(text);
        }
    }
    out
}

fn properties(r: &mut Report, cls: &PyObject, model: &ModelRef) -> PyResult<()> {
    let names = property_names(r.vm, cls);
    for field in model.forward_fields() {
        if !field.is_relation() {
            continue;
        }
        let accessor = field.attname();
        if names.iter().any(|n| **n == *accessor) {
            r.error(
                "models.E025",
                format!("The property '{accessor}' clashes with a related field accessor."),
            )?;
        }
    }
    Ok(())
}

/// Columns that two fields share.
pub fn columns(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let mut used: Vec<Rc<str>> = vec![];
    for field in model.local_fields() {
        let Some(column) = field.column() else {
            continue;
        };
        if used.contains(&column) {
            r.error_hint(
                "models.E007",
                format!(
                    "Field '{}' has column name '{column}' that is used by another field.",
                    field.name()
                ),
                "Specify a 'db_column' for the field.",
            )?;
        } else {
            used.push(column);
        }
    }
    Ok(())
}

/// The fields of a composite primary key.
pub fn composite_key(r: &mut Report, model: &ModelRef) -> PyResult<()> {
    let vm = r.vm;
    let Some(pk) = model
        .pk()
        .filter(|pk| pk.kind == FieldKind::CompositePrimaryKey && !model.is_proxy())
    else {
        return Ok(());
    };
    let about = class_of_model(vm, model)?;
    let names = pk.options.borrow().composite_fields.clone();
    let local = model.local_fields();
    let mut columns: Vec<(Rc<str>, Vec<String>)> = vec![];
    let refuse = |r: &mut Report, names: &str, hint: String| {
        r.add(
            Level::Error,
            "models.E042",
            format!("{names} cannot be included in the composite primary key."),
            Some(&hint),
            Some(about.clone()),
        )
    };
    for name in names {
        let field = match model.get_field(&name) {
            Ok(AnyField::Field(f)) => Some(f),
            Ok(AnyField::Rel(_)) => {
                refuse(
                    r,
                    &format!("'{name}'"),
                    format!("'{name}' field has no column."),
                )?;
                continue;
            }
            Err(_) => None,
        };
        let hint = match &field {
            None => format!("'{name}' is not a valid field."),
            Some(f) if f.column().is_none() => format!("'{name}' field has no column."),
            Some(f) if f.null.get() => format!("'{name}' field may not set 'null=True'."),
            Some(f) if f.kind == FieldKind::Generated => {
                format!("'{name}' field is a generated field.")
            }
            Some(f) if !local.iter().any(|l| Rc::ptr_eq(l, f)) => {
                format!("'{name}' field is not a local field.")
            }
            Some(f) => {
                let column = f.column().unwrap_or_default();
                match columns.iter_mut().find(|(c, _)| *c == column) {
                    Some((_, names)) => names.push(name),
                    None => columns.push((column, vec![name])),
                }
                continue;
            }
        };
        refuse(r, &format!("'{name}'"), hint)?;
    }
    for (_, names) in columns {
        let [first, rest @ ..] = names.as_slice() else {
            continue;
        };
        if rest.is_empty() {
            continue;
        }
        let shown: Vec<String> = rest.iter().map(|n| format!("'{n}'")).collect();
        let shown = shown.join(", ");
        let hint = format!("{shown} and '{first}' are the same fields.");
        refuse(r, &shown, hint)?;
    }
    Ok(())
}
