//! What a model takes from its parents: copies of abstract fields, links to parents' tables,
//! a proxied model's table.
use super::add_to_class;
use crate::error;
use crate::models::fields::field_object;
use crate::models::related::lazy::key_of;
use crate::models::{class_of_model, model_of_class};
use crate::{modules, py};
use orm_state::{Field, FieldKind, ModelRef};
use rustpython_vm::builtins::PyType;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::collections::HashSet;
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn from_parents(
    vm: &Vm,
    class: &PyObject,
    model: &ModelRef,
    parents: &[PyObjectRef],
    name: &str,
) -> PyResult<()> {
    let own: Vec<Rc<Field>> = all_local(model);
    let own_names: HashSet<String> = own.iter().map(|f| f.name().to_string()).collect();
    let is_proxy = model.is_proxy();
    if is_proxy {
        proxy(vm, model, parents, name)?;
    }
    let links = parent_links(vm, model, parents);
    let mut inherited: HashSet<String> = HashSet::new();
    let Some(class_type) = class.downcast_ref::<PyType>() else {
        return Ok(());
    };
    for base in class_type.mro_collect() {
        let base_object: PyObjectRef = base.clone().into();
        let is_parent = parents.iter().any(|p| p.is(&base_object));
        let base_model = model_of_class(vm, &base_object).filter(|_| is_parent);
        let Some(base_model) = base_model else {
            for n in base.attributes().interned_names(&vm.ctx) {
                inherited.insert(n.to_string());
            }
            continue;
        };
        let base_name = base.name().to_string();
        let clash = |field: &str| {
            error::raise(
                vm,
                "FieldError",
                format!(
                    "Local field '{field}' in class '{name}' clashes with field of the same name \
                     from base class '{base_name}'."
                ),
            )
        };
        let fields: Vec<Rc<Field>> = base_model
            .local_fields()
            .into_iter()
            .chain(base_model.local_many_to_many())
            .collect();
        if base_model.is_abstract() {
            let mut base_parents = base_model.parents();
            for f in &fields {
                if !own_names.contains(&*f.name())
                    && !has_own(vm, class, &f.name())
                    && !inherited.contains(&*f.name())
                {
                    let copy = copy_into(vm, class, f, false)?;
                    if f.one_to_one() {
                        for (_, link) in base_parents.iter_mut() {
                            if link.as_ref().is_some_and(|l| Rc::ptr_eq(l, f)) {
                                *link = Some(copy.clone());
                            }
                        }
                    }
                }
            }
            for (p, link) in base_parents {
                set_parent(model, &p, link);
            }
        } else {
            for f in &fields {
                if own_names.contains(&*f.name()) {
                    return Err(clash(&f.name()));
                }
                inherited.insert(f.name().to_string());
            }
            let concrete = base_model.concrete_model();
            let key = (
                concrete.app_label().to_string(),
                concrete.model_name().to_string(),
            );
            let found = links
                .iter()
                .find(|(k, _)| *k == key)
                .map(|(_, f)| f.clone());
            let link = match found {
                Some(f) => Some(f),
                None if is_proxy => None,
                None => Some(make_link(vm, class, model, &concrete, &own_names, name)?),
            };
            set_parent(model, &concrete, link);
        }
        for f in base_model.private_fields() {
            if own_names.contains(&*f.name()) {
                if !base_model.is_abstract() {
                    return Err(clash(&f.name()));
                }
            } else if !has_own(vm, class, &f.name()) && !inherited.contains(&*f.name()) {
                copy_into(vm, class, &f, !base_model.is_abstract())?;
            }
        }
    }
    Ok(())
}

fn set_parent(model: &ModelRef, parent: &ModelRef, link: Option<Rc<Field>>) {
    match link {
        Some(link) => model.set_parent_link(parent, link),
        None if model.parents().iter().any(|(p, _)| Rc::ptr_eq(p, parent)) => {}
        None => model.add_parent(parent, None),
    }
}

fn all_local(model: &ModelRef) -> Vec<Rc<Field>> {
    model
        .local_fields()
        .into_iter()
        .chain(model.local_many_to_many())
        .chain(model.private_fields())
        .collect()
}

fn has_own(vm: &Vm, class: &PyObject, name: &str) -> bool {
    class
        .downcast_ref::<PyType>()
        .is_some_and(|c| c.get_direct_attr(vm.ctx.intern_str(name)).is_some())
}

/// A deep copy of a field joins the class.
fn copy_into(
    vm: &Vm,
    class: &PyObject,
    field: &Rc<Field>,
    mti_inherited: bool,
) -> PyResult<Rc<Field>> {
    let object = field_object(vm, field)?;
    let deepcopy = vm.import("copy", 0)?.get_attr("deepcopy", vm)?;
    let copy = deepcopy.call((object,), vm)?;
    if let Some(copy) = crate::models::fields::field_of(&copy) {
        copy.mti_inherited.set(mti_inherited);
    }
    add_to_class(vm, class, &field.name(), copy.clone())?;
    Ok(crate::models::fields::field_of(&copy).unwrap_or_else(|| field.duplicate()))
}

/// `parent_link=True` fields, written on the class or on abstract parents.
fn parent_links(
    vm: &Vm,
    model: &ModelRef,
    parents: &[PyObjectRef],
) -> Vec<((String, String), Rc<Field>)> {
    let mut out: Vec<((String, String), Rc<Field>)> = vec![];
    let abstract_parents = parents
        .iter()
        .rev()
        .filter_map(|p| model_of_class(vm, p))
        .filter(|m| m.is_abstract());
    for m in abstract_parents.chain([model.clone()]) {
        for f in m.local_fields() {
            if f.kind == FieldKind::OneToOne
                && let Some(rel) = &f.remote
                && rel.parent_link.get()
            {
                let key = key_of(model, &rel.target());
                out.retain(|(k, _)| *k != key);
                out.push((key, f));
            }
        }
    }
    out
}

fn make_link(
    vm: &Vm,
    class: &PyObject,
    model: &ModelRef,
    parent: &ModelRef,
    own_names: &HashSet<String>,
    name: &str,
) -> PyResult<Rc<Field>> {
    let attr = format!("{}_ptr", parent.model_name());
    if own_names.contains(&attr) {
        return Err(error::raise(
            vm,
            "FieldError",
            format!(
                "Auto-generated field '{attr}' in class '{name}' for parent_link to base class \
                 '{}' clashes with declared field of the same name.",
                parent.object_name()
            ),
        ));
    }
    let one_to_one = modules::find(vm, "django.db.models", "OneToOneField")?;
    let cascade = modules::find(vm, "django.db.models.deletion", "CASCADE")?;
    let made = one_to_one.call(
        py::with_kwargs(
            vec![class_of_model(vm, parent)?],
            &[
                ("on_delete", cascade),
                ("name", py::str(vm, &attr)),
                ("auto_created", py::bool(vm, true)),
                ("parent_link", py::bool(vm, true)),
            ],
        ),
        vm,
    )?;
    if py::attr_opt(vm, class, &attr)?.is_none() {
        add_to_class(vm, class, &attr, made.clone())?;
    } else if let Ok(existing) = model.field(&attr) {
        return Ok(existing);
    }
    crate::models::fields::field_of(&made).ok_or_else(|| vm.new_type_error("not a field"))
}

/// A proxy has its parent's table and key.
fn proxy(vm: &Vm, model: &ModelRef, parents: &[PyObjectRef], name: &str) -> PyResult<()> {
    let mut base: Option<ModelRef> = None;
    for parent in parents.iter().filter_map(|p| model_of_class(vm, p)) {
        if parent.is_abstract() {
            if !parent.fields().is_empty() {
                return Err(vm.new_type_error(format!(
                    "Abstract base class containing model fields not permitted for proxy model \
                     '{name}'."
                )));
            }
            continue;
        }
        match &base {
            None => base = Some(parent),
            Some(b) if b.same_concrete(&parent) => {}
            Some(_) => {
                return Err(vm.new_type_error(format!(
                    "Proxy model '{name}' has more than one non-abstract model base class."
                )));
            }
        }
    }
    let Some(base) = base else {
        return Err(vm.new_type_error(format!(
            "Proxy model '{name}' has no non-abstract model base class."
        )));
    };
    if let Some(swapped) = &*base.swapped.borrow() {
        return Err(vm.new_type_error(format!(
            "{name} cannot proxy the swapped model '{swapped}'."
        )));
    }
    model.set_concrete_model(&base.concrete_model());
    model.options.borrow_mut().db_table = base.db_table();
    if let Some(pk) = base.pk() {
        model.set_pk(&pk);
    }
    let _ = class_of_model(vm, &base)?.as_object();
    Ok(())
}
