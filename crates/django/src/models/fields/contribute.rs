//! `contribute_to_class`: what a field puts on its model.
use super::object::bind_face;
use super::properties::{inner, this};
use crate::class::Class;
use crate::models::{model_of_class, related};
use crate::{modules, py};
use orm_state::FieldKind;
use rustpython_vm::function::{KwArgs, OptionalArg};
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method(
        "contribute_to_class",
        |o: PyObjectRef,
         cls: PyObjectRef,
         name: String,
         private: OptionalArg<bool>,
         kw: KwArgs,
         vm: &Vm| {
            let private = private.unwrap_or(false)
                || match kw.get("private_only") {
                    Some(v) => v.clone().is_true(vm)?,
                    None => false,
                };
            contribute(&o, &cls, &name, private, vm)
        },
    );
    c.method(
        "contribute_to_related_class",
        |o: PyObjectRef, cls: PyObjectRef, rel: PyObjectRef, vm: &Vm| {
            related::contribute_to_related_class(&o, &cls, &rel, vm)
        },
    );
}

/// Name, attname and column; asked of Python where a subclass overrides how they are made.
pub fn set_attributes_from_name(o: &PyObject, name: &str, vm: &Vm) -> PyResult<()> {
    let field = inner(o, vm)?;
    let name = if field.name().is_empty() {
        name.to_string()
    } else {
        field.name().to_string()
    };
    field.set_name(&name);
    let overridden = |n: &str| -> bool {
        let n = vm.ctx.intern_str(n);
        o.class()
            .mro_collect()
            .iter()
            .take_while(|c| !super::classes::is_builtin(vm, c))
            .any(|c| c.get_direct_attr(n).is_some())
    };
    if overridden("get_attname") || overridden("get_attname_column") {
        let pair = py::call(vm, o, "get_attname_column", vec![])?;
        if let [attname, column] = py::list(vm, &pair)?.as_slice() {
            let attname = py::to_string(vm, attname)?;
            let column = py::as_string(column);
            field.set_attname_column(attname.into(), column.map(Into::into));
        }
    }
    Ok(())
}

pub fn contribute(
    o: &PyObject,
    cls: &PyObject,
    name: &str,
    private: bool,
    vm: &Vm,
) -> PyResult<()> {
    let field = inner(o, vm)?;
    let Some(model) = model_of_class(vm, cls) else {
        return Err(vm.new_type_error("contribute_to_class() needs a model class"));
    };
    related::before_contribute(o, cls, name, vm)?;
    py::call(vm, o, "set_attributes_from_name", vec![py::str(vm, name)])?;
    if field.kind.is_auto() {
        if model.auto_field.borrow().is_some() {
            return Err(vm.new_value_error(format!(
                "Model {} can't have more than one auto-generated field.",
                model.label()
            )));
        }
        *model.auto_field.borrow_mut() = Some(field.clone());
    }
    bind_face(this(o, vm)?);
    // `_meta.add_field` binds it; options are asked so that a user's own `_meta` hears of it.
    let meta = py::attr(vm, cls, "_meta")?;
    crate::models::options::add_field(vm, &meta, &field, private)?;
    let attname = field.attname();
    if field.column().is_some() && field.kind != FieldKind::CompositePrimaryKey {
        let descriptor = match py::attr_opt(vm, &o.to_owned(), "descriptor_class")? {
            Some(class) => class,
            None => default_descriptor(vm, field.kind)?,
        };
        let made = descriptor.call((o.to_owned(),), vm)?;
        py::set_attr(vm, cls, &attname, made)?;
    }
    if field.kind == FieldKind::CompositePrimaryKey {
        model.set_pk(&field);
        let class = modules::find(
            vm,
            "django.db.models.fields.composite",
            "CompositeAttribute",
        )?;
        let made = class.call((o.to_owned(),), vm)?;
        py::set_attr(vm, cls, &attname, made)?;
    }
    if field.options.borrow().choices.is_some() {
        let display = format!("get_{}_display", field.name());
        if !has_own(vm, cls, &display) {
            let method = partial_method(vm, cls, "_get_FIELD_display", &[("field", o.to_owned())])?;
            py::set_attr(vm, cls, &display, method)?;
        }
    }
    if matches!(field.kind, FieldKind::Date | FieldKind::DateTime) && !field.null.get() {
        for (prefix, is_next) in [("get_next_by", true), ("get_previous_by", false)] {
            let name = format!("{prefix}_{}", field.name());
            let parts = [("field", o.to_owned()), ("is_next", py::bool(vm, is_next))];
            let method = partial_method(vm, cls, "_get_next_or_previous_by_FIELD", &parts)?;
            py::set_attr(vm, cls, &name, method)?;
        }
    }
    related::after_contribute(o, cls, vm)
}

fn has_own(vm: &Vm, cls: &PyObject, name: &str) -> bool {
    py::as_class(cls).is_some_and(|c| c.get_direct_attr(vm.ctx.intern_str(name)).is_some())
}

/// `partialmethod(cls.<name>, **kwargs)`
pub fn partial_method(
    vm: &Vm,
    cls: &PyObject,
    name: &str,
    kwargs: &[(&str, PyObjectRef)],
) -> PyResult {
    let functools = vm.import("functools", 0)?;
    let method = py::attr(vm, cls, name)?;
    py::call_kw(vm, &functools, "partialmethod", vec![method], kwargs)
}

fn default_descriptor(vm: &Vm, kind: FieldKind) -> PyResult {
    let (module, name) = match kind {
        FieldKind::ForeignKey | FieldKind::OneToOne => (
            "django.db.models.fields.related_descriptors",
            "ForeignKeyDeferredAttribute",
        ),
        _ => ("django.db.models.query_utils", "DeferredAttribute"),
    };
    modules::find(vm, module, name)
}
