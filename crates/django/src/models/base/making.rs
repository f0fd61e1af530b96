//! `Model(...)`: an instance out of what its class is called with.
use super::construct::deferred;
use crate::class::Class;
use crate::models::fields::field_object;
use crate::models::options::PyOptions;
use crate::models::state;
use crate::{convert, dispatch, py};
use orm_state::field::FieldDefault;
use orm_state::{Field, FieldKind, Value};
use rustpython_vm::builtins::{PyDictRef, PyStrInterned, PyTypeRef};
use rustpython_vm::common::wtf8::Wtf8Buf;
use rustpython_vm::function::{FuncArgs, KwArgs};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("__init__", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        init(vm, o, args)
    });
}

/// What every new instance asks of a model's fields, found once.
#[derive(Debug)]
pub struct Plan {
    /// The fields it was made of: others make it old.
    fields: Rc<[Rc<Field>]>,
    slots: Vec<Slot>,
}

/// A field of a new instance.
#[derive(Debug)]
struct Slot {
    name: &'static PyStrInterned,
    attname: &'static PyStrInterned,
    /// Its keyword is the name of the relation: an object may be given for it.
    relation: bool,
    /// A user's field may have a descriptor that watches.
    watched: bool,
    generated: bool,
}

impl Plan {
    fn of(vm: &Vm, options: &PyOptions) -> Rc<Plan> {
        let fields = options.model.concrete_fields();
        if let Some(plan) = &*options.plan.borrow()
            && Rc::ptr_eq(&plan.fields, &fields)
        {
            return plan.clone();
        }
        let slot = |field: &Rc<Field>| Slot {
            name: vm.ctx.intern_str(&*field.name()),
            attname: vm.ctx.intern_str(&*field.attname()),
            relation: field.remote.is_some()
                && matches!(field.kind, FieldKind::ForeignKey | FieldKind::OneToOne),
            watched: field.class.hooks.is_some(),
            generated: field.kind == FieldKind::Generated,
        };
        let plan = Rc::new(Plan {
            slots: fields.iter().map(slot).collect(),
            fields,
        });
        *options.plan.borrow_mut() = Some(plan.clone());
        plan
    }
}

/// Keyword arguments that are taken one by one. There are few: looking through them is faster
/// than hashing names.
struct Keywords {
    given: Vec<(Wtf8Buf, Option<PyObjectRef>)>,
    left: usize,
}

impl Keywords {
    fn of(kwargs: KwArgs) -> Keywords {
        let given: Vec<_> = kwargs.into_iter().map(|(k, v)| (k, Some(v))).collect();
        Keywords {
            left: given.len(),
            given,
        }
    }
    fn has(&self, name: &PyStrInterned) -> bool {
        let mut names = self.given.iter().filter(|(_, value)| value.is_some());
        names.any(|(given, _)| **given == *name.as_wtf8())
    }
    fn take(&mut self, name: &PyStrInterned) -> Option<PyObjectRef> {
        if self.left == 0 {
            return None;
        }
        let (_, value) = self
            .given
            .iter_mut()
            .find(|(given, _)| **given == *name.as_wtf8())?;
        let value = value.take()?;
        self.left -= 1;
        Some(value)
    }
}

fn init(vm: &Vm, o: PyObjectRef, args: FuncArgs) -> PyResult<()> {
    let class = o.class().to_owned();
    let Some(meta) = class.get_attr(vm.ctx.intern_str("_meta")) else {
        return Err(vm.new_type_error("Model can't be instantiated"));
    };
    let Some(options) = meta.downcast_ref::<PyOptions>() else {
        return Err(vm.new_type_error("Model can't be instantiated"));
    };
    let model = &options.model;
    if model.is_abstract() {
        return Err(vm.new_type_error("Abstract models cannot be instantiated."));
    }
    if let Some(swapped) = &*model.swapped.borrow() {
        return Err(vm.new_type_error(format!(
            "Model class {} has been swapped out for '{swapped}'",
            class.name()
        )));
    }
    let sender: PyObjectRef = class.clone().into();
    let mut told = None;
    if dispatch::has_receivers(vm, "pre_init", &sender)? {
        let positional = vm.ctx.new_tuple(args.args.clone()).into();
        let keywords = vm.ctx.new_dict();
        for (k, v) in &args.kwargs {
            keywords.set_item(k, v.clone(), vm)?;
        }
        let parts = [("args", positional), ("kwargs", keywords.clone().into())];
        dispatch::send(vm, "pre_init", &sender, &parts)?;
        told = Some(keywords);
    }
    let Some(dict) = o.dict() else {
        return Err(vm.new_type_error("a model's instances need a __dict__"));
    };
    // Keys are shared by all instances.
    dict.set_item(
        vm.ctx.intern_str("_state"),
        state::new_state(vm, None, true),
        vm,
    )?;
    fill_values(vm, &o, &dict, options, args)?;
    // Every keyword has found its field: none is left over.
    if let Some(keywords) = told {
        keywords.clear();
    }
    next_init(vm, &o)?;
    if dispatch::has_receivers(vm, "post_init", &sender)? {
        dispatch::send(vm, "post_init", &sender, &[("instance", o.clone())])?;
    }
    Ok(())
}

/// `super().__init__()` of `Model`: a plain class may come after it.
fn next_init(vm: &Vm, o: &PyObject) -> PyResult<()> {
    let Some(model) = super::model_class() else {
        return Ok(());
    };
    let init = {
        let mro = o.class().mro.read();
        let after = mro.iter().skip_while(|c| !c.is(&model)).skip(1);
        let mut after = after.filter(|c| !c.is(vm.ctx.types.object_type)).peekable();
        if after.peek().is_none() {
            return Ok(());
        }
        let name = vm.ctx.intern_str("__init__");
        after.find_map(|class| class.get_direct_attr(name))
    };
    match init {
        Some(init) => init.call((o.to_owned(),), vm).map(drop),
        None => Ok(()),
    }
}

/// Does the class (or one of its user-made bases) watch attribute writes?
pub fn plain_setattr(vm: &Vm, class: &PyTypeRef) -> bool {
    let name = vm.ctx.intern_str("__setattr__");
    match (
        class.get_attr(name),
        vm.ctx.types.object_type.get_attr(name),
    ) {
        (Some(own), Some(plain)) => own.is(&plain),
        _ => false,
    }
}

fn fill_values(
    vm: &Vm,
    o: &PyObject,
    dict: &PyDictRef,
    options: &PyOptions,
    args: FuncArgs,
) -> PyResult<()> {
    let model = &options.model;
    let class = o.class().to_owned();
    let plain = plain_setattr(vm, &class);
    let write = |slot: &Slot, value: PyObjectRef| -> PyResult<()> {
        if plain && !slot.watched {
            dict.set_item(slot.attname, value, vm)
        } else {
            o.set_attr(slot.attname, value, vm)
        }
    };
    let deferred = deferred(vm)?;
    let plan = Plan::of(vm, options);
    if args.args.len() > plan.slots.len() {
        return Err(vm.new_index_error("Number of args exceeds number of fields"));
    }
    let mut kwargs = Keywords::of(args.kwargs);
    let positional = args.args.len();
    for (slot, value) in plan.slots.iter().zip(args.args) {
        if kwargs.left > 0 && (kwargs.has(slot.name) || kwargs.has(slot.attname)) {
            return Err(vm.new_type_error(format!(
                "{}() got both positional and keyword arguments for field '{}'.",
                class.name(),
                slot.name
            )));
        }
        if !value.is(&deferred) {
            write(slot, value)?;
        }
    }
    for (field, slot) in plan.fields.iter().zip(&plan.slots).skip(positional) {
        if slot.generated {
            continue;
        }
        if slot.relation
            && let Some(related) = kwargs.take(slot.name)
        {
            if vm.is_none(&related) {
                write(slot, related)?;
            } else if !related.is(&deferred) {
                o.set_attr(slot.name, related, vm)?;
            }
            continue;
        }
        let value = match kwargs.take(slot.attname) {
            Some(value) => value,
            None => default_of(vm, field)?,
        };
        if !value.is(&deferred) {
            write(slot, value)?;
        }
    }
    if kwargs.left == 0 {
        return Ok(());
    }
    let mut unexpected = vec![];
    let properties = |name: &str| -> bool {
        class
            .get_attr(vm.ctx.intern_str(name))
            .is_some_and(|a| a.fast_isinstance(vm.ctx.types.property_type))
            || name == "pk"
    };
    for (name, value) in kwargs.given {
        let Some(value) = value else { continue };
        let name = name.to_string();
        if properties(&name) || model.field(&name).is_ok() {
            if !value.is(&deferred) {
                py::set_attr(vm, o, &name, value)?;
            }
        } else if model.get_field(&name).is_ok() {
            // The reverse side of a relation can be assigned where it is an object.
            py::set_attr(vm, o, &name, value)?;
        } else {
            unexpected.push(format!("'{name}'"));
        }
    }
    if unexpected.is_empty() {
        return Ok(());
    }
    Err(vm.new_type_error(format!(
        "{}() got unexpected keyword arguments: {}",
        class.name(),
        unexpected.join(", ")
    )))
}

/// A field's default; asked of Python where its class overrides `get_default`.
fn default_of(vm: &Vm, field: &Rc<Field>) -> PyResult {
    if !field.overrides().get_default {
        match &field.options.borrow().default {
            FieldDefault::NotProvided if field.options.borrow().db_default.is_none() => {
                let empty = crate::models::fields::properties::empty_strings_allowed(field.kind);
                return Ok(if !empty || field.null.get() || field.is_relation() {
                    vm.ctx.none()
                } else {
                    vm.ctx.empty_str.to_owned().into()
                });
            }
            FieldDefault::Value(
                value @ (Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Str(_)),
            ) => return convert::to_py(vm, value),
            _ => {}
        }
    }
    let object = field_object(vm, field)?;
    py::call(vm, &object, "get_default", vec![])
}
