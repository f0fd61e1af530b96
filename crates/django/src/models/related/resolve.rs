//! What relations do when their field joins a model, and when the other model is there.
use super::lazy::{Waiting, key_of, when_ready};
use super::{rel_object, through};
use crate::models::fields::properties::inner;
use crate::models::{class_of_model, fields, model_of_class};
use crate::queries::q::PyQ;
use crate::{modules, py};
use orm_sql::q::{Q, QChild};
use orm_state::{Field, FieldKind, ModelRef, Rel, RelTarget};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;
const DESCRIPTORS: &str = "django.db.models.fields.related_descriptors";

pub fn install(vm: &Vm) -> PyResult<()> {
    let foreign = fields::classes::builtin(vm, "ForeignObject")?;
    crate::class::fill_class(vm, &foreign, super::paths::fill_foreign)?;
    let many = fields::classes::builtin(vm, "ManyToManyField")?;
    crate::class::fill_class(vm, &many, many_to_many)?;
    let field = fields::classes::builtin(vm, "RelatedField")?;
    crate::class::fill_class(vm, &field, |c| {
        super::paths::fill(c);
        c.attr("requires_unique_target", py::bool(vm, true));
        c.method(
            "get_limit_choices_to",
            |o: PyObjectRef, vm: &Vm| -> PyResult {
                let f = inner(&o, vm)?;
                let limit = f
                    .remote
                    .as_ref()
                    .and_then(|r| r.limit_choices_to.borrow().clone());
                let Some(limit) = limit else {
                    return Ok(vm.ctx.new_dict().into());
                };
                let limit = crate::convert::to_py(vm, &orm_state::Value::Object(limit))?;
                if py::callable(&limit) {
                    return limit.call((), vm);
                }
                Ok(limit)
            },
        );
        c.method(
            "related_query_name",
            |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
                let f = inner(&o, vm)?;
                Ok(f.remote
                    .as_ref()
                    .map(|r| r.query_name())
                    .unwrap_or_default())
            },
        );
        c.getter("swappable", |o, vm| {
            let given = fields::properties::this(&o, vm)?.part("swappable");
            Ok(given.unwrap_or_else(|| py::bool(vm, true)))
        });
        c.getter("swappable_setting", |o, vm| swappable_setting(&o, vm));
        c.getter("opts", |o, vm| {
            let model = py::attr(vm, &o, "model")?;
            py::attr(vm, &model, "_meta")
        });
        c.method(
            "get_local_related_value",
            |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| {
                related_values(&o, &instance, true, vm)
            },
        );
        c.method(
            "get_foreign_related_value",
            |o: PyObjectRef, instance: PyObjectRef, vm: &Vm| {
                related_values(&o, &instance, false, vm)
            },
        );
        c.method(
            "get_forward_related_filter",
            |o: PyObjectRef, obj: PyObjectRef, vm: &Vm| {
                let field = inner(&o, vm)?;
                let filter = vm.ctx.new_dict();
                for (_, theirs) in crate::error::OrRaise::or_raise(field.related_fields(), vm)? {
                    let name = format!("{}__{}", field.name(), theirs.name());
                    filter.set_item(&*name, py::attr(vm, &obj, &theirs.attname())?, vm)?;
                }
                Ok(filter) as PyResult<_>
            },
        );
        c.method(
            "get_reverse_related_filter",
            |o: PyObjectRef, obj: PyObjectRef, vm: &Vm| reverse_filter(vm, &o, obj),
        );
        for (name, local) in [
            ("local_related_fields", true),
            ("foreign_related_fields", false),
        ] {
            if local {
                c.getter(name, |o, vm| related_fields(&o, true, vm));
            } else {
                c.getter(name, |o, vm| related_fields(&o, false, vm));
            }
        }
        c.getter("related_fields", |o, vm| {
            let pairs = crate::error::OrRaise::or_raise(inner(&o, vm)?.related_fields(), vm)?;
            super::paths::pairs_object(vm, pairs)
        });
        for (name, side) in [("m2m_field_name", 0), ("m2m_reverse_field_name", 1)] {
            let _ = side;
            if side == 0 {
                c.method(name, |o: PyObjectRef, vm: &Vm| {
                    m2m_part(&o, |(s, _)| s.name(), vm)
                });
            } else {
                c.method(name, |o: PyObjectRef, vm: &Vm| {
                    m2m_part(&o, |(_, t)| t.name(), vm)
                });
            }
        }
        c.method("m2m_column_name", |o: PyObjectRef, vm: &Vm| {
            m2m_part(&o, |(s, _)| s.column().unwrap_or_default(), vm)
        });
        c.method("m2m_reverse_name", |o: PyObjectRef, vm: &Vm| {
            m2m_part(&o, |(_, t)| t.column().unwrap_or_default(), vm)
        });
        c.method("m2m_target_field_name", |o: PyObjectRef, vm: &Vm| {
            m2m_target(&o, false, vm)
        });
        c.method(
            "m2m_reverse_target_field_name",
            |o: PyObjectRef, vm: &Vm| m2m_target(&o, true, vm),
        );
        c.method(
            "m2m_db_table",
            |o: PyObjectRef, vm: &Vm| -> PyResult<String> {
                let f = inner(&o, vm)?;
                Ok(f.remote
                    .as_ref()
                    .and_then(|r| r.through_model())
                    .map(|m| m.db_table())
                    .unwrap_or_default())
            },
        );
    })
}

/// What other field classes take from `ManyToManyField`.
fn many_to_many(c: &mut crate::class::Class) {
    for name in [
        "_get_m2m_attr",
        "_get_m2m_reverse_attr",
        "_get_m2m_db_table",
    ] {
        c.method(
            name,
            |_: PyObjectRef, _: rustpython_vm::function::FuncArgs, vm: &Vm| -> PyResult {
                Err(vm.new_not_implemented_error(
                    "parts of ManyToManyField in a field class of another kind",
                ))
            },
        );
    }
    c.method(
        "contribute_to_related_class",
        |o: PyObjectRef, cls: PyObjectRef, rel: PyObjectRef, vm: &Vm| {
            contribute_to_related_class(&o, &cls, &rel, vm)
        },
    );
}

/// The setting whose value the field points to, if there is one.
fn swappable_setting(o: &PyObject, vm: &Vm) -> PyResult {
    let swappable = py::attr(vm, o, "swappable")?.is_true(vm)?;
    let label = match inner(o, vm)?.remote.as_ref().map(|rel| rel.target()) {
        Some(orm_state::RelTarget::Name(name)) if swappable => name,
        Some(orm_state::RelTarget::Model(m)) if swappable => {
            m.upgrade().map(|m| m.label()).unwrap_or_default()
        }
        _ => return Ok(vm.ctx.none()),
    };
    let apps = modules::find(vm, "django.apps", "apps")?;
    let args = vec![py::str(vm, label)];
    py::call(vm, &apps, "get_swappable_settings_name", args)
}

/// What finds, among the related rows, the one that `obj` points to.
fn reverse_filter(vm: &Vm, o: &PyObject, obj: PyObjectRef) -> PyResult {
    let field = inner(o, vm)?;
    let mut children = vec![];
    for (ours, theirs) in crate::error::OrRaise::or_raise(field.related_fields(), vm)? {
        let value = crate::convert::to_value(vm, &*py::attr(vm, &obj, &ours.attname())?)?;
        children.push(QChild::Lookup(theirs.attname(), value));
    }
    let found = PyQ::object(
        vm,
        Q {
            children,
            ..Q::default()
        },
    );
    let Some(extra) = py::attr_opt(vm, o, "get_extra_descriptor_filter")? else {
        return Ok(found);
    };
    let mut extra = extra.call((obj,), vm)?;
    if extra.class().is(vm.ctx.types.dict_type) {
        let q = modules::find(vm, "django.db.models", "Q")?;
        extra = q.call(crate::models::ordered::keywords(vm, extra)?, vm)?;
    }
    if py::is_true(vm, &extra)? {
        return vm._and(&found, &extra);
    }
    Ok(found)
}

fn m2m_part(
    o: &PyObject,
    part: impl Fn((Rc<Field>, Rc<Field>)) -> Rc<str>,
    vm: &Vm,
) -> PyResult<String> {
    let pair = crate::error::OrRaise::or_raise(inner(o, vm)?.m2m_fields(), vm)?;
    Ok(part(pair).to_string())
}

fn m2m_target(o: &PyObject, reverse: bool, vm: &Vm) -> PyResult<String> {
    use crate::error::OrRaise;
    let (source, target) = inner(o, vm)?.m2m_fields().or_raise(vm)?;
    let side = if reverse { target } else { source };
    Ok(side.target_field().or_raise(vm)?.name().to_string())
}

fn related_fields(o: &PyObject, local: bool, vm: &Vm) -> PyResult {
    let pairs = crate::error::OrRaise::or_raise(inner(o, vm)?.related_fields(), vm)?;
    let objects = pairs
        .iter()
        .map(|(l, r)| fields::field_object(vm, if local { l } else { r }))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_tuple(objects).into())
}

fn related_values(o: &PyObject, instance: &PyObject, local: bool, vm: &Vm) -> PyResult {
    let pairs = crate::error::OrRaise::or_raise(inner(o, vm)?.related_fields(), vm)?;
    let values = pairs
        .iter()
        .map(|(l, r)| py::attr(vm, instance, &(if local { l } else { r }).attname()))
        .collect::<PyResult<Vec<_>>>()?;
    Ok(vm.ctx.new_tuple(values).into())
}

/// Before the field joins its model: hidden names of many-to-many relations.
pub fn before_contribute(o: &PyObject, cls: &PyObject, name: &str, vm: &Vm) -> PyResult<()> {
    let field = inner(o, vm)?;
    let (Some(rel), Some(model)) = (&field.remote, model_of_class(vm, cls)) else {
        return Ok(());
    };
    if field.kind == FieldKind::GenericRelation && field.mti_inherited.get() {
        super::generic::hide_inherited(rel);
    }
    if field.kind != FieldKind::ManyToMany {
        return Ok(());
    }
    let to_self = match rel.target() {
        RelTarget::Name(n) => n == "self" || n == **model.object_name(),
        RelTarget::Model(_) => false,
    };
    if rel.symmetrical.get() && to_self {
        *rel.related_name.borrow_mut() = Some(format!("{name}_rel_+"));
    } else if rel.hidden() {
        // Several hidden relations to one model must not be mixed up in queries.
        *rel.related_name.borrow_mut() = Some(format!(
            "_{}_{}_{name}_+",
            model.app_label(),
            model.model_name()
        ));
    }
    Ok(())
}

/// `%(class)s`, `%(model_name)s`, `%(app_label)s` in related names.
fn fill_name(text: &str, model: &ModelRef) -> String {
    text.replace("%(class)s", model.model_name())
        .replace("%(model_name)s", model.model_name())
        .replace("%(app_label)s", model.app_label())
}

/// After the field joined: descriptors, related names, and the other model once it is there.
pub fn after_contribute(o: &PyObject, cls: &PyObject, vm: &Vm) -> PyResult<()> {
    let field = inner(o, vm)?;
    let (Some(rel), Some(model)) = (field.remote.clone(), model_of_class(vm, cls)) else {
        return Ok(());
    };
    name_reverse_side(&rel, &model);
    if field.kind == FieldKind::ManyToMany {
        if !model.is_abstract() {
            resolve_through(vm, &field, &rel, &model)?;
        }
        if let Some(descriptor) = descriptor(vm, "ManyToManyDescriptor") {
            let made = descriptor.call((rel_object(vm, &rel)?, py::bool(vm, false)), vm)?;
            py::set_attr(vm, cls, &field.name(), made)?;
        }
    } else if field.kind != FieldKind::GenericRelation {
        let class = match py::attr_opt(vm, &o.to_owned(), "forward_related_accessor_class")? {
            Some(c) => Some(c),
            None => descriptor(
                vm,
                match field.kind {
                    FieldKind::OneToOne => "ForwardOneToOneDescriptor",
                    _ => "ForwardManyToOneDescriptor",
                },
            ),
        };
        if let Some(class) = class {
            let made = class.call((o.to_owned(),), vm)?;
            py::set_attr(vm, cls, &field.name(), made)?;
        }
    }
    resolve_target(vm, o, &field, &rel, &model)
}

fn descriptor(vm: &Vm, name: &str) -> Option<PyObjectRef> {
    modules::find(vm, DESCRIPTORS, name).ok()
}

fn name_reverse_side(rel: &Rc<Rel>, model: &ModelRef) {
    if model.is_abstract() {
        return;
    }
    let name = rel
        .related_name
        .borrow()
        .clone()
        .or_else(|| model.options.borrow().default_related_name.clone());
    if let Some(name) = name {
        *rel.related_name.borrow_mut() = Some(fill_name(&name, model));
    }
    let query_name = rel.related_query_name.borrow().clone();
    if let Some(name) = query_name {
        *rel.related_query_name.borrow_mut() = Some(fill_name(&name, model));
    }
}

fn resolve_through(vm: &Vm, field: &Rc<Field>, rel: &Rc<Rel>, model: &ModelRef) -> PyResult<()> {
    let through_given = rel.through.borrow().clone();
    match through_given {
        Some(target) => {
            let Some(apps) = model.apps() else {
                return Ok(());
            };
            let keys = vec![
                key_of(model, &RelTarget::Name("self".into())),
                key_of(model, &target),
            ];
            let rel = rel.clone();
            when_ready(
                vm,
                &apps,
                keys,
                Waiting::Nothing,
                Box::new(move |_, models| {
                    *rel.through.borrow_mut() = Some(RelTarget::Model(Rc::downgrade(&models[1])));
                    models[1].expire();
                    Ok(())
                }),
            )
        }
        None if model.swapped.borrow().is_none() => through::create(vm, field, rel, model),
        None => Ok(()),
    }
}

fn resolve_target(
    vm: &Vm,
    o: &PyObject,
    field: &Rc<Field>,
    rel: &Rc<Rel>,
    model: &ModelRef,
) -> PyResult<()> {
    let Some(apps) = model.apps() else {
        return Ok(());
    };
    // A relation of an abstract model waits for nothing: the copies on its children do.
    if model.is_abstract() {
        return Ok(());
    }
    let target = rel.target();
    let direct = match &target {
        RelTarget::Model(m) => m.upgrade(),
        RelTarget::Name(_) => None,
    };
    let keys = vec![
        key_of(model, &RelTarget::Name("self".into())),
        key_of(model, &target),
    ];
    let (field, rel, object) = (field.clone(), rel.clone(), o.to_owned());
    when_ready(
        vm,
        &apps,
        keys,
        Waiting::Field(o.to_owned()),
        Box::new(move |vm, models| {
            // A class given directly stays, even where another took its name since.
            let to = direct.unwrap_or_else(|| models[1].clone());
            rel.set_model(&to);
            if let Some(m) = field.model() {
                m.expire();
            }
            let class = class_of_model(vm, &to)?;
            let reverse = rel_object(vm, &rel)?;
            py::call(
                vm,
                &object,
                "contribute_to_related_class",
                vec![class, reverse],
            )
            .map(drop)
        }),
    )
}

/// The reverse side's attribute on the model pointed to.
pub fn contribute_to_related_class(
    o: &PyObject,
    cls: &PyObject,
    reverse: &PyObject,
    vm: &Vm,
) -> PyResult<()> {
    let field = inner(o, vm)?;
    let Some(rel) = field.remote.clone() else {
        return Ok(());
    };
    let swapped = rel
        .related_model()
        .is_some_and(|m| m.swapped.borrow().is_some());
    if rel.hidden() || swapped {
        return Ok(());
    }
    let Some(name) = rel.accessor_name() else {
        return Ok(());
    };
    let target = match model_of_class(vm, cls) {
        Some(m) => class_of_model(vm, &m.concrete_model())?,
        None => cls.to_owned(),
    };
    let made = match field.kind {
        FieldKind::ManyToMany => match descriptor(vm, "ManyToManyDescriptor") {
            Some(c) => c.call((reverse.to_owned(), py::bool(vm, true)), vm)?,
            None => return Ok(()),
        },
        kind => {
            let class = match py::attr_opt(vm, &o.to_owned(), "related_accessor_class")? {
                Some(c) => Some(c),
                None => descriptor(
                    vm,
                    match kind {
                        FieldKind::OneToOne => "ReverseOneToOneDescriptor",
                        _ => "ReverseManyToOneDescriptor",
                    },
                ),
            };
            match class {
                Some(c) => c.call((reverse.to_owned(),), vm)?,
                None => return Ok(()),
            }
        }
    };
    py::set_attr(vm, &target, &name, made)
}
