//! All models together: each one's own check, then names that several of them use.
use super::report::{Level, Report};
use crate::models::model_of_class;
use crate::{modules, py};
use indexmap::IndexMap;
use rustpython_vm::builtins::PyType;
use rustpython_vm::function::FuncArgs;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

type Vm = VirtualMachine;
/// Who uses a name.
type Users = IndexMap<String, Vec<String>>;

/// `check_all_models(app_configs, **kwargs)`
pub fn all_models(args: FuncArgs, vm: &Vm) -> PyResult {
    let configs = args
        .args
        .first()
        .or_else(|| args.kwargs.get("app_configs"))
        .filter(|c| !vm.is_none(c));
    let models = match configs {
        None => {
            let apps = modules::find(vm, "django.apps", "apps")?;
            py::list(vm, &py::call(vm, &apps, "get_models", vec![])?)?
        }
        Some(configs) => {
            let mut all = vec![];
            for config in py::list(vm, configs)? {
                all.extend(py::list(vm, &py::call(vm, &config, "get_models", vec![])?)?);
            }
            all
        }
    };
    let mut r = Report::new(vm, &vm.ctx.none());
    let (mut tables, mut indexes, mut constraints) = (Users::new(), Users::new(), Users::new());
    for class in &models {
        let Some(model) = model_of_class(vm, class) else {
            continue;
        };
        if model.options.borrow().managed && !model.is_proxy() {
            let users = tables.entry(model.db_table()).or_default();
            users.push(model.label());
        }
        if overrides_check(vm, class)? {
            let shown = py::repr(vm, &py::attr(vm, class, "check")?)?;
            r.add(
                Level::Error,
                "models.E020",
                format!(
                    "The '{}.check()' class method is currently overridden by {shown}.",
                    model.object_name()
                ),
                None,
                Some(class.clone()),
            )?;
        } else {
            let mut call = FuncArgs::default();
            call.kwargs = args.kwargs.clone();
            call.take_keyword("app_configs");
            r.ask(class, "check", call)?;
        }
        let meta = py::attr(vm, class, "_meta")?;
        for (option, names) in [("indexes", &mut indexes), ("constraints", &mut constraints)] {
            for object in py::list(vm, &py::attr(vm, &meta, option)?)? {
                let name = py::to_string(vm, &py::attr(vm, &object, "name")?)?;
                names.entry(name).or_default().push(model.label());
            }
        }
    }
    shared_tables(&mut r, &tables)?;
    shared_names(&mut r, &indexes, "index", ["models.E029", "models.E030"])?;
    shared_names(
        &mut r,
        &constraints,
        "constraint",
        ["models.E031", "models.E032"],
    )?;
    Ok(r.into_list())
}

/// Is the class's `check` something else than a class method?
fn overrides_check(vm: &Vm, class: &PyObject) -> PyResult<bool> {
    let Some(class) = class.downcast_ref::<PyType>() else {
        return Ok(false);
    };
    let name = vm.ctx.intern_str("check");
    let found = class
        .mro_collect()
        .iter()
        .find_map(|c| c.get_direct_attr(name));
    Ok(found.is_some_and(|f| !f.fast_isinstance(vm.ctx.types.classmethod_type)))
}

fn shared_tables(r: &mut Report, tables: &Users) -> PyResult<()> {
    let vm = r.vm;
    for (table, users) in tables {
        if users.len() < 2 {
            continue;
        }
        let users = users.join(", ");
        let message = format!("db_table '{table}' is used by multiple models: {users}.");
        let about: Option<PyObjectRef> = Some(py::str(vm, table));
        if crate::db::router::is_empty() {
            r.add(Level::Error, "models.E028", message, None, about)?;
        } else {
            let hint = format!(
                "You have configured settings.DATABASE_ROUTERS. Verify that {users} are correctly \
                 routed to separate databases."
            );
            r.add(Level::Warning, "models.W035", message, Some(&hint), about)?;
        }
    }
    Ok(())
}

fn shared_names(r: &mut Report, names: &Users, kind: &str, ids: [&str; 2]) -> PyResult<()> {
    for (name, users) in names {
        if users.len() < 2 {
            continue;
        }
        let mut distinct = users.clone();
        distinct.sort();
        distinct.dedup();
        let (id, word) = if distinct.len() == 1 {
            (ids[0], "for model")
        } else {
            (ids[1], "among models:")
        };
        let message = format!(
            "{kind} name '{name}' is not unique {word} {}.",
            distinct.join(", ")
        );
        r.add(Level::Error, id, message, None, None)?;
    }
    Ok(())
}
