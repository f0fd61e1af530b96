//! `Model(...)`, and instances out of rows.
use crate::class::Class;
use crate::models::fields::field_object;
use crate::models::{model_of_class, state};
use crate::{convert, dispatch, modules, py};
use orm_state::field::FieldDefault;
use orm_state::{Field, FieldKind, ModelRef, Value};
use rustpython_vm::builtins::{PyDictRef, PyStrInterned, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::rc::Rc;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
    c.method("__init__", |o: PyObjectRef, args: FuncArgs, vm: &Vm| {
        init(vm, o, args)
    });
    c.classmethod("from_db", |cls: PyObjectRef, args: FuncArgs, vm: &Vm| {
        from_db(vm, cls, args)
    });
}

thread_local! {
    static DEFERRED: RefCell<Option<PyObjectRef>> = const { RefCell::new(None) };
}

/// `DEFERRED`: the mark of a value that is not loaded.
pub fn deferred(vm: &Vm) -> PyResult {
    if let Some(known) = DEFERRED.with_borrow(Clone::clone) {
        return Ok(known);
    }
    let found = modules::find(vm, "django.db.models.base", "DEFERRED")?;
    DEFERRED.set(Some(found.clone()));
    Ok(found)
}

/// Forgets the mark of an interpreter that ends.
pub fn reset() {
    DEFERRED.take();
}

fn init(vm: &Vm, o: PyObjectRef, args: FuncArgs) -> PyResult<()> {
    let class = o.class().to_owned();
    let Some(model) = model_of_class(vm, class.as_object()) else {
        return Err(vm.new_type_error("Model can't be instantiated"));
    };
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
    fill_values(vm, &o, &dict, &model, args)?;
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
    let name = vm.ctx.intern_str("__init__");
    let after = o.class().mro_collect().into_iter();
    let after = after.skip_while(|c| !c.is(&model)).skip(1);
    for class in after {
        if class.is(vm.ctx.types.object_type) {
            continue;
        }
        if let Some(init) = class.get_direct_attr(name) {
            return init.call((o.to_owned(),), vm).map(drop);
        }
    }
    Ok(())
}

/// Does a user's field have a descriptor that watches what is set?
fn watched(vm: &Vm, class: &PyTypeRef) -> bool {
    let Some(model) = model_of_class(vm, class.as_object()) else {
        return false;
    };
    let set = vm.ctx.intern_str("__set__");
    model.concrete_fields().iter().any(|field| {
        field.class.hooks.is_some()
            && class
                .get_attr(vm.ctx.intern_str(&*field.attname()))
                .is_some_and(|descriptor| descriptor.class().get_attr(set).is_some())
    })
}

/// Does the class (or one of its user-made bases) watch attribute writes?
fn plain_setattr(vm: &Vm, class: &PyTypeRef) -> bool {
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
    model: &ModelRef,
    args: FuncArgs,
) -> PyResult<()> {
    let class = o.class().to_owned();
    let plain = plain_setattr(vm, &class);
    let write = |field: &Field, value: PyObjectRef| -> PyResult<()> {
        // A user's field may have a descriptor that watches.
        if plain && field.class.hooks.is_none() {
            dict.set_item(vm.ctx.intern_str(&*field.attname()), value, vm)
        } else {
            py::set_attr(vm, o, &field.attname(), value)
        }
    };
    let deferred = deferred(vm)?;
    let fields = model.concrete_fields();
    if args.args.len() > fields.len() {
        return Err(vm.new_index_error("Number of args exceeds number of fields"));
    }
    let mut kwargs = args.kwargs;
    let positional = args.args.len();
    for (field, value) in fields.iter().zip(args.args) {
        let given_twice = !kwargs.is_empty()
            && (kwargs.contains_key(&field.name())
                || (*field.attname() != *field.name() && kwargs.contains_key(&field.attname())));
        if given_twice {
            return Err(vm.new_type_error(format!(
                "{}() got both positional and keyword arguments for field '{}'.",
                class.name(),
                field.name()
            )));
        }
        if value.is(&deferred) {
            continue;
        }
        write(field, value)?;
    }
    for field in fields.iter().skip(positional) {
        if field.kind == FieldKind::Generated {
            continue;
        }
        let mut object: Option<PyObjectRef> = None;
        let value = if kwargs.is_empty() {
            default_of(vm, field)?
        } else if field.remote.is_some()
            && matches!(field.kind, FieldKind::ForeignKey | FieldKind::OneToOne)
        {
            match kwargs.shift_remove(&field.name()) {
                Some(v) if vm.is_none(&v) => v,
                Some(v) => {
                    object = Some(v.clone());
                    v
                }
                None => match kwargs.shift_remove(&field.attname()) {
                    Some(v) => v,
                    None => default_of(vm, field)?,
                },
            }
        } else {
            match kwargs.shift_remove(&field.attname()) {
                Some(v) => v,
                None => default_of(vm, field)?,
            }
        };
        match object {
            Some(related) if !related.is(&deferred) => {
                py::set_attr(vm, o, &field.name(), related)?;
            }
            _ => {
                if !value.is(&deferred) {
                    write(field, value)?;
                }
            }
        }
    }
    if kwargs.is_empty() {
        return Ok(());
    }
    let mut unexpected = vec![];
    let properties = |name: &str| -> bool {
        class
            .get_attr(vm.ctx.intern_str(name))
            .is_some_and(|a| a.fast_isinstance(vm.ctx.types.property_type))
            || name == "pk"
    };
    for (name, value) in kwargs {
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

/// `from_db(db, field_names, values, *, fetch_mode=None)`: an instance out of a row.
fn from_db(vm: &Vm, cls: PyObjectRef, mut args: FuncArgs) -> PyResult {
    let take = |args: &mut FuncArgs, n: &str| {
        args.take_positional_keyword(n)
            .ok_or_else(|| vm.new_type_error(format!("from_db() missing argument '{n}'")))
    };
    let db = take(&mut args, "db")?;
    let names = take(&mut args, "field_names")?;
    let values = py::list(vm, &take(&mut args, "values")?)?;
    let mode = args
        .take_positional_keyword("fetch_mode")
        .filter(|m| !vm.is_none(m));
    let Some(model) = model_of_class(vm, &cls) else {
        return Err(vm.new_type_error("from_db() needs a model"));
    };
    let fields = model.concrete_fields();
    let values = if values.len() == fields.len() {
        values
    } else {
        let deferred = deferred(vm)?;
        let names: Vec<String> = py::list(vm, &names)?
            .iter()
            .map(|n| py::to_string(vm, n))
            .collect::<PyResult<_>>()?;
        let mut values = values.into_iter();
        fields
            .iter()
            .map(|f| {
                if names.contains(&f.attname().to_string()) {
                    values.next().unwrap_or_else(|| deferred.clone())
                } else {
                    deferred.clone()
                }
            })
            .collect()
    };
    let made = cls.call(FuncArgs::from(values), vm)?;
    let state = state::state_of(vm, &made)?;
    state.adding.set(false);
    *state.db.borrow_mut() = Some(db);
    *state.fetch_mode.borrow_mut() = mode;
    Ok(made)
}

/// How instances of a class are made out of rows, decided once a query.
pub struct RowPlan {
    class: PyTypeRef,
    state_name: &'static PyStrInterned,
    names: Vec<&'static PyStrInterned>,
    db: PyObjectRef,
    from_db: Option<PyObjectRef>,
    field_names: PyObjectRef,
    fetch_mode: Option<PyObjectRef>,
}

impl RowPlan {
    /// `attnames`: the columns of a row, in order; others are deferred.
    pub fn new(
        vm: &Vm,
        class: PyTypeRef,
        attnames: &[&str],
        db: PyObjectRef,
        fetch_mode: Option<PyObjectRef>,
    ) -> PyResult<RowPlan> {
        let base = super::model_class();
        // Classes that watch their making are made through Python.
        let overridden = |name: &str| {
            let name = vm.ctx.intern_str(name);
            match (
                class.get_attr(name),
                base.as_ref().and_then(|base| base.get_attr(name)),
            ) {
                (Some(own), Some(plain)) => !own.is(&plain),
                (own, plain) => own.is_some() || plain.is_some(),
            }
        };
        let sender: PyObjectRef = class.clone().into();
        let direct = !["__init__", "from_db", "__new__"]
            .into_iter()
            .any(overridden)
            && plain_setattr(vm, &class)
            && !watched(vm, &class)
            && !dispatch::has_receivers(vm, "pre_init", &sender)?
            && !dispatch::has_receivers(vm, "post_init", &sender)?;
        let names: Vec<_> = attnames.iter().map(|n| vm.ctx.intern_str(*n)).collect();
        let field_names = names.iter().map(|n| (*n).to_owned().into()).collect();
        Ok(RowPlan {
            from_db: match direct {
                true => None,
                false => Some(py::attr(vm, class.as_object(), "from_db")?),
            },
            class,
            state_name: vm.ctx.intern_str("_state"),
            names,
            db,
            field_names: vm.ctx.new_list(field_names).into(),
            fetch_mode,
        })
    }
    /// One instance.
    pub fn build(&self, vm: &Vm, values: impl Iterator<Item = PyObjectRef>) -> PyResult {
        if let Some(from_db) = &self.from_db {
            let values = vm.ctx.new_tuple(values.collect()).into();
            let mut args = FuncArgs::from(vec![self.db.clone(), self.field_names.clone(), values]);
            if let Some(mode) = &self.fetch_mode {
                args.kwargs.insert("fetch_mode".into(), mode.clone());
            }
            return from_db.call(args, vm);
        }
        let dict = vm.ctx.new_dict();
        let state = state::new_state(vm, Some(self.db.clone()), false);
        if let Some(mode) = &self.fetch_mode
            && let Some(s) = state.downcast_ref::<state::PyModelState>()
        {
            *s.fetch_mode.borrow_mut() = Some(mode.clone());
        }
        dict.set_item(self.state_name, state, vm)?;
        for (name, value) in self.names.iter().zip(values) {
            dict.set_item(*name, value, vm)?;
        }
        Ok(vm.ctx.new_base_object(self.class.clone(), Some(dict)))
    }
}
