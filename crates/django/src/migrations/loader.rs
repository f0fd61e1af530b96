//! Migration files: found, imported, made into Rust's migrations.
use super::convert_operation;
use crate::convert::PyObj;
use crate::modules;
use crate::py;
use orm_migrations::graph::Key;
use orm_migrations::{Dependency, Migration};
use rustpython_vm::builtins::PyDict;
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;

type Vm = VirtualMachine;

/// One app, and where its migrations are.
#[derive(Clone, Debug)]
pub struct App {
    pub label: String,
    /// The package of its migrations; nothing where the setting disables them.
    pub package: Option<String>,
    /// The folder of that package: where it is, or where it will be made.
    pub folder: String,
    /// Does the package exist?
    pub migrated: bool,
}

/// All apps of a project with their migration files.
#[derive(Clone, Debug, Default)]
pub struct Loader {
    pub apps: Vec<App>,
    pub migrations: Vec<Migration>,
}

impl Loader {
    /// Imports every migration file.
    pub fn load(vm: &Vm) -> PyResult<Loader> {
        Loader::load_all(vm, true)
    }
    /// The same; a package that the setting names has to be there unless that does not matter.
    ///
    /// # Errors
    /// What importing raises.
    pub fn load_all(vm: &Vm, ignore_missing: bool) -> PyResult<Loader> {
        let mut out = Loader::default();
        for (label, package, base) in app_packages(vm)? {
            let mut app = App {
                folder: String::new(),
                label,
                package,
                migrated: false,
            };
            if let Some(package) = app.package.clone() {
                let anew = forget_changed(vm, &package)?;
                let folder = folder_of(vm, &package)?;
                app.migrated = folder.is_some();
                let named = package_of(vm, &app.label).is_ok_and(|(_, named)| named);
                if !app.migrated && !ignore_missing && named {
                    // Says what is missing; a folder without a file in it is no package.
                    import(vm, &package)?;
                }
                app.folder = match folder {
                    Some(f) => f,
                    None => {
                        let (parent, last) =
                            package.rsplit_once('.').unwrap_or(("", package.as_str()));
                        let parent = if parent.is_empty() {
                            None
                        } else {
                            folder_of(vm, parent)?
                        };
                        join(&parent.unwrap_or(base), last)
                    }
                };
                if app.migrated {
                    for name in file_names(&app.folder) {
                        out.migrations
                            .push(load_file(vm, &app.label, &package, &name)?);
                    }
                    if anew {
                        note_imported(vm, &package)?;
                    }
                }
            }
            out.apps.push(app);
        }
        Ok(out)
    }
    pub fn app(&self, label: &str) -> Option<&App> {
        self.apps.iter().find(|a| a.label == label)
    }
    /// Apps that have no migrations package.
    pub fn unmigrated(&self) -> Vec<String> {
        self.apps
            .iter()
            .filter(|a| !a.migrated)
            .map(|a| a.label.clone())
            .collect()
    }
    pub fn find(&self, key: &Key) -> Option<&Migration> {
        self.migrations
            .iter()
            .find(|m| m.app_label == key.0 && m.name == key.1)
    }
    /// Migrations of an app whose names start so.
    pub fn by_prefix(&self, label: &str, prefix: &str) -> Vec<&Migration> {
        self.migrations
            .iter()
            .filter(|m| m.app_label == label && m.name.starts_with(prefix))
            .collect()
    }
}

fn join(folder: &str, name: &str) -> String {
    match folder.trim_end_matches('/') {
        "" => name.to_string(),
        f => format!("{f}/{name}"),
    }
}

/// Each app's label, migrations package, and folder.
fn app_packages(vm: &Vm) -> PyResult<Vec<(String, Option<String>, String)>> {
    let apps = modules::find(vm, "django.apps", "apps")?;
    let configs = py::attr(vm, &apps, "app_configs")?;
    let overrides = crate::apps::setting(vm, "MIGRATION_MODULES")?;
    let mut out: Vec<(String, Option<String>, String)> = vec![];
    let mut add = |label: String, name: String, base: String| -> PyResult<()> {
        let given = match overrides.as_ref().and_then(|o| o.downcast_ref::<PyDict>()) {
            Some(d) => d.get_item_opt(label.as_str(), vm)?,
            None => None,
        };
        let package = match given {
            Some(v) if vm.is_none(&v) => None,
            Some(v) => Some(py::to_string(vm, &v)?),
            // Django's own apps come with the engine: their tables are simply made.
            None if name.starts_with("django.") => None,
            None if name.is_empty() => Some("migrations".into()),
            None => Some(format!("{name}.migrations")),
        };
        out.push((label, package, base));
        Ok(())
    };
    let mut labels: Vec<String> = vec![];
    if let Ok(configs) = configs.downcast::<PyDict>() {
        for (label, config) in py::dict_items(vm, &configs)? {
            let name = py::to_string(vm, &py::attr(vm, &config, "name")?)?;
            let base = match py::attr_opt(vm, &config, "path")? {
                Some(p) if !vm.is_none(&p) => py::to_string(vm, &p)?,
                _ => name.replace('.', "/"),
            };
            labels.push(label.clone());
            add(label, name, base)?;
        }
    }
    let configured = !labels.is_empty();
    for label in super::live::apps(vm)?.app_labels() {
        // An app that is put aside for a while has no part in this.
        let counts = !configured || crate::apps::is_fallback_app(&label);
        if counts && !labels.contains(&label) {
            add(label, String::new(), root(vm)?)?;
        }
    }
    Ok(out)
}

/// The folder of the project itself: the first of `sys.path`.
pub fn root(vm: &Vm) -> PyResult<String> {
    let path = vm.sys_module.get_attr("path", vm)?;
    Ok(match py::list(vm, &path)?.first() {
        Some(first) => py::to_string(vm, first)?,
        None => String::new(),
    })
}

/// The folder for the migration files of an app: where it is, or where it would be.
///
/// # Errors
/// `ValueError` where migrations are disabled, or where no package above can be imported.
pub fn folder_for(vm: &Vm, label: &str) -> PyResult<String> {
    let (package, base) = package_of_label(vm, label)?;
    if let Some(folder) = folder_of(vm, &package)? {
        return Ok(folder);
    }
    let words: Vec<&str> = package.split('.').collect();
    for above in (1..words.len()).rev() {
        if let Some(folder) = folder_of(vm, &words[..above].join("."))? {
            return Ok(join(&folder, &words[above..].join("/")));
        }
    }
    if words.len() > 1 && words[0] != label {
        return Err(no_place(vm, &package));
    }
    Ok(join(&base, words.last().copied().unwrap_or_default()))
}

/// The folder for the migration files of an app, made with the packages above it where it is
/// missing.
///
/// # Errors
/// `ValueError` where migrations are disabled, or where no package above can be imported.
pub fn make_folder(vm: &Vm, label: &str) -> PyResult<String> {
    let folder = folder_for(vm, label)?;
    let mut missing = vec![];
    let mut at = folder.trim_end_matches('/').to_string();
    while python::files::stat(&at).is_none() {
        missing.push(at.clone());
        match at.rsplit_once('/') {
            Some((above, _)) if !above.is_empty() => at = above.to_string(),
            _ => break,
        }
    }
    for folder in missing.iter().rev() {
        python::host::ask(|h| h.make_folder(folder));
        let init = format!("{folder}/__init__.py");
        python::host::ask(|h| h.save(&init, b""));
    }
    Ok(folder)
}

fn no_place(vm: &Vm, package: &str) -> rustpython_vm::builtins::PyBaseExceptionRef {
    vm.new_value_error(format!(
        "Could not locate an appropriate location to create migrations package {package}. Make \
         sure the toplevel package exists and can be imported."
    ))
}

/// An app's package of migrations, and the folder of the app.
fn package_of_label(vm: &Vm, label: &str) -> PyResult<(String, String)> {
    match app_packages(vm)?.into_iter().find(|(l, _, _)| l == label) {
        Some((_, Some(package), base)) => Ok((package, base)),
        _ => Err(vm.new_value_error(format!(
            "Django can't create migrations for app '{label}' because migrations have been \
             disabled via the MIGRATION_MODULES setting."
        ))),
    }
}

/// Is an app's migrations package there, without a file in it? Nothing where the app or its package
/// is unknown.
pub fn fresh_package(vm: &Vm, label: &str) -> PyResult<Option<bool>> {
    let package = app_packages(vm)?.into_iter().find(|(l, _, _)| l == label);
    let Some((_, Some(package), _)) = package else {
        return Ok(None);
    };
    let module = match import(vm, &package) {
        Ok(module) => module,
        Err(e) if e.fast_isinstance(vm.ctx.exceptions.import_error) => return Ok(None),
        Err(e) => return Err(e),
    };
    let Some(paths) = py::attr_opt(vm, &module, "__path__")? else {
        return Ok(Some(false));
    };
    let mut folders = py::list(vm, &paths)?
        .iter()
        .map(|p| py::to_string(vm, p))
        .collect::<PyResult<Vec<_>>>()?;
    folders.dedup();
    // A namespace of several folders says nothing.
    let fresh = match folders.as_slice() {
        [folder] => file_names(folder).is_empty(),
        _ => false,
    };
    Ok(Some(fresh))
}

thread_local! {
    /// Packages of migrations as they were imported: a sum of the files below them.
    static IMPORTED: RefCell<HashMap<String, u64>> = RefCell::default();
}

/// Drops a package and what is in it from `sys.modules`, unless its files are those that were
/// imported; whether they have to be imported anew.
fn forget_changed(vm: &Vm, package: &str) -> PyResult<bool> {
    let all = vm.sys_module.get_attr("modules", vm)?;
    let Some(modules) = all.downcast_ref::<PyDict>() else {
        return Ok(true);
    };
    let now = match modules.get_item_opt(package, vm)? {
        Some(module) => sum_of_files(vm, &module)?,
        None => None,
    };
    let before = IMPORTED.with_borrow(|known| known.get(package).copied());
    if now.is_some() && now == before {
        return Ok(false);
    }
    let prefix = format!("{package}.");
    for name in py::list(vm, &all)? {
        let text = py::to_string(vm, &name)?;
        if text == package || text.starts_with(&prefix) {
            modules.del_item(&*name, vm)?;
        }
    }
    let importlib = vm.import("importlib", 0)?;
    if let Some(f) = py::attr_opt(vm, &importlib, "invalidate_caches")? {
        let _ = f.call((), vm);
    }
    Ok(true)
}

/// Notes a package as it is imported now.
fn note_imported(vm: &Vm, package: &str) -> PyResult<()> {
    let sum = sum_of_files(vm, &*import(vm, package)?)?;
    IMPORTED.with_borrow_mut(|known| match sum {
        Some(sum) => known.insert(package.to_string(), sum),
        None => known.remove(package),
    });
    Ok(())
}

/// A number that is another one when a file of a package is; nothing for what has no folder.
fn sum_of_files(vm: &Vm, module: &PyObject) -> PyResult<Option<u64>> {
    let Some(paths) = py::attr_opt(vm, module, "__path__")? else {
        return Ok(None);
    };
    let mut hasher = DefaultHasher::new();
    for folder in py::list(vm, &paths)? {
        let folder = py::to_string(vm, &folder)?;
        for name in python::files::list(&folder).unwrap_or_default() {
            if name.ends_with(".py") {
                name.hash(&mut hasher);
                python::files::read(&join(&folder, &name))
                    .unwrap_or_default()
                    .hash(&mut hasher);
            }
        }
    }
    Ok(Some(hasher.finish()))
}

fn import(vm: &Vm, path: &str) -> PyResult {
    vm.import("importlib", 0)?
        .get_attr("import_module", vm)?
        .call((vm.ctx.new_str(path),), vm)
}

/// The folder of a package; nothing if there is no such package.
fn folder_of(vm: &Vm, package: &str) -> PyResult<Option<String>> {
    let module = match import(vm, package) {
        Ok(m) => m,
        Err(e) => {
            let missing = e.fast_isinstance(vm.ctx.exceptions.module_not_found_error);
            let own = py::attr_opt(vm, e.as_object(), "name")?
                .and_then(|n| py::as_string(&n))
                .is_some_and(|n| package == n || package.starts_with(&format!("{n}.")));
            return if missing && own { Ok(None) } else { Err(e) };
        }
    };
    let Some(path) = py::attr_opt(vm, &module, "__path__")? else {
        return Ok(None);
    };
    // A folder without `__init__.py` is no package, unless what it is in has none either.
    if let Some((parent, _)) = package.rsplit_once('.')
        && !has_file(vm, &module)?
        && has_file(vm, &*import(vm, parent)?)?
    {
        return Ok(None);
    }
    match py::list(vm, &path)?.first() {
        Some(first) => py::to_string(vm, first).map(Some),
        None => Ok(None),
    }
}

/// Is it a module of a file? A package that does not say has an `__init__.py` all the same.
fn has_file(vm: &Vm, module: &PyObject) -> PyResult<bool> {
    if py::attr_opt(vm, module, "__file__")?.is_some_and(|f| !vm.is_none(&f)) {
        return Ok(true);
    }
    let Some(paths) = py::attr_opt(vm, module, "__path__")? else {
        return Ok(false);
    };
    for folder in py::list(vm, &paths)? {
        let folder = py::to_string(vm, &folder)?;
        let names = python::files::list(&folder).unwrap_or_default();
        if names.iter().any(|n| n == "__init__.py") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The names of a folder's migration files, sorted.
fn file_names(folder: &str) -> Vec<String> {
    let mut names: Vec<String> = python::files::list(folder)
        .unwrap_or_default()
        .iter()
        .filter_map(|n| n.strip_suffix(".py"))
        .filter(|n| !n.starts_with('_') && !n.starts_with('~'))
        .map(str::to_string)
        .collect();
    names.sort();
    names
}

fn load_file(vm: &Vm, label: &str, package: &str, name: &str) -> PyResult<Migration> {
    let module = import(vm, &format!("{package}.{name}"))?;
    let Some(class) = py::attr_opt(vm, &module, "Migration")? else {
        return Err(crate::error::raise(
            vm,
            "BadMigrationError",
            format!("Migration {name} in app {label} has no Migration class"),
        ));
    };
    let instance = class.call((vm.ctx.new_str(name), vm.ctx.new_str(label)), vm)?;
    migration_of(vm, &instance)
}

/// The Python object of a migration that was loaded from a file.
pub fn instance_of(vm: &Vm, m: &Migration) -> PyResult {
    match m
        .face
        .as_ref()
        .and_then(|f| f.as_any().downcast_ref::<PyObj>())
    {
        Some(o) => Ok(o.0.clone()),
        None => super::to_python::migration(vm, m),
    }
}

/// A Python migration without its operations: what the graph has to know.
pub fn skeleton_of(vm: &Vm, o: &PyObject) -> PyResult<Migration> {
    let text = |name: &str| -> PyResult<String> { py::to_string(vm, &py::attr(vm, o, name)?) };
    let mut out = Migration::new(&text("app_label")?, &text("name")?);
    out.dependencies = dependencies(vm, &py::attr(vm, o, "dependencies")?)?;
    out.run_before = dependencies(vm, &py::attr(vm, o, "run_before")?)?;
    out.replaces = dependencies(vm, &py::attr(vm, o, "replaces")?)?
        .iter()
        .map(Dependency::key)
        .collect();
    Ok(out)
}

/// An app's migrations package, and whether the setting names it.
pub fn package_of(vm: &Vm, label: &str) -> PyResult<(Option<String>, bool)> {
    let overrides = crate::apps::setting(vm, "MIGRATION_MODULES")?;
    if let Some(d) = overrides.as_ref().and_then(|o| o.downcast_ref::<PyDict>())
        && let Some(v) = d.get_item_opt(label, vm)?
    {
        let named = if vm.is_none(&v) {
            None
        } else {
            Some(py::to_string(vm, &v)?)
        };
        return Ok((named, true));
    }
    let apps = modules::find(vm, "django.apps", "apps")?;
    let config = py::call(vm, &apps, "get_app_config", vec![py::str(vm, label)])?;
    let name = py::to_string(vm, &py::attr(vm, &config, "name")?)?;
    Ok((Some(format!("{name}.migrations")), false))
}

/// A Python migration as Rust's.
pub fn migration_of(vm: &Vm, o: &PyObject) -> PyResult<Migration> {
    // A class that nobody has named yet can be written, too.
    let text = |name: &str| -> PyResult<String> {
        match py::attr_opt(vm, o, name)? {
            Some(given) => py::to_string(vm, &given),
            None => Ok(String::new()),
        }
    };
    let mut out = Migration::new(&text("app_label")?, &text("name")?);
    out.operations = convert_operation::operations(vm, &*py::attr(vm, o, "operations")?)?;
    out.dependencies = dependencies(vm, &py::attr(vm, o, "dependencies")?)?;
    out.run_before = dependencies(vm, &py::attr(vm, o, "run_before")?)?;
    out.replaces = dependencies(vm, &py::attr(vm, o, "replaces")?)?
        .iter()
        .map(Dependency::key)
        .collect();
    let initial = py::attr(vm, o, "initial")?;
    out.initial = if vm.is_none(&initial) {
        None
    } else {
        Some(initial.is_true(vm)?)
    };
    out.atomic = py::attr(vm, o, "atomic")?.is_true(vm)?;
    out.face = Some(Rc::new(PyObj(o.to_owned())));
    Ok(out)
}

fn dependencies(vm: &Vm, list: &PyObjectRef) -> PyResult<Vec<Dependency>> {
    let mut out = vec![];
    for d in py::list(vm, list)? {
        let pair = py::list(vm, &d)?;
        let [app, name] = pair.as_slice() else {
            return Err(
                vm.new_value_error("A dependency is a pair of app label and migration name.")
            );
        };
        let (app, name) = (py::to_string(vm, app)?, py::to_string(vm, name)?);
        if app == "__setting__" {
            let settings = modules::find(vm, "django.conf", "settings")?;
            let model = py::to_string(vm, &py::attr(vm, &settings, &name)?)?;
            out.push(Dependency::Swappable {
                setting: name,
                app_label: orm_migrations::state::label_key(&model).0,
            });
            continue;
        }
        out.push(match py::attr_opt(vm, &d, "setting")? {
            Some(_) => Dependency::Swappable {
                setting: "AUTH_USER_MODEL".into(),
                app_label: app,
            },
            None => Dependency::Migration(app, name),
        });
    }
    Ok(out)
}
