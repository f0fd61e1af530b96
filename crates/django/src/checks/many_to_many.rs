//! Many-to-many relations: the model in between, its foreign keys, its table, options without use.
use super::on_delete;
use super::relation::{composite, is_installed, parts};
use super::report::{Level, Report};
use crate::models::fields::properties::{inner, this};
use crate::models::{class_of_model, model_of_class};
use crate::py;
use orm_state::{FieldKind, ModelRef, Rel, RelTarget};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObject, PyObjectRef, PyResult};
use std::rc::Rc;

pub fn check(r: &mut Report, o: &PyObject, args: &FuncArgs) -> PyResult<()> {
    let vm = r.vm;
    let given = this(o, vm)?;
    if given.part("unique_given").is_some() {
        r.error("fields.E330", "ManyToManyFields cannot be unique.")?;
    }
    let Some((_, rel, model)) = parts(vm, o)? else {
        return Ok(());
    };
    let from = args
        .kwargs
        .get("from_model")
        .and_then(|m| model_of_class(vm, m));
    let through = rel.through_model();
    let through_name = match (&*rel.through.borrow(), &through) {
        (_, Some(m)) => m.label(),
        (Some(RelTarget::Name(n)), _) => n.clone(),
        _ => "None".into(),
    };
    let installed = match &through {
        Some(m) => is_installed(vm, &model, m, true)?,
        None => false,
    };
    match (&through, &from) {
        (Some(through), Some(from)) if installed => {
            intermediary(r, o, &rel, from, through)?;
        }
        (Some(_), None) if installed => {
            return Err(vm.new_exception_msg(
                vm.ctx.exceptions.assertion_error.to_owned(),
                "ManyToManyField with intermediate tables cannot be checked if you don't pass the \
                 model where the field is attached to."
                    .into(),
            ));
        }
        _ => r.error(
            "fields.E331",
            format!(
                "Field specifies a many-to-many relation through model '{through_name}', which has \
                 not been installed."
            ),
        )?,
    }
    if let Some(fields) = given.part("through_fields") {
        let fields = py::list(vm, &fields)?;
        link_fields(r, &rel, from.as_ref(), &through_name, &fields)?;
    }
    ignored(r, o, &rel)?;
    if let Some(through) = &through {
        table(r, &model, through)?;
        on_delete::many_to_many(r, o, through)?;
    }
    Ok(())
}

/// Options that do nothing here.
fn ignored(r: &mut Report, o: &PyObject, rel: &Rel) -> PyResult<()> {
    let vm = r.vm;
    let given = this(o, vm)?;
    if given.part("null_given").is_some() {
        r.warning("fields.W340", "null has no effect on ManyToManyField.")?;
    }
    if let Some(v) = given.part("validators")
        && v.is_true(vm)?
    {
        r.warning(
            "fields.W341",
            "ManyToManyField does not support validators.",
        )?;
    }
    if rel.symmetrical.get()
        && let Some(name) = given.part("related_name")
        && name.is_true(vm)?
    {
        r.warning(
            "fields.W345",
            "related_name has no effect on ManyToManyField with a symmetrical relationship, e.g. \
             to \"self\".",
        )?;
    }
    let commented = inner(o, vm)?
        .options
        .borrow()
        .db_comment
        .as_deref()
        .is_some_and(|c| !c.is_empty());
    if commented {
        r.warning(
            "fields.W346",
            "db_comment has no effect on ManyToManyField.",
        )?;
    }
    Ok(())
}

/// Do the two name the same model?
fn same(a: &RelTarget, b: &RelTarget) -> bool {
    match (a, b) {
        (RelTarget::Name(a), RelTarget::Name(b)) => a == b,
        (RelTarget::Model(a), RelTarget::Model(b)) => a.ptr_eq(b),
        _ => false,
    }
}

/// The foreign keys of `through` that lead to a model.
fn keys_to(through: &ModelRef, to: &RelTarget) -> Vec<Rc<str>> {
    through
        .fields()
        .iter()
        .filter(|f| f.remote.as_ref().is_some_and(|rel| same(&rel.target(), to)))
        .map(|f| f.name())
        .collect()
}

fn intermediary(
    r: &mut Report,
    o: &PyObject,
    rel: &Rel,
    from: &ModelRef,
    through: &ModelRef,
) -> PyResult<()> {
    let vm = r.vm;
    // A name alone is one of the model's own app.
    let to = match rel.target() {
        RelTarget::Name(name) if !name.contains('.') => {
            RelTarget::Name(format!("{}.{name}", from.app_label()))
        }
        other => other,
    };
    let to_model = rel.model();
    let from_name = from.object_name();
    let to_name = match (&to, &to_model) {
        (_, Some(m)) => m.object_name().to_string(),
        (RelTarget::Name(n), _) => n.clone(),
        _ => String::new(),
    };
    let has_through_fields = this(o, vm)?.part("through_fields").is_some();
    let is_composite = |m: &ModelRef| {
        m.pk()
            .is_some_and(|pk| pk.kind == FieldKind::CompositePrimaryKey)
    };
    if let Some(to_model) = to_model.as_ref().filter(|_| !has_through_fields) {
        if is_composite(to_model) {
            composite(r, to_model.object_name())?;
        } else if is_composite(from) {
            composite(r, from_name)?;
        }
    }
    let named = match this(o, vm)?.part("through_fields") {
        Some(v) => v.is_true(vm)?,
        None => false,
    };
    let from_target = RelTarget::Model(Rc::downgrade(from));
    let field = py::to_string(vm, o)?;
    let through_class = class_of_model(vm, through)?;
    let recursive = format!(
        "If you want to create a recursive relationship, use ManyToManyField(\"self\", \
         through=\"{}\").",
        through.object_name()
    );
    let seen_from = keys_to(through, &from_target).len();
    if same(&from_target, &to) {
        if seen_from > 2 && !named {
            r.add(
                Level::Error,
                "fields.E333",
                format!(
                    "The model is used as an intermediate model by '{field}', but it has more than \
                     two foreign keys to '{from_name}', which is ambiguous. You must specify which \
                     two foreign keys Django should use via the through_fields keyword argument."
                ),
                Some("Use through_fields to specify which two foreign keys Django should use."),
                Some(through_class),
            )?;
        }
        return Ok(());
    }
    let seen_to = keys_to(through, &to).len();
    for (seen, id, word, name) in [
        (seen_from, "fields.E334", "from", &**from_name),
        (seen_to, "fields.E335", "to", &*to_name),
    ] {
        if seen > 1 && !named {
            r.error_hint(
                id,
                format!(
                    "The model is used as an intermediate model by '{field}', but it has more than \
                     one foreign key {word} '{name}', which is ambiguous. You must specify which \
                     foreign key Django should use via the through_fields keyword argument."
                ),
                &recursive,
            )?;
        }
    }
    if seen_from == 0 || seen_to == 0 {
        r.add(
            Level::Error,
            "fields.E336",
            format!(
                "The model is used as an intermediate model by '{field}', but it does not have a \
                 foreign key to '{from_name}' or '{to_name}'."
            ),
            None,
            Some(through_class),
        )?;
    }
    Ok(())
}

/// `through_fields`: two foreign keys of the model in between.
fn link_fields(
    r: &mut Report,
    rel: &Rel,
    from: Option<&ModelRef>,
    through_name: &str,
    fields: &[PyObjectRef],
) -> PyResult<()> {
    let vm = r.vm;
    let mut names = vec![];
    for field in fields.iter().take(2) {
        if field.clone().is_true(vm)? {
            names.push(py::to_string(vm, field)?);
        }
    }
    let [source, target] = names.as_slice() else {
        return r.error_hint(
            "fields.E337",
            format!(
                "Field specifies 'through_fields' but does not provide the names of the two link \
                 fields that should be used for the relation through model '{through_name}'."
            ),
            "Make sure you specify 'through_fields' as through_fields=('field1', 'field2')",
        );
    };
    let (Some(from), Some(through)) = (from, rel.through_model()) else {
        return Ok(());
    };
    let from = RelTarget::Model(Rc::downgrade(from));
    for (name, to) in [(source, from), (target, rel.target())] {
        let to_name = match &to {
            RelTarget::Name(n) => n.clone(),
            RelTarget::Model(m) => m
                .upgrade()
                .map(|m| m.object_name().to_string())
                .unwrap_or_default(),
        };
        let possible = keys_to(&through, &to);
        let hint = (!possible.is_empty()).then(|| {
            format!(
                "Did you mean one of the following foreign keys to '{to_name}': {}?",
                possible.join(", ")
            )
        });
        let message = match through.get_field(name) {
            Err(_) => (
                "fields.E338",
                format!("The intermediary model '{through_name}' has no field '{name}'."),
            ),
            Ok(orm_state::AnyField::Field(f))
                if f.remote
                    .as_ref()
                    .is_some_and(|rel| same(&rel.target(), &to)) =>
            {
                continue;
            }
            Ok(_) => (
                "fields.E339",
                format!(
                    "'{}.{name}' is not a foreign key to '{to_name}'.",
                    through.object_name()
                ),
            ),
        };
        let about = match rel.field_opt() {
            Some(f) => Some(crate::models::fields::field_object(vm, &f)?),
            None => None,
        };
        r.add(Level::Error, message.0, message.1, hint.as_deref(), about)?;
    }
    Ok(())
}

/// The intermediary table must be no other model's.
fn table(r: &mut Report, model: &ModelRef, through: &ModelRef) -> PyResult<()> {
    let vm = r.vm;
    if !through.options.borrow().managed {
        return Ok(());
    }
    let apps = crate::models::base::apps_of(vm, model)?;
    let kwargs = [("include_auto_created", py::bool(vm, true))];
    let all = py::call_kw(vm, &apps, "get_models", vec![], &kwargs)?;
    let name = through.db_table();
    let mut other = None;
    for class in py::list(vm, &all)? {
        if let Some(m) = model_of_class(vm, &class)
            && !Rc::ptr_eq(&m, through)
            && m.options.borrow().managed
            && m.db_table() == name
        {
            other = Some(m);
        }
    }
    let Some(other) = other.filter(|m| !m.same_concrete(through)) else {
        return Ok(());
    };
    let clash = owner_of(&other).unwrap_or_else(|| other.label());
    let message = format!(
        "The field's intermediary table '{name}' clashes with the table name of '{clash}'."
    );
    if crate::db::router::is_empty() {
        return r.error("fields.E340", message);
    }
    r.warning_hint(
        "fields.W344",
        message,
        format!(
            "You have configured settings.DATABASE_ROUTERS. Verify that the table of '{clash}' is \
             correctly routed to a separate database."
        ),
    )
}

/// The field that an automatic model belongs to, as `app.Model.field`.
fn owner_of(through: &ModelRef) -> Option<String> {
    if !through.options.borrow().auto_created {
        return None;
    }
    let apps = through.apps()?;
    for model in apps.models() {
        for field in model.local_many_to_many() {
            let own = field.remote.as_ref().and_then(|rel| rel.through_model());
            if own.is_some_and(|m| Rc::ptr_eq(&m, through)) {
                return Some(format!("{}.{}", model.label(), field.name()));
            }
        }
    }
    None
}
