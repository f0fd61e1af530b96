//! Work that waits for models: `lazy_related_operation` and `Apps.lazy_model_operation`.
use crate::class::function;
use crate::models::{class_of_model, model_of_class};
use crate::{modules, py};
use orm_state::{Apps, ModelRef, RelTarget};
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::rc::Rc;

type Vm = VirtualMachine;
type Work = Box<dyn FnOnce(&Vm, &[ModelRef]) -> PyResult<()>>;

/// `(app label, model name)`, lower case.
pub type Key = (String, String);

/// Who waits, for the checks to say.
#[derive(Clone)]
pub enum Waiting {
    /// Somebody that is checked elsewhere.
    Nothing,
    Field(PyObjectRef),
    /// A receiver, and the name of the signal that it listens to.
    Receiver(PyObjectRef, String),
    /// What was given to `lazy_model_operation`.
    Function(PyObjectRef),
}

struct Pending {
    apps: Rc<Apps>,
    keys: Vec<Key>,
    work: Option<Work>,
    waiting: Waiting,
}

thread_local! {
    static PENDING: RefCell<Vec<Pending>> = const { RefCell::new(vec![]) };
}

/// Runs `work` once all models are there: now, or when the last of them is registered.
pub fn when_ready(
    vm: &Vm,
    apps: &Rc<Apps>,
    keys: Vec<Key>,
    waiting: Waiting,
    work: Work,
) -> PyResult<()> {
    match found(apps, &keys) {
        Some(models) => work(vm, &models),
        None => {
            PENDING.with_borrow_mut(|p| {
                p.push(Pending {
                    apps: apps.clone(),
                    keys,
                    work: Some(work),
                    waiting,
                });
            });
            Ok(())
        }
    }
}

fn found(apps: &Rc<Apps>, keys: &[Key]) -> Option<Vec<ModelRef>> {
    keys.iter().map(|(a, m)| apps.find_model(a, m)).collect()
}

/// A model was registered: runs what it completes.
pub fn model_registered(vm: &Vm, apps: &Rc<Apps>, key: &Key) -> PyResult<()> {
    loop {
        let next = PENDING.with_borrow_mut(|all| {
            let at = all.iter().position(|p| {
                Rc::ptr_eq(&p.apps, apps) && p.keys.contains(key) && found(apps, &p.keys).is_some()
            })?;
            Some(all.remove(at))
        });
        let Some(mut pending) = next else {
            return Ok(());
        };
        if let (Some(models), Some(work)) = (found(apps, &pending.keys), pending.work.take()) {
            work(vm, &models)?;
        }
    }
}

/// Forgets what waited for a registry that is cleared.
pub fn forget(apps: &Rc<Apps>) {
    let gone = PENDING.with_borrow_mut(|all| {
        let (gone, kept) = std::mem::take(all)
            .into_iter()
            .partition::<Vec<_>, _>(|p| Rc::ptr_eq(&p.apps, apps));
        *all = kept;
        gone
    });
    drop(gone);
}

/// What still waits, and the first model that each waits for.
pub fn pending(apps: &Rc<Apps>) -> Vec<(Key, Waiting)> {
    PENDING.with_borrow(|all| {
        all.iter()
            .filter(|p| Rc::ptr_eq(&p.apps, apps))
            .filter_map(|p| {
                let missing = p
                    .keys
                    .iter()
                    .find(|(app, model)| apps.find_model(app, model).is_none())?;
                Some((missing.clone(), p.waiting.clone()))
            })
            .collect()
    })
}

/// `resolve_relation`: `"self"`, `"Model"`, `"app.Model"` or a class, as a key.
pub fn key_of(scope: &ModelRef, target: &RelTarget) -> Key {
    match target {
        RelTarget::Name(n) if n == "self" => (
            scope.app_label().to_string(),
            scope.model_name().to_string(),
        ),
        RelTarget::Name(n) => match n.split_once('.') {
            Some((app, model)) => (app.to_string(), model.to_lowercase()),
            None => (scope.app_label().to_string(), n.to_lowercase()),
        },
        RelTarget::Model(m) => match m.upgrade() {
            Some(m) => (m.app_label().to_string(), m.model_name().to_string()),
            None => Default::default(),
        },
    }
}

fn key_of_object(vm: &Vm, scope: Option<&ModelRef>, obj: &PyObject) -> PyResult<Key> {
    if let Some(model) = model_of_class(vm, obj) {
        return Ok((
            model.app_label().to_string(),
            model.model_name().to_string(),
        ));
    }
    let text = py::to_string(vm, obj)?;
    Ok(match scope {
        Some(scope) => key_of(scope, &RelTarget::Name(text)),
        None => match text.split_once('.') {
            Some((a, m)) => (a.into(), m.to_lowercase()),
            None => (String::new(), text.to_lowercase()),
        },
    })
}

pub fn install(vm: &Vm) -> PyResult<()> {
    let lazy = function(vm, "lazy_related_operation", |args: FuncArgs, vm: &Vm| {
        let kwargs = args.kwargs.clone();
        let mut given = args.args.into_iter();
        let (Some(work), Some(first)) = (given.next(), given.next()) else {
            return Err(vm.new_type_error("lazy_related_operation() needs a function and a model"));
        };
        let Some(model) = model_of_class(vm, &first) else {
            return Err(vm.new_type_error("lazy_related_operation() needs a model"));
        };
        let waiting = work.clone();
        let mut keys = vec![key_of_object(vm, None, &first)?];
        for related in given {
            keys.push(key_of_object(vm, Some(&model), &related)?);
        }
        let Some(apps) = model.apps() else {
            return Ok(());
        };
        when_ready(
            vm,
            &apps,
            keys,
            Waiting::Function(waiting),
            Box::new(move |vm, models| {
                let mut call = FuncArgs::from(classes(vm, models)?);
                call.kwargs = kwargs;
                work.call(call, vm).map(drop)
            }),
        )
    });
    modules::export(
        vm,
        "django.db.models.fields.related",
        "lazy_related_operation",
        lazy,
    )?;
    let create = vm.new_function(
        "create_many_to_many_intermediary_model",
        super::through::intermediary,
    );
    modules::export(
        vm,
        "django.db.models.fields.related",
        "create_many_to_many_intermediary_model",
        create,
    )?;
    let constant = py::str(vm, "self");
    modules::export(
        vm,
        "django.db.models.fields.related",
        "RECURSIVE_RELATIONSHIP_CONSTANT",
        constant,
    )
}

/// The Python classes of models.
pub fn classes(vm: &Vm, models: &[ModelRef]) -> PyResult<Vec<PyObjectRef>> {
    models.iter().map(|m| class_of_model(vm, m)).collect()
}
