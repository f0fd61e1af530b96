//! The arguments of relation fields.
use crate::convert::{PyObj, to_py};
use crate::models::fields::PyField;
use crate::models::fields::args::Args;
use crate::models::{model_of_class, related};
use crate::{modules, py};
use orm_state::field::deconstruct::target_label;
use orm_state::{Field, FieldKind, FieldOptions, OnDelete, Rel, RelKind, RelTarget, Value};
use rustpython_vm::{AsObject, Py, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

/// Refuses relations that cannot be.
pub fn check_arguments(
    vm: &Vm,
    zelf: &Py<PyField>,
    kind: FieldKind,
    args: &mut Args,
) -> PyResult<()> {
    let class = zelf.class().name().to_string();
    match kind {
        FieldKind::ForeignKey | FieldKind::OneToOne => {
            args.required(vm, &class, &["to", "on_delete"])
        }
        FieldKind::ForeignObject => {
            args.required(vm, &class, &["to", "on_delete", "from_fields", "to_fields"])
        }
        FieldKind::ManyToMany | FieldKind::GenericRelation => args.required(vm, &class, &["to"]),
        _ => Ok(()),
    }
}

/// A class, a name, `"self"`.
fn target(vm: &Vm, class: &str, to: &PyObject) -> PyResult<RelTarget> {
    if let Some(name) = py::as_string(to) {
        return Ok(RelTarget::Name(name));
    }
    match model_of_class(vm, to) {
        Some(model) => Ok(RelTarget::Model(Rc::downgrade(&model))),
        None => Err(vm.new_type_error(format!(
            "{class}({}) is invalid. First parameter to {class} must be either a model, a model \
             name, or the string 'self'",
            py::repr(vm, to)?
        ))),
    }
}

/// The relation of a field; none for other fields.
pub fn rel_from_arguments(
    vm: &Vm,
    zelf: &Py<PyField>,
    kind: FieldKind,
    args: &mut Args,
    options: &mut FieldOptions,
) -> PyResult<Option<Rc<Rel>>> {
    if kind == FieldKind::GenericForeignKey {
        super::generic::key_arguments(vm, args, options)?;
        return Ok(None);
    }
    let rel_kind = match kind {
        FieldKind::ForeignKey => RelKind::ManyToOne,
        FieldKind::OneToOne => RelKind::OneToOne,
        FieldKind::ManyToMany => RelKind::ManyToMany,
        FieldKind::ForeignObject => RelKind::ForeignObject,
        FieldKind::GenericRelation => RelKind::Generic,
        _ => return Ok(None),
    };
    let class = zelf.class().name().to_string();
    let Some(to) = args.take("to") else {
        // A bare `RelatedField`.
        return Ok(None);
    };
    let rel = Rel::new(rel_kind, target(vm, &class, &to)?);
    if let Some(v) = args.take("on_delete") {
        *rel.on_delete.borrow_mut() = on_delete(vm, &v)?;
        zelf.set_part("on_delete", v);
    }
    if let Some(v) = args.take_some(vm, "related_name") {
        let Some(name) = py::as_string(&v) else {
            return Err(vm.new_type_error("related_name must be a string."));
        };
        *rel.given_related_name.borrow_mut() = Some(name.clone());
        *rel.related_name.borrow_mut() = Some(name);
        zelf.set_part("related_name", v);
    }
    if let Some(name) = args.take_string(vm, "related_query_name")? {
        zelf.set_part("related_query_name", py::str(vm, &name));
        *rel.related_query_name.borrow_mut() = Some(name);
    }
    if let Some(v) = args.take_some(vm, "limit_choices_to") {
        *rel.limit_choices_to.borrow_mut() = Some(Rc::new(PyObj(v.clone())));
        zelf.set_part("limit_choices_to", v);
    }
    rel.parent_link
        .set(args.take_bool(vm, "parent_link", false)?);
    rel.db_constraint
        .set(args.take_bool(vm, "db_constraint", true)?);
    if let Some(name) = args.take_string(vm, "to_field")? {
        *rel.field_name.borrow_mut() = Some(name);
        zelf.set_part("to_field", vm.ctx.new_bool(true));
    }
    if let Some(v) = args.take("swappable") {
        zelf.set_part("swappable", v);
    }
    match kind {
        FieldKind::ForeignObject => {
            options.from_fields = names(vm, args.take("from_fields"))?;
            options.to_fields = names(vm, args.take("to_fields"))?;
        }
        FieldKind::ManyToMany => {
            let to_self = py::as_string(&to).as_deref() == Some("self");
            let symmetrical = match args.take_some(vm, "symmetrical") {
                Some(v) => v.is_true(vm)?,
                None => to_self,
            };
            rel.symmetrical.set(symmetrical);
            if let Some(v) = args.take_some(vm, "through") {
                let through = match py::as_string(&v) {
                    Some(name) => RelTarget::Name(name),
                    None => target(vm, &class, &v)?,
                };
                *rel.through.borrow_mut() = Some(through);
                zelf.set_part("through", v);
            }
            if let Some(v) = args.take_some(vm, "through_fields") {
                let list = py::list(vm, &v)?;
                if let [a, b, ..] = list.as_slice() {
                    *rel.through_fields.borrow_mut() =
                        Some((py::to_string(vm, a)?, py::to_string(vm, b)?));
                }
                if zelf.part("through").is_none() {
                    return Err(
                        vm.new_value_error("Cannot specify through_fields without a through model")
                    );
                }
                zelf.set_part("through_fields", v);
            }
            if let Some(table) = args.take_string(vm, "db_table")? {
                if zelf.part("through").is_some() {
                    return Err(vm.new_value_error(
                        "Cannot specify a db_table if an intermediary model is used.",
                    ));
                }
                options.db_table = Some(table);
            }
            if zelf.part("through").is_some() && !rel.db_constraint.get() {
                return Err(
                    vm.new_value_error("Can't supply a through model and db_constraint=False")
                );
            }
        }
        FieldKind::GenericRelation => {
            options.fk_field = Some(
                args.take_string(vm, "object_id_field")?
                    .unwrap_or_else(|| "object_id".into()),
            );
            options.ct_field = Some(
                args.take_string(vm, "content_type_field")?
                    .unwrap_or_else(|| "content_type".into()),
            );
            options.for_concrete_model = args.take_bool(vm, "for_concrete_model", true)?;
            // Its reverse side has a name in queries only.
            let name = rel.related_query_name.borrow().clone();
            *rel.related_name.borrow_mut() = Some(name.unwrap_or_else(|| "+".into()));
        }
        _ => {}
    }
    Ok(Some(rel))
}

/// Fills the Python side of a relation field that Rust made.
pub fn parts_from_rel(vm: &Vm, zelf: &Py<PyField>, rel: &Rel) -> PyResult<()> {
    for (name, given) in [
        ("related_name", &rel.given_related_name),
        ("related_query_name", &rel.related_query_name),
    ] {
        if let Some(given) = &*given.borrow() {
            zelf.set_part(name, py::str(vm, given));
        }
    }
    if let Some(limit) = &*rel.limit_choices_to.borrow() {
        zelf.set_part(
            "limit_choices_to",
            to_py(vm, &Value::Object(limit.clone()))?,
        );
    }
    if rel.field_name.borrow().is_some() {
        zelf.set_part("to_field", vm.ctx.new_bool(true));
    }
    if let Some((a, b)) = &*rel.through_fields.borrow() {
        let pair = vm.ctx.new_tuple(vec![py::str(vm, a), py::str(vm, b)]);
        zelf.set_part("through_fields", pair);
    }
    Ok(())
}

fn names(vm: &Vm, v: Option<PyObjectRef>) -> PyResult<Vec<Option<String>>> {
    let Some(v) = v else {
        return Ok(vec![]);
    };
    py::list(vm, &v)?
        .iter()
        .map(|n| {
            Ok(if vm.is_none(n) {
                None
            } else {
                Some(py::to_string(vm, n)?).filter(|s| s != "self")
            })
        })
        .collect()
}

/// Names of the standard `on_delete` handlers.
pub const HANDLERS: &[&str] = &[
    "CASCADE",
    "PROTECT",
    "RESTRICT",
    "SET_NULL",
    "SET_DEFAULT",
    "DO_NOTHING",
    "DB_CASCADE",
    "DB_SET_NULL",
    "DB_SET_DEFAULT",
];

fn standard(name: &str) -> OnDelete {
    match name {
        "CASCADE" => OnDelete::Cascade,
        "PROTECT" => OnDelete::Protect,
        "RESTRICT" => OnDelete::Restrict,
        "SET_NULL" => OnDelete::SetNull,
        "SET_DEFAULT" => OnDelete::SetDefault,
        "DB_CASCADE" => OnDelete::DbCascade,
        "DB_SET_NULL" => OnDelete::DbSetNull,
        "DB_SET_DEFAULT" => OnDelete::DbSetDefault,
        _ => OnDelete::DoNothing,
    }
}

fn on_delete(vm: &Vm, v: &PyObjectRef) -> PyResult<OnDelete> {
    for name in HANDLERS {
        if let Ok(handler) = modules::find(vm, "django.db.models.deletion", name)
            && handler.is(v)
        {
            return Ok(standard(name));
        }
    }
    if !py::callable(v) {
        return Err(vm.new_type_error("on_delete must be callable."));
    }
    let kept = Rc::new(PyObj(v.clone()));
    Ok(if py::attr_opt(vm, v, "deconstruct")?.is_some() {
        OnDelete::Set(kept)
    } else {
        OnDelete::Custom(kept)
    })
}

/// The Python handler of a relation.
pub fn on_delete_object(vm: &Vm, handler: &OnDelete) -> PyResult {
    let name = match handler {
        OnDelete::Cascade => "CASCADE",
        OnDelete::Protect => "PROTECT",
        OnDelete::Restrict => "RESTRICT",
        OnDelete::SetNull => "SET_NULL",
        OnDelete::SetDefault => "SET_DEFAULT",
        OnDelete::DoNothing => "DO_NOTHING",
        OnDelete::DbCascade => "DB_CASCADE",
        OnDelete::DbSetNull => "DB_SET_NULL",
        OnDelete::DbSetDefault => "DB_SET_DEFAULT",
        OnDelete::Set(c) | OnDelete::Custom(c) => return to_py(vm, &Value::Object(c.clone())),
    };
    modules::find(vm, "django.db.models.deletion", name)
}

/// The relation's part of `Field.deconstruct()`.
pub fn deconstruct(
    o: &PyObject,
    field: &Field,
    out: &mut Vec<(&'static str, PyObjectRef)>,
    vm: &Vm,
) -> PyResult<()> {
    let (Some(rel), Some(this)) = (&field.remote, o.downcast_ref::<PyField>()) else {
        return Ok(());
    };
    let flag = |b: bool| py::bool(vm, b);
    if field.kind != FieldKind::ManyToMany && field.kind != FieldKind::GenericRelation {
        out.push(("on_delete", on_delete_object(vm, &rel.on_delete.borrow())?));
    }
    let to = match rel.target() {
        RelTarget::Name(n) if !n.contains('.') => n,
        other => target_label(&other),
    };
    match field.kind {
        FieldKind::ForeignObject => {
            let list = |names: &[Option<String>]| {
                let items = names
                    .iter()
                    .map(|n| py::opt_str(vm, n.as_deref()))
                    .collect();
                vm.ctx.new_list(items).into()
            };
            let options = field.options.borrow();
            out.push(("from_fields", list(&options.from_fields)));
            out.push(("to_fields", list(&options.to_fields)));
        }
        FieldKind::ForeignKey | FieldKind::OneToOne => {
            let explicit = this.part("to_field").is_some();
            let name = rel.field_name.borrow().clone();
            let pk = rel.model().and_then(|m| m.pk());
            if let Some(name) = name
                && (explicit && pk.is_none_or(|pk| *pk.name() != *name || !explicit))
            {
                out.push(("to_field", py::str(vm, name)));
            }
        }
        _ => {}
    }
    if !rel.db_constraint.get() {
        out.push(("db_constraint", flag(false)));
    }
    if let Some(v) = this.part("related_name") {
        out.push(("related_name", v));
    }
    if let Some(v) = this.part("related_query_name") {
        out.push(("related_query_name", v));
    }
    if let Some(v) = this.part("limit_choices_to") {
        out.push(("limit_choices_to", v));
    }
    if rel.parent_link.get() {
        out.push(("parent_link", flag(true)));
    }
    if field.kind == FieldKind::ManyToMany {
        if let Some(t) = &field.options.borrow().db_table {
            out.push(("db_table", py::str(vm, t)));
        }
        if let Some(through) = &*rel.through.borrow() {
            match through {
                RelTarget::Name(n) => out.push(("through", py::str(vm, n))),
                RelTarget::Model(m) => {
                    if let Some(m) = m.upgrade()
                        && !m.options.borrow().auto_created
                    {
                        out.push(("through", py::str(vm, m.label())));
                    }
                }
            }
        }
        if let Some(v) = this.part("through_fields") {
            out.push(("through_fields", v));
        }
    }
    if field.kind == FieldKind::GenericRelation {
        let options = field.options.borrow();
        out.retain(|(n, _)| !matches!(*n, "related_name" | "blank" | "editable" | "null"));
        for (name, value, default) in [
            ("object_id_field", &options.fk_field, "object_id"),
            ("content_type_field", &options.ct_field, "content_type"),
        ] {
            if let Some(v) = value.as_deref().filter(|v| *v != default) {
                out.push((name, py::str(vm, v)));
            }
        }
    }
    let _ = related::target_object;
    if let Some(v) = this.part("swappable")
        && !v.clone().is_true(vm)?
    {
        out.push(("swappable", v));
    }
    let setting = py::attr(vm, this.as_object(), "swappable_setting")?;
    let to = py::str(vm, to);
    if vm.is_none(&setting) {
        out.push(("to", to));
        return Ok(());
    }
    let class = py::attr(vm, &vm.import("django.conf", 0)?, "conf")
        .and_then(|conf| py::attr(vm, &conf, "SettingsReference"))?;
    out.push(("to", class.call((to, setting), vm)?));
    Ok(())
}
