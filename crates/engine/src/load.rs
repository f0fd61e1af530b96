//! Settings, apps, models: everything up to `django.setup()`.
//!
//! ```text
//! models.py             app "playground", module playground.models (and models)
//! shop/models.py        app "shop"
//! settings.py           what is in capitals
//! ```
use crate::scratch::{attr, items, module};
use protocol::Project;
use rustpython_vm::builtins::{PyDict, PyDictRef};
use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

/// The label of the app whose models stand at the top.
pub const DEFAULT_APP: &str = "playground";

/// Where the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In memory, whatever the settings say.
    Memory,
    /// Where `DATABASES` says, else in `db.sqlite3`.
    Disk,
}

/// The names of the project's apps, the default one first.
pub fn labels(files: &[&str]) -> Vec<String> {
    let mut found: Vec<String> = files
        .iter()
        .filter_map(|path| {
            let (folder, rest) = path.split_once('/')?;
            (folder != "migrations" && matches!(rest, "models.py" | "models/__init__.py"))
                .then(|| folder.to_owned())
        })
        .collect();
    found.sort();
    found.dedup();
    if files.iter().any(|f| matches!(*f, "models.py")) {
        found.insert(0, DEFAULT_APP.to_owned());
    }
    found
}

/// The paths of a project's files.
pub fn paths(project: &Project) -> Vec<&str> {
    project.files.iter().map(|f| f.path.as_str()).collect()
}

/// Loads settings and models. The project's files must be importable already.
pub fn load(vm: &VirtualMachine, files: &[&str], root: &str, place: Place) -> PyResult<()> {
    let labels = labels(files);
    if labels.iter().any(|l| l == DEFAULT_APP) {
        default_package(vm, root)?;
    }
    let settings = settings(vm, files, &labels)?;
    let databases = databases(vm, &settings, root, place)?;
    settings.set_attr("DATABASES", databases.clone(), vm)?;
    django::db::configure(vm, &databases)?;
    let apps = attr(vm, &module(vm, "django.apps")?, "apps")?;
    let installed = attr(vm, &settings, "INSTALLED_APPS")?;
    vm.call_method(&apps, "populate", (installed,))?;
    let all = vm.sys_module.get_attr("modules", vm)?;
    if let Ok(models) = all.get_item("playground.models", vm) {
        all.set_item("models", models, vm)?;
    }
    Ok(())
}

/// `playground`: a package that is the project's folder.
fn default_package(vm: &VirtualMachine, root: &str) -> PyResult<()> {
    let dict = vm.ctx.new_dict();
    let path = vm.ctx.new_list(vec![vm.ctx.new_str(root).into()]);
    dict.set_item("__path__", path.into(), vm)?;
    dict.set_item("__package__", vm.ctx.new_str(DEFAULT_APP).into(), vm)?;
    let package = vm.new_module(DEFAULT_APP, dict, None);
    let all = vm.sys_module.get_attr("modules", vm)?;
    all.set_item(DEFAULT_APP, package.into(), vm)
}

fn settings(vm: &VirtualMachine, files: &[&str], labels: &[String]) -> PyResult {
    django::conf::reset(vm)?;
    let settings = attr(vm, &module(vm, "django.conf")?, "settings")?;
    let mut installed: Vec<PyObjectRef> = Vec::new();
    if files.contains(&"settings.py") {
        let own = module(vm, "settings")?;
        if let Some(dict) = own.dict() {
            for (name, value) in dict {
                let text = crate::scratch::text(vm, &name);
                if !text.is_empty() && !text.starts_with('_') && text == text.to_uppercase() {
                    settings.set_attr(vm.ctx.intern_str(text), value, vm)?;
                }
            }
        }
        installed = items(vm, &attr(vm, &settings, "INSTALLED_APPS")?)?;
    }
    let named: Vec<String> = installed
        .iter()
        .map(|i| crate::scratch::text(vm, i))
        .collect();
    for label in labels {
        let known = named
            .iter()
            .any(|n| n == label || n.split('.').next() == Some(label));
        if !known {
            installed.push(vm.ctx.new_str(label.as_str()).into());
        }
    }
    settings.set_attr("INSTALLED_APPS", vm.ctx.new_list(installed), vm)?;
    Ok(settings)
}

/// `DATABASES`, each in memory or on disk.
fn databases(
    vm: &VirtualMachine,
    settings: &PyObjectRef,
    root: &str,
    place: Place,
) -> PyResult<PyDictRef> {
    let given = attr(vm, settings, "DATABASES")?;
    let out = vm.ctx.new_dict();
    if let Some(given) = given.downcast_ref::<PyDict>() {
        for (alias, database) in given.items_vec() {
            let copy = match database.downcast_ref::<PyDict>() {
                Some(d) => vm.new_pyobj(d.copy()),
                None => database,
            };
            out.set_item(&*alias, copy, vm)?;
        }
    }
    if out.get_item_opt("default", vm)?.is_none() {
        let made = vm.ctx.new_dict();
        let engine = vm.ctx.new_str("django.db.backends.sqlite3");
        made.set_item("ENGINE", engine.into(), vm)?;
        let file = if root.is_empty() {
            "db.sqlite3".to_owned()
        } else {
            format!("{root}/db.sqlite3")
        };
        made.set_item("NAME", vm.ctx.new_str(file).into(), vm)?;
        out.set_item("default", made.into(), vm)?;
    }
    if place == Place::Memory {
        for (_, database) in out.items_vec() {
            if let Some(database) = database.downcast_ref::<PyDict>() {
                let name = vm.ctx.new_str(":memory:").into();
                database.set_item("NAME", name, vm)?;
            }
        }
    }
    Ok(out)
}
