//! Instances out of rows.
use super::making::plain_setattr;
use crate::class::Class;
use crate::models::{model_of_class, state};
use crate::{dispatch, modules, py};
use rustpython_vm::builtins::{PyStrInterned, PyTypeRef};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;

type Vm = VirtualMachine;

pub fn fill(c: &mut Class) {
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
