//! Relations: the model pointed to, the names on its other side, what a foreign key refers to.
use super::on_delete;
use super::report::Report;
use crate::models::fields::properties::inner;
use crate::models::{base, class_of_model};
use crate::py;
use orm_state::{Constraint, Field, FieldKind, ModelRef, Rel, RelTarget};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// The relation of a field, with the model that has it; nothing while it is in no model.
pub fn parts(vm: &Vm, o: &PyObject) -> PyResult<Option<(Rc<Field>, Rc<Rel>, ModelRef)>> {
    let field = inner(o, vm)?;
    Ok(match (field.remote.clone(), field.model()) {
        (Some(rel), Some(model)) => Some((field, rel, model)),
        _ => None,
    })
}

/// Is the model one that the registry of `scope` shows?
pub fn is_installed(
    vm: &Vm,
    scope: &ModelRef,
    model: &ModelRef,
    include_auto_created: bool,
) -> PyResult<bool> {
    let apps = base::apps_of(vm, scope)?;
    let all = py::call_kw(
        vm,
        &apps,
        "get_models",
        vec![],
        &[("include_auto_created", py::bool(vm, include_auto_created))],
    )?;
    let class = class_of_model(vm, model)?;
    Ok(py::list(vm, &all)?.iter().any(|m| m.is(&class)))
}

/// What every relation is checked for.
pub fn check(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let vm = r.vm;
    let Some((field, rel, model)) = parts(vm, o)? else {
        return Ok(());
    };
    related_name(r, &field, &rel, &model)?;
    query_name(r, &rel)?;
    match rel.target() {
        RelTarget::Name(name) => missing(r, &name)?,
        RelTarget::Model(_) => {
            let Some(to) = rel.model() else {
                return Ok(());
            };
            let swapped = to.swapped.borrow().is_some();
            if !swapped && !is_installed(vm, &model, &to, true)? {
                missing(r, to.object_name())?;
            }
            if swapped && !is_installed(vm, &model, &to, false)? {
                let setting = to.options.borrow().swappable.clone().unwrap_or_default();
                r.error_hint(
                    "fields.E301",
                    format!(
                        "Field defines a relation with the model '{}', which has been swapped out.",
                        to.label()
                    ),
                    format!("Update the relation to point at 'settings.{setting}'."),
                )?;
            }
            clashes(r, &field, &rel, &model, &to)?;
        }
    }
    Ok(())
}

fn missing(r: &mut Report, name: &str) -> PyResult<()> {
    r.error(
        "fields.E300",
        format!(
            "Field defines a relation with model '{name}', which is either not installed, or is \
             abstract."
        ),
    )
}

fn related_name(r: &mut Report, field: &Field, rel: &Rel, model: &ModelRef) -> PyResult<()> {
    let vm = r.vm;
    let Some(name) = rel.related_name.borrow().clone() else {
        return Ok(());
    };
    let text = py::str(vm, &name);
    let keywords = vm.import("keyword", 0)?;
    let keyword = py::call(vm, &keywords, "iskeyword", vec![text.clone()])?.is_true(vm)?;
    let identifier = py::call(vm, &text, "isidentifier", vec![])?.is_true(vm)?;
    if (identifier && !keyword) || name.ends_with('+') {
        return Ok(());
    }
    r.error_hint(
        "fields.E306",
        format!(
            "The name '{name}' is invalid related_name for field {}.{}",
            model.object_name(),
            field.name()
        ),
        "Related name must be a valid Python identifier or end with a '+'",
    )
}

fn query_name(r: &mut Report, rel: &Rel) -> PyResult<()> {
    if rel.hidden() {
        return Ok(());
    }
    let name = rel.query_name();
    let hint = "Add or change a related_name or related_query_name argument for this field.";
    if name.ends_with('_') {
        r.error_hint(
            "fields.E308",
            format!("Reverse query name '{name}' must not end with an underscore."),
            hint,
        )?;
    }
    if name.contains("__") {
        r.error_hint(
            "fields.E309",
            format!("Reverse query name '{name}' must not contain '__'."),
            hint,
        )?;
    }
    Ok(())
}

/// The reverse side's names against everything that the other model has.
fn clashes(
    r: &mut Report,
    field: &Rc<Field>,
    rel: &Rel,
    model: &ModelRef,
    to: &ModelRef,
) -> PyResult<()> {
    let vm = r.vm;
    let accessor = rel.accessor_name().filter(|_| !rel.hidden());
    let shown = accessor.clone().unwrap_or_default();
    let query_name = rel.query_name();
    let own = format!("{}.{}", model.label(), field.name());
    let target = to.object_name();
    let fields = to.fields();
    for other in fields.iter().cloned().chain(to.many_to_many()) {
        let name = other.name();
        let theirs = format!("{}.{name}", to.label());
        let hint = format!(
            "Rename field '{theirs}', or add/change a related_name argument to the definition for \
             field '{own}'."
        );
        if accessor.as_deref() == Some(&*name) {
            r.error_hint(
                "fields.E302",
                format!(
                    "Reverse accessor '{target}.{shown}' for '{own}' clashes with field name \
                     '{theirs}'."
                ),
                &hint,
            )?;
        }
        if *query_name == *name {
            r.error_hint(
                "fields.E303",
                format!("Reverse query name for '{own}' clashes with field name '{theirs}'."),
                &hint,
            )?;
        }
    }
    for other in to.related_objects() {
        let (Some(their_field), Some(their_model)) = (other.field_opt(), other.related_model())
        else {
            continue;
        };
        if Rc::ptr_eq(&their_field, field) {
            continue;
        }
        let theirs = format!("{}.{}", their_model.label(), their_field.name());
        let hint = format!(
            "Add or change a related_name argument to the definition for '{own}' or '{theirs}'."
        );
        let their_accessor = other.accessor_name();
        if accessor.is_some() && their_accessor == accessor {
            r.error_hint(
                "fields.E304",
                format!(
                    "Reverse accessor '{target}.{shown}' for '{own}' clashes with reverse accessor \
                     for '{theirs}'."
                ),
                &hint,
            )?;
        }
        if their_accessor.as_deref() == Some(&*query_name) {
            r.error_hint(
                "fields.E305",
                format!(
                    "Reverse query name for '{own}' clashes with reverse query name for '{theirs}'."
                ),
                &hint,
            )?;
        }
    }
    let meta = py::attr(vm, &class_of_model(vm, to)?, "_meta")?;
    for manager in py::list(vm, &py::attr(vm, &meta, "managers")?)? {
        let name = py::to_string(vm, &py::attr(vm, &manager, "name")?)?;
        if accessor.as_deref() == Some(&*name) {
            return r.error_hint(
                "fields.E348",
                format!(
                    "Related name '{name}' for '{own}' clashes with the name of a model manager."
                ),
                format!(
                    "Rename the model manager or change the related_name argument in the \
                     definition for field '{own}'."
                ),
            );
        }
    }
    Ok(())
}

/// What a foreign key refers to: fields that exist and, together, are unique.
pub fn foreign_object(r: &mut Report, o: &PyObject) -> PyResult<()> {
    let vm = r.vm;
    let Some((field, rel, _)) = parts(vm, o)? else {
        return Ok(());
    };
    let Some(to) = rel.model() else {
        return Ok(());
    };
    let names: Vec<Option<String>> = match field.kind {
        FieldKind::ForeignObject => field.options.borrow().to_fields.clone(),
        _ => vec![rel.field_name.borrow().clone()],
    };
    for name in names.iter().flatten() {
        if to.get_field(name).is_err() {
            r.error(
                "fields.E312",
                format!(
                    "The to_field '{name}' doesn't exist on the related model '{}'.",
                    to.label()
                ),
            )?;
        }
    }
    for name in &names {
        let kind = match name {
            None => to.pk().map(|pk| pk.kind),
            Some(name) => to.field(name).ok().map(|f| f.kind),
        };
        if kind == Some(FieldKind::CompositePrimaryKey) {
            composite(r, to.object_name())?;
        }
    }
    if py::attr(vm, o, "requires_unique_target")?.is_true(vm)?
        && let Ok(pairs) = field.related_fields()
    {
        let remote: Vec<Rc<Field>> = pairs.into_iter().map(|(_, f)| f).collect();
        unique_target(r, &to, &remote)?;
    }
    Ok(())
}

pub fn composite(r: &mut Report, model: &str) -> PyResult<()> {
    r.error(
        "fields.E347",
        format!(
            "Field defines a relation involving model '{model}' which has a CompositePrimaryKey \
             and such relations are not supported."
        ),
    )
}

fn unique_target(r: &mut Report, to: &ModelRef, fields: &[Rc<Field>]) -> PyResult<()> {
    let names: Vec<Rc<str>> = fields.iter().map(|f| f.name()).collect();
    let within = |group: &[String]| group.iter().all(|g| names.iter().any(|n| **n == **g));
    let unique = fields.is_empty()
        || fields.iter().any(|f| f.is_unique())
        || to
            .options
            .borrow()
            .unique_together
            .iter()
            .any(|g| within(g))
        || to.total_unique_constraints().iter().any(|c| match c {
            Constraint::Unique { fields, .. } => within(fields),
            _ => false,
        })
        || to.pk_fields().is_ok_and(|pk| {
            pk.len() == names.len() && pk.iter().all(|f| names.contains(&f.name()))
        });
    if unique {
        return Ok(());
    }
    let model = to.object_name();
    if let [field] = fields {
        return r.error_hint(
            "fields.E311",
            format!(
                "'{model}.{}' must be unique because it is referenced by a foreign key.",
                field.name()
            ),
            "Add unique=True to this field or add a UniqueConstraint (without condition) in the \
             model Meta.constraints.",
        );
    }
    let shown: Vec<String> = names.iter().map(|n| format!("'{n}'")).collect();
    r.error_hint(
        "fields.E310",
        format!(
            "No subset of the fields {} on model '{model}' is unique.",
            shown.join(", ")
        ),
        "Mark a single field as unique=True or add a set of fields to a unique constraint (via \
         unique_together or a UniqueConstraint (without condition) in the model Meta.constraints).",
    )
}

/// What only a foreign key is checked for.
pub fn foreign_key(r: &mut Report, o: &PyObject, aliases: &[PyObjectRef]) -> PyResult<()> {
    let vm = r.vm;
    let Some((field, rel, model)) = parts(vm, o)? else {
        return Ok(());
    };
    on_delete::foreign_key(r, o, &field, &rel, &model, aliases)?;
    if field.kind == FieldKind::ForeignKey && field.is_unique() {
        r.warning_hint(
            "fields.W342",
            "Setting unique=True on a ForeignKey has the same effect as using a OneToOneField.",
            "ForeignKey(unique=True) is usually better served by a OneToOneField.",
        )?;
    }
    Ok(())
}
