//! The model in the middle of a many-to-many relation, made where none was given.
//!
//! `Book.authors → Book_authors(id, book, author)`
use crate::models::{base, class_of_model};
use crate::{modules, py};
use orm_state::{Field, ModelRef, Rel, RelTarget};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

pub fn create(
    vm: &VirtualMachine,
    field: &Rc<Field>,
    rel: &Rc<Rel>,
    model: &ModelRef,
) -> PyResult<()> {
    let class = class_of_model(vm, model)?;
    let field_name = field.name();
    let name = format!("{}_{field_name}", model.object_name());
    let own = model.model_name().to_string();
    let (to_self, to, target) = match rel.target() {
        RelTarget::Name(n) if n == "self" => (true, own.clone(), class.clone()),
        RelTarget::Name(n) => {
            let last = n.rsplit('.').next().unwrap_or(&n).to_lowercase();
            // A bare name is one of the same app.
            let path = if n.contains('.') {
                n.clone()
            } else {
                format!("{}.{n}", model.app_label())
            };
            (last == own && !n.contains('.'), last, py::str(vm, path))
        }
        RelTarget::Model(m) => match m.upgrade() {
            Some(m) => (
                Rc::ptr_eq(&m, model),
                m.model_name().to_string(),
                class_of_model(vm, &m)?,
            ),
            None => return Ok(()),
        },
    };
    let (from, to) = if to_self || to == own {
        (format!("from_{own}"), format!("to_{to}"))
    } else {
        (own, to)
    };
    let table = match &field.options.borrow().db_table {
        Some(t) => t.clone(),
        None => {
            let table = format!("{}_{field_name}", strip_quotes(&model.db_table()));
            orm_sql_truncate(&table)
        }
    };
    let key = |target: rustpython_vm::PyObjectRef| -> PyResult {
        let foreign_key = modules::find(vm, "django.db.models", "ForeignKey")?;
        let cascade = modules::find(vm, "django.db.models.deletion", "CASCADE")?;
        foreign_key.call(
            py::with_kwargs(
                vec![target, cascade],
                &[
                    ("related_name", py::str(vm, format!("{name}+"))),
                    ("db_constraint", py::bool(vm, rel.db_constraint.get())),
                ],
            ),
            vm,
        )
    };
    let meta = vm.ctx.new_dict();
    let verbose = |n: &str| n.to_string();
    for (k, v) in [
        ("db_table", py::str(vm, table)),
        ("auto_created", class.clone()),
        ("app_label", py::str(vm, &**model.app_label())),
        ("apps", base::apps_of(vm, model)?),
        (
            "unique_together",
            vm.ctx
                .new_tuple(vec![py::str(vm, &from), py::str(vm, &to)])
                .into(),
        ),
        (
            "verbose_name",
            py::str(
                vm,
                format!("{}-{} relationship", verbose(&from), verbose(&to)),
            ),
        ),
        (
            "verbose_name_plural",
            py::str(
                vm,
                format!("{}-{} relationships", verbose(&from), verbose(&to)),
            ),
        ),
    ] {
        meta.set_item(k, v, vm)?;
    }
    if !model.options.borrow().managed {
        meta.set_item("managed", py::bool(vm, false), vm)?;
    }
    let type_type: rustpython_vm::PyObjectRef = vm.ctx.types.type_type.to_owned().into();
    let meta = type_type.call((vm.ctx.new_str("Meta"), vm.ctx.new_tuple(vec![]), meta), vm)?;
    let body = vm.ctx.new_dict();
    body.set_item("Meta", meta, vm)?;
    body.set_item("__module__", py::str(vm, &model.module), vm)?;
    body.set_item(&*from, key(class)?, vm)?;
    body.set_item(&*to, key(target)?, vm)?;
    let base = modules::find(vm, "django.db.models", "Model")?;
    let metaclass = modules::find(vm, "django.db.models.base", "ModelBase")?;
    let made = metaclass.call(
        (
            vm.ctx.new_str(name.as_str()),
            vm.ctx.new_tuple(vec![base]),
            body,
        ),
        vm,
    )?;
    if let Some(through) = crate::models::model_of_class(vm, &made) {
        *rel.through.borrow_mut() = Some(RelTarget::Model(Rc::downgrade(&through)));
        model.expire();
    }
    Ok(())
}

fn strip_quotes(name: &str) -> &str {
    name.strip_prefix('"')
        .and_then(|n| n.strip_suffix('"'))
        .unwrap_or(name)
}

/// SQLite has no limit on the length of names.
fn orm_sql_truncate(name: &str) -> String {
    name.to_string()
}

/// `create_many_to_many_intermediary_model(field, klass)`
pub fn intermediary(field: PyObjectRef, class: PyObjectRef, vm: &VirtualMachine) -> PyResult {
    let found = crate::models::fields::object::field_of(&field);
    let model = crate::models::model_of_class(vm, &class);
    let (Some(field), Some(model)) = (found, model) else {
        return Err(vm.new_type_error("a field and the model it is on are needed"));
    };
    let Some(rel) = field.remote.clone() else {
        return Err(vm.new_type_error("the field is no relation"));
    };
    create(vm, &field, &rel, &model)?;
    match rel.through_model() {
        Some(through) => class_of_model(vm, &through),
        None => Ok(vm.ctx.none()),
    }
}
